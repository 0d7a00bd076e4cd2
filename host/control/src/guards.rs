//! What a candidate may not do worse than the active set, and how that is told from
//! chance. Hosts look again every second, so a guard breaks only where the difference
//! is one that chance does not make.
//!
//! **Rates** (`block-rate`, `review-rate`, `fault-rate`): with c and a the shares of the
//! candidate and of the active set, a guard of `+d` breaks where the lower bound of
//! c − a is above d, one of `xr` where the lower bound of c − r·a is above 0. The lower
//! bound of c − r·a is that of Newcombe's hybrid score interval (Statistics in Medicine
//! 17, 1998, 873–890, method 10), with the ratio put in as Zou and Donner do (Statistics
//! in Medicine 27, 2008, 1693–1702):
//!
//! ```text
//! c − r·a − √((c − low(c))² + r²·(high(a) − a)²)
//! ```
//!
//! where `low` and `high` are Wilson's score bounds (JASA 22, 1927, 209–212):
//! (p + z²/2n ∓ z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n). The transactions of a shadow are
//! the same for both, which makes differences less random than this says: it breaks later,
//! never sooner.
//!
//! **Quantiles** (`fuel-p99`, `latency-p99`): a guard of `xr` breaks where the lower bound
//! of the candidate's 99th percentile is above r times the upper bound of the active
//! set's. Bounds are the values at the ranks n·q ∓ z·√(n·q·(1−q)): they hold for every
//! distribution, and need some 1,600 calls on each side.
//!
//! z is 4: chance alone makes that once in 30,000 looks, and where both sets do the same
//! it makes it ever more seldom as counts grow, because each limit lies away from zero.

use sandgate_model::comparison::{Comparison, Side};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// Standard errors on which a guard insists.
const Z: f64 = 4.0;

/// What is guarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Measure {
    BlockRate,
    ReviewRate,
    FaultRate,
    FuelP99,
    LatencyP99,
}

/// How much worse than the active set's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    /// Hundredths of a percentage point more.
    More(u32),
    /// Hundredths of so many times.
    Times(u32),
}

/// The guards of a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guards {
    limits: BTreeMap<Measure, Limit>,
    /// Transactions on each side before rates are looked at.
    minimum: u64,
}

impl Measure {
    const ALL: [Measure; 5] =
        [Measure::BlockRate, Measure::ReviewRate, Measure::FaultRate, Measure::FuelP99, Measure::LatencyP99];

    fn word(self) -> &'static str {
        match self {
            Measure::BlockRate => "block-rate",
            Measure::ReviewRate => "review-rate",
            Measure::FaultRate => "fault-rate",
            Measure::FuelP99 => "fuel-p99",
            Measure::LatencyP99 => "latency-p99",
        }
    }

    fn is_rate(self) -> bool {
        !matches!(self, Measure::FuelP99 | Measure::LatencyP99)
    }

    /// How many of a side's transactions it counts.
    fn count(self, side: &Side) -> u64 {
        match self {
            Measure::ReviewRate => side.outcomes[1],
            Measure::FaultRate => side.faulted,
            _ => side.outcomes[2],
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, hundredths, unit) = match self {
            Limit::More(hundredths) => ("+", hundredths, "%"),
            Limit::Times(hundredths) => ("x", hundredths, ""),
        };
        let digits = format!("{}.{:02}", hundredths / 100, hundredths % 100);
        write!(f, "{sign}{}{unit}", digits.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// Those of a canary unless somebody says otherwise.
impl Default for Guards {
    fn default() -> Guards {
        let limits = [
            (Measure::BlockRate, Limit::More(500)),
            (Measure::ReviewRate, Limit::More(1_000)),
            (Measure::FaultRate, Limit::More(100)),
            (Measure::FuelP99, Limit::Times(400)),
            (Measure::LatencyP99, Limit::Times(1_000)),
        ];
        Guards { limits: limits.into(), minimum: 500 }
    }
}

impl Guards {
    /// Those of a shadow unless somebody says otherwise: what it would decide is what one
    /// wants to know, so only what it costs ends it.
    pub fn of_shadow() -> Guards {
        let mut guards = Guards::default();
        guards.limits.retain(|measure, _| !matches!(measure, Measure::BlockRate | Measure::ReviewRate));
        guards
    }

    /// Sets one of them by what a person writes: `block-rate=+5%`, `fuel-p99=x1.5`,
    /// `review-rate=off`, `minimum=1000`.
    ///
    /// # Errors
    /// Where it is none.
    pub fn set(&mut self, text: &str) -> Result<(), String> {
        let told = |why: &str| format!("`{text}` is no guard: {why}");
        let (name, value) = text.split_once('=').ok_or_else(|| told("write NAME=LIMIT, as block-rate=+5%"))?;
        if name == "minimum" {
            let minimum = value.parse().ok().filter(|minimum| (1..=1_000_000_000).contains(minimum));
            self.minimum = minimum.ok_or_else(|| told("a minimum is a number of transactions"))?;
            return Ok(());
        }
        let measure = Measure::ALL
            .into_iter()
            .find(|measure| measure.word() == name)
            .ok_or_else(|| told(&format!("there are {} and minimum", Measure::ALL.map(Measure::word).join(", "))))?;
        if value == "off" {
            self.limits.remove(&measure);
            return Ok(());
        }
        let limit = limit(value).ok_or_else(|| told("a limit is `+5%` (points more), `x2` (times) or `off`"))?;
        if matches!(limit, Limit::More(_)) && !measure.is_rate() {
            return Err(told("of a quantile only a ratio can be guarded, as x2"));
        }
        self.limits.insert(measure, limit);
        Ok(())
    }

    /// Them as JSON: a text for each.
    pub(crate) fn told(&self) -> Value {
        let limits = self.limits.iter().map(|(measure, limit)| (measure.word().to_owned(), limit.to_string().into()));
        let minimum = [("minimum".to_owned(), self.minimum.to_string().into())];
        Value::Object(limits.chain(minimum).collect())
    }

    pub(crate) fn of_told(told: &Map<String, Value>) -> Result<Guards, String> {
        let mut guards = Guards { limits: BTreeMap::new(), minimum: 1 };
        told.iter()
            .try_for_each(|(name, value)| guards.set(&format!("{name}={}", value.as_str().unwrap_or_default())))?;
        Ok(guards)
    }

    /// Which guard is broken, with the numbers; the first of several.
    pub fn broken(&self, comparison: &Comparison) -> Option<String> {
        let (candidate, active) = (&comparison.candidate, &comparison.active);
        self.limits.iter().find_map(|(measure, limit)| match measure {
            Measure::FuelP99 => quantile((*measure, *limit), (&candidate.fuel, &active.fuel), 1.0, "of fuel"),
            Measure::LatencyP99 => quantile((*measure, *limit), (&candidate.time, &active.time), 1e3, "µs"),
            _ if candidate.count().min(active.count()) < self.minimum => None,
            rate => self.rate(*rate, *limit, candidate, active),
        })
    }

    fn rate(&self, measure: Measure, limit: Limit, candidate: &Side, active: &Side) -> Option<String> {
        let of = |side: &Side| (measure.count(side) as f64, side.count() as f64);
        let ((c, cs), (a, as_)) = (of(candidate), of(active));
        let (more, times) = match limit {
            Limit::More(more) => (f64::from(more) / 10_000.0, 1.0),
            Limit::Times(times) => (0.0, f64::from(times) / 100.0),
        };
        let (share, other) = (c / cs, a / as_);
        let (low, high) = (wilson(share, cs).0, wilson(other, as_).1);
        let error = ((share - low).powi(2) + (times * (high - other)).powi(2)).sqrt();
        (share - times * other - error > more).then(|| {
            format!(
                "guard {}={limit}: {:.2} % of {cs} transactions, of the active set's {as_} {:.2} %",
                measure.word(),
                share * 100.0,
                other * 100.0
            )
        })
    }
}

impl fmt::Display for Guards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (measure, limit) in &self.limits {
            write!(f, "{}={limit} ", measure.word())?;
        }
        write!(f, "minimum={}", self.minimum)
    }
}

fn quantile(
    (measure, limit): (Measure, Limit),
    (candidate, active): (&sandgate_model::comparison::Spread, &sandgate_model::comparison::Spread),
    unit: f64,
    unit_name: &str,
) -> Option<String> {
    let Limit::Times(times) = limit else { return None };
    let ((low, _), (_, high)) = (candidate.bounds(0.99, Z)?, active.bounds(0.99, Z)?);
    (low as f64 > high as f64 * f64::from(times) / 100.0).then(|| {
        let told = |spread: &sandgate_model::comparison::Spread| spread.quantile(0.99).unwrap_or(0) as f64 / unit;
        format!(
            "guard {}={limit}: {:.0} {unit_name} in {} calls, of the active set's {} {:.0}",
            measure.word(),
            told(candidate),
            candidate.count(),
            active.count(),
            told(active)
        )
    })
}

/// Wilson's bounds of a share that was seen among so many.
fn wilson(share: f64, n: f64) -> (f64, f64) {
    let z2 = Z * Z / n;
    let middle = share + z2 / 2.0;
    let half = Z * (share * (1.0 - share) / n + z2 / (4.0 * n)).sqrt();
    ((middle - half) / (1.0 + z2), (middle + half) / (1.0 + z2))
}

/// `+5%` or `x1.5`, with two digits behind the point at most.
fn limit(text: &str) -> Option<Limit> {
    let hundredths = |digits: &str| {
        let decimal = sandgate_model::Decimal::parse(digits, 2).ok()?;
        u32::try_from(decimal.units).ok().filter(|hundredths| *hundredths <= 1_000_000)
    };
    match (text.strip_prefix('+'), text.strip_prefix('x')) {
        (Some(more), _) => Some(Limit::More(hundredths(more.strip_suffix('%')?)?)),
        (_, Some(times)) => hundredths(times).filter(|times| *times >= 100).map(Limit::Times),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
