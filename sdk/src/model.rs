//! Models that were trained elsewhere, read while a policy is compiled.
//!
//! A logistic regression is a sum of weighted features and a function that makes
//! a probability of it. `#[derive(Logistic)]` on a struct of features takes the
//! weights from a JSON file that scikit-learn's numbers are written to, and makes
//! constants of them: nothing is read when a transaction is judged, and a mistake
//! in the file is a compile error. A feature without a field, and a field that is
//! no feature, does not compile.
//!
//! Values are scikit-learn's to 1e-12, and the same bits natively, in a sandbox
//! and on every machine. `docs/writing/models.md` shows both sides, the lines of
//! Python and a whole policy.

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
    /// The function in Python that the guide shows, or that a script has.
    fn export(text: &str) -> String {
        let from_its_name = text.lines().skip_while(|line| !line.starts_with("def export("));
        let body = from_its_name.take_while(|line| !line.is_empty() && !line.starts_with("```"));
        body.map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn the_python_that_is_shown_is_the_one_that_is_tested() {
        let shown = include_str!("../../docs/writing/models.md");
        let run = include_str!("../tests/logistic/export.py");
        assert_eq!(export(shown), export(run));
        assert!(export(run).contains("json.dump"));
    }
}
