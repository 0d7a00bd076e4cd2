//! `sandgate topics`: what is there of the topics of a host, what is wrong with
//! them, and makes those that are missing.

use crate::check::Problems;
use crate::config;
use crate::config::kafka::Kafka;
use anyhow::bail;
use sandgate_stream::kafka::{Cluster, Found, Severity, TopicState, Wanted};
use serde_json::json;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The command line of `sandgate topics`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sandgate topics --config sandgate.toml --partitions 8 --create\n\n\
    Topics that are there are never changed.\n\n\
    Exit status: 0 where a host could start, 2 where something must be mended.")]
pub(crate) struct Args {
    /// The host's configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Make the topics that are missing
    #[arg(long)]
    create: bool,
    /// Partitions of the topics that are made [default: as many as the leading topic has]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    partitions: Option<u32>,
    /// Copies of each partition of the topics that are made [default: the broker's own]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=100))]
    copies: Option<i32>,
    /// Print one JSON object for programs: cluster, topics, problems, notes
    #[arg(long)]
    json: bool,
}

/// How long brokers may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

/// Topics with which no host can start.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong(usize);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 problem; no host can start with these topics"),
            problems => write!(f, "{problems} problems; no host can start with these topics"),
        }
    }
}

impl std::error::Error for Wrong {}

/// Shows the topics, and makes those that are missing where it is asked to.
///
/// # Errors
/// Where the configuration, the brokers or the topics are in the way.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let (kafka, report) = config::load_kafka(&args.config).map_err(Problems)?;
    report.notes.iter().for_each(crate::note);
    let cluster = Cluster::find(&kafka.clients()?, LIMIT, &AtomicBool::new(false))?;
    let mut states = cluster.states(&kafka.topics, LIMIT)?;
    let made = if args.create { create(args, &kafka, &cluster, &states)? } else { Vec::new() };
    if !made.is_empty() {
        states = cluster.states(&kafka.topics, LIMIT)?;
    }
    let found = kafka.topics.examine(&states);
    let out = &mut anstream::stdout();
    if args.json {
        crate::say(out, json_of(&cluster, &kafka, &states, &found))?;
    } else {
        let wide = states.iter().map(|state| state.name.len()).max().unwrap_or(0).max(5);
        crate::say(out, format_args!("{:<wide$}  {:<16} {:>10} {:>7}", "topic", "what for", "partitions", "copies"))?;
        for (state, wanted) in states.iter().zip(kafka.topics.wanted(1)) {
            let count = |count: usize| if count == 0 { "-".to_owned() } else { count.to_string() };
            let made = if made.contains(&state.name) { "  made" } else { "" };
            let (partitions, copies) = (count(state.partitions), count(state.copies));
            let line = format!("{:<wide$}  {:<16} {partitions:>10} {copies:>7}{made}", state.name, wanted.role);
            crate::say(out, line)?;
        }
        for found in &found {
            let word = if found.severity == Severity::Problem { "problem" } else { "note" };
            crate::say(out, format_args!("{word}: {found}"))?;
        }
    }
    match found.iter().filter(|found| found.severity == Severity::Problem).count() {
        0 => Ok(()),
        problems => Err(Wrong(problems).into()),
    }
}

/// Makes what is missing; answers with the names.
fn create(args: &Args, kafka: &Kafka, cluster: &Cluster, states: &[TopicState]) -> anyhow::Result<Vec<String>> {
    let leading = &kafka.topics.leading().topic;
    let there = states.iter().find(|state| state.name == *leading).map_or(0, |state| state.partitions);
    let partitions = match (args.partitions.map(|partitions| partitions as usize), there) {
        (None, 0) => {
            bail!("say how many --partitions the topics are to have: as many hosts and threads can share them")
        }
        (Some(wanted), there) if there > 0 && wanted != there => {
            bail!("--partitions is {wanted}, and {leading} is there with {there}: the topics of a host go together")
        }
        (Some(partitions), _) | (None, partitions) => partitions,
    };
    let missing = |wanted: &Wanted| states.iter().any(|state| state.name == wanted.name && state.partitions == 0);
    let wanted: Vec<Wanted> = kafka.topics.wanted(partitions).into_iter().filter(missing).collect();
    if !wanted.is_empty() {
        cluster.create(&wanted, args.copies, LIMIT)?;
    }
    Ok(wanted.into_iter().map(|wanted| wanted.name).collect())
}

/// What `--json` prints.
fn json_of(cluster: &Cluster, kafka: &Kafka, states: &[TopicState], found: &[Found]) -> serde_json::Value {
    let topics: Vec<_> = states
        .iter()
        .zip(kafka.topics.wanted(1))
        .map(|(state, wanted)| {
            json!({ "topic": state.name, "role": wanted.role, "partitions": state.partitions, "copies": state.copies })
        })
        .collect();
    let told = |severity| -> Vec<_> {
        let of = found.iter().filter(|found| found.severity == severity);
        of.map(|found| json!({ "topic": found.topic, "what": found.what })).collect()
    };
    json!({ "cluster": cluster.id(), "topics": topics, "problems": told(Severity::Problem), "notes": told(Severity::Note) })
}
