//! What a decision says, and what a reason asks for.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The host's answer about a transaction; a later one is stricter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Let it through.
    Allow,
    /// Let a person look at it.
    Review,
    /// Stop it.
    Block,
}

impl Outcome {
    /// All outcomes, from the mildest to the strictest.
    pub const ALL: [Outcome; 3] = [Outcome::Allow, Outcome::Review, Outcome::Block];

    /// The word for this outcome.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Allow => "allow",
            Outcome::Review => "review",
            Outcome::Block => "block",
        }
    }

    /// The outcome of that word.
    pub fn of_word(word: &str) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|outcome| outcome.word() == word)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a reason does to the decision when it is hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// It is told, and only its weight counts.
    Note,
    /// It asks for a review.
    Review,
    /// It asks for a block.
    Block,
    /// It asks to allow, against everything but a final block.
    Exempt,
}

impl Effect {
    /// All effects.
    pub const ALL: [Effect; 4] = [Effect::Note, Effect::Review, Effect::Block, Effect::Exempt];

    /// The word for this effect.
    pub fn word(self) -> &'static str {
        match self {
            Effect::Note => "note",
            Effect::Review => "review",
            Effect::Block => "block",
            Effect::Exempt => "exempt",
        }
    }

    /// The effect of that word.
    pub fn of_word(word: &str) -> Option<Effect> {
        Effect::ALL.into_iter().find(|effect| effect.word() == word)
    }

    /// The outcome that this effect asks for.
    pub fn outcome(self) -> Outcome {
        match self {
            Effect::Note | Effect::Exempt => Outcome::Allow,
            Effect::Review => Outcome::Review,
            Effect::Block => Outcome::Block,
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
