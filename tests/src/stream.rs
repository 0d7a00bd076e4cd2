//! Transactions in which everything happens that a lane must get right: hot and
//! cold keys, equal times, late and future ones, repeats, ids used again, records
//! that nobody can use; and prices that are only observed.

use std::fmt::Write as _;

/// A seeded source of chance (SplitMix64, Steele, Lea and Flood 2014): the same
/// numbers on every machine.
#[derive(Clone, Copy, Debug)]
pub struct Chance(pub u64);

impl Chance {
    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound.max(1)
    }
}

/// 2026-03-28T22:00:00Z: the night in which summer time begins in Berlin.
const BEGIN_S: u64 = 1_774_735_200;

/// So many payments, as JSON lines.
pub fn payments(seed: u64, count: u64) -> String {
    let mut chance = Chance(seed);
    let mut lines: Vec<String> = Vec::new();
    let mut clock = BEGIN_S * 1_000;
    for number in 0..count {
        clock += [0, 0, 5, 400, 2_000, 30_000][chance.below(6) as usize];
        let time = match chance.below(200) {
            0 => clock - 20 * 86_400_000,
            1 => clock + 3_650 * 86_400_000,
            2..20 => clock - chance.below(90_000),
            20..24 => clock - chance.below(9 * 86_400_000),
            _ => clock,
        };
        let line = match chance.below(100) {
            0 => "{\"transaction_id\":\"broken".to_owned(),
            1 if !lines.is_empty() => {
                let earlier = chance.below(lines.len().min(500) as u64) as usize;
                lines[lines.len() - 1 - earlier].clone()
            }
            2 if number > 100 => payment(number - 1 - chance.below(100), time, &mut chance),
            _ => payment(number, time, &mut chance),
        };
        lines.push(line);
    }
    lines.join("\n") + "\n"
}

fn payment(number: u64, time: u64, chance: &mut Chance) -> String {
    let account = if chance.below(4) == 0 { 0 } else { chance.below(300) };
    let amount = match chance.below(50) {
        0 => "\"much\"".to_owned(),
        1 => "null".to_owned(),
        _ => format!("{}.{:02}", chance.below(900), chance.below(100)),
    };
    let device = match chance.below(20) {
        0 => String::new(),
        1 => ",\"device\":7".to_owned(),
        _ => format!(",\"device\":\"d-{}\"", chance.below(40)),
    };
    format!(
        "{{\"transaction_id\":\"t-{number}\",\"account_id\":\"a-{account}\",\"timestamp\":{time},\"price\":{amount}{device}}}"
    )
}

/// So many observed prices over the same time, as JSON lines.
pub fn prices(seed: u64, count: u64) -> String {
    let mut chance = Chance(seed);
    let mut text = String::new();
    let mut time = BEGIN_S * 1_000;
    for number in 0..count {
        time += chance.below(60_000);
        // writing to a string cannot fail
        let _ = writeln!(
            text,
            "{{\"id\":\"p-{number}\",\"account\":\"a-{}\",\"time\":{time},\"price\":{}.5}}",
            chance.below(300),
            chance.below(100)
        );
    }
    text
}

/// The sources of [`payments`] and [`prices`].
pub const SOURCES: &str = r#"
[[source]]
name = "payments"
path = "payments.jsonl"
id = "id"
account = "account"
time = "time"
tenant = { name = "payments" }
[source.fields]
id = { path = "transaction_id", kind = "text" }
account = { path = "account_id", kind = "text" }
time = { path = "timestamp", kind = "instant", unit = "ms" }
amount = { path = "price", kind = "decimal", scale = 2 }
device = { kind = "text" }

[[source]]
name = "prices"
path = "prices.jsonl"
observe = true
id = "id"
account = "account"
time = "time"
tenant = { name = "payments" }
[source.fields]
id = { kind = "text" }
account = { kind = "text" }
time = { kind = "instant", unit = "ms" }
price = { kind = "decimal", scale = 2 }
"#;
