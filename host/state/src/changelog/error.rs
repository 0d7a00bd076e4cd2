//! Why the log of a lane cannot be continued.

use crate::identity::{Identity, Mismatch};
use crate::replay::Malformed;

/// Why the log of a lane cannot be continued. The sentences begin with the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangelogError {
    /// A newer or an older program wrote it.
    #[error(
        "holds a record of version {0}, and this program reads version {VERSION} only: run the {age} program",
        VERSION = super::VERSION, age = if *.0 > super::VERSION { "newer" } else { "older" }
    )]
    Version(u8),
    /// A record is none that was written here.
    #[error("holds a record that {0}")]
    Malformed(&'static str),
    /// Entries or a front that cannot be read.
    #[error(transparent)]
    Entries(#[from] Malformed),
    /// It belongs to a lane of another configuration.
    #[error("belongs to a lane with another configuration: {} changed", what.join(", "))]
    Other {
        /// The names of what changed.
        what: Vec<String>,
        /// Whether there is only less now of what may grow.
        ahead: bool,
    },
    /// Commits are missing in the middle.
    #[error("lacks the commits {from} to {upto}")]
    Missing {
        /// The first one that is missing.
        from: u64,
        /// The last one.
        upto: u64,
    },
    /// Its beginning is missing, and what is there is no place to begin at.
    #[error("begins with commit {0}, which is no place to begin at: what came before was deleted by somebody else")]
    Beginning(u64),
}

impl ChangelogError {
    /// How a lane that is known differs from the one that is to be continued.
    pub(crate) fn other(known: &Identity, given: &Identity) -> ChangelogError {
        match known.continues(given) {
            Err(mismatch) => ChangelogError::changed(mismatch),
            Ok(()) => ChangelogError::Other { what: vec!["its description".to_owned()], ahead: false },
        }
    }

    /// What it means for a log that it was begun by another lane.
    pub(crate) fn changed(mismatch: Mismatch) -> ChangelogError {
        let what = match mismatch {
            Mismatch::Configuration { what, ahead } => return ChangelogError::Other { what, ahead },
            Mismatch::Input { source_name, .. } => vec![format!("the topic of source {source_name}")],
            Mismatch::More { source_name, .. } | Mismatch::Fewer { source_name, .. } => {
                vec![format!("source {source_name}")]
            }
            Mismatch::Output { .. } => vec!["group or partition".to_owned()],
        };
        ChangelogError::Other { what, ahead: false }
    }

    /// Whether it was only written where more was known of what may grow: who learns
    /// that goes on with it.
    pub fn is_ahead(&self) -> bool {
        matches!(
            self,
            ChangelogError::Other { ahead: true, .. } | ChangelogError::Entries(Malformed { ahead: true, .. })
        )
    }
}
