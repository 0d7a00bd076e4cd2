//! The SDK for policies of Sandgate: a policy is a plain function on structs.
//!
//! ```
//! use sandgate_sdk::prelude::*;
//!
//! #[derive(Inputs)]
//! struct Seen<'a> {
//!     #[field]
//!     amount: Decimal,
//!     #[field("trade_type")]
//!     kind: &'a str,
//!     #[tag(account, "risk_level", default = 1)]
//!     risk: i64,
//! }
//!
//! #[derive(Parameters)]
//! struct Limits {
//!     #[parameter(default = "1000000", minimum = "0")]
//!     largest: Decimal,
//! }
//!
//! #[derive(Reasons)]
//! enum Reason {
//!     #[reason(block, "amount {amount} is over {largest}")]
//!     LargeAmount,
//!     #[reason(review, weight = 20, "a subscription of an account with risk level {risk}")]
//!     RiskyAccount,
//! }
//!
//! /// Stops oversized amounts.
//! #[rules]
//! fn large_amounts(seen: &Seen, limits: &Limits, hits: &mut Hits<Reason>) {
//!     hits.when(seen.amount > limits.largest, Reason::LargeAmount);
//!     hits.when(seen.kind == "subscribe" && seen.risk > 2, Reason::RiskyAccount);
//! }
//!
//! // and a test calls it as what it is
//! let mut hits = Hits::new();
//! let seen = Seen { amount: decimal!(1_000_000.01), kind: "redeem", risk: 3 };
//! large_amounts(&seen, &Limits { largest: decimal!(1_000_000) }, &mut hits);
//! assert!(hits.contains(Reason::LargeAmount) && hits.len() == 1);
//! ```
//!
//! `docs/writing-policies.md` leads from an empty folder to a policy that a
//! host judges with. The derives and attributes document their words.
//!
//! A shipped component imports nothing: no clock, no randomness, no host call.
//! What a policy keeps between two calls (a `static`) is lost and must not
//! change an answer: the host judges every batch in a new instance, and checks.

// what the expansions and the generated bindings call this crate
extern crate self as sandgate_sdk;

#[cfg(target_arch = "wasm32")]
mod arena;
pub mod bindings;
mod cursor;
mod decimal;
mod declared;
mod hits;
mod instant;
mod judge;
pub mod model;
mod value;

pub use decimal::Decimal;
pub use hits::{Hits, Reasons};
pub use instant::Instant;
pub use judge::Policy;
pub use sandgate_sdk_macros::{Choice, Inputs, Parameters, Reasons, rules, scoring};

/// How much each input moved the score: a field for each input, of the same
/// name, each a number that starts at 0.
///
/// ```
/// # use sandgate_sdk::prelude::*;
/// # #[derive(Inputs)]
/// # struct Seen { #[field] amount: f64 }
/// /// Scores by the amount.
/// #[scoring(minimum = 0, maximum = 1, risky = "high", contributions)]
/// fn by_amount(seen: &Seen, moved: &mut Contributions<Seen>) -> f64 {
///     moved.amount = (seen.amount / 1e6).clamp(0.0, 1.0);
///     moved.amount
/// }
/// ```
pub type Contributions<I> = <I as expand::Explained>::Contributions;

/// The author's guide is compiled as it stands.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../../docs/writing-policies.md")]
    mod tutorial {}
    #[doc = include_str!("../../docs/writing/fields.md")]
    mod fields {}
    #[doc = include_str!("../../docs/writing/tags.md")]
    mod tags {}
    #[doc = include_str!("../../docs/writing/windows.md")]
    mod windows {}
    #[doc = include_str!("../../docs/writing/parameters.md")]
    mod parameters {}
    #[doc = include_str!("../../docs/writing/models.md")]
    mod models {}
    #[doc = include_str!("../../docs/writing/recipes.md")]
    mod recipes {}
}

/// What a policy needs in scope.
pub mod prelude {
    pub use crate::{
        Choice, Contributions, Decimal, Hits, Inputs, Instant, Parameters, Policy, Reasons, decimal, rules, scoring,
    };
}

/// What the expansions of the macros name. Not for use by hand; it may change
/// with every version.
#[doc(hidden)]
pub mod expand {
    pub use crate::bindings::exports::sandgate::policy::policy::{Rows, Verdicts};
    pub use crate::cursor::{Columns, Cursor};
    pub use crate::declared::{
        Checks, Declared, Known, Name, NoParameters, NoReasons, Piece, apart, join, known, length, manifest,
        placeholder,
    };
    pub use crate::judge::{Explained, Inputs, Moved, Parameters, rules, scoring};
    pub use crate::value::{Choice, Value};
}
