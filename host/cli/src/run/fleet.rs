//! `sandgate run` with Kafka: a host of a fleet, until it is told to stop.

use super::{Args, WORKERS_MAX, lasting, note};
use crate::config::kafka::Kafka;
use crate::config::{self, Host};
use crate::telemetry::{Vitals, tell_generations};
use anyhow::Context as _;
use sandgate_engine::Engine;
use sandgate_engine::generation::{Keyed, SiteSource, WrongKey};
use sandgate_engine::sharing::Sharing;
use sandgate_files::Report;
use sandgate_shared::Shared;
use sandgate_stream::kafka::{Counts, Job};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Whether the command line means this: neither input nor output is named.
pub(super) fn is_meant(args: &Args, host: &Host) -> bool {
    host.kafka.is_some() && args.from.is_empty() && args.to.is_none()
}

/// Works until SIGTERM or SIGINT.
///
/// # Errors
/// Where the host cannot begin or go on.
pub(super) fn run(args: &Args, host: Host, report: &Report) -> anyhow::Result<()> {
    let Some(kafka) = host.kafka else { return Ok(()) };
    // first of all, so that whoever asks it to end while it begins is heard
    let stop = Arc::new(AtomicBool::new(false));
    sandgate_server::stop_on_signal(Arc::clone(&stop)).context("signals cannot be listened to")?;
    report.notes.iter().for_each(note);
    let vitals = Vitals::start(host.telemetry.listen)?;
    tell_generations(&host.generations);
    kafka.clients()?;
    let sources = sources(&host.sources, &kafka);
    let sharing = Sharing { sources: &sources, shared: &host.state.shared.fields };
    let crossing = host.generations.iter().flat_map(|generation| {
        let problems = sharing.problems(generation).into_iter();
        problems.map(|problem| format!("tenant {}: {}", generation.tenant, problem.what))
    });
    let crossing = crossing.collect();
    let wants_tags = host.generations.iter().any(sandgate_engine::generation::Generation::reads_tags);
    let tags = wants_tags.then(|| Ok::<_, anyhow::Error>(sandgate_tags::open(host.tags.config()?)?)).transpose()?;
    let tags = tags.map(|tags| Arc::new(tags.measured(&vitals.registry)) as Arc<dyn sandgate_tags::Store>);
    let mut generations = host.generations;
    // each is split, whatever the ones before it share
    let sharing_ones = generations.iter_mut().filter_map(|generation| sharing.split(generation).then_some(())).count();
    let mut engine = Engine::new(&sources, generations, tags, host.engine.reused_id).measured(&vitals.registry);
    if sharing_ones > 0 {
        let (store, hint) = Shared::open(host.state.shared.config(host.state.bounds)?, &vitals.registry)?;
        hint.iter().for_each(note);
        engine = engine.with_shared(Arc::new(store), host.state.bounds.lateness)?;
    }
    let engine = Arc::new(engine);
    let counts = Arc::new(Counts::new(&vitals.registry, &vitals.health));
    let Kafka { config, topics, .. } = kafka;
    let job = Job {
        config,
        topics,
        bounds: host.state.bounds,
        configuration: lasting::configuration(&engine, &host.state),
        engine,
        folder: Some(host.state.path.clone()),
        worth: host.state.snapshot,
        batch: host.engine.batch,
        workers: workers(args),
        force: args.force,
        crossing,
        counts: Arc::clone(&counts),
    };
    let done = sandgate_stream::kafka::run(job, &stop);
    let (records, commits) = (counts.records.get(), counts.commits.get());
    tracing::info!(records, commits, "stopped");
    Ok(done?)
}

/// As many threads as the command line says; else one for each core.
pub(super) fn workers(args: &Args) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    args.workers.map_or(cores, NonZeroUsize::get).min(WORKERS_MAX)
}

/// The sources with the fields that key their topics.
fn sources(sources: &[config::Source], kafka: &Kafka) -> Vec<SiteSource> {
    let site = config::site_sources(sources).into_iter().zip(&kafka.topics.sources);
    site.map(|(source, topic)| {
        let wrong = match topic.wrong_key {
            sandgate_stream::kafka::WrongKey::DeadLetter => WrongKey::DeadLetter,
            sandgate_stream::kafka::WrongKey::Judge => WrongKey::Judge,
        };
        SiteSource { keyed: Some(Keyed { field: topic.key, wrong }), ..source }
    })
    .collect()
}
