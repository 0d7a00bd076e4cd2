//! A lane that is restored from its journal goes on as if nothing had happened.

use crate::runner::{self, Seen, is_remembered};
use crate::stream::{self, Dice, Record, SETTINGS};
use sandgate_state::replay::{Restore, Sieve};
use sandgate_state::{Lane, Settings};

/// What is on the disk: a front and what a sieve kept, and the commits since.
#[derive(Default)]
pub(crate) struct Stored {
    snapshot: Option<(Vec<u8>, Vec<u8>)>,
    pub(crate) commits: Vec<Vec<u8>>,
}

impl Stored {
    pub(crate) fn restored(&self, lane: &Lane, threads: usize) {
        let mut restoring = lane.restore(threads);
        if let Some((front, kept)) = &self.snapshot {
            restoring.front(front).unwrap();
            restoring.kept(kept).unwrap();
        }
        for commit in &self.commits {
            restoring.entries(commit).unwrap();
        }
        restoring.finish();
    }

    /// Everything through the last commit becomes a snapshot.
    pub(crate) fn compact(&mut self, lane: &Lane) -> (usize, usize) {
        let (mut sieve, mut kept) = (lane.sieve(), Vec::new());
        let before = self.snapshot.take().into_iter().map(|(_, kept)| kept).chain(self.commits.drain(..));
        let before: Vec<_> = before.collect();
        for entries in &before {
            sieve.keep(entries, &mut kept).unwrap();
        }
        let sizes = (before.iter().map(Vec::len).sum(), kept.len());
        self.snapshot = Some((lane.front(), kept));
        sizes
    }
}

/// The stream with restarts and compactions at random.
fn with_restarts(settings: Settings, records: &[Record], dice: &mut Dice) -> Vec<Seen> {
    let layout = stream::layout();
    let mut lane = Lane::new(layout.clone(), settings, 3);
    let (mut stored, mut all, mut number) = (Stored::default(), Vec::new(), 0);
    let (mut before, mut after) = (0, 0);
    while all.len() < records.len() {
        let next = &records[all.len()..];
        let next = &next[..next.len().min(1 + dice.below(100) as usize)];
        let mut seen = runner::pass(&lane, number, next).unwrap();
        runner::settle(&lane, next, &mut seen);
        lane.commit(number);
        stored.commits.push(seen.iter().flat_map(|seen| seen.entry.clone()).collect());
        all.extend(seen);
        number += 1;
        if dice.percent(20) {
            let sizes = stored.compact(&lane);
            (before, after) = (before + sizes.0, after + sizes.1);
        }
        if dice.percent(20) {
            let front = lane.front();
            lane = Lane::new(layout.clone(), settings, 1 + dice.below(4) as usize);
            stored.restored(&lane, 1 + dice.below(3) as usize);
            assert_eq!(lane.front(), front, "the front is the same, byte for byte");
            number = 0;
        }
    }
    assert!(after < before, "{after} of {before} bytes were kept: the sieve keeps all");
    all
}

/// What can be compared of two lanes: the numbers of ids differ where some were dropped.
fn comparable(seen: &Seen) -> Seen {
    let fate = match seen.fate {
        sandgate_state::Fate::Repeat(repeat) => sandgate_state::Fate::Reused { offset: repeat.offset },
        fate => fate,
    };
    Seen { fate, ..seen.clone() }
}

#[test]
fn restarts_and_compactions_change_no_answer() {
    for (seed, events) in (0..6).zip([1_000_000, 300].into_iter().cycle()) {
        let settings = Settings { events, ..SETTINGS };
        let records = stream::stream(200 + seed, 3_000);
        let lane = Lane::new(stream::layout(), settings, 2);
        let expected = runner::run(&lane, &records, 40, 1);
        let seen = with_restarts(settings, &records, &mut Dice::new(seed));
        for (at, (expected, seen)) in expected.iter().zip(&seen).enumerate() {
            assert_eq!(comparable(expected), comparable(seen), "seed {seed}, record {at}: {:?}", records[at]);
        }
        let full = expected.iter().filter(|seen| seen.fate == sandgate_state::Fate::Full).count();
        assert_eq!(full > 0, events == 300, "{full} records found the lane full");
    }
}

#[test]
fn what_is_no_front_and_no_entry_is_refused() {
    let lane = Lane::new(stream::layout(), SETTINGS, 1);
    let records = stream::stream(9, 500);
    let mut seen = runner::pass(&lane, 0, &records).unwrap();
    runner::settle(&lane, &records, &mut seen);
    lane.commit(0);
    let front = lane.front();
    let fresh = || Lane::new(stream::layout(), SETTINGS, 1);
    for length in 0..front.len() {
        assert!(fresh().restore(1).front(&front[..length]).is_err(), "cut to {length} bytes");
    }
    let mut newer = front.clone();
    newer[0] = 4;
    let refused = fresh().restore(1).front(&newer).unwrap_err();
    assert!(refused.what.contains("version 4"), "{refused}");
    fresh().restore(1).front(&front).unwrap();

    let entries: Vec<u8> = seen.iter().flat_map(|seen| seen.entry.clone()).collect();
    let remembered = seen.iter().filter(|seen| is_remembered(seen.fate)).count();
    assert!(fresh().restore(1).entries(&entries).unwrap() >= remembered as u64);
    assert!(fresh().restore(1).entries(&entries[..entries.len() - 1]).is_err());
    assert!(fresh().sieve().keep(&entries[1..], &mut Vec::new()).is_err());
}
