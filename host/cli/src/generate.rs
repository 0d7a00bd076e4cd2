//! `sandgate generate`: transactions to try policies on, with labelled fraud.
//!
//! Accounts have habits: waking hours, usual amounts, devices, favourite
//! merchants. Fraud breaks them in three ways that the field `label` names:
//! `burst` (a script pays at regular intervals), `oversized` (one amount far
//! above the usual), `stolen` (another device in another country). An honest
//! transaction's label is null. With `--burst` a fund opens instead, and scripts
//! come with the subscribers: `burst`, `slow` (it keeps below the usual limits)
//! and `farm` (it has many accounts on one device).
//!
//! The same seed gives the same bytes on every machine, and a longer stream
//! begins with a shorter one: all arithmetic is on integers, all chance comes
//! from one ChaCha generator, and nothing depends on the count.

mod account;
mod draw;
mod event;
mod grabber;
mod investor;
mod opening;
mod place;
mod rush;
mod script;
mod stream;
mod topic;
mod write;

use crate::address::Address;
use account::Account;
use anyhow::{Context as _, bail};
use event::Event;
use indicatif::{ProgressBar, ProgressStyle};
use opening::{Opening, SUBSCRIBERS_MAX};
use place::Place;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;
use stream::Stream;
use topic::Topic;

/// The command line of `sandgate generate`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  sandgate generate --profile payments --count 100000 --to payments.jsonl --tags tags.csv\n  \
    sandgate tags --config sandgate.toml load tags.csv\n  \
    sandgate generate --profile subscriptions --burst 100000 --to subscriptions.jsonl\n\n\
    The field `label` of a record is null, or the fraud that it belongs to: burst, oversized, stolen; with --burst \
    burst (a script in a hurry), slow (it keeps below the usual limits), farm (many accounts on one device).\n\n\
    Folders that a path names and that are not there are made."
)]
pub(crate) struct Args {
    /// What kind of transactions
    #[arg(long)]
    profile: Profile,
    /// How many records
    #[arg(long, default_value_t = 10_000, conflicts_with = "burst")]
    count: u64,
    /// Of the profile subscriptions: a fund opens, and so many subscribers come within ten
    /// minutes (100,000 where no number is said), scripts among them; the records begin 25 days
    /// earlier, in order of time
    #[arg(long, value_name = "SUBSCRIBERS", num_args = 0..=1, default_missing_value = "100000",
        value_parser = clap::value_parser!(u64).range(1..=SUBSCRIBERS_MAX))]
    burst: Option<u64>,
    /// Where chance begins: the same seed gives the same bytes on any machine
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where to write the records, as JSON lines: a file, `-` for standard output, or
    /// kafka://HOST:PORT/TOPIC, keyed by account
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Of a topic: so many records a second, each happening when it is sent; everything
    /// else about them is what the seed gives
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: Option<u32>,
    /// What the ids of payments begin with: another stream into the same topic needs ids of its own
    #[arg(long, value_name = "TEXT", default_value = "tx", value_parser = word)]
    ids: String,
    /// Of a topic: a host's configuration, for its TLS and passwords
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Also write the accounts' tags (risk_level 1 to 3), as CSV for `tags load`
    #[arg(long, value_name = "FILE")]
    tags: Option<PathBuf>,
    /// Write over files that exist
    #[arg(long)]
    force: bool,
}

/// What kind of transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Profile {
    /// Card payments: ids, amounts with cents, seconds with fractions
    Payments,
    /// Fund subscriptions and redemptions: no ids, milliseconds, trade types in Chinese
    Subscriptions,
}

/// A text that stands in JSON as it is.
fn word(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let whole = text.len() <= 64 && text.chars().all(fits);
    if whole { Ok(text.to_owned()) } else { Err("must be letters, digits and . _ -, at most 64".to_owned()) }
}

/// Writes what the command line asks for.
///
/// # Errors
/// Where a file exists, or cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    if args.tags.as_ref() == Some(&args.to) {
        bail!("--to and --tags both say {}: the records and the tags need a file each", args.to.display());
    }
    if args.burst.is_some() && args.profile != Profile::Subscriptions {
        bail!("--burst is the opening of a fund: say --profile subscriptions");
    }
    let address = args.to.to_str().filter(|to| Address::is_one(to)).map(Address::parse).transpose();
    let address = address.map_err(anyhow::Error::msg)?;
    if address.is_none() && (args.rate.is_some() || args.config.is_some()) {
        bail!("--rate and --config are for a topic: say --to kafka://HOST:PORT/TOPIC");
    }
    // both are looked at before either is made
    let file = Some(&args.to).filter(|_| address.is_none());
    for path in file.into_iter().chain(&args.tags) {
        refuse_existing(path, args.force)?;
    }
    let mut records = match &address {
        Some(address) => Place::Topic(Topic::open(address, args.config.as_deref(), args.rate)?),
        None => Place::Lines(output(&args.to)?),
    };
    let tags = args.tags.as_ref().map(|path| Ok::<_, anyhow::Error>((path, output(path)?))).transpose()?;
    // drawn on standard error, and only where that is a terminal
    let bar = ProgressBar::new(args.count)
        .with_style(ProgressStyle::with_template("{bar:30} {human_pos} of {human_len}, {per_sec}, {eta} left")?);
    let start = Instant::now();
    let written = records_to(&mut records, args, &bar);
    bar.finish_and_clear();
    let written = written.and_then(|written| records.finish().map(|()| written));
    let Written { accounts, records: count, fraudulent } =
        written.with_context(|| format!("cannot write records to {}", args.to.display()))?;
    if let Some((path, mut tags)) = tags {
        let written = tags_to(&mut tags, args.profile, &accounts).and_then(|()| tags.flush());
        written.with_context(|| format!("cannot write tags to {}", path.display()))?;
    }
    writeln!(
        std::io::stderr(),
        "wrote {} records of {} accounts to {}, {fraudulent} of them labelled as fraud, in {:.1} s",
        count,
        accounts.len(),
        args.to.display(),
        start.elapsed().as_secs_f64(),
    )?;
    Ok(())
}

/// What a stream left to tell.
struct Written {
    accounts: Vec<Account>,
    records: u64,
    fraudulent: u64,
}

fn records_to(out: &mut Place<'_>, args: &Args, bar: &ProgressBar) -> std::io::Result<Written> {
    let (line, key) = (Vec::with_capacity(512), Vec::with_capacity(32));
    let mut lines = Lines { out, bar, args, line, key, records: 0, fraudulent: 0 };
    let accounts = match args.burst {
        None => {
            let mut stream = Stream::new(args.profile, args.seed);
            (0..args.count).try_for_each(|_| lines.write(&stream.next()))?;
            stream.into_accounts()
        }
        Some(subscribers) => {
            let opening = Opening::new(args.seed, subscribers);
            bar.set_length(opening.events.len() as u64);
            opening.events.iter().try_for_each(|event| lines.write(event))?;
            opening.accounts
        }
    };
    let Lines { records, fraudulent, .. } = lines;
    Ok(Written { accounts, records, fraudulent })
}

/// Writes events as lines, and counts them.
struct Lines<'a, 'p> {
    out: &'a mut Place<'p>,
    bar: &'a ProgressBar,
    args: &'a Args,
    line: Vec<u8>,
    key: Vec<u8>,
    records: u64,
    fraudulent: u64,
}

impl Lines<'_, '_> {
    fn write(&mut self, event: &Event) -> std::io::Result<()> {
        const STEP: u64 = 10_000;
        self.line.clear();
        self.key.clear();
        let Args { profile, ids, .. } = self.args;
        write::account(&mut self.key, *profile, event.account)?;
        match self.out.time() {
            Some(time) => {
                let event = Event { time, ..event.clone() };
                write::record(&mut self.line, *profile, ids, self.records, &event)?;
            }
            None => write::record(&mut self.line, *profile, ids, self.records, event)?,
        }
        self.out.take(&self.key, &self.line)?;
        if self.records.is_multiple_of(STEP) {
            self.bar.set_position(self.records);
        }
        self.records += 1;
        self.fraudulent += u64::from(event.label.is_some());
        Ok(())
    }
}

fn tags_to(out: &mut dyn Write, profile: Profile, accounts: &[Account]) -> std::io::Result<()> {
    writeln!(out, "entity,id,attribute,value")?;
    for (number, account) in accounts.iter().enumerate() {
        write!(out, "account,")?;
        write::account(out, profile, number)?;
        writeln!(out, ",risk_level,{}", account.risk_level)?;
    }
    Ok(())
}

/// Refuses what may not be written over. What is no regular file (a pipe,
/// `/dev/null`) is not overwritten by writing to it, and may exist.
fn refuse_existing(path: &Path, force: bool) -> anyhow::Result<()> {
    if path.is_dir() {
        bail!("{} is a directory: name a file in it", path.display());
    }
    if path.is_file() && !force {
        bail!("{} exists: name another file, or write over it with --force", path.display());
    }
    Ok(())
}

/// Opens a file to write to, and makes the folders on the way to it.
fn output(path: &Path) -> anyhow::Result<Box<dyn Write>> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(BufWriter::new(std::io::stdout())));
    }
    if let Some(folder) = path.parent().filter(|folder| *folder != Path::new("")) {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    let file = File::create(path).with_context(|| format!("cannot write to {}", path.display()))?;
    Ok(Box::new(BufWriter::with_capacity(256 << 10, file)))
}

#[cfg(test)]
mod tests {
    use super::{Args, Place, Profile, records_to, run, tags_to};
    use indicatif::ProgressBar;
    use std::collections::HashMap;

    fn args(profile: Profile, count: u64, seed: u64) -> Args {
        let (to, ids) = ("-".into(), "tx".to_owned());
        Args { profile, count, burst: None, seed, to, rate: None, ids, config: None, tags: None, force: false }
    }

    fn generated(profile: Profile, count: u64, seed: u64) -> (String, String) {
        let (mut records, mut tags) = (Vec::new(), Vec::new());
        let mut lines = Place::Lines(Box::new(&mut records));
        let written = records_to(&mut lines, &args(profile, count, seed), &ProgressBar::hidden()).unwrap();
        drop(lines);
        tags_to(&mut tags, profile, &written.accounts).unwrap();
        (String::from_utf8(records).unwrap(), String::from_utf8(tags).unwrap())
    }

    #[test]
    fn a_seed_gives_the_same_bytes_and_a_longer_stream_begins_with_a_shorter_one() {
        for profile in [Profile::Payments, Profile::Subscriptions] {
            let (long, tags) = generated(profile, 5_000, 7);
            assert_eq!((long.clone(), tags.clone()), generated(profile, 5_000, 7));
            let (short, fewer_tags) = generated(profile, 1_000, 7);
            assert!(long.starts_with(&short) && tags.starts_with(&fewer_tags));
            assert_ne!(short, generated(profile, 1_000, 8).0);
        }
    }

    #[test]
    fn an_opening_is_the_same_bytes_for_a_seed_and_another_for_another() {
        let burst = |seed| {
            let (mut records, mut tags) = (Vec::new(), Vec::new());
            let args = Args { burst: Some(1_000), ..args(Profile::Subscriptions, 0, seed) };
            let mut lines = Place::Lines(Box::new(&mut records));
            let written = records_to(&mut lines, &args, &ProgressBar::hidden()).unwrap();
            drop(lines);
            tags_to(&mut tags, Profile::Subscriptions, &written.accounts).unwrap();
            assert_eq!(written.records as usize, records.iter().filter(|byte| **byte == b'\n').count());
            assert_eq!(tags.iter().filter(|byte| **byte == b'\n').count(), 1_001);
            String::from_utf8(records).unwrap()
        };
        assert_eq!(burst(1), burst(1));
        assert_ne!(burst(1), burst(2));
        let first: Vec<_> = burst(1).lines().take(4).map(str::to_owned).collect();
        assert_eq!(first, include_str!("generate/opening.golden.jsonl").lines().collect::<Vec<_>>());
    }

    #[test]
    fn a_pace_is_for_a_topic() {
        let told = |args: Args| run(&args).unwrap_err().to_string();
        let args = || args(Profile::Payments, 1, 1);
        assert!(told(Args { rate: Some(5), ..args() }).contains("kafka://HOST:PORT/TOPIC"));
        assert!(told(Args { to: "kafka://only-a-host".into(), ..args() }).contains("kafka://HOST:PORT/TOPIC"));
    }

    #[test]
    fn only_funds_open() {
        let error = run(&Args { burst: Some(10), ..args(Profile::Payments, 0, 1) }).unwrap_err().to_string();
        assert!(error.contains("--profile subscriptions"), "{error}");
    }

    #[test]
    fn a_file_that_exists_is_left_alone_unless_forced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records.jsonl");
        let args = Args { to: path.clone(), ..args(Profile::Payments, 1, 1) };
        run(&args).unwrap();
        let first = std::fs::read(&path).unwrap();
        let error = run(&Args { seed: 2, ..args }).unwrap_err().to_string();
        assert!(error.contains("--force") && error.contains("records.jsonl"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), first);
        run(&Args { to: path.clone(), seed: 2, force: true, ..self::args(Profile::Payments, 1, 1) }).unwrap();
        assert_ne!(std::fs::read(&path).unwrap(), first);
    }

    #[test]
    fn where_one_file_exists_the_other_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let (new, there) = (folder.path().join("new"), folder.path().join("there"));
        std::fs::write(&there, "precious").unwrap();
        for (to, tags) in [(&new, &there), (&there, &new), (&new, &folder.path().to_owned())] {
            let args = Args { to: to.clone(), tags: Some(tags.clone()), ..args(Profile::Payments, 1, 1) };
            run(&args).unwrap_err();
            assert!(!new.exists());
        }
        assert_eq!(std::fs::read(&there).unwrap(), b"precious");
    }

    #[test]
    fn missing_folders_are_made() {
        let folder = tempfile::tempdir().unwrap();
        let (to, tags) = (folder.path().join("a/b/records.jsonl"), folder.path().join("c/tags.csv"));
        run(&Args { to: to.clone(), tags: Some(tags.clone()), ..args(Profile::Payments, 1, 1) }).unwrap();
        assert!(to.is_file() && tags.is_file());
    }

    #[test]
    fn every_kind_of_fraud_is_there_and_the_level_of_its_accounts_is_higher() {
        let (records, tags) = generated(Profile::Payments, 20_000, 1);
        let levels: HashMap<_, u64> = tags
            .lines()
            .skip(1)
            .map(|line| {
                let fields: Vec<_> = line.split(',').collect();
                (fields[1].to_owned(), fields[3].parse().unwrap())
            })
            .collect();
        let mut counts = HashMap::<_, (u64, u64)>::new();
        let mut latest = 0.0;
        let mut late = 0;
        for line in records.lines() {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            let label = record["label"].as_str().unwrap_or("honest").to_owned();
            let (count, level) = counts.entry(label).or_default();
            *count += 1;
            *level += levels[record["account_id"].as_str().unwrap()];
            let time = record["timestamp"].as_f64().unwrap();
            late += u64::from(time < latest);
            latest = time.max(latest);
        }
        let mean = |label: &str| counts[label].1 as f64 / counts[label].0 as f64;
        for label in ["burst", "oversized", "stolen"] {
            let count = counts[label].0;
            assert!((20..1_000).contains(&count), "{count} of {label}");
            assert!(mean(label) > mean("honest") + 0.3, "{label}: {} and {}", mean(label), mean("honest"));
        }
        assert!((50..1_000).contains(&late), "{late} late records");
    }

    #[test]
    fn the_first_lines_are_these() {
        assert_eq!(generated(Profile::Payments, 4, 1).0, include_str!("generate/payments.golden.jsonl"));
        assert_eq!(generated(Profile::Subscriptions, 4, 1).0, include_str!("generate/subscriptions.golden.jsonl"));
    }
}
