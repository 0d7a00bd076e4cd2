//! `scripts/services` itself: started twice, killed on its way, and with what an
//! earlier crash has left behind. With a Redis, which starts in no time.

use sandgate_tests::servers::{PATIENCE, eventually, script, script_command, set, unique};
use sandgate_tests::text;
use std::net::TcpStream;

/// A set of servers that is stopped when its test ends.
struct Set(String);

impl Set {
    fn new() -> Set {
        Set(unique("script"))
    }

    fn run(&self, command: &str) {
        let output = script(&[command, "--name", &self.0, "redis"]);
        assert!(output.status.success(), "{command}: {}", text(&output.stderr));
    }

    /// The process of its Redis, and where that listens.
    fn redis(&self) -> (u32, String) {
        let output = script(&["env", "--name", &self.0]);
        let ports = text(&output.stdout);
        let of = |key: &str| ports.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_else(|| panic!("{ports}"));
        let address = of("REDIS=").rsplit_once('@').expect("a password").1.trim_end_matches('/');
        (of("REDIS_PID=").parse().expect("a number"), address.to_owned())
    }

    fn is_gone(&self) -> bool {
        !set(&self.0).exists()
    }
}

impl Drop for Set {
    fn drop(&mut self) {
        script(&["stop", "--kill", "--name", &self.0]);
    }
}

fn runs(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // one that ended, and whose end nobody has asked for, is a zombie
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'))
}

#[test]
fn second_start_leaves_the_server_as_it_is() {
    let set = Set::new();
    set.run("start");
    let first = set.redis();
    set.run("start");
    assert_eq!(set.redis(), first);
}

#[test]
fn two_starts_at_once_are_one() {
    let set = Set::new();
    let starts = [(); 2].map(|()| script_command(&["start", "--name", &set.0, "redis"]).spawn().expect("it starts"));
    for mut start in starts {
        assert!(start.wait().is_ok_and(|status| status.success()));
    }
    let (process, address) = set.redis();
    assert!(runs(process) && TcpStream::connect(&address).is_ok());
    set.run("stop");
    assert!(!runs(process) && TcpStream::connect(&address).is_err() && set.is_gone());
}

#[test]
fn start_that_was_killed_is_in_nobodys_way() {
    for part in ["redis.conf", "pid", "env"] {
        let set = Set::new();
        let mut start = script_command(&["start", "--name", &set.0, "redis"]).spawn().expect("it starts");
        let file = sandgate_tests::servers::set(&set.0).join("redis").join(part);
        eventually(part, PATIENCE, || file.exists());
        start.kill().and_then(|()| start.wait()).expect("it is killed");
        set.run("start");
        let (process, address) = set.redis();
        assert!(runs(process) && TcpStream::connect(&address).is_ok(), "killed at {part}");
        set.run("stop");
        assert!(!runs(process) && set.is_gone(), "killed at {part}");
    }
}

#[test]
fn server_that_crashed_is_started_anew() {
    let set = Set::new();
    set.run("start");
    let (process, _) = set.redis();
    let killed = std::process::Command::new("kill").args(["-KILL", &process.to_string()]).status();
    assert!(killed.is_ok_and(|status| status.success()));
    eventually("the end of the server", PATIENCE, || !runs(process));
    set.run("start");
    let (process, address) = set.redis();
    assert!(runs(process) && TcpStream::connect(address).is_ok());
}

#[test]
fn stale_process_id_ends_nobody() {
    let set = Set::new();
    set.run("start");
    set.run("stop");
    // the number is somebody else's by now: ours
    let folder = sandgate_tests::servers::set(&set.0).join("redis");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("pid"), format!("{} 1\n", std::process::id())).expect("a file");
    set.run("stop");
    assert!(set.is_gone());
}

#[test]
fn what_is_run_with_servers_ends_them_and_gives_its_status() {
    let set = Set::new();
    let env = "scripts/services env --name \"$0\"; exit 7";
    let output = script(&["with", "--name", &set.0, "redis", "--", "bash", "-c", env, &set.0]);
    assert_eq!(output.status.code(), Some(7), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("REDIS=redis://"), "{}", text(&output.stdout));
    assert!(set.is_gone());

    // and leaves those that ran before
    set.run("start");
    let (process, _) = set.redis();
    let output = script(&["with", "--name", &set.0, "redis", "--", "false"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(runs(process));
}

#[test]
fn what_it_does_not_know_is_refused_by_name() {
    for (wrong, says) in
        [(["start", "oracle"], "oracle"), (["start", "--name=x/y"], "--name=x/y"), (["stopp", "redis"], "stopp")]
    {
        let output = script(&wrong);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(says), "{}", text(&output.stderr));
    }
}
