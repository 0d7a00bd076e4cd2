//! `[metrics]` and `[log]`: where a host that runs answers about itself, and how
//! it tells what happens.

use sandgate_files::Section;
use std::net::SocketAddr;

/// How a host tells about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Telemetry {
    /// Where it answers about its metrics and health, if it does.
    pub(crate) listen: Option<Listen>,
    pub(crate) log: Log,
}

/// Where a host answers about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listen {
    pub(crate) address: SocketAddr,
    /// Whether the file names it; where it does not, the host goes without if the
    /// address is taken.
    pub(crate) is_named: bool,
}

/// How a log is written, to standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Log {
    pub(crate) format: Format,
    pub(crate) level: Level,
}

/// What a line of the log looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

/// The least that is worth a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level(pub(crate) &'static str);

const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// The usual port of an exporter, for this machine only.
const LISTEN: &str = "127.0.0.1:9464";

/// Reads both tables.
pub(super) fn read(root: &Section<'_>) -> Telemetry {
    let listen = root.section("metrics").map_or_else(usual, metrics);
    let mut log = Log { format: Format::Text, level: Level("info") };
    if let Some(section) = root.section("log") {
        let format = section.word("format", &["text", "json"], |word| match word {
            "text" => Some(Format::Text),
            "json" => Some(Format::Json),
            _ => None,
        });
        log.format = format.unwrap_or(log.format);
        let level = section.word("level", &LEVELS, |word| LEVELS.into_iter().find(|level| *level == word));
        log.level = level.map_or(log.level, Level);
        section.done();
    }
    Telemetry { listen, log }
}

fn usual() -> Option<Listen> {
    LISTEN.parse().ok().map(|address| Listen { address, is_named: false })
}

fn metrics(section: Section<'_>) -> Option<Listen> {
    let text = section.text("listen");
    section.done();
    let Some(text) = text else { return usual() };
    if text.is_empty() {
        return None;
    }
    let address = text.parse::<SocketAddr>();
    match &address {
        Err(_) => section.problem("listen", "must be ADDRESS:PORT as in \"127.0.0.1:9464\", or \"\" for none"),
        Ok(address) if !address.ip().is_loopback() => {
            section
                .note_at("listen", format!("whoever can reach {address} can read the metrics; there is no password"));
        }
        Ok(_) => {}
    }
    address.ok().map(|address| Listen { address, is_named: true })
}
