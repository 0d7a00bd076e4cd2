//! Why a plan refuses a window.

use sandgate_model::Kind;
use sandgate_model::manifest::Aggregate;

/// The most classes of a family: an event has a word of bits for them.
pub(super) const CLASSES_MAX: usize = 64;

/// A window that cannot be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("window {window} {flaw}")]
pub struct PlanError {
    /// The declared window, by its index.
    pub window: usize,
    /// What is wrong with it. It reads on behind the window's name.
    pub flaw: Flaw,
}

/// What is wrong with a window. Fields are told by their index.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It names a field that does not exist.
    #[error("names field {field}, and there is none such")]
    Field {
        /// The field that it names.
        field: usize,
    },
    /// It has no key.
    #[error("has no field in `by`; name at least one")]
    Keyless,
    /// Its key would have a float.
    #[error(
        "has field {field} in `by`, which is a number: floats that print alike may differ, so they make no key; \
         declare the field as an integer, a decimal or a text"
    )]
    NumberKey {
        /// The field.
        field: usize,
    },
    /// Its aggregate is computed of a field, and it names none.
    #[error("does not say what its {aggregate:?} is computed of; name a field in `of`")]
    Operandless {
        /// What it computes.
        aggregate: Aggregate,
    },
    /// Its aggregate is of the events themselves, and it names a field.
    #[error("names a field in `of`, but its {aggregate:?} is of the events themselves; take it out")]
    NeedlessOperand {
        /// What it computes.
        aggregate: Aggregate,
    },
    /// Its aggregate cannot take values of this kind.
    #[error("computes {aggregate:?} of a {kind}: {}", why(*aggregate, *kind))]
    Operand {
        /// What it computes.
        aggregate: Aggregate,
        /// The kind of what it computes it of.
        kind: Kind,
    },
    /// A condition compares a field with a value of another kind, or asks an order of what has none.
    #[error("has a condition on field {field} that does not suit a {kind}")]
    Condition {
        /// The field.
        field: usize,
        /// Its kind.
        kind: Kind,
    },
    /// The bundled zone database lacks its zone.
    #[error("names the zone {zone:?}, which the bundled zone database does not know")]
    Zone {
        /// The zone.
        zone: String,
    },
    /// A length of its span makes no sense.
    #[error(
        "has a span with a length out of bounds: lengths are 1 ms to 3660 days, an offset is less than its length, \
         a gap is at most its session"
    )]
    Span,
    /// Its family asks too many different things of events.
    #[error(
        "is one too many: the windows with its `by` ask {CLASSES_MAX} different things of an event (`only`, \
         `sources`, a present `of`) already; let some of them ask the same"
    )]
    Classes,
}

/// Why an aggregate does not take a kind.
fn why(aggregate: Aggregate, kind: Kind) -> &'static str {
    match (aggregate, kind) {
        (Aggregate::Minimum | Aggregate::Maximum, _) => {
            "it has no order; take an integer, a number, a decimal or an instant"
        }
        (_, Kind::Number) => {
            "a running sum of floats depends on the order of events and on those that have left; \
             declare the field as a decimal"
        }
        _ => "take an integer or a decimal",
    }
}
