//! `sandgate run` with Kafka: a host of a fleet, until it is told to stop.

use super::{Args, WORKERS_MAX, lasting, note, open_tags};
use crate::config::kafka::Kafka;
use crate::config::{self, Host};
use crate::follow::{Follower, Following};
use crate::telemetry::{Vitals, tell_generations};
use anyhow::Context as _;
use sandgate_engine::Engine;
use sandgate_engine::generation::{Generation, Keyed, SiteSource, WrongKey};
use sandgate_engine::sharing::Sharing;
use sandgate_files::Report;
use sandgate_shared::Shared;
use sandgate_stream::kafka::{Copies, Counts, Job};
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
    // before anything of the host is taken apart; it answers once the host has begun
    let admin =
        crate::control::admin::beside((host.admin.as_ref(), host.control.as_ref()), &args.config, &vitals.registry)?;
    let (follower, generations) = match &host.control {
        Some(control) => {
            let told = &mut |told: String| tracing::warn!("{told}");
            let begun = Follower::begin(control, host.workshop, &host.offered, &host.state.path, told)?;
            (Some(begun.0), begun.1)
        }
        None => (None, host.generations),
    };
    tell_generations(&generations);
    kafka.clients()?;
    let sources = sources(&host.sources, &kafka);
    let sharing = Sharing { sources: &sources, shared: &host.state.shared.fields };
    let crossing = |generation: &Generation, sharing: &Sharing<'_>| {
        let problems = sharing.problems(generation).into_iter();
        problems.map(|problem| format!("tenant {}: {}", generation.tenant, problem.what)).collect::<Vec<_>>()
    };
    let crossing_now: Vec<String> = generations.iter().flat_map(|generation| crossing(generation, &sharing)).collect();
    let tags = open_tags(&host.tags, &generations, follower.is_some())?;
    let tags = tags
        .map(|tags| Arc::new(tags.measured(&vitals.registry).told(&vitals.health)) as Arc<dyn sandgate_tags::Store>);
    let mut generations = generations;
    // each is split, whatever the ones before it share
    let sharing_ones = generations.iter_mut().filter_map(|generation| sharing.split(generation).then_some(())).count();
    let engine = Engine::new(&sources, generations, tags, host.engine.reused_id).sampling(host.engine.sample);
    let mut engine = engine.measured(&vitals.registry);
    if sharing_ones > 0 {
        let (store, hint) = Shared::open(host.state.shared.config(host.state.bounds)?, &vitals.registry)?;
        hint.iter().for_each(note);
        store.tell(&vitals.health);
        engine = engine.with_shared(Arc::new(store), host.state.bounds.lateness)?;
    }
    let engine = Arc::new(engine);
    let copies = Copies::open(Some(&host.state.path), host.state.snapshot)?;
    let follows = follower.is_some();
    let following = follower.map(|follower| {
        let (sources, fields) = (sources.clone(), host.state.shared.fields.clone());
        let (copies, alone) = (copies.clone(), !crossing_now.is_empty());
        let touch = move |generation: &mut Generation| {
            let sharing = Sharing { sources: &sources, shared: &fields };
            // what crossed at the start is a topic of one partition, which nothing crosses
            let problems = if alone { Vec::new() } else { crossing(generation, &sharing) };
            if !problems.is_empty() {
                return Err(problems.join("; "));
            }
            sharing.split(generation);
            copies.keep_set(generation).map_err(|error| error.to_string())
        };
        follower.follow(Arc::clone(&engine), Box::new(touch))
    });
    let following = following.transpose().context("no thread can be started")?;
    let counts = Arc::new(Counts::new(&vitals.registry, &vitals.health));
    let Kafka { config, topics, .. } = kafka;
    let job = Job {
        config,
        topics,
        bounds: host.state.bounds,
        configuration: {
            let (engine, state) = (Arc::clone(&engine), host.state.clone());
            Arc::new(move || lasting::configuration(&engine, &state, follows))
        },
        engine,
        copies,
        worth: host.state.snapshot,
        batch: host.engine.batch,
        workers: workers(args),
        force: args.force,
        fresh: following.as_ref().map_or_else(|| Arc::new(|| {}) as _, Following::fresh),
        crossing: crossing_now,
        counts: Arc::clone(&counts),
    };
    let done = sandgate_stream::kafka::run(job, &stop);
    drop(admin);
    drop(following);
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
