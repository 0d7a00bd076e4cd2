//! The real servers that tests run against: where the ones are that all tests
//! share, and names of a test's own on them. `scripts/services` starts them;
//! a test that finds none fails and says so, it is never passed over.

pub mod cluster;
pub mod group;
pub mod own;
pub mod topic;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What a test waits for at most, where nothing but a broken program or a broken
/// server takes longer. The machine may be busy with other things.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The broker that all tests share, as `HOST:PORT`; it asks for no password.
pub fn kafka() -> &'static str {
    shared().address("KAFKA")
}

/// A listener of the shared broker that wants to know who is there (SASL, with
/// SCRAM-SHA-512 or PLAIN), without TLS.
pub fn kafka_sasl() -> Login {
    shared().login("KAFKA_SASL")
}

/// A listener of the shared broker with TLS, and SASL within.
pub fn kafka_tls() -> Login {
    shared().login("KAFKA_TLS")
}

/// The shared broker's process, for what it costs.
pub fn kafka_process() -> u32 {
    let process = shared().get("KAFKA_PID");
    process.parse().unwrap_or_else(|error| panic!("the broker's process id {process}: {error}"))
}

/// The URL of the shared Redis, with its password. A test uses keys with a
/// prefix of its own, see [`unique`].
pub fn redis() -> &'static str {
    shared().get("REDIS")
}

/// The URL of the shared PostgreSQL, with its password. A test makes a
/// [`database`] of its own.
pub fn postgres() -> &'static str {
    shared().get("POSTGRES")
}

/// The URL of a new, empty database of the shared PostgreSQL.
pub fn database() -> String {
    let name = unique("test").replace('-', "_");
    sql(postgres(), &format!("CREATE DATABASE {name}"));
    let server = postgres().rsplit_once('/').map_or(postgres(), |(server, _)| server);
    format!("{server}/{name}")
}

/// What PostgreSQL answers to statements: a line for each row, its values apart
/// by `|`.
///
/// # Panics
/// Where a statement fails.
pub fn sql(url: &str, statements: &str) -> String {
    let options = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1", "--command"];
    let answer = script(&[&["psql", "--", url], options.as_slice(), &[statements]].concat());
    assert!(answer.status.success(), "{statements}: {}", crate::text(&answer.stderr));
    crate::text(&answer.stdout).trim_end().to_owned()
}

/// A name that no other test has, now or in an earlier run: for topics, groups,
/// prefixes of keys.
pub fn unique(what: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    static RUN: OnceLock<u64> = OnceLock::new();
    let run = RUN.get_or_init(|| RandomState::new().hash_one(std::process::id()));
    format!("{what}-{:08x}-{}", *run as u32, NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Waits until a condition holds, and asks for it again and again until then.
///
/// # Panics
/// Where it does not hold in time.
pub fn eventually(what: &str, within: Duration, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < within, "{what}: not within {within:?}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// Lets time pass, for what nobody can wait for: a moment that chance has chosen.
pub fn rest(time: Duration) {
    let since = Instant::now();
    while let Some(left) = time.checked_sub(since.elapsed()).filter(|left| !left.is_zero()) {
        std::thread::park_timeout(left);
    }
}

/// A listener of Kafka that asks for a password.
pub struct Login {
    /// `HOST:PORT`.
    pub brokers: String,
    /// The only user there is.
    pub user: String,
    /// That user's password.
    pub password: String,
    /// The certificate that a client has to trust, as a PEM file; only TLS asks for it.
    pub authority: PathBuf,
}

/// What `ports.env` of a set of servers says.
struct Ports(BTreeMap<String, String>);

impl Ports {
    fn read(file: &Path) -> Option<Ports> {
        let text = std::fs::read_to_string(file).ok()?;
        let pair = |line: &str| line.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
        Some(Ports(text.lines().filter_map(pair).collect()))
    }

    fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or_else(|| panic!("{}", no_servers(key)), String::as_str)
    }

    /// Where somebody answers, or did a moment ago.
    fn address(&self, key: &str) -> &str {
        let address = self.get(key);
        assert!(TcpStream::connect(address).is_ok(), "{}", no_servers(key));
        address
    }

    fn login(&self, key: &str) -> Login {
        Login {
            brokers: self.address(key).to_owned(),
            user: self.get("KAFKA_USER").to_owned(),
            password: self.get("KAFKA_PASSWORD").to_owned(),
            authority: PathBuf::from(self.get("KAFKA_CA")),
        }
    }
}

fn no_servers(which: &str) -> String {
    format!("the servers for the tests do not run ({which}): run `make test`, or `make services` before `cargo test`")
}

/// The servers that all tests share.
fn shared() -> &'static Ports {
    static PORTS: OnceLock<Ports> = OnceLock::new();
    PORTS
        .get_or_init(|| Ports::read(&set("tests").join("ports.env")).unwrap_or_else(|| panic!("{}", no_servers("all"))))
}

/// The folder of a set of servers.
pub fn set(name: &str) -> PathBuf {
    target().join("services/sets").join(name)
}

/// The folder that cargo builds into: this test is target/release/deps/NAME.
fn target() -> PathBuf {
    let test = std::env::current_exe().unwrap_or_default();
    test.ancestors().nth(3).unwrap_or(Path::new("target")).to_owned()
}

/// Runs `scripts/services` for the folder that cargo builds into.
pub fn script(arguments: &[&str]) -> Output {
    script_command(arguments).output().unwrap_or_else(|error| panic!("scripts/services: {error}"))
}

/// The same, to be started by the caller.
pub fn script_command(arguments: &[&str]) -> Command {
    let mut command = Command::new(crate::root().join("scripts/services"));
    command.args(arguments).env("CARGO_TARGET_DIR", target()).stdin(Stdio::null());
    command
}
