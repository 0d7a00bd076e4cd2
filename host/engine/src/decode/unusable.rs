//! Why a record cannot be judged.

use std::fmt;

/// A record that becomes a dead letter: it has no decision, and the run goes on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Unusable {
    /// The cause, for counting.
    pub cause: Cause,
    /// What is wrong, for people; it goes on a sentence that begins with "the record".
    pub detail: String,
}

/// The closed list of causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// It has more bytes than its source allows.
    Size,
    /// Its bytes are not UTF-8.
    Utf8,
    /// It is not JSON.
    NotJson,
    /// It is JSON, but no object.
    NotObject,
    /// More stands behind its object.
    TwoValues,
    /// Objects and lists are nested too deep.
    Depth,
    /// A declared key stands there twice.
    DuplicateKey,
    /// A declared field holds half of a surrogate pair.
    Surrogate,
    /// The id is missing, empty or of the wrong kind.
    Id,
    /// The account is missing, empty or of the wrong kind.
    Account,
    /// The time is missing, of the wrong kind or out of bounds.
    Time,
    /// The amount is no number, or not exact at its scale.
    Amount,
    /// The tenant is missing, empty, of the wrong kind or unknown.
    Tenant,
    /// The key that its topic goes by says otherwise than the record itself.
    Key,
    /// What became of it is larger than the sink takes.
    Output,
}

impl Cause {
    /// All causes, in the order in which a record is asked for them.
    pub const ALL: [Cause; 15] = [
        Cause::Size,
        Cause::Utf8,
        Cause::NotJson,
        Cause::NotObject,
        Cause::TwoValues,
        Cause::Depth,
        Cause::DuplicateKey,
        Cause::Surrogate,
        Cause::Id,
        Cause::Account,
        Cause::Time,
        Cause::Amount,
        Cause::Tenant,
        Cause::Key,
        Cause::Output,
    ];

    /// The word for this cause in dead letters, summaries and metrics.
    pub fn word(self) -> &'static str {
        match self {
            Cause::Size => "size",
            Cause::Utf8 => "utf-8",
            Cause::NotJson => "not-json",
            Cause::NotObject => "not-object",
            Cause::TwoValues => "two-values",
            Cause::Depth => "depth",
            Cause::DuplicateKey => "duplicate-key",
            Cause::Surrogate => "surrogate",
            Cause::Id => "id",
            Cause::Account => "account",
            Cause::Time => "time",
            Cause::Amount => "amount",
            Cause::Tenant => "tenant",
            Cause::Key => "key",
            Cause::Output => "output",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Unusable {
    /// An unusable record.
    #[cold]
    pub fn new(cause: Cause, detail: impl Into<String>) -> Unusable {
        Unusable { cause, detail: detail.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::Cause;

    #[test]
    fn causes_are_indexed_in_their_order() {
        for (index, cause) in Cause::ALL.into_iter().enumerate() {
            assert_eq!(cause as usize, index, "{cause}");
        }
    }
}
