//! A policy that says everything that can be said, its manifest as a golden
//! file, and its answers through the columns of the contract.

use sandgate_sdk::expand::Rows;
use sandgate_sdk::prelude::*;

#[derive(Choice, Debug, PartialEq)]
enum Trade {
    #[choice("申购")]
    Subscribe,
    TopUp,
    #[choice(other)]
    Other,
}

#[derive(Inputs)]
#[expect(dead_code, reason = "everything that can be declared, not everything that is used")]
struct Seen<'a> {
    #[field]
    amount: Decimal,
    #[field("rate", scale = 8, minimum = "0", maximum = 1.5)]
    r#type: Decimal,
    #[field("trade_type")]
    trade: Trade,
    #[field]
    country: Option<&'a str>,
    #[field(default = "none")]
    merchant: String,
    #[field(default = false)]
    new_device: bool,
    #[field]
    time: Instant,
    #[field(minimum = 0, maximum = 1)]
    probability: f64,
    #[field]
    i8: i8,
    #[field]
    i16: i16,
    #[field]
    i32: i32,
    #[field]
    i64: i64,
    #[field]
    u8: u8,
    #[field]
    u16: u16,
    #[field]
    u32: Option<u32>,
    #[field(maximum = 10)]
    u64: u64,
    #[tag(account, "risk_level", default = 1)]
    risk: i64,
    #[tag(device, "first_seen", by = "device_id", default = "2000-01-01T00:00:00Z")]
    device_since: Instant,
    #[window(count, by = "account", span = "1m", only(trade_type = "subscribe"))]
    recent: u64,
    #[window(sum, of = "amount", by("account", "merchant"), span = "24h", delay = "1h", closed, resolution = "1s")]
    moved: Decimal,
    #[window(mean, of = "amount", by = "account", tumbling = "1h", offset = "30m")]
    mean: f64,
    #[window(deviation, of = "amount", by = "account", span = "7d", previous, default = 0)]
    deviation: f64,
    #[window(minimum, of = "amount", by = "account", calendar(day, "Asia/Shanghai"))]
    least: Decimal,
    #[window(maximum, of = "amount", by = "account", calendar(month, "Europe/Berlin"), scale = 2)]
    most: Decimal,
    #[window(distinct, of = "merchant", by = "device", session("30m", longest = "1d"))]
    merchants: u32,
    #[window(first_seen, by = "account", span = "365d")]
    first: Instant,
    #[window(last_seen, by = "account", span = "365d", previous)]
    last: Option<Instant>,
    #[window(latest, of = "price", by = "instrument", span = "1d", sources("prices", "quotes"))]
    price: Option<Decimal>,
    #[window(
        count,
        by = "account",
        span = "1d",
        only(
            status != "failed",
            channel = ["web", "app"],
            country != ["KP", "IR"],
            amount >= 10,
            amount < 99.5,
            fee < -1,
            time >= "2026-01-01T00:00:00Z",
            retry = false,
            "my field" = "x",
            country != refused,
            trade_type = word,
            amount >= smallest,
            amount < largest,
        )
    )]
    filtered: u64,
}

#[derive(Parameters)]
#[expect(dead_code, reason = "everything that can be declared, not everything that is used")]
struct Limits<'a> {
    largest: Decimal,
    #[parameter(default = -0.5, minimum = -1, maximum = "1000000.2500")]
    smallest: Decimal,
    #[parameter(default = 3, minimum = 1, any_of = [1, 2, 3])]
    per_minute: u64,
    #[parameter(default = 0.25)]
    weight: f64,
    #[parameter(default = true)]
    strict: bool,
    #[parameter(default = "a \"quoted\" word")]
    word: &'a str,
    #[parameter(default = "申购")]
    of: Trade,
    #[parameter(default = "2026-01-01T08:00:00+08:00")]
    from: Instant,
    #[parameter(default = [1, 2, 3], longest = 25, minimum = 0)]
    table: &'a [i64],
    #[parameter(default = [0.5, 1])]
    weights: &'a [f64],
    #[parameter(default = [])]
    refused: Vec<&'a str>,
    #[parameter(default = ["0.01", 100], scale = 2)]
    levels: Vec<Decimal>,
}

#[derive(Reasons)]
enum Reason {
    #[reason(block, final, "amount {amount} is over {largest} of {{type}} {type}")]
    LargeAmount,
    #[reason(review, weight = 20, "{recent} in a minute, {per_minute} allowed")]
    Burst,
    #[reason(note, weight = -5, "a \"quiet\" account")]
    ATMLimit,
    #[reason(exempt, "known")]
    Known3,
}

/// Scores by everything there is,
/// in two lines.
///
/// And this paragraph is not for the manifest.
#[scoring(minimum = 0, maximum = 1, risky = "high", contributions, summary = "a probability")]
fn score_by_everything(seen: &Seen, limits: &Limits, hits: &mut Hits<Reason>, moved: &mut Contributions<Seen>) -> f64 {
    hits.when(seen.amount > limits.largest, Reason::LargeAmount);
    hits.when(seen.trade == Trade::Subscribe && limits.of == Trade::Subscribe, Reason::Burst);
    hits.when(limits.refused.contains(&seen.country.unwrap_or("none")), Reason::ATMLimit);
    moved.probability = seen.probability * limits.weight;
    moved.i64 = limits.table.iter().sum::<i64>() as f64;
    moved.probability
}

/// Is called what the macro calls its own values.
#[rules]
fn inputs(inputs: &Seen, parameters: &Limits, hits: &mut Hits<Reason>) {
    let _ = (inputs, parameters, hits);
}

#[test]
fn a_policy_may_have_the_name_of_its_argument() {
    assert!(inputs::judge(&rows(), &parameters()).hits.is_empty());
}

#[test]
fn the_manifest_is_what_was_declared() {
    let golden: serde_json::Value = serde_json::from_str(include_str!("everything.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(score_by_everything::MANIFEST).unwrap();
    assert_eq!(manifest, golden, "{}", serde_json::to_string_pretty(&manifest).unwrap());
}

/// Two rows; the values of the second are one higher, and its options are absent.
fn rows() -> Rows {
    let mut rows = Rows {
        count: 2,
        integers: Vec::new(),
        numbers: Vec::new(),
        texts: String::new(),
        text_ends: Vec::new(),
        present: vec![0; 1],
    };
    for row in 0..2_i64 {
        rows.integers.extend([100_000 + row, 5]); // amount, type
        rows.integers.extend([1, 0]); // new_device, time
        rows.integers.extend(1..=8); // the integers
        rows.integers.extend([1, 0, 3, 4]); // risk, device_since, recent, moved
        rows.integers.extend([5, 6, 7, 8, 9, 10, 11]); // least, most, merchants, first, last, price, filtered
        rows.numbers.extend([0.5 + row as f64 / 4.0, 1.0, 2.0]); // probability, mean, deviation
        for text in [["申购", "KP", "m"], ["top_up", "", "m"]][row as usize] {
            rows.texts.push_str(text);
            rows.text_ends.push(rows.texts.len() as u32);
        }
    }
    let values = 29;
    for bit in 0..2 * values {
        let absent = bit == values + 3 || bit == values + 14;
        rows.present[bit / 64] |= u64::from(!absent) << (bit % 64);
    }
    rows
}

fn parameters() -> Rows {
    Rows {
        count: 1,
        // largest, least, per_minute, strict, from, table, the lengths of the three lists
        integers: vec![100_000, -5_000, 3, 1, 0, 3, 10, 20, 30, 2, 2, 2, 1, 10_000],
        numbers: vec![0.25, 0.5, 1.0],
        texts: "word申购KPIR".to_owned(),
        text_ends: vec![4, 10, 12, 14],
        present: vec![0b1111_1111_1111],
    }
}

#[test]
fn values_come_out_of_their_columns() {
    let verdicts = score_by_everything::judge(&rows(), &parameters());
    let hits: Vec<(u32, u32)> = verdicts.hits.iter().map(|hit| (hit.row, hit.reason)).collect();
    assert_eq!(hits, [(0, 1), (0, 2), (1, 0)]);
    assert_eq!(verdicts.scores, [0.125, 0.1875]);
    assert_eq!(verdicts.contributions.len(), 2 * 29);
    assert_eq!((verdicts.contributions[7], verdicts.contributions[11]), (0.125, 60.0));
    assert_eq!((verdicts.contributions[29 + 7], verdicts.contributions[29 + 11]), (0.1875, 60.0));
}

#[test]
fn a_batch_without_rows_has_no_answers() {
    let none = Rows {
        count: 0,
        integers: Vec::new(),
        numbers: Vec::new(),
        texts: String::new(),
        text_ends: Vec::new(),
        present: Vec::new(),
    };
    let verdicts = score_by_everything::judge(&none, &parameters());
    assert!(verdicts.hits.is_empty() && verdicts.scores.is_empty() && verdicts.contributions.is_empty());
}

#[test]
fn rows_of_another_layout_are_not_read() {
    let shortened: [fn(&mut Rows); 6] = [
        |rows| rows.count = 3,
        |rows| rows.integers.truncate(1),
        |rows| rows.numbers.truncate(1),
        |rows| rows.text_ends.truncate(1),
        |rows| rows.text_ends[0] = 1, // inside a character
        |rows| rows.text_ends[1] = 1, // before the one before it
    ];
    for shorten in shortened {
        let mut rows = rows();
        shorten(&mut rows);
        assert!(std::panic::catch_unwind(|| score_by_everything::judge(&rows, &parameters())).is_err());
    }
}
