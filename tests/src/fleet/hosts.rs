//! The hosts of a fleet as processes: started, killed, asked to end, frozen.

use super::Fleet;
use crate::program;
use crate::servers::eventually;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

impl Fleet {
    /// Starts a host; its name is its `instance`. What it says is kept in a file,
    /// see [`log`](Fleet::log).
    pub fn start(&mut self, host: &str) {
        self.start_with(host, &[]);
    }

    /// The same with more of a command line.
    pub fn start_with(&mut self, host: &str, more: &[&str]) {
        let configuration = self.configured(host);
        let log = std::fs::File::options().create(true).append(true).open(self.desk.path(&format!("{host}.log")));
        let started = Command::new(program())
            .args(["run", "--config"])
            .arg(configuration)
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.unwrap_or_else(|error| panic!("the log of {host}: {error}")))
            .spawn();
        let started = started.unwrap_or_else(|error| panic!("{host} must start: {error}"));
        assert!(self.hosts.insert(host.to_owned(), started).is_none(), "{host} runs already");
    }

    /// Everything that a host has said on standard error so far.
    pub fn log(&self, host: &str) -> String {
        self.desk.read(&format!("{host}.log"))
    }

    /// Ends a host with `kill -9`.
    pub fn kill(&mut self, host: &str) {
        let mut process = self.take(host);
        let _ = process.kill();
        let _ = process.wait();
    }

    /// Asks a host to end; [`stop`](Fleet::stop) waits for it, or [`kill`](Fleet::kill) does not.
    pub fn ask_to_end(&self, host: &str) {
        signal(self.running(host), "-TERM");
    }

    /// Asks a host to end, and waits for it.
    ///
    /// # Panics
    /// Where it takes longer than `within`.
    pub fn stop(&mut self, host: &str, within: Duration) -> ExitStatus {
        self.ask_to_end(host);
        let mut status = None;
        eventually(&format!("the end of {host}"), within, || {
            status = self.hosts.get_mut(host).and_then(|process| process.try_wait().ok().flatten());
            status.is_some()
        });
        drop(self.take(host));
        status.unwrap_or_else(|| panic!("{host} ended"))
    }

    /// Stops a host where it is, as a machine does that swaps; `thaw` lets it go on.
    pub fn freeze(&self, host: &str) {
        signal(self.running(host), "-STOP");
    }

    /// Lets a frozen host go on.
    pub fn thaw(&self, host: &str) {
        signal(self.running(host), "-CONT");
    }

    /// The hosts that were started and not ended.
    pub fn hosts(&self) -> Vec<String> {
        self.hosts.keys().cloned().collect()
    }

    fn running(&self, host: &str) -> &Child {
        self.hosts.get(host).unwrap_or_else(|| panic!("{host} does not run"))
    }

    fn take(&mut self, host: &str) -> Child {
        self.hosts.remove(host).unwrap_or_else(|| panic!("{host} does not run"))
    }

    /// A host that ended without being asked to has failed.
    ///
    /// # Panics
    /// Where one has.
    pub fn check_hosts(&mut self) {
        for (host, process) in &mut self.hosts {
            if let Ok(Some(status)) = process.try_wait() {
                panic!("{host} ended with {status}; it says\n{}", self.desk.read(&format!("{host}.log")));
            }
        }
    }

    /// The ends of what all hosts have said, also of those that are gone.
    pub fn logs(&self) -> String {
        let folder = std::fs::read_dir(self.desk.path("")).into_iter().flatten().flatten();
        let mut logs: Vec<String> = folder.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
        logs.retain(|name| name.ends_with(".log"));
        logs.sort();
        let last = |log: &str| log.lines().skip(log.lines().count().saturating_sub(40)).collect::<Vec<_>>().join("\n");
        logs.iter().fold(String::new(), |all, log| format!("{all}\n{log} ends\n{}", last(&self.desk.read(log))))
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for process in self.hosts.values_mut() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn signal(process: &Child, signal: &str) {
    let sent = Command::new("kill").args([signal, &process.id().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "kill {signal} {}", process.id());
}
