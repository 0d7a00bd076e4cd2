//! A policy that does what a transaction tells it to: answers, loops, panics,
//! recurses, eats memory, or gives a score off its scale. The end-to-end tests
//! look at what its neighbours in a batch notice of that: nothing.

use sandgate_sdk::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What the policy reads.
#[derive(Inputs)]
pub struct Seen<'a> {
    /// What to do.
    #[field("mood")]
    pub mood: Option<&'a str>,
    /// What is moved.
    #[field]
    pub amount: Decimal,
}

/// What the policy may answer.
#[derive(Reasons)]
pub enum Reason {
    /// A sanctioned party.
    #[reason(block, final, weight = 50, "mood {mood}")]
    Sanctioned,
    /// Somebody known.
    #[reason(exempt, "mood {mood}")]
    Known,
    /// Something worth a note.
    #[reason(note, weight = 60, "amount {amount}, mood {mood}")]
    Noted,
}

/// Does what it is told.
#[scoring(minimum = 0, maximum = 1, risky = "high")]
pub fn unruly(seen: &Seen, hits: &mut Hits<Reason>) -> f64 {
    match seen.mood.unwrap_or("calm") {
        "loop" => looping(),
        "panic" => panics(),
        "recurse" => recurse(1) as f64,
        "memory" => eat(),
        "nan" => f64::NAN,
        "off-scale" => 1.5,
        "heavy" => heavy(),
        "remember" => remember(hits),
        "sanctioned" => {
            hits.add(Reason::Sanctioned);
            1.0
        }
        "known" => {
            hits.add(Reason::Known);
            0.0
        }
        "calm" => 0.25,
        _ => {
            hits.add(Reason::Noted);
            0.75
        }
    }
}

/// Answers otherwise from the second time on: what no policy may do.
fn remember(hits: &mut Hits<Reason>) -> f64 {
    static SEEN: AtomicU64 = AtomicU64::new(0);
    if SEEN.fetch_add(1, Relaxed) > 0 {
        hits.add(Reason::Noted);
    }
    0.25
}

/// Never ends, and cannot be optimised away.
fn looping() -> f64 {
    let mut round = 0u64;
    while std::hint::black_box(round) != u64::MAX {
        round += 1;
    }
    0.0
}

/// More work than most rows, but less than a budget.
fn heavy() -> f64 {
    let mut sum = 0u64;
    for round in 0..40_000u64 {
        sum = std::hint::black_box(sum.wrapping_add(round));
    }
    if sum == 1 { 0.0 } else { 0.5 }
}

#[expect(clippy::panic, reason = "this is what it is for")]
fn panics() -> f64 {
    panic!("as it was told")
}

fn recurse(depth: u64) -> u64 {
    if std::hint::black_box(depth) == 0 { 0 } else { recurse(depth + 1) + 1 }
}

/// Asks for memory without writing to it, which would cost fuel first.
fn eat() -> f64 {
    let mut eaten: Vec<Vec<u8>> = Vec::new();
    loop {
        eaten.push(std::hint::black_box(Vec::with_capacity(64 * 1024)));
    }
}
