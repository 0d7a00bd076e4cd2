//! Ids against a list that forgets nothing.

use super::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A record whose id is one of a few, so that they come again.
fn record(number: u64, clock: Option<i64>, dice: &mut ChaCha8Rng) -> Remembered {
    let mut id = [0; 16];
    // the mark of an id is its first bytes: some share it and differ behind it
    (id[0], id[15]) = ((dice.next_u64() % 40) as u8, (dice.next_u64() % 5) as u8);
    let settled = Settled { outcome: (number % 3) as u8, generation: number as u32 };
    Remembered { id, content: [1; 16], offset: number, clock, settled }
}

#[test]
fn ids_are_found_like_in_a_list_whatever_is_dropped_and_taken_back() {
    for seed in 0..20 {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let memory = Memory { ids: 50, repeats: 1_000 };
        let (mut ids, mut list): (Ids, Vec<Remembered>) = Default::default();
        let (mut open, mut committed): (Vec<Pushed>, usize) = Default::default();
        let mut ages = Ages::default();
        let mut committed_ages = ages;
        for step in 0..6_000 {
            if step > 30 {
                let now = ages.clock.unwrap_or(0) + (dice.next_u64() % 40) as i64;
                ages = Ages { clock: Some(now), began: ages.began.or(Some(now)) };
            }
            let new = record(step, ages.clock, &mut dice);
            let is_young = |then: Option<i64>| match (then.or(ages.began), ages.clock) {
                (Some(then), Some(now)) => now <= then + memory.repeats,
                _ => true,
            };
            let expected = list.iter().rev().take(50).find(|old| old.id == new.id).filter(|old| is_young(old.clock));
            let newest = ids.newest(&new.id);
            let found = newest.and_then(|number| ids.recall(number, memory, ages));
            assert_eq!(found, expected.copied(), "seed {seed}, step {step}");
            open.push(ids.push(new, newest));
            list.push(new);
            match dice.next_u64() % 20 {
                0 => {
                    while let Some(pushed) = open.pop() {
                        ids.undo(pushed);
                    }
                    list.truncate(committed);
                    ages = committed_ages;
                }
                1..4 => {
                    open.drain(..).for_each(|_| ids.commit());
                    (committed, committed_ages) = (list.len(), ages);
                    ids.expire(memory, committed_ages);
                    assert!(ids.len() <= memory.ids);
                    let oldest = list.len() - ids.len() as usize;
                    assert_eq!(ids.oldest_committed(), list.get(oldest).map(|oldest| oldest.offset));
                }
                _ => {}
            }
        }
        assert!(ids.base > 0, "whole chunks were dropped");
    }
}

#[test]
fn an_id_is_remembered_for_so_long_and_no_longer() {
    let mut dice = ChaCha8Rng::seed_from_u64(0);
    let memory = Memory { ids: 10, repeats: 100 };
    let ages = |clock, began| Ages { clock, began };
    // when the id came, the clock now and at first, whether it is remembered
    for (then, now, began, expected) in [
        (None, None, None, true),
        (None, Some(500), Some(400), true),
        (None, Some(501), Some(400), false),
        (Some(400), Some(500), Some(0), true),
        (Some(400), Some(501), Some(0), false),
        (Some(i64::MAX - 5), Some(i64::MAX), Some(0), true),
    ] {
        let mut ids = Ids::default();
        let new = record(0, then, &mut dice);
        let pushed = ids.push(new, None);
        assert_eq!(ids.newest(&new.id), Some(pushed.number));
        let found = ids.recall(pushed.number, memory, ages(now, began)).is_some();
        assert_eq!(found, expected, "came at {then:?}, now {now:?}, began {began:?}");
    }
    let mut none = Ids::default();
    let new = record(0, None, &mut dice);
    let pushed = none.push(new, None);
    let nothing = Memory { ids: 0, ..memory };
    assert_eq!(none.recall(pushed.number, nothing, Ages::default()), None, "no id is remembered at all");
}

#[test]
fn what_was_decided_is_noted_for_a_number_that_is_still_there() {
    let mut dice = ChaCha8Rng::seed_from_u64(0);
    let mut ids = Ids::default();
    let pushed = ids.push(record(0, None, &mut dice), None);
    let settled = Settled { outcome: 9, generation: 8 };
    ids.settle(pushed.number, settled);
    ids.settle(pushed.number + 1, Settled::default());
    assert_eq!(ids.get(pushed.number).map(|found| found.settled), Some(settled));
    assert_eq!(ids.get(pushed.number + 1), None);
}
