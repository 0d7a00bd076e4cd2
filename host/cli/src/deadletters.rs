//! `sandgate deadletters`: the records that could not be used, and how they go back
//! to where they came from after a mend.
//!
//! What is promised: a dead letter goes back once, however often the command is
//! repeated and whenever it was stopped. The record and a mark beside its dead
//! letter (a message of the same topic that says `sent_back`) are written in one
//! commit; two commands at once fence each other by the name of their producer; and
//! a mark is younger than its dead letter, so retention never takes it first.
//! A record goes to the partition that it came from, behind what is there: it comes
//! later than it did, and what was decided meanwhile is not decided again.

mod letter;
mod pass;

use crate::check::Problems;
use crate::config;
use crate::config::kafka::Kafka;
use crate::topics::LIMIT;
use anyhow::bail;
use letter::Letter;
use pass::{Pass, Sent};
use sandgate_stream::kafka::{Clients, Cluster, CommitProducer, Message};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The command line of `sandgate deadletters`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sandgate deadletters --config sandgate.toml show --cause tenant\n  \
    sandgate deadletters --config sandgate.toml send-back --cause tenant --yes\n\n\
    A record goes back once, however often this is repeated. It goes to the partition that it came from, behind what \
    is there.")]
pub(crate) struct Args {
    /// The host's configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Tell what could not be used, and why
    Show {
        #[command(flatten)]
        which: Which,
        /// Print each as it is, one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Send records back to their topic; without --yes only tell what would be done
    SendBack {
        #[command(flatten)]
        which: Which,
        /// Do it
        #[arg(long)]
        yes: bool,
    },
}

/// Which dead letters are meant.
#[derive(Debug, clap::Args)]
struct Which {
    /// Only of this cause, e.g. tenant or not-json
    #[arg(long)]
    cause: Option<String>,
    /// Only of this source
    #[arg(long)]
    source: Option<String>,
    /// Not more than so many, the oldest of each partition first
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    most: u64,
}

/// Records of one commit.
const TOGETHER: usize = 500;
/// How long a producer's name may take to be free.
const FREED: Duration = Duration::from_secs(30);

/// Shows dead letters, or sends records back.
///
/// # Errors
/// Where the configuration or the brokers are in the way.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let (kafka, report) = config::load_kafka(&args.config).map_err(Problems)?;
    report.notes.iter().for_each(crate::note);
    let clients = kafka.clients()?;
    let cluster = Cluster::find(&clients, LIMIT, &AtomicBool::new(false))?;
    match &args.verb {
        Verb::Show { which, json } => show(&kafka, &clients, &cluster, which, *json),
        Verb::SendBack { which, yes: false } => tell(&kafka, &clients, &cluster, which),
        Verb::SendBack { which, yes: true } => send_back(&kafka, &clients, &cluster, which),
    }
}

impl Which {
    fn takes(&self, letter: &Letter) -> bool {
        self.cause.as_ref().is_none_or(|cause| *cause == letter.cause)
            && self.source.as_ref().is_none_or(|source| *source == letter.source)
    }
}

fn show(kafka: &Kafka, clients: &Clients, cluster: &Cluster, which: &Which, json: bool) -> anyhow::Result<()> {
    let out = &mut anstream::stdout();
    let sent = Sent::read(kafka, clients, cluster)?;
    let mut causes: BTreeMap<String, u64> = BTreeMap::new();
    let mut pass = Pass::open(kafka, clients, cluster)?;
    let mut shown = 0;
    while let Some(letter) = pass.next()? {
        if !which.takes(&letter) || sent.has(&letter) {
            continue;
        }
        *causes.entry(letter.cause.clone()).or_default() += 1;
        shown += 1;
        if shown > which.most {
            continue;
        }
        if json {
            crate::say(out, String::from_utf8_lossy(letter.line.trim_ascii_end()))?;
        } else {
            crate::say(out, &letter)?;
        }
    }
    if !json {
        if causes.is_empty() {
            crate::say(out, "no dead letters")?;
        }
        for (cause, count) in causes {
            crate::say(out, format_args!("{count:>10}  {cause}"))?;
        }
        if shown > which.most {
            crate::say(out, format_args!("{} more are not shown; say --most", shown - which.most))?;
        }
        sent.tell(out)?;
    }
    Ok(())
}

/// What a call with `--yes` would do.
fn tell(kafka: &Kafka, clients: &Clients, cluster: &Cluster, which: &Which) -> anyhow::Result<()> {
    let out = &mut anstream::stdout();
    let sent = Sent::read(kafka, clients, cluster)?;
    let mut pass = Pass::open(kafka, clients, cluster)?;
    let (mut would, mut kept) = (0, 0);
    while let Some(letter) = pass.next()? {
        if would >= which.most {
            break;
        }
        if !which.takes(&letter) || sent.has(&letter) {
            continue;
        }
        match letter.target(&kafka.topics) {
            Ok(topic) => {
                would += 1;
                crate::say(out, format_args!("{letter}  to {topic}/{}", letter.of.partition))?;
            }
            Err(why) => {
                kept += 1;
                crate::say(out, format_args!("{letter}  stays: {why}"))?;
            }
        }
    }
    crate::say(out, format_args!("{would} records would go back, {kept} cannot; nothing was done, --yes does it"))
}

fn send_back(kafka: &Kafka, clients: &Clients, cluster: &Cluster, which: &Which) -> anyhow::Result<()> {
    let out = &mut anstream::stdout();
    let producer = CommitProducer::new(clients, &format!("{}-dead-letters", kafka.config.group))?;
    // from here on no other call of this verb can commit, and what one left open has ended
    producer.init(FREED)?;
    let sent = Sent::read(kafka, clients, cluster)?;
    let mut pass = Pass::open(kafka, clients, cluster)?;
    let mut together: Vec<(Letter, String)> = Vec::new();
    let (mut back, mut kept) = (0u64, 0u64);
    loop {
        let next = if back + (together.len() as u64) < which.most { pass.next()? } else { None };
        let ended = next.is_none();
        if let Some(letter) = next.filter(|letter| which.takes(letter) && !sent.has(letter)) {
            match letter.target(&kafka.topics) {
                Ok(topic) => together.push((letter, topic)),
                Err(why) => {
                    kept += 1;
                    crate::say(out, format_args!("{letter}  stays: {why}"))?;
                }
            }
        }
        if together.len() >= TOGETHER || ended && !together.is_empty() {
            let count = together.len() as u64;
            if let Err(error) = commit(&producer, &kafka.topics.dead_letters, &together) {
                // whether it was committed does not matter: the marks say it
                bail!("{back} records went back, then {error}; say it again: none goes back twice");
            }
            back += count;
            together.clear();
        }
        if ended {
            return crate::say(out, format_args!("{back} records went back, {kept} cannot"));
        }
    }
}

/// Records and their marks, all or nothing.
fn commit(
    producer: &CommitProducer,
    dead_letters: &str,
    all: &[(Letter, String)],
) -> Result<(), sandgate_stream::kafka::CommitFailure> {
    producer.begin()?;
    let sent = all.iter().try_for_each(|(letter, topic)| {
        let headers: Vec<(&str, &[u8])> = letter.headers.iter().map(|(key, value)| (&**key, &**value)).collect();
        let key = letter.key.as_deref();
        let record = Message {
            topic,
            partition: Some(letter.of.partition),
            key,
            payload: &letter.record,
            headers: &headers,
            mark: 0,
        };
        producer.send(&record)?;
        let mark = letter.mark();
        let partition = Some(letter.at.0);
        let beside = Message { topic: dead_letters, partition, key, payload: mark.as_bytes(), headers: &[], mark: 0 };
        producer.send(&beside)
    });
    match sent.and_then(|()| producer.commit()) {
        Ok(()) => Ok(()),
        Err(failure) => {
            // what cannot be taken back here is taken back by the next call's `init`
            let _ = producer.abort();
            Err(failure)
        }
    }
}
