//! `sandgate state`: what a lane's state holds, and moving it to another host.
//!
//! The state of a lane can only be read with the configuration that it was
//! written under, so that is loaded and compared first. A host that runs keeps
//! its folder for itself; these verbs then say so.

mod show;

use crate::check::Problems;
use crate::config::{self, StateSettings};
use crate::follow::Follower;
use crate::run::lasting;
use crate::run::{self, Unnamed};
use anyhow::{Context as _, bail};
use sandgate_engine::Engine;
use sandgate_state::folder::{Folder, LaneFolder, Replayed};
use sandgate_state::identity::Identity;
use sandgate_state::{Lane, portable};
use std::path::PathBuf;

/// The command line of `sandgate state`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Say what is kept: in all, or for one key
    #[command(after_help = "Examples:\n  \
        sandgate state inspect --config sandgate.toml\n  \
        sandgate state inspect --config sandgate.toml --key account=a-17\n  \
        sandgate state inspect --config sandgate.toml --key account=a-17 --key device=d-3 --json")]
    Inspect(Inspect),
    /// Write a lane's state to one file
    #[command(after_help = "Example:\n  sandgate state export --config sandgate.toml --file lane.state\n\n\
        The output belongs to the state: copy it too, and import both on the other host.")]
    Export {
        #[command(flatten)]
        which: Which,
        /// The file to write
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Put an exported file into the state folder
    #[command(after_help = "Example:\n  sandgate state import --config sandgate.toml --file lane.state\n\n\
        The same command `sandgate run` then goes on; its output must be where it was, or have been copied.")]
    Import {
        #[command(flatten)]
        which: Which,
        /// The file to read
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// Replace the state that the lane has
        #[arg(long)]
        force: bool,
    },
}

/// Which lane: the pair of inputs and output, as `run` is told it.
#[derive(Debug, clap::Args)]
struct Which {
    /// The host's configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The inputs, as `run` is told them [default: the sources' paths]
    #[arg(long, value_name = "[NAME=]FILE")]
    from: Vec<PathBuf>,
    /// The output, as `run` is told it [default: the sink's path]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct Inspect {
    #[command(flatten)]
    which: Which,
    /// A part of a key: show the events of the series that have it
    #[arg(long, value_name = "FIELD=VALUE")]
    key: Vec<String>,
    /// The tenant whose series are shown [default: all]
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Print one JSON object for programs
    #[arg(long)]
    json: bool,
}

/// The lane that a command line means, as its configuration describes it.
struct Meant {
    engine: Engine,
    state: StateSettings,
    identity: Identity,
}

/// A lane's state, read.
struct Found {
    meant: Meant,
    stored: LaneFolder,
    lane: Lane,
    replayed: Replayed,
}

/// Does what the verb says.
///
/// # Errors
/// Where the configuration or the state is in the way.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.verb {
        Verb::Inspect(args) => {
            let found = read(meant(&args.which)?)?;
            let keys = args.key.iter().map(|key| part(key)).collect::<anyhow::Result<Vec<_>>>()?;
            show::show(&found, args.tenant.as_deref(), &keys, args.json)
        }
        Verb::Export { which, file } => {
            let found = read(meant(which)?)?;
            let front = found.lane.front();
            let entries =
                portable::export(&found.stored, &found.replayed.position, front, &mut found.lane.sieve(), file)?;
            crate::say(
                &mut anstream::stdout(),
                format_args!(
                    "{}: {entries} entries; the output of {} bytes belongs to it",
                    file.display(),
                    found.replayed.position.output
                ),
            )
        }
        Verb::Import { which, file, force } => {
            let meant = meant(which)?;
            let folder = Folder::open(&meant.state.path)?;
            let entries = portable::import(&folder, file, &meant.identity, *force)?;
            crate::say(
                &mut anstream::stdout(),
                format_args!("{entries} entries imported; `sandgate run` goes on from there"),
            )
        }
    }
}

/// Loads the configuration and settles which lane is meant.
fn meant(which: &Which) -> anyhow::Result<Meant> {
    let (host, report) = config::load(&which.config, 1).map_err(Problems)?;
    report.notes.iter().for_each(crate::note);
    let from = run::inputs(&which.from, &host.sources)?;
    let to = which.to.clone().or(host.sink).ok_or_else(Unnamed::output)?;
    let site = config::site_sources(&host.sources);
    let follows = host.control.is_some();
    let generations = match &host.control {
        Some(control) => Follower::known(control, host.workshop, &host.offered, &host.state.path)?,
        None => host.generations,
    };
    let engine = Engine::new(&site, generations, None, host.engine.reused_id);
    let names: Vec<String> = engine.source_names().iter().map(|name| name.to_string()).collect();
    let identity = lasting::identity(&names, &from, &to, lasting::configuration(&engine, &host.state, follows));
    Ok(Meant { engine, state: host.state, identity })
}

/// Reads the state of a lane, and changes nothing.
fn read(meant: Meant) -> anyhow::Result<Found> {
    let folder = Folder::open_read_only(&meant.state.path)?;
    let Some(stored) = folder.find(&meant.identity.output)? else {
        let known = folder.identities()?.into_iter().map(|known| known.output).collect::<Vec<_>>();
        let known =
            if known.is_empty() { "it holds no lane".to_owned() } else { format!("it holds {}", known.join(", ")) };
        bail!(
            "the state folder {} holds nothing for the output {}; {known}",
            meant.state.path.display(),
            meant.identity.output
        );
    };
    stored.identity().continues(&meant.identity)?;
    let lane = Lane::new(meant.engine.layout(), meant.state.bounds, 1);
    let mut restorer = lane.restore(1);
    let replayed = stored.read(&mut restorer, &mut |_| {})?;
    restorer.finish();
    Ok(Found { meant, stored, lane, replayed })
}

/// `account=a-17` as a field and its value.
fn part(text: &str) -> anyhow::Result<(String, String)> {
    let (field, value) = text.split_once('=').with_context(|| format!("--key {text}: write FIELD=VALUE"))?;
    Ok((field.to_owned(), value.to_owned()))
}
