//! `sandgate run`: judges the records of a file and ends.

mod progress;

use crate::check::Problems;
use crate::config::{self, Host};
use anyhow::Context as _;
use progress::Bar;
use sandgate_engine::Engine;
use sandgate_model::Kind;
use sandgate_stream::summary::ReasonName;
use sandgate_stream::{Progress, Protected, Settings, Sink, Source, Summary, Target};
use sandgate_tags::Location;
use std::ffi::OsString;
use std::fmt;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The command line of `sandgate run`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    sandgate run --config sandgate.toml --from payments.jsonl --to decisions.jsonl\n\n\
    Beside FILE are written FILE.dead-letters (records that could not be used) and FILE.generations \
    (the policy sets that judged). With --to - dead letters go to standard error.\n\n\
    Exit status: 0 every record is a decision or a dead letter; 2 the command line or the configuration is wrong; \
    3 the input cannot be read to its end; 4 the output cannot be written.")]
pub(crate) struct Args {
    /// The host's configuration
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Records to judge: JSON lines, also .gz; `-` for standard input [default: the source's path]
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
    /// Where the decisions go; `-` for standard output [default: the sink's path]
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    /// Threads that judge [default: all cores]
    #[arg(long, value_name = "N")]
    pub(crate) workers: Option<NonZeroUsize>,
    /// Replace the output of an earlier run
    #[arg(long)]
    pub(crate) force: bool,
}

/// A way to judge a file: what [`Args`] say, with their defaults filled in.
pub(crate) struct Job {
    host: Host,
    from: PathBuf,
    to: PathBuf,
    workers: usize,
    force: bool,
    protected: Vec<Protected>,
}

/// Neither the command line nor the configuration says from where or to where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unnamed(&'static str);

impl fmt::Display for Unnamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Unnamed {}

/// Judges, and writes the summary to standard error.
///
/// # Errors
/// Where the configuration, the input or the output is in the way.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let job = Job::new(args)?;
    let bar = Bar::new(&job.from);
    let done = job.run(&mut |progress| bar.show(progress));
    bar.clear();
    let (summary, engine, ended) = done?;
    let mut errors = anstream::stderr();
    write!(errors, "{}", render(&summary, &engine)).context("standard error cannot be written")?;
    ended
}

impl Job {
    /// Reads the configuration and settles from where to where.
    pub(crate) fn new(args: &Args) -> anyhow::Result<Job> {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let workers = args.workers.map_or(cores, NonZeroUsize::get).min(WORKERS_MAX);
        let (host, report) = config::load(&args.config, workers).map_err(Problems)?;
        for note in &report.notes {
            // a note that nobody reads is no reason to stop
            let _ = writeln!(anstream::stderr(), "note: {note}");
        }
        let from = args.from.clone().or_else(|| host.source.path.clone());
        let from = from.ok_or(Unnamed("no input is named: say --from FILE, or give the [[source]] a `path`"))?;
        let to = args.to.clone().or_else(|| host.sink.clone());
        let to = to.ok_or(Unnamed("no output is named: say --to FILE, or give the [sink] a `path`"))?;
        let protected = protected(&args.config, &from, &host);
        Ok(Job { host, from, to, workers, force: args.force, protected })
    }

    /// Judges everything; the last part of the answer says whether the input
    /// came to its end.
    pub(crate) fn run(
        self,
        progress: &mut dyn FnMut(Progress),
    ) -> anyhow::Result<(Summary, Arc<Engine>, anyhow::Result<()>)> {
        let source = Source::open(&self.from)?;
        let Host { source: judged, engine: settings, tags, generations, .. } = self.host;
        let wants_tags = generations.iter().any(sandgate_engine::generation::Generation::reads_tags);
        let tags = wants_tags.then(|| sandgate_tags::open(&tags)).transpose()?;
        let tags = tags.map(|tags| Arc::new(tags) as Arc<dyn sandgate_tags::Store>);
        let lines: String = generations.iter().map(|generation| generation.line()).collect();
        let size_max = judged.schema.size_max;
        let engine = Arc::new(Engine::new(judged.schema, generations, tags));
        let mut sink = Sink::create(&Target::of(&self.to), self.force, &self.protected)?;
        sink.write_generations(lines.as_bytes())?;
        let settings = Settings { workers: self.workers, batch: settings.batch, size_max };
        let run = sandgate_stream::run(source, Arc::clone(&engine), sink, settings, progress);
        Ok((run.summary, engine, run.ended.map_err(anyhow::Error::from)))
    }
}

/// More threads than any machine of today has use for.
const WORKERS_MAX: usize = 1_024;

/// The text that ends a run.
pub(crate) fn render(summary: &Summary, engine: &Engine) -> String {
    let name = |(tenant, policy, code)| ReasonName { tenant, policy, code };
    let schema = engine.schema();
    let amount = schema.roles.amount.and_then(|field| schema.fields.get(field));
    let scale = amount.and_then(|field| match field.kind {
        Kind::Decimal { scale } => Some(scale),
        _ => None,
    });
    summary.render(engine.reasons().map(name), scale)
}

/// The files that a run stands on: to replace one of them with decisions would
/// lose it.
fn protected(config: &Path, from: &Path, host: &Host) -> Vec<Protected> {
    // what was redirected into this program is a file too
    let input = if from == Path::new("-") { Path::new("/dev/stdin") } else { from };
    let Location::Sqlite(tags) = &host.tags.sql;
    let beside = |suffix: &str| {
        let mut name = OsString::from(tags);
        name.push(suffix);
        PathBuf::from(name)
    };
    let store = ["", "-wal", "-shm"].map(|suffix| (beside(suffix), "the tag store"));
    let files = [(input.to_owned(), "the input"), (config.to_owned(), "the host's configuration")];
    files.into_iter().chain(store).map(|(path, what)| Protected { path, what }).collect()
}
