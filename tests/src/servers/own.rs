//! A server of a test's own: for tests that stop, kill or freeze it, which no
//! other test would survive. It is gone when the test ends, also by a panic.

use super::{Ports, no_servers, script, set, sql, unique};
use crate::proxy::{Proxy, address};
use std::process::Command;

/// Which server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Kafka,
    Redis,
    Postgres,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Kafka => "kafka",
            Kind::Redis => "redis",
            Kind::Postgres => "postgres",
        }
    }
}

/// A server that belongs to one test.
pub struct Own {
    kind: Kind,
    /// Of its set of servers, in which it is the only one.
    name: String,
    /// Where it is; the same for its whole life.
    address: String,
}

impl Own {
    /// A broker.
    pub fn kafka() -> Own {
        Own::start(Kind::Kafka, &[])
    }

    /// A broker whose clients reach it through a proxy only, whatever they ask it.
    pub fn kafka_behind_proxy() -> (Own, Proxy) {
        let proxy = Proxy::nowhere();
        let own = Own::start(Kind::Kafka, &["--advertise", &proxy.port().to_string()]);
        proxy.lead_to(own.address());
        (own, proxy)
    }

    /// A Redis.
    pub fn redis() -> Own {
        Own::start(Kind::Redis, &[])
    }

    /// A Redis that is an empty node of a cluster, see [`super::cluster`].
    pub(super) fn redis_node(secret: &str) -> Own {
        Own::start(Kind::Redis, &["--cluster", secret])
    }

    /// A PostgreSQL.
    pub fn postgres() -> Own {
        Own::start(Kind::Postgres, &[])
    }

    fn start(kind: Kind, options: &[&str]) -> Own {
        let mut own = Own { kind, name: unique(kind.word()), address: String::new() };
        own.run("start", options);
        own.address = address(own.ports().get(own.key())).to_owned();
        own
    }

    /// `HOST:PORT`: a broker's address, or what a proxy leads to.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// How its clients reach it: `HOST:PORT` of Kafka, a URL with its password of the others.
    ///
    /// # Panics
    /// Where it is stopped.
    pub fn url(&self) -> String {
        self.ports().get(self.key()).to_owned()
    }

    /// The same through a proxy.
    pub fn url_through(&self, proxy: &Proxy) -> String {
        proxy.through(&self.url())
    }

    /// Ends it as its operator would; [`restart`](Own::restart) finds what it stored
    /// (Redis keeps nothing, as its operator has chosen).
    pub fn stop(&self) {
        self.run("stop", &["--keep"]);
    }

    /// Ends it as a crash does.
    pub fn kill(&self) {
        self.run("stop", &["--keep", "--kill"]);
    }

    /// Starts it again after [`stop`](Own::stop) or [`kill`](Own::kill), at the same
    /// address, and waits until it answers.
    pub fn restart(&self) {
        self.run("start", &[]);
    }

    /// Stops its process where it is: it keeps its connections and answers nobody.
    /// Of PostgreSQL only new connections wait: use a [`Proxy`] in front of it.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on after [`freeze`](Own::freeze).
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    /// What this PostgreSQL answers to statements, see [`sql`].
    pub fn sql(&self, statements: &str) -> String {
        sql(&self.url(), statements)
    }

    fn signal(&self, signal: &str) {
        let process = self.ports().get(&format!("{}_PID", self.key())).to_owned();
        let sent = Command::new("kill").args([signal, &process]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill {signal} {process}");
    }

    fn key(&self) -> &'static str {
        match self.kind {
            Kind::Kafka => "KAFKA",
            Kind::Redis => "REDIS",
            Kind::Postgres => "POSTGRES",
        }
    }

    fn ports(&self) -> Ports {
        Ports::read(&set(&self.name).join("ports.env")).unwrap_or_else(|| panic!("{}", no_servers(&self.name)))
    }

    fn run(&self, command: &str, options: &[&str]) {
        let output = script(&[&[command, "--name", &self.name, self.kind.word()], options].concat());
        assert!(output.status.success(), "{command} {}: {}", self.name, crate::text(&output.stderr));
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // while a test panics there is nobody to tell
        script(&["stop", "--kill", "--name", &self.name]);
    }
}
