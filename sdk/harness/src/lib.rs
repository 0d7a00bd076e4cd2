//! Tests of a policy as it is shipped: its component in the engine of a real
//! host, offline, from `cargo test`.
//!
//! ```no_run
//! use sandgate_harness::{Harness, Outcome, json, policy};
//!
//! # fn main() {
//! Harness::new(policy!())
//!     .tag("account", "a-1", "risk_level", 3)
//!     .parameter("largest", "10000")
//!     .at("2026-01-01T09:00:00Z")
//!     .send(json!({ "account": "a-1", "amount": "10000.01", "trade_type": "subscribe" }))
//!     .expect(Outcome::Block)
//!     .because("LARGE_AMOUNT")
//!     .after("30s")
//!     .send_times(4, "1s", json!({ "account": "a-1", "amount": 5, "trade_type": "subscribe" }))
//!     .saw("last_minute", 5)
//!     .reasons(["BURST"]);
//! # }
//! ```
//!
//! A [`Harness`] is a timeline: tags, the clock, and transactions in its order.
//! A send makes it a [`Judged`], which holds the decision and what a test expects
//! of it, and goes on where the timeline stands. An expectation that does not
//! hold panics at its own line, with the whole decision in words.
//!
//! Nothing of the engine is in this crate, and none of it is imitated: each
//! harness drives a program `sandgate harness` over pipes, one JSON object a
//! line. `docs/harness-protocol.md` describes that, for other languages. The
//! program is the one that the word `SANDGATE` of the environment names, else
//! one beside the test in cargo's target folder, else `sandgate` on the `PATH`.
//!
//! [`agree!`] asks whether the function that native tests call and the component
//! that is shipped give the same answers.

mod agreement;
mod child;
mod harness;
mod policy;
mod program;

pub use harness::{Harness, Judged};
pub use policy::Policy;
pub use serde_json::{Value, json};

/// What a decision says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The transaction goes through.
    Allow,
    /// A person looks at it.
    Review,
    /// It is stopped.
    Block,
}

impl Outcome {
    /// The word for it in decisions.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Allow => "allow",
            Outcome::Review => "review",
            Outcome::Block => "block",
        }
    }
}

/// The [`Policy`] of the calling crate, built by `sandgate build` once for each
/// process.
///
/// It panics where the policy cannot be built, with what the compiler says.
#[macro_export]
macro_rules! policy {
    () => {
        $crate::Policy::built(env!("CARGO_MANIFEST_DIR"), env!("CARGO_PKG_NAME"))
    };
}

/// Fails unless a policy's function and its component agree on random inputs and
/// parameters, within what its manifest allows: the same reasons, the same score
/// and contributions to the last bit, and a panic there where there is a trap
/// here. The first row that differs is told as JSON.
///
/// It takes the function's name, and if wanted how many rows are tried and from
/// which seed; by default 1,000 rows from seed 1. The policy's crate needs
/// `sandgate-sdk`, which it has, and this crate.
///
/// ```ignore
/// #[test]
/// fn the_component_answers_as_the_function_does() {
///     sandgate_harness::agree!(subscription_limits);
///     sandgate_harness::agree!(subscription_limits, rows = 10_000, seed = 7);
/// }
/// ```
#[macro_export]
macro_rules! agree {
    ($policy:ty $(,)?) => {
        $crate::agree!($policy, rows = 1_000, seed = 1)
    };
    ($policy:ty, rows = $rows:expr $(,)?) => {
        $crate::agree!($policy, rows = $rows, seed = 1)
    };
    ($policy:ty, seed = $seed:expr $(,)?) => {
        $crate::agree!($policy, rows = 1_000, seed = $seed)
    };
    ($policy:ty, rows = $rows:expr, seed = $seed:expr $(,)?) => {
        $crate::expand::agree($crate::policy!(), $rows, $seed, &|rows, parameters| {
            let [rows, parameters] = [rows, parameters].map(|columns| ::sandgate_sdk::expand::Rows {
                count: columns.count,
                integers: columns.integers.clone(),
                numbers: columns.numbers.clone(),
                texts: columns.texts.clone(),
                text_ends: columns.text_ends.clone(),
                present: columns.present.clone(),
            });
            let verdicts = <$policy as ::sandgate_sdk::Policy>::judge(&rows, &parameters);
            $crate::expand::Verdicts {
                hits: verdicts.hits.iter().map(|hit| hit.reason).collect(),
                scores: verdicts.scores,
                contributions: verdicts.contributions,
            }
        })
    };
}

/// What the expansion of [`agree!`] names. Not for use by hand; it may change
/// with every version.
#[doc(hidden)]
pub mod expand {
    pub use crate::agreement::{Columns, Verdicts, agree};
}
