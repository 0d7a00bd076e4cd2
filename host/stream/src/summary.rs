//! What a run has done, in numbers and as the text that ends it.

use hdrhistogram::Histogram;
use sandgate_engine::circumstance::What;
use sandgate_engine::decode::Cause;
use sandgate_engine::tally::{Aside, Tally};
use sandgate_model::digits::{grouped, grouped_digits};
use sandgate_model::{Fault, Outcome};
use std::fmt::Write;
use std::time::Duration;

/// The numbers of a run; those of several lanes add up.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The counts of what was judged.
    pub tally: Tally,
    /// Records, whether they became decisions or dead letters.
    pub records: u64,
    /// Those of earlier runs among them.
    pub before: u64,
    /// How long this run took.
    pub elapsed: Duration,
    /// How long records were in the host, in nanoseconds: from the completion of
    /// their batch until their decision was handed to the sink.
    in_host: Histogram<u64>,
    /// Likewise, until their commit was on disk; of runs that make commits.
    until_durable: Histogram<u64>,
}

/// A reason's place in the text: who gives it and its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReasonName<'a> {
    /// The tenant, told where there are several.
    pub tenant: &'a str,
    /// The policy's name in the tenant's set.
    pub policy: &'a str,
    /// The code.
    pub code: &'a str,
}

impl Default for Summary {
    fn default() -> Summary {
        Summary::new()
    }
}

impl Summary {
    /// The most reasons that the text lists.
    const REASONS: usize = 10;

    /// Nothing done yet.
    pub fn new() -> Summary {
        Summary {
            tally: Tally::default(),
            records: 0,
            before: 0,
            elapsed: Duration::ZERO,
            in_host: histogram(),
            until_durable: histogram(),
        }
    }

    /// What earlier runs of the lane have done; their time is not known.
    pub fn going_on(tally: Tally, records: u64) -> Summary {
        Summary { tally, records, before: records, ..Summary::new() }
    }

    /// Counts a batch.
    pub(crate) fn add(&mut self, tally: &Tally, records: u64, in_host: Duration) {
        self.tally.add(tally);
        self.records += records;
        let nanos = u64::try_from(in_host.as_nanos()).unwrap_or(u64::MAX);
        self.in_host.saturating_record_n(nanos.max(1), records);
    }

    /// Counts records that have become durable so long after they were admitted.
    pub(crate) fn add_durable(&mut self, time: Duration, records: u64) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.until_durable.saturating_record_n(nanos.max(1), records);
    }

    /// Adds another run's numbers; the longer time counts, as both ran at once.
    pub fn merge(&mut self, other: &Summary) {
        self.tally.add(&other.tally);
        self.records += other.records;
        self.before += other.before;
        self.elapsed = self.elapsed.max(other.elapsed);
        // both have the same bounds, so every value has its place
        let _ = self.in_host.add(&other.in_host);
        let _ = self.until_durable.add(&other.until_durable);
    }

    /// Records a second of this run.
    pub fn rate(&self) -> f64 {
        (self.records - self.before) as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// How long that share of the records (0 to 1) was at most in the host, to
    /// three digits; 1 is the longest.
    pub fn in_host(&self, share: f64) -> Duration {
        quantile(&self.in_host, share)
    }

    /// The text that ends a run. `reasons` are named in the order of the tally;
    /// `amount_scale` is that of the amounts, where records have one.
    pub fn render<'a>(&self, reasons: impl IntoIterator<Item = ReasonName<'a>>, amount_scale: Option<u8>) -> String {
        let mut text = Text(String::new());
        let seconds = self.elapsed.as_secs_f64();
        let of_this_run = self.records - self.before;
        let earlier = match self.before {
            0 => String::new(),
            before => format!(" and {} by earlier runs", grouped(before)),
        };
        text.line(
            "records",
            &format!("{} in {seconds:.2} s, {} a second{earlier}", grouped(of_this_run), grouped(self.rate() as u64)),
        );
        text.outcomes(&self.tally, amount_scale);
        text.reasons(&self.top_reasons(reasons));
        if self.tally.repeats > 0 {
            text.line("repeats", &format!("{:>12}", grouped(self.tally.repeats)));
        }
        for (what, count) in What::ALL.into_iter().zip(self.tally.circumstances) {
            if count > 0 {
                text.line(what.word(), &format!("{:>12}", grouped(count)));
            }
        }
        if self.tally.observed.iter().any(|count| *count > 0) {
            text.counted("observed", Aside::ALL.into_iter().map(Aside::words).zip(self.tally.observed));
        }
        text.counted("faults", Fault::WORDS.into_iter().zip(self.tally.faults));
        text.counted("dead letters", Cause::ALL.into_iter().map(Cause::word).zip(self.tally.dead_letters));
        if of_this_run > 0 {
            text.line("time in host", &times(&self.in_host));
        }
        if !self.until_durable.is_empty() {
            text.line("durable after", &times(&self.until_durable));
        }
        text.0
    }

    /// The reasons that were hit, the most frequent first, equal ones in order.
    fn top_reasons<'a>(&self, reasons: impl IntoIterator<Item = ReasonName<'a>>) -> Vec<(String, u64)> {
        let names: Vec<ReasonName<'a>> = reasons.into_iter().collect();
        let one_tenant = names.windows(2).all(|pair| pair[0].tenant == pair[1].tenant);
        let label = |name: &ReasonName<'_>| match one_tenant {
            true => format!("{} ({})", name.code, name.policy),
            false => format!("{} ({} of {})", name.code, name.policy, name.tenant),
        };
        let mut hit: Vec<(String, u64)> = names
            .iter()
            .zip(&self.tally.reasons)
            .filter(|(_, count)| **count > 0)
            .map(|(name, count)| (label(name), *count))
            .collect();
        hit.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        hit
    }
}

fn quantile(histogram: &Histogram<u64>, share: f64) -> Duration {
    Duration::from_nanos(if share >= 1.0 { histogram.max() } else { histogram.value_at_quantile(share) })
}

fn times(histogram: &Histogram<u64>) -> String {
    let [half, most, all] = [0.5, 0.99, 1.0].map(|share| time(quantile(histogram, share)));
    format!("p50 {half}, p99 {most}, max {all}")
}

/// From a nanosecond to an hour, to three digits.
#[expect(clippy::expect_used, reason = "the bounds are constants, and a test makes one")]
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 3_600_000_000_000, 3).expect("the bounds are valid")
}

/// Lines of a word and what it counts, in columns.
struct Text(String);

impl Text {
    fn line(&mut self, word: &str, what: &str) {
        // writing to a string cannot fail
        let _ = writeln!(self.0, "{word:<14}{what}");
    }

    /// How many of each outcome, their share, and the sum of their amounts.
    fn outcomes(&mut self, tally: &Tally, amount_scale: Option<u8>) {
        let sums = tally.amounts.map(|units| amount_scale.map_or(String::new(), |scale| money(units, scale)));
        let width = sums.iter().map(String::len).max().unwrap_or(0);
        for ((outcome, count), sum) in Outcome::ALL.into_iter().zip(tally.outcomes).zip(sums).rev() {
            let share = count as f64 * 100.0 / tally.decided().max(1) as f64;
            let amount = if sum.is_empty() { sum } else { format!("  amount {sum:>width$}") };
            self.line(outcome.word(), &format!("{:>12}  {share:>5.1} %{amount}", grouped(count)));
        }
    }

    fn reasons(&mut self, hit: &[(String, u64)]) {
        for (at, (name, count)) in hit.iter().take(Summary::REASONS).enumerate() {
            self.line(if at == 0 { "reasons" } else { "" }, &format!("{:>12}  {name}", grouped(*count)));
        }
        if let Some(more) = hit.len().checked_sub(Summary::REASONS).filter(|more| *more > 0) {
            self.line("", &format!("{:>12}  more reasons were hit less often", grouped(more as u64)));
        }
    }

    fn counted<'a>(&mut self, word: &str, counts: impl Iterator<Item = (&'a str, u64)>) {
        let counts: Vec<(&str, u64)> = counts.filter(|(_, count)| *count > 0).collect();
        let all: u64 = counts.iter().map(|(_, count)| count).sum();
        let each: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {}", grouped(*count))).collect();
        match each.is_empty() {
            true => self.line(word, &format!("{:>12}", 0)),
            false => self.line(word, &format!("{:>12}  {}", grouped(all), each.join(", "))),
        }
    }
}

/// `-123456789` units of a hundredth as `-1,234,567.89`.
fn money(units: i128, scale: u8) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let scale = usize::from(scale);
    // one digit at least stands before the point
    let digits = format!("{:0>least$}", units.unsigned_abs(), least = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let point = if scale == 0 { "" } else { "." };
    format!("{sign}{}{point}{fraction}", grouped_digits(whole))
}

/// A time with three digits and the unit that fits.
fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match time.as_nanos() {
        0..1_000_000 => format!("{:.0} µs", seconds * 1e6),
        1_000_000..10_000_000 => format!("{:.2} ms", seconds * 1e3),
        10_000_000..1_000_000_000 => format!("{:.0} ms", seconds * 1e3),
        _ => format!("{seconds:.2} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::{ReasonName, Summary, money};
    use sandgate_engine::decode::Cause;
    use sandgate_engine::tally::Tally;
    use std::time::Duration;

    fn names<'a>(tenant: &'a str, codes: &[&'a str]) -> Vec<ReasonName<'a>> {
        codes.iter().map(|code| ReasonName { tenant, policy: "limits", code }).collect()
    }

    #[test]
    fn the_text_tells_what_happened() {
        let mut tally = Tally {
            outcomes: [9_000, 500, 400],
            amounts: [123_456_789, 5, -12_345],
            reasons: vec![3, 0, 900],
            ..Tally::default()
        };
        tally.faults[0] = 2;
        tally.faults[5] = 40;
        tally.dead_letters[Cause::Amount as usize] = 99;
        tally.dead_letters[Cause::NotJson as usize] = 1;
        let mut summary = Summary::new();
        summary.add(&tally, 9_900, Duration::from_micros(250));
        summary.add(&Tally::default(), 100, Duration::from_millis(7));
        summary.elapsed = Duration::from_millis(40);
        let expected = "\
records       10,000 in 0.04 s, 250,000 a second
block                  400    4.0 %  amount      -123.45
review                 500    5.1 %  amount         0.05
allow                9,000   90.9 %  amount 1,234,567.89
reasons                900  LARGE_AMOUNT (limits)
                         3  BURST (limits)
faults                  42  fuel 2, input 40
dead letters           100  not-json 1, amount 99
time in host  p50 250 µs, p99 250 µs, max 7.00 ms
";
        assert_eq!(summary.render(names("a", &["BURST", "NEVER", "LARGE_AMOUNT"]), Some(2)), expected);
        let without = summary.render([], None);
        assert!(without.contains("4.0 %\n") && !without.contains("amount 1"), "{without}");
    }

    #[test]
    fn an_empty_run_is_told_too() {
        let text = Summary::new().render([], None);
        assert!(text.contains("records       0 in 0.00 s"), "{text}");
        assert!(!text.contains("p50"), "{text}");
    }

    #[test]
    fn of_many_reasons_the_top_ones_are_listed_with_their_tenant() {
        let codes: Vec<String> = (0..12).map(|at| format!("R{at}")).collect();
        let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
        let mut reasons = names("a", &codes);
        reasons[11].tenant = "b";
        let mut summary = Summary::new();
        summary.tally.reasons = (1..=12).collect();
        let text = summary.render(reasons, None);
        assert!(text.contains("12  R11 (limits of b)"), "{text}");
        assert!(text.contains("2  more reasons were hit less often"), "{text}");
        assert!(!text.contains("R1 "), "{text}");
    }

    #[test]
    fn lanes_that_ran_at_once_add_up() {
        let mut one = Summary::new();
        one.add(&Tally { outcomes: [1, 0, 0], ..Tally::default() }, 1, Duration::from_millis(1));
        one.elapsed = Duration::from_secs(2);
        let mut two = one.clone();
        two.elapsed = Duration::from_secs(3);
        one.merge(&two);
        assert_eq!((one.records, one.tally.outcomes[0], one.elapsed), (2, 2, Duration::from_secs(3)));
    }

    #[test]
    fn money_is_grouped_at_its_scale() {
        let table = [
            (0, 2, "0.00"),
            (-7, 4, "-0.0007"),
            (-1_234_567, 0, "-1,234,567"),
            (100_000, 2, "1,000.00"),
            (i128::from(u64::MAX) * 1_000, 3, "18,446,744,073,709,551,615.000"),
        ];
        for (units, scale, text) in table {
            assert_eq!(money(units, scale), text);
        }
    }
}
