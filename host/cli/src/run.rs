//! `sandgate run`: judges the records of a file and ends; or those of Kafka, until
//! it is told to stop.

mod fleet;
pub(crate) mod lasting;
mod progress;

use crate::check::Problems;
use crate::config::tags::Tags;
use crate::config::{self, Host};
use crate::follow::Follower;
use crate::telemetry;
use anyhow::Context as _;
use lasting::Lasting;
use progress::Bar;
use sandgate_engine::generation::Generation;
use sandgate_engine::{Engine, LaneJudge};
use sandgate_files::Report;
use sandgate_state::Lane;
use sandgate_stream::summary::ReasonName;
use sandgate_stream::{Protected, Settings, Sink, Source, Summary, Target, Told};
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
    With [kafka], and without --from and --to, it is a host of a fleet: it judges what comes, until SIGTERM or \
    SIGINT; then it finishes what it has in hand. --force begins lanes anew whose state is refused.\n\n\
    Beside FILE are written FILE.dead-letters (records that could not be used) and FILE.generations \
    (the policy sets that judged). With --to - dead letters go to standard error.\n\n\
    A run from files into a file that was stopped, in whatever way, goes on with the same command, and its \
    output is the one of a run that nobody stopped. One that came to its end goes on where its input has grown.\n\n\
    Exit status: 0 every record is a decision or a dead letter; 2 the command line or the configuration is wrong; \
    3 the input cannot be read to its end; 4 the output cannot be written; \
    5 the state cannot be used.")]
pub(crate) struct Args {
    /// The host's configuration
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Records to judge: JSON lines, also .gz; `-` for standard input; of several sources each as
    /// NAME=FILE [default: the sources' paths]
    #[arg(long, value_name = "[NAME=]FILE")]
    pub(crate) from: Vec<PathBuf>,
    /// Where the decisions go; `-` for standard output [default: the sink's path]
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    /// Threads that judge [default: all cores]
    #[arg(long, value_name = "N")]
    pub(crate) workers: Option<NonZeroUsize>,
    /// Begin anew: replace the output of an earlier run and drop its state
    #[arg(long)]
    pub(crate) force: bool,
}

/// A way to judge files: what [`Args`] say, with their defaults filled in.
pub(crate) struct Job {
    host: Host,
    /// By source.
    from: Vec<PathBuf>,
    to: PathBuf,
    workers: usize,
    force: bool,
    protected: Vec<Protected>,
    /// Its configuration's file.
    config: PathBuf,
}

/// What a run has done.
pub(crate) struct Done {
    pub(crate) summary: Summary,
    pub(crate) engine: Arc<Engine>,
    /// Whether the inputs came to their end and all of it is on disk.
    pub(crate) ended: anyhow::Result<()>,
    /// Whether it had ended before, and nothing was left to do.
    pub(crate) nothing_new: bool,
}

/// Neither the command line nor the configuration says from where or to where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unnamed(String);

impl Unnamed {
    pub(crate) fn output() -> Unnamed {
        Unnamed("no output is named: say --to FILE, or give the [sink] a `path`".to_owned())
    }
}

impl fmt::Display for Unnamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unnamed {}

/// Judges, and writes the summary to standard error.
///
/// # Errors
/// Where the configuration, the input or the output is in the way.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let (host, report) = config::load(&args.config, fleet::workers(args)).map_err(Problems)?;
    telemetry::log(host.telemetry.log)?;
    if fleet::is_meant(args, &host) {
        return fleet::run(args, host, &report);
    }
    let job = Job::new(args, host, &report)?;
    let bar = Bar::new(&job.from);
    let done = job.run(&bar);
    bar.clear();
    let done = done?;
    let mut errors = anstream::stderr();
    if done.nothing_new {
        writeln!(errors, "note: this was judged to its end before, and no input has grown; --force judges it again")
            .context("standard error cannot be written")?;
    }
    write!(errors, "{}", render(&done.summary, &done.engine)).context("standard error cannot be written")?;
    done.ended
}

impl Job {
    /// Settles from where to where.
    fn new(args: &Args, host: Host, report: &Report) -> anyhow::Result<Job> {
        let workers = fleet::workers(args);
        report.notes.iter().for_each(note);
        let from = inputs(&args.from, &host.sources)?;
        let to = args.to.clone().or_else(|| host.sink.clone());
        let to = to.ok_or_else(Unnamed::output)?;
        let protected = protected(&args.config, &from, &host);
        Ok(Job { host, from, to, workers, force: args.force, protected, config: args.config.clone() })
    }

    /// Judges everything.
    pub(crate) fn run(self, bar: &Bar) -> anyhow::Result<Done> {
        let sources = self.host.sources.iter().zip(&self.from);
        let sources: Vec<Source> =
            sources.map(|(source, from)| Source::open(from, source.schema.size_max)).collect::<Result<_, _>>()?;
        let target = Target::of(&self.to);
        let metrics = sandgate_metrics::Registry::default();
        let parts = (self.host.admin.as_ref(), self.host.control.as_ref());
        let _admin = match crate::control::admin::beside(parts, &self.config, &metrics) {
            // another run has it: the API is one for all of them
            Err(error) if error.is::<sandgate_server::admin::Error>() => {
                bar.note(&format!("{error:#}; this run goes on without the admin API"));
                None
            }
            begun => begun?,
        };
        let Host { workshop, offered, control, tags, engine, .. } = self.host;
        let (follower, generations) = match &control {
            Some(control) => {
                let begun =
                    Follower::begin(control, workshop, &offered, &self.host.state.path, &mut |told| bar.note(&told))?;
                (Some(begun.0), begun.1)
            }
            None => (None, self.host.generations),
        };
        let tags = open_tags(&tags, &generations, follower.is_some())?;
        let tags = tags.map(|tags| Arc::new(tags) as Arc<dyn sandgate_tags::Store>);
        let site = config::site_sources(&self.host.sources);
        let (batch, settings) = (engine.batch, engine);
        let engine = Engine::new(&site, generations, tags, settings.reused_id).sampling(settings.sample);
        let engine = Arc::new(engine);
        let lane = Arc::new(Lane::new(engine.layout(), self.host.state.bounds, self.workers.min(SHARDS_MAX)));
        let lasting = Lasting {
            state: &self.host.state,
            from: &self.from,
            to: &self.to,
            force: self.force,
            workers: self.workers,
            follows: follower.is_some(),
        };
        target.check(&self.protected)?;
        let (mut sink, durable, summary) = match lasting.hindered(&sources, &target) {
            Some(why) => {
                note(format!("this run cannot be taken up again if it is stopped: {why}"));
                lasting.forget(&target)?;
                (Sink::create(&target, self.force)?, None, Summary::new())
            }
            None => lasting.open(&engine, &lane, &target, bar)?,
        };
        engine.generations().iter().try_for_each(|generation| sink.write_generation(&generation.line()))?;
        let judge = Arc::new(LaneJudge::new(Arc::clone(&engine), lane));
        let following = follower.map(|follower| follower.follow(Arc::clone(&engine), Box::new(|_| Ok(()))));
        let following = following.transpose().context("no thread can be started")?;
        let settings = Settings { workers: self.workers, batch };
        let run = sandgate_stream::run(sources, judge, sink, durable, settings, summary, &mut |told| match told {
            Told::Progress(progress) => bar.show(progress),
            Told::Note(what) => bar.note(what),
        });
        drop(following);
        Ok(Done {
            summary: run.summary,
            engine,
            ended: run.ended.map_err(anyhow::Error::from),
            nothing_new: run.nothing_new,
        })
    }
}

/// Opens the store of tags, where policies read some; where they may change, also if it
/// is only there.
pub(crate) fn open_tags(
    tags: &Tags,
    generations: &[Generation],
    may_change: bool,
) -> anyhow::Result<Option<sandgate_tags::Cascade>> {
    let opened = || Ok::<_, anyhow::Error>(sandgate_tags::open(tags.config()?)?);
    if generations.iter().any(Generation::reads_tags) {
        return opened().map(Some);
    }
    Ok(may_change.then(|| opened().ok()).flatten())
}

/// Tells something that is no reason to stop.
pub(crate) fn note(note: impl fmt::Display) {
    // one that nobody reads is no reason either
    let _ = writeln!(anstream::stderr(), "note: {note}");
}

/// The file of every source: as the command line names them, else as the
/// configuration does.
pub(crate) fn inputs(named: &[PathBuf], sources: &[config::Source]) -> Result<Vec<PathBuf>, Unnamed> {
    let mut from: Vec<Option<PathBuf>> = vec![None; sources.len()];
    let name = |at: usize| &*sources[at].schema.source;
    for path in named {
        let text = path.to_str().and_then(|text| text.split_once('='));
        let of_name = text.and_then(|(source, path)| {
            let at = (0..sources.len()).find(|at| name(*at) == source)?;
            Some((at, PathBuf::from(path)))
        });
        let mut judged = (0..sources.len()).filter(|at| !sources[*at].observe);
        let (at, path) = match (of_name, judged.next(), judged.next()) {
            (Some(named), ..) => named,
            (None, Some(only), None) => (only, path.clone()),
            _ => {
                let names: Vec<&str> = (0..sources.len()).map(name).collect();
                let which = format!("there are the sources {}: say which as --from NAME=FILE", names.join(", "));
                return Err(Unnamed(which));
            }
        };
        if from[at].replace(path).is_some() {
            return Err(Unnamed(format!("--from names the input of source {} twice", name(at))));
        }
    }
    let all = from.into_iter().zip(sources).map(|(from, source)| from.or_else(|| source.path.clone()));
    let missing = |at: usize| {
        let how = if sources.len() == 1 { "FILE".to_owned() } else { format!("{}=FILE", name(at)) };
        Unnamed(format!("no input is named: say --from {how}, or give the [[source]] a `path`"))
    };
    all.enumerate().map(|(at, path)| path.ok_or_else(|| missing(at))).collect()
}

/// Shards of a lane's series; more than that few machines have cores for.
const SHARDS_MAX: usize = 16;

/// More threads than any machine of today has use for.
const WORKERS_MAX: usize = 1_024;

/// The text that ends a run.
pub(crate) fn render(summary: &Summary, engine: &Engine) -> String {
    let reasons = engine.reasons();
    let mut scales = engine.amount_scales();
    // amounts of different scales are not added up
    let scale = scales.next().filter(|scale| scales.all(|other| other == *scale));
    summary.render(reasons.iter().map(|[tenant, policy, code]| ReasonName { tenant, policy, code }), scale)
}

/// The files that a run stands on: to replace one of them with decisions would
/// lose it.
fn protected(config: &Path, from: &[PathBuf], host: &Host) -> Vec<Protected> {
    // what was redirected into this program is a file too
    let input = |from: &PathBuf| if from == Path::new("-") { PathBuf::from("/dev/stdin") } else { from.clone() };
    let beside = |file: &PathBuf, suffix: &str| {
        let mut name = OsString::from(file);
        name.push(suffix);
        PathBuf::from(name)
    };
    let store = match host.tags.location() {
        Location::Sqlite(tags) => ["", "-wal", "-shm"].map(|suffix| (beside(tags, suffix), "the tag store")).to_vec(),
        Location::Postgres(_) => Vec::new(),
    };
    let inputs = from.iter().map(|from| (input(from), "the input"));
    inputs
        .chain([(config.to_owned(), "the host's configuration")])
        .chain(store)
        .chain(host.files.iter().cloned())
        .map(|(path, what)| Protected { path, what })
        .collect()
}
