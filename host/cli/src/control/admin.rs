//! The admin API of a host that runs, and `sandgate admin`, which is nothing else: for
//! people who want it apart from the hosts.

use super::desk::Desk;
use crate::check::Problems;
use crate::config;
use crate::config::control::Control;
use crate::config::workshop::Workshop;
use crate::telemetry::{self, Vitals};
use anyhow::Context as _;
use sandgate_metrics::Registry as Metrics;
use sandgate_server::admin::{Admin, Parts, Settings};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The command line of `sandgate admin`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sandgate admin --config sandgate.toml\n\n\
    It answers where [admin] says until SIGTERM or SIGINT. Hosts that run have the API as well, where their \
    configuration has [admin].")]
pub(crate) struct Args {
    /// The configuration whose `[admin]` says where it answers, and `[control]` where the registry is
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Answers until it is told to stop.
///
/// # Errors
/// Where it cannot begin.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let (parts, report) = config::load_admin(&args.config).map_err(Problems)?;
    telemetry::log(parts.telemetry.log)?;
    let stop = Arc::new(AtomicBool::new(false));
    sandgate_server::stop_on_signal(Arc::clone(&stop)).context("signals cannot be listened to")?;
    report.notes.iter().for_each(crate::note);
    let vitals = Vitals::start(parts.telemetry.listen)?;
    let (settings, control) = (parts.admin, parts.control);
    let _admin = start(&settings, control.registry()?, parts.workshop, &vitals.registry)?;
    while !stop.load(Ordering::Acquire) {
        crate::follow::rest(Duration::from_millis(50));
    }
    Ok(())
}

/// Begins to answer beside a host that runs, where its configuration says so.
///
/// # Errors
/// Where it cannot begin.
pub(crate) fn beside(
    (settings, control): (Option<&Settings>, Option<&Control>),
    path: &Path,
    metrics: &Metrics,
) -> anyhow::Result<Option<Admin>> {
    let (Some(settings), Some(control)) = (settings, control) else { return Ok(None) };
    // the host's own is busy with what comes; the compiled code lies in one cache
    let workshop = config::load_admin(path).map_err(Problems)?.0.workshop;
    start(settings, control.registry()?, workshop, metrics).map(Some)
}

fn start(
    settings: &Settings,
    registry: sandgate_control::Registry,
    workshop: Workshop,
    metrics: &Metrics,
) -> anyhow::Result<Admin> {
    let registry = Arc::new(registry);
    let desk = Arc::new(Desk { registry: Arc::clone(&registry), workshop });
    let parts = Parts { registry, desk, clock: crate::follow::now, metrics: metrics.clone() };
    let admin = Admin::start(settings, parts)?;
    let (address, tls) = (admin.address(), settings.tls.is_some());
    tracing::info!(%address, tls, "the admin API answers");
    Ok(admin)
}
