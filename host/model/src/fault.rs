//! Why a policy gave no verdict. A guest's failure is a value, not an error of
//! the host: it is answered by the policy's fallback and told in the decision.

use std::fmt;

/// The closed list of faults, with what is known about the cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The row used up its budget; `budget` is in units of fuel.
    Fuel {
        /// What the row was given.
        budget: u64,
    },
    /// The guest trapped: a panic, an overflowing stack, an access out of bounds.
    Trap {
        /// The engine's word for the trap.
        detail: String,
    },
    /// The guest asked for more memory than the limit, in bytes.
    Memory {
        /// What it may have.
        limit: u64,
    },
    /// The guest answered something that the contract does not allow.
    Output {
        /// What was wrong with it.
        detail: String,
    },
    /// The epoch stopped the row twice: it ran for seconds without using its fuel.
    Stopped,
    /// A declared input is absent though required, or of the wrong kind.
    Input {
        /// The name of the input.
        input: String,
        /// What was wrong with it.
        detail: String,
    },
    /// The tenant's bound on events is reached and this row needs a window.
    StateFull,
    /// The id was used before with another content.
    IdReused,
    /// The policy could not be loaded.
    Absent {
        /// Why not.
        detail: String,
    },
}

impl Fault {
    /// Every word of [`Fault::word`].
    pub const WORDS: [&'static str; 9] =
        ["fuel", "trap", "memory", "output", "stopped", "input", "state-full", "id-reused", "absent"];

    /// The word for this fault in decisions and metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Fault::Fuel { .. } => "fuel",
            Fault::Trap { .. } => "trap",
            Fault::Memory { .. } => "memory",
            Fault::Output { .. } => "output",
            Fault::Stopped => "stopped",
            Fault::Input { .. } => "input",
            Fault::StateFull => "state-full",
            Fault::IdReused => "id-reused",
            Fault::Absent { .. } => "absent",
        }
    }
}

/// The detail that a person reads beside the word.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Fuel { budget } => write!(f, "used more than its {budget} units of fuel"),
            Fault::Trap { detail } | Fault::Output { detail } | Fault::Absent { detail } => f.write_str(detail),
            Fault::Memory { limit } => write!(f, "asked for more than its {limit} bytes of memory"),
            Fault::Stopped => f.write_str("ran for seconds without an answer, twice"),
            Fault::Input { input, detail } => write!(f, "input `{input}` {detail}"),
            Fault::StateFull => f.write_str("the tenant's bound on window events is reached"),
            Fault::IdReused => f.write_str("the id was used before with another content"),
        }
    }
}
