//! Why a lane is not worked for.

use super::client::ClientError;
use super::topics::TopicError;
use sandgate_state::changelog::ChangelogError;

/// Why a lane is not worked for. Most are refusals, which `--force` overrides: the
/// lane then begins anew, empty, where the group stands.
#[derive(Debug, thiserror::Error)]
pub enum LaneError {
    /// Its changelog cannot be continued.
    #[error(
        "the changelog {topic}/{partition} {error}; put back what it belongs to, or say --force to begin the lane \
         anew: empty, at the committed offsets"
    )]
    Changelog {
        /// The changelog's topic.
        topic: String,
        /// The lane.
        partition: i32,
        /// What is wrong with it.
        error: ChangelogError,
    },
    /// The group stands elsewhere than the state.
    #[error(
        "the group stands at {committed} of {topic}/{partition}, and the state at {known}: somebody has set the \
         offsets, or they have expired; set them to {known} (kafka-consumer-groups --reset-offsets), or say --force \
         to begin the lane anew: empty, at the committed offsets"
    )]
    Elsewhere {
        /// The topic.
        topic: String,
        /// The lane.
        partition: i32,
        /// Where the group stands.
        committed: String,
        /// Where the state stands.
        known: u64,
    },
    /// Records were deleted before they were judged, or the topic is another one.
    #[error(
        "{topic}/{partition} holds the offsets {low} to {high}, and the next one to be judged is {wanted}: records \
         were deleted before they were judged, or the topic was made anew; say --force to begin the lane anew, empty, \
         with what is there"
    )]
    Deleted {
        /// The topic.
        topic: String,
        /// The lane.
        partition: i32,
        /// The first offset that is there.
        low: i64,
        /// The offset behind the last one.
        high: i64,
        /// The offset that is wanted.
        wanted: i64,
    },
    /// The state's own description cannot be written down.
    #[error("the lane's identity cannot be written down: {0}")]
    Identity(String),
    /// A question to the cluster got no answer; it is asked again.
    #[error(transparent)]
    Cluster(#[from] TopicError),
    /// The library does not make a client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Reading the changelog failed; it is tried again.
    #[error("the changelog cannot be read: {0}")]
    Reading(String),
    /// This host cannot begin to work for it.
    #[error("this host cannot work for it: {0}; the lane waits until the host is started again")]
    Unable(String),
    /// Somebody else has it by now.
    #[error("it was given up meanwhile")]
    Cancelled,
}

impl LaneError {
    /// Whether `--force` helps, and nothing else does.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, LaneError::Changelog { .. } | LaneError::Elsewhere { .. } | LaneError::Deleted { .. })
    }

    /// Whether the host before judged by sets that this host may still learn of.
    pub(super) fn is_ahead(&self) -> bool {
        matches!(self, LaneError::Changelog { error, .. } if error.is_ahead())
    }

    /// Whether it may pass by itself.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, LaneError::Cluster(_) | LaneError::Reading(_))
    }
}
