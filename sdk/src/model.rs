//! Models that were trained elsewhere, read while a policy is compiled.
//!
//! A logistic regression is a sum of weighted features and a function that makes
//! a probability of it. [`Logistic`] takes the weights from a JSON file that
//! scikit-learn's numbers are written to, the [`StandardScaler`] before the model
//! included, and makes constants of them: nothing is read when a transaction is
//! judged, and a mistake in the file is a compile error.
//!
//! [`StandardScaler`]: https://scikit-learn.org/stable/modules/generated/sklearn.preprocessing.StandardScaler.html
//!
//! # From Python
//! ```python
//! import json
//!
//!
//! def export(path, names, model, scaler=None):
//!     """Writes a LogisticRegression of two classes, and the StandardScaler before it if there is one."""
//!     (coefficients,), (intercept,) = model.coef_.tolist(), model.intercept_.tolist()
//!     columns = {"name": names, "coefficient": coefficients}
//!     if scaler is not None and scaler.with_mean:
//!         columns["mean"] = scaler.mean_.tolist()
//!     if scaler is not None and scaler.with_std:
//!         columns["scale"] = scaler.scale_.tolist()
//!     features = [dict(zip(columns, row)) for row in zip(*columns.values(), strict=True)]
//!     with open(path, "w") as file:
//!         json.dump({"intercept": intercept, "features": features}, file, indent=2, allow_nan=False)
//! ```
//! `names` are those of the columns that the model was trained on. A pipeline is
//! exported by its parts: `export("model.json", names, pipeline[-1], pipeline[0])`.
//! The file may say more about itself in a text `about`.
//!
//! # In a policy
//! ```
//! use sandgate_sdk::model::Logistic;
//! use sandgate_sdk::prelude::*;
//!
//! #[derive(Inputs)]
//! struct Seen {
//!     #[field(scale = 2)]
//!     amount: Decimal,
//!     #[field]
//!     time: Instant,
//!     #[window(count, by = "account", span = "1m")]
//!     last_minute: u64,
//!     #[tag(account, "risk_level")]
//!     risk: Option<i64>,
//! }
//!
//! /// What the model looks at, by the names of its columns.
//! #[derive(Logistic)]
//! #[logistic("tests/logistic/scaled.json")]
//! struct Features {
//!     amount: Decimal,
//!     last_minute: u64,
//!     hour: f64,
//!     risk: i64,
//!     risk_unknown: bool,
//! }
//!
//! /// Scores how probable fraud is.
//! #[scoring(minimum = 0, maximum = 1, risky = "high", contributions)]
//! fn card_fraud(seen: &Seen, moved: &mut Contributions<Seen>) -> f64 {
//!     let features = Features {
//!         amount: seen.amount,
//!         last_minute: seen.last_minute,
//!         hour: f64::from(seen.time.minute_of_day(0)) / 60.0,
//!         risk: seen.risk.unwrap_or(1),
//!         risk_unknown: seen.risk.is_none(),
//!     };
//!     let found = features.explain();
//!     moved.amount = found.contributions.amount;
//!     moved.last_minute = found.contributions.last_minute;
//!     moved.time = found.contributions.hour;
//!     moved.risk = found.contributions.risk + found.contributions.risk_unknown;
//!     found.probability
//! }
//! # let seen = Seen { amount: decimal!(12.5), time: Instant::utc(2026, 1, 1, 9, 0, 0), last_minute: 1, risk: None };
//! # assert!((0.0..1.0).contains(&card_fraud(&seen, &mut Default::default())));
//! ```
//! A feature that has no field, and a field that is no feature, does not compile,
//! so a model that was trained on other columns cannot be put in place of this one
//! by accident. What a struct is built of stays readable Rust:
//!
//! | an input | as a feature |
//! |---|---|
//! | number, integer, `Decimal` | itself, as the nearest `f64` |
//! | flag, or any comparison | `bool`: 1 or 0 |
//! | `Option` | what was trained in its place, `unwrap_or(…)`, and `is_none()` as a feature of its own |
//! | `Instant` | a length, `now.since(opened).as_secs_f64() / 86_400.0`, or a time of day |
//! | text | one `bool` for each category of the encoder: `seen.country == "DE"` |
//!
//! Values are scikit-learn's to 1e-12, and the same bits natively, in a sandbox
//! and on every machine. That holds for what this module computes; `f64::ln` and
//! its like, where a feature needs them, may differ in the last bit between a
//! native test and the component.

mod probability;

use crate::Decimal;

pub use probability::probability;
pub use sandgate_sdk_macros::Logistic;

/// The features of a logistic model: `#[derive(Logistic)]` implements it.
pub trait Logistic {
    /// A struct with a number for each feature, of the same name.
    type Contributions;

    /// The logit that the features are added to: the model's intercept.
    const BASE: f64;

    /// The probability, and what each feature adds to its logit.
    fn explain(&self) -> Explanation<Self::Contributions>;

    /// The logit: what scikit-learn calls the decision function.
    #[inline]
    fn logit(&self) -> f64 {
        self.explain().logit
    }

    /// The probability of the model's second class.
    #[inline]
    fn probability(&self) -> f64 {
        self.explain().probability
    }
}

/// What a model found, and why.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Explanation<C> {
    /// The probability of the model's second class.
    pub probability: f64,
    /// Exactly the base and the contributions added up, one after the other.
    pub logit: f64,
    /// What the contributions are added to, [`Logistic::BASE`].
    pub base: f64,
    /// What each feature adds to the logit. With a scaler it is seen from the
    /// feature's mean: a feature that is as usual adds nothing.
    pub contributions: C,
}

/// A value that a model can weigh.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no feature of a model",
    note = "a feature is an f64, an integer of at most 64 bits, a bool or a Decimal",
    note = "say what stands in for an Option that is None (`unwrap_or(0)`), make a length of an Instant \
            (`now.since(then).as_secs_f64()`), and a bool of a text (`text == \"subscribe\"`)"
)]
pub trait Feature: Copy {
    /// The nearest number.
    fn number(self) -> f64;
}

impl Feature for Decimal {
    #[inline]
    fn number(self) -> f64 {
        self.to_f64()
    }
}

impl Feature for bool {
    #[inline]
    fn number(self) -> f64 {
        f64::from(u8::from(self))
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {
        $(impl Feature for $number {
            #[inline]
            fn number(self) -> f64 {
                self as f64
            }
        })*
    };
}
numbers!(f64 i8 i16 i32 i64 u8 u16 u32 u64);

/// What a feature adds to the logit, in the order of operations of the library
/// that trained the model. Called by expansions only.
#[doc(hidden)]
#[inline]
pub fn weigh(feature: impl Feature, coefficient: f64, mean: f64, scale: f64) -> f64 {
    coefficient * ((feature.number() - mean) / scale)
}

#[cfg(test)]
mod tests {
    /// The function in Python that this file shows, or that a script has.
    fn export(text: &str) -> String {
        let from_its_name = text.lines().skip_while(|line| !line.starts_with("def export("));
        let body = from_its_name.take_while(|line| !line.is_empty() && !line.starts_with("```"));
        body.map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn the_python_that_is_shown_is_the_one_that_is_tested() {
        let shown: String = include_str!("model.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("//!"))
            .map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line)))
            .collect();
        let run = include_str!("../tests/logistic/export.py");
        assert_eq!(export(&shown), export(run));
        assert!(export(run).contains("json.dump"));
    }
}
