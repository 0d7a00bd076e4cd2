//! A host that judges what it is handed through standard input, and follows a registry.

use sandgate_control::{Location, New, Registry, Who};
use sandgate_model::Digest;
use sandgate_tests::{Desk, policies, program, text};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

/// A host while it runs.
pub(crate) struct Host {
    child: Child,
    input: ChildStdin,
}

/// The policies of a tenant: over fields and tags, over windows by two keys and three
/// spans each, and a score.
pub(crate) fn tenant(name: &str) -> String {
    let folder = policies();
    let [account_risk, windows, matrix] =
        ["account_risk", "six_windows", "risk_matrix"].map(|name| folder.join(name).with_extension("wasm"));
    format!(
        "name = {name:?}\n[[stage]]\nname = \"rules\"\nstop_at = \"block\"\n\
         [[stage.policy]]\nname = \"account-risk\"\ncomponent = {account_risk:?}\nparameters = {{ medium = \"5000\" }}\n\
         [[stage]]\nname = \"model\"\n\
         [[stage.policy]]\nname = \"windows\"\ncomponent = {windows:?}\n\
         [[stage.policy]]\nname = \"risk-matrix\"\ncomponent = {matrix:?}\nthresholds = {{ review = 40, block = 70 }}\n"
    )
}

/// Payments into `in.jsonl`, with their tags.
pub(crate) fn generate(desk: &Desk, count: u64) {
    let count = count.to_string();
    let words = ["generate", "--profile", "payments", "--seed", "3", "--to", "in.jsonl"];
    desk.succeed(words.iter().copied().chain(["--tags", "tags.csv", "--count", &count]));
    desk.succeed(["tags", "--config", "sandgate.toml", "load", "tags.csv"]);
}

/// The registry of a desk's host.
pub(crate) fn registry(desk: &Desk) -> Registry {
    let location = Location::Sqlite(desk.path("control.db"));
    Registry::open(&location, Duration::from_secs(10)).expect("the host has made its registry")
}

/// Gives a tenant another limit, and waits until the host judges by that.
pub(crate) fn change(registry: &Registry, tenant: &str, limit: u64) -> Duration {
    let pointer = registry.tenant(tenant).expect("the registry answers").expect("the host has this tenant");
    let before = registry.generation(tenant, pointer.active).expect("the registry answers");
    let before = before.expect("what is active is there").document;
    let (head, rest) = before.split_once("medium = \"").expect("the limit stands in the document");
    let rest = rest.split_once('"').map_or("", |(_, rest)| rest);
    let document = format!("{head}medium = \"{limit}\"{rest}");
    let set = Digest::of(document.as_bytes());
    let new = New { document: &document, set, from_file: None, expected: Some(pointer.revision) };
    let who = Who { actor: "bench".to_owned(), origin: String::new(), why: String::new() };
    let begin = Instant::now();
    registry.activate(tenant, &new, &who, 0).expect("nobody else changes it");
    wait_for(registry, tenant, pointer.newest + 1);
    begin.elapsed()
}

/// Waits until the host says that it judges by a generation.
pub(crate) fn wait_for(registry: &Registry, tenant: &str, generation: u64) {
    let begin = Instant::now();
    loop {
        let hosts = registry.hosts().expect("the registry answers");
        let mut runs = hosts.iter().map(|host| &host.runs);
        if runs.any(|runs| runs.tenant == tenant && runs.generation == Some(generation)) {
            return;
        }
        assert!(
            begin.elapsed() < Duration::from_secs(120),
            "generation {generation} of {tenant} does not come: {hosts:?}"
        );
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

impl Host {
    /// Starts one, and waits until it judges.
    pub(crate) fn start(desk: &Desk, workers: usize) -> Host {
        let mut child = Command::new(program())
            .args(["run", "--config", "sandgate.toml", "--from", "-", "--to", "out.jsonl", "--force"])
            .args(["--workers", &workers.to_string()])
            .current_dir(desk.path("."))
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let input = child.stdin.take().expect("its standard input is a pipe");
        Host { child, input }
    }

    /// Hands lines over at a pace, half a millisecond's worth at a time; without a pace
    /// as fast as they are taken.
    pub(crate) fn feed(&mut self, lines: &mut impl Iterator<Item = Vec<u8>>, rate: Option<f64>) -> u64 {
        let start = Instant::now();
        let (mut sent, mut due, mut ended) = (0u64, Vec::new(), false);
        while !ended {
            let until = rate.map_or(sent + 1_000, |rate| (start.elapsed().as_secs_f64() * rate) as u64);
            while sent < until && !ended {
                match lines.next() {
                    Some(line) => due.extend(line),
                    None => ended = true,
                }
                sent += u64::from(!ended);
            }
            self.input.write_all(&due).expect("the program reads");
            due.clear();
            if rate.is_some() {
                // this program must not take the core that the other one needs
                std::thread::park_timeout(Duration::from_micros(500));
            }
        }
        sent
    }

    /// The most memory that it has had, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kib.unwrap_or_default() * 1_024
    }

    /// Lets it end; answers what it has said.
    pub(crate) fn end(self) -> String {
        let Host { child, input } = self;
        drop(input);
        let output = child.wait_with_output().expect("the program ends");
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stderr)
    }
}

/// The payments of a desk, one after the other.
pub(crate) fn payments(desk: &Desk) -> impl Iterator<Item = Vec<u8>> + use<> {
    let file = std::fs::File::open(desk.path("in.jsonl")).expect("the input is there");
    BufReader::new(file).split(b'\n').map(|line| {
        let mut line = line.expect("the input can be read");
        line.push(b'\n');
        line
    })
}
