//! A lane that is rebuilt from its log goes on as if nothing had happened, however
//! its life was cut into commits and whatever of the log was deleted.

use crate::runner::{self, Seen};
use crate::stream::{self, Dice, Record, SETTINGS};
use sandgate_state::changelog::{Commit, Committed, Head, Owner, Replay, Trim};
use sandgate_state::identity::{Identity, Input, Setting};
use sandgate_state::replay::{Malformed, Restore};
use sandgate_state::{Fate, Lane, Layout, Restoring, Settings};
use std::sync::Arc;

fn owner(set: &str) -> Owner {
    let inputs = vec![Input { source: "payments".to_owned(), path: "payments-topic".to_owned() }];
    let configuration = vec![Setting { name: "the policies".to_owned(), value: set.to_owned() }];
    Owner::new(Identity { inputs, output: "group/3".to_owned(), configuration }).unwrap()
}

/// The log of one lane, as others keep it.
pub(crate) struct Log {
    owner: Owner,
    /// Each record with its offset.
    records: Vec<(i64, Vec<u8>)>,
    next: i64,
    trim: Trim,
    number: u64,
    pub(crate) deleted: usize,
    dead: usize,
}

impl Log {
    pub(crate) fn new(layout: &Arc<Layout>) -> Log {
        let (owner, trim) = (owner("a"), Trim::new(layout, 1));
        Log { owner, records: Vec::new(), next: 0, trim, number: 0, deleted: 0, dead: 0 }
    }

    fn append(&mut self, records: Vec<Vec<u8>>) -> i64 {
        let first = self.next;
        for record in records {
            self.records.push((self.next, record));
            self.next += 1;
        }
        // a marker of the log's own
        self.next += 1;
        first
    }

    /// What the next commit writes, before `lane` has committed it.
    pub(crate) fn commit(&mut self, lane: &Lane, entries: &[u8], position: u64, dice: &mut Dice) {
        let number = self.number + 1;
        let has_head = number == 1 || dice.percent(15);
        let (front, kept) = (lane.front(), self.trim.kept(lane.clock()));
        let head = has_head.then_some(Head { front: &front, kept: &kept });
        let commit = Commit { number, midway: false, positions: &[position], head, entries };
        let size = 1 + dice.below(4_000) as usize;
        let mut records = Vec::new();
        let written: Result<(), ()> = self.owner.records(&commit, size, |record, part| {
            assert_eq!(part.first, records.is_empty());
            records.push(record.to_vec());
            Ok(())
        });
        written.unwrap();
        if records.len() > 1 && dice.percent(10) {
            self.append(records[..records.len() - 1].to_vec());
            self.dead += 1;
        }
        let offset = self.append(records);
        if has_head {
            self.trim.head(offset);
        }
        self.number = number;
    }

    pub(crate) fn committed(&mut self, lane: &Lane, entries: &[u8], dice: &mut Dice) {
        self.trim.grow(&lane.layout());
        self.trim.entries(entries, lane.clock()).unwrap();
        if dice.percent(30)
            && let Some(mark) = self.trim.passed(&lane.sieve())
        {
            let before = self.records.len();
            self.records.retain(|(offset, _)| *offset >= mark.offset);
            self.deleted += before - self.records.len();
        }
    }

    /// Rebuilds a lane as its next owner does, who follows the log from there on.
    pub(crate) fn rebuild(&mut self, lane: &Lane) -> Option<Committed> {
        let mut restoring = Tee { restoring: lane.restore(1), trim: Trim::new(&lane.layout(), 1) };
        let mut replay = Replay::new(&self.owner, None);
        let mut first = 0;
        for (offset, record) in &self.records {
            if sandgate_state::changelog::begins(record) {
                first = *offset;
            }
            if replay.record(record, &mut restoring).unwrap().is_some_and(|added| added.head) {
                restoring.trim.head(first);
            }
        }
        let last = replay.last().cloned();
        restoring.restoring.finish();
        self.trim = restoring.trim;
        last
    }
}

/// Restores a lane, and follows its log.
struct Tee<'l> {
    restoring: Restoring<'l>,
    trim: Trim,
}

impl Restore for Tee<'_> {
    fn front(&mut self, front: &[u8]) -> Result<(), Malformed> {
        self.restoring.front(front)
    }

    fn kept(&mut self, entries: &[u8]) -> Result<u64, Malformed> {
        let count = self.restoring.kept(entries)?;
        self.trim.entries(entries, self.restoring.clock())?;
        Ok(count)
    }

    fn entries(&mut self, entries: &[u8]) -> Result<u64, Malformed> {
        let count = self.restoring.entries(entries)?;
        self.trim.entries(entries, self.restoring.clock())?;
        Ok(count)
    }
}

fn with_takeovers(settings: Settings, records: &[Record], dice: &mut Dice) -> Vec<Seen> {
    let layout = stream::layout();
    let mut lane = Lane::new(layout.clone(), settings, 1);
    let (mut log, mut all, mut batch) = (Log::new(&layout), Vec::new(), 0);
    while all.len() < records.len() {
        let next = &records[all.len()..];
        let next = &next[..next.len().min(1 + dice.below(100) as usize)];
        let mut seen = runner::pass(&lane, batch, next).unwrap();
        runner::settle(&lane, next, &mut seen);
        let entries: Vec<u8> = seen.iter().flat_map(|seen| seen.entry.clone()).collect();
        all.extend(seen);
        log.commit(&lane, &entries, all.len() as u64, dice);
        lane.commit(batch);
        log.committed(&lane, &entries, dice);
        batch += 1;
        if dice.percent(10) {
            let front = lane.front();
            lane = Lane::new(layout.clone(), settings, 1);
            let last = log.rebuild(&lane).unwrap();
            assert_eq!((last.number, last.positions), (log.number, vec![all.len() as u64]));
            assert_eq!(lane.front(), front, "the front is the same, byte for byte");
            batch = 0;
        }
    }
    assert!(log.deleted > 0 && log.dead > 0, "{} deleted, {} dead", log.deleted, log.dead);
    all
}

/// What can be compared of two lanes: the numbers of ids differ where some were dropped.
fn comparable(seen: &Seen) -> Seen {
    let fate = match seen.fate {
        Fate::Repeat(repeat) => Fate::Reused { offset: repeat.offset },
        fate => fate,
    };
    Seen { fate, ..seen.clone() }
}

#[test]
fn cuts_takeovers_deleted_beginnings_and_dead_tails_change_no_answer() {
    for (seed, events) in (0..6).zip([1_000_000, 300].into_iter().cycle()) {
        let settings = Settings { events, ..SETTINGS };
        let mut records = stream::stream(900 + seed, 3_000);
        // over so long a time that windows leave most of it behind
        let begin = records[0].entry.time;
        for record in &mut records {
            record.entry.time = begin + (record.entry.time - begin) * 40;
        }
        let lane = Lane::new(stream::layout(), settings, 2);
        let expected = runner::run(&lane, &records, 40, 1);
        let seen = with_takeovers(settings, &records, &mut Dice::new(seed));
        for (at, (expected, seen)) in expected.iter().zip(&seen).enumerate() {
            assert_eq!(comparable(expected), comparable(seen), "seed {seed}, record {at}: {:?}", records[at]);
        }
    }
}

#[test]
fn a_lane_that_began_midway_says_so_until_its_windows_are_full() {
    let records = stream::stream(5, 600);
    let lane = Lane::new(stream::layout(), SETTINGS, 1);
    lane.begins_midway();
    let warming = |lane: &Lane, number, records: &[Record]| {
        let mut pass = sandgate_state::Pass::new(&lane.layout());
        for record in records {
            pass.push(record.entry, &record.cells());
        }
        lane.pass(number, &mut pass).unwrap();
        (0..records.len()).filter_map(|row| pass.warming(row)).collect::<Vec<_>>()
    };
    let first = warming(&lane, 0, &records[..10]);
    assert!(!first.is_empty() && first.iter().all(|warming| warming.since.is_none()), "{first:?}");
    let later = warming(&lane, 1, &records[10..300]);
    assert!(later.iter().any(|warming| warming.since.is_some()));
    lane.abort();
    assert!(lane.is_midway(), "an abort forgets the beginning");
    assert!(!warming(&lane, 0, &records[..10]).is_empty());
    let whole = Lane::new(stream::layout(), SETTINGS, 1);
    assert!(warming(&whole, 0, &records[..300]).is_empty());
}
