//! A site of its own: topics, a tenant, and hosts that are asked what they say of
//! themselves on their port. For runs in which hosts are killed and their decisions
//! compared there is [`crate::fleet`].

use crate::servers::topic::Topic;
use crate::servers::{PATIENCE, eventually, kafka, unique};
use crate::{Desk, PAYMENTS, program};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// Topics on the shared broker, and the files of the hosts.
pub struct Site {
    desk: Desk,
    name: String,
    partitions: i32,
}

/// A host of a site; killed when it is dropped.
pub struct Host<'s> {
    site: &'s Site,
    name: String,
    process: Child,
}

impl Site {
    /// Its topics, and this file for its tenant, which is called `payments`.
    pub fn new(partitions: i32, tenant: &str) -> Site {
        let name = unique("site");
        for what in ["payments", "decisions", "dead-letters", "changelog"] {
            // a changelog that forgets by itself is refused
            Topic::on(kafka(), &format!("{name}-{what}"), partitions, &[("retention.ms", "-1")]);
        }
        Site { desk: Desk::with_host(PAYMENTS, tenant), name, partitions }
    }

    /// Its name, which nobody else has.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the files of its hosts are.
    pub fn folder(&self) -> std::path::PathBuf {
        self.desk.path("")
    }

    /// One of its topics.
    pub fn topic(&self, what: &str) -> Topic {
        Topic::existing(kafka(), &format!("{}-{what}", self.name), self.partitions)
    }

    /// Starts a host with a log as JSON, with more keys of `[kafka]`, more tables, and
    /// more of a command line.
    pub fn start(&self, host: &str, (kafka_keys, tables): (&str, &str), more: &[&str]) -> Host<'_> {
        let run = &self.name;
        let source =
            PAYMENTS.replacen("name = \"payments\"", &format!("name = \"payments\"\ntopic = \"{run}-payments\""), 1);
        self.desk.write(
            &format!("{host}.toml"),
            &format!(
                "tenants = [\"tenant.toml\"]\n{source}\n[sink]\ntopic = \"{run}-decisions\"\ndead_letters = \"{run}-dead-letters\"\n\
                 changelog = \"{run}-changelog\"\n[kafka]\nbrokers = \"{}\"\ngroup = \"{run}\"\n{kafka_keys}\n\
                 [metrics]\nlisten = \"127.0.0.1:0\"\n{tables}\n",
                kafka()
            ),
        );
        let log = File::create(self.desk.path(&format!("{host}.log")));
        let started = Command::new(program())
            .args(["run", "--config", &format!("{host}.toml")])
            .args(more)
            .current_dir(self.desk.path(""))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.unwrap_or_else(|error| panic!("the log of {host}: {error}")))
            .spawn();
        let process = started.unwrap_or_else(|error| panic!("{host} must start: {error}"));
        Host { site: self, name: host.to_owned(), process }
    }
}

impl Host<'_> {
    /// Everything that it has said on standard error so far.
    pub fn log(&self) -> String {
        self.site.desk.read(&format!("{}.log", self.name))
    }

    /// Where it answers, as its log says, which has to be JSON.
    fn address(&self) -> SocketAddr {
        let mut address = None;
        eventually("the host to say where it answers", PATIENCE, || {
            let lines = self.log();
            let told = lines.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
            address = told.into_iter().find_map(|line| line["address"].as_str()?.parse().ok());
            address.is_some()
        });
        address.unwrap_or_else(|| panic!("it was said"))
    }

    /// The status and the text of a page.
    pub fn ask(&self, path: &str) -> (u16, String) {
        let asked = || {
            let mut stream = TcpStream::connect(self.address())?;
            write!(stream, "GET {path} HTTP/1.1\r\nHost: host\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).map(|_| answer)
        };
        let answer = asked().unwrap_or_else(|error| panic!("{path}: {error}; it says\n{}", self.log()));
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{path}: {answer}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.unwrap_or_else(|| panic!("{path}: {answer}")), body.to_owned())
    }

    /// Waits until its numbers hold this.
    pub fn wait_for(&self, sample: &str) {
        eventually(sample, PATIENCE, || self.ask("/metrics").1.contains(sample));
    }

    /// Asks it to end, and waits for that.
    ///
    /// # Panics
    /// Where it takes longer than `within`.
    pub fn stop(mut self, within: Duration) -> ExitStatus {
        let sent = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill -TERM");
        let mut status = None;
        eventually(&format!("the end of {}", self.name), within, || {
            status = self.process.try_wait().ok().flatten();
            status.is_some()
        });
        status.unwrap_or_else(|| panic!("{} ended", self.name))
    }
}

impl Drop for Host<'_> {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
