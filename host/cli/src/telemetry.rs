//! What a host that runs tells about itself: its log, and its metrics and health
//! on a port of their own. A run from files has neither port nor need of one: it
//! ends, and its summary says the same.
//!
//! The log holds what happened to the host, never what a record says: no id, no
//! account, no amount.

use crate::config::secret;
use crate::config::telemetry::{Format, Listen, Log};
use sandgate_engine::generation::Generation;
use sandgate_metrics::{Health, Registry, measure_process};
use sandgate_server::Server;
use std::io::IsTerminal as _;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

/// A thread that made no progress for so long is stuck. Longer than any call of a
/// broker that has a limit of its own.
const STUCK: Duration = Duration::from_secs(60);

/// The variable of the environment that stands before `[log] level`: a level, or
/// levels by part, as `warn,sandgate_stream=debug`.
const VARIABLE: &str = "SANDGATE_LOG";

/// Begins to write the log, to standard error.
///
/// # Errors
/// Where the environment asks for what is no level.
pub(crate) fn log(log: Log) -> anyhow::Result<()> {
    let wanted = secret::environment(VARIABLE).unwrap_or_else(|_| log.level.0.to_owned());
    let filter = EnvFilter::try_new(&wanted)
        .map_err(|error| anyhow::anyhow!("the environment variable {VARIABLE} is `{wanted}`: {error}"))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let begun = match log.format {
        Format::Text => lines.with_ansi(std::io::stderr().is_terminal()).try_init(),
        Format::Json => lines.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
    };
    begun.map_err(|error| anyhow::anyhow!("the log cannot be begun: {error}"))
}

/// The numbers and the health of a host, and the port where it answers about them
/// until this is dropped.
pub(crate) struct Vitals {
    pub(crate) registry: Registry,
    pub(crate) health: Health,
    _server: Option<Server>,
}

impl Vitals {
    /// Begins to measure, and to answer if there is a place for it.
    ///
    /// # Errors
    /// Where nothing can listen there.
    pub(crate) fn start(listen: Option<Listen>) -> anyhow::Result<Vitals> {
        let (registry, health) = (Registry::default(), Health::new(STUCK));
        measure_process(&registry);
        let build = registry.gauges("build_info", "What runs: always 1", ["version"]);
        build.with([env!("CARGO_PKG_VERSION")]).set_whole(1);
        let (well, ready, degraded) = (
            registry.gauge("healthy", "Whether all threads make progress, as /healthz says: 1 or 0"),
            registry.gauge("ready", "Whether all that the host needs is there, as /readyz says: 1 or 0"),
            registry.gauge("degraded", "What the host does without, as /readyz says: how much of it"),
        );
        let asked = health.clone();
        registry.before_reading(move || {
            let is_well = asked.stuck().is_empty();
            well.set_flag(is_well);
            ready.set_flag(is_well && asked.missing().is_empty());
            degraded.set_whole(asked.degraded().len() as u64);
        });
        let server =
            match listen.map(|listen| (listen, Server::start(listen.address, registry.clone(), health.clone()))) {
                Some((_, Ok(server))) => {
                    tracing::info!(address = %server.address(), "answers about /metrics, /healthz and /readyz");
                    Some(server)
                }
                Some((Listen { is_named: true, .. }, Err(error))) => return Err(error.into()),
                Some((_, Err(error))) => {
                    tracing::warn!(%error, "the host goes on without");
                    None
                }
                None => None,
            };
        Ok(Vitals { registry, health, _server: server })
    }
}

/// Says in the log which sets decide.
pub(crate) fn tell_generations(generations: &[Generation]) {
    for generation in generations {
        tracing::info!(tenant = %generation.tenant, generation = generation.number, set = %generation.set, "policy set");
    }
}
