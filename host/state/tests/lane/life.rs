//! The life of a lane that grows, with everything that may happen to it.

use crate::changelog::Log;
use crate::model::{Expected, long, on_its_way, short};
use crate::restart::Stored;
use crate::runner::{self, Seen};
use crate::stream::{Dice, Record};
use sandgate_state::replay::Restore as _;
use sandgate_state::{Closed, Fate, Lane, Layout, Pass, Settings, Warming};
use std::sync::Arc;

/// Everything that a lane says of a record.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) seen: Seen,
    /// Of each window of the batch's layout.
    pub(crate) warming: Vec<Option<Warming>>,
    /// Of all of them.
    latest: Option<Warming>,
}

/// What is durable of a lane.
pub(crate) trait Store {
    /// The lane is about to commit these entries.
    fn commit(&mut self, lane: &Lane, entries: &[u8], position: u64, dice: &mut Dice);
    /// It has.
    fn committed(&mut self, lane: &Lane, entries: &[u8], dice: &mut Dice);
    /// Into a lane that is empty.
    fn restored(&mut self, lane: &Lane, dice: &mut Dice);
}

impl Store for Stored {
    fn commit(&mut self, _: &Lane, entries: &[u8], _: u64, _: &mut Dice) {
        self.commits.push(entries.to_vec());
    }

    fn committed(&mut self, lane: &Lane, _: &[u8], dice: &mut Dice) {
        if dice.percent(20) {
            self.compact(lane);
        }
    }

    fn restored(&mut self, lane: &Lane, dice: &mut Dice) {
        Stored::restored(self, lane, 1 + dice.below(3) as usize);
    }
}

/// A journal of which nothing is ever compacted.
impl Store for Vec<Vec<u8>> {
    fn commit(&mut self, _: &Lane, entries: &[u8], _: u64, _: &mut Dice) {
        self.push(entries.to_vec());
    }

    fn committed(&mut self, _: &Lane, _: &[u8], _: &mut Dice) {}

    fn restored(&mut self, lane: &Lane, dice: &mut Dice) {
        let mut restoring = lane.restore(1 + dice.below(3) as usize);
        self.iter().for_each(|entries| assert!(restoring.entries(entries).is_ok()));
        restoring.finish();
    }
}

impl Store for Log {
    fn commit(&mut self, lane: &Lane, entries: &[u8], position: u64, dice: &mut Dice) {
        Log::commit(self, lane, entries, position, dice);
    }

    fn committed(&mut self, lane: &Lane, entries: &[u8], dice: &mut Dice) {
        Log::committed(self, lane, entries, dice);
    }

    fn restored(&mut self, lane: &Lane, _: &mut Dice) {
        self.rebuild(lane);
    }
}

/// Takes one batch of a layout through the lane.
pub(crate) fn pass(lane: &Lane, number: u64, layout: &Arc<Layout>, records: &[Record]) -> Result<Vec<Told>, Closed> {
    let mut pass = Pass::new(layout);
    for record in records {
        let fields = layout.tenants[record.entry.tenant as usize].fields.len();
        pass.push(record.entry, &record.cells()[..fields.min(4)]);
    }
    lane.pass(number, &mut pass)?;
    let told = records.iter().enumerate().map(|(row, record)| {
        let mut entry = Vec::new();
        pass.record(row, runner::settled(record), &mut entry);
        let windows = layout.tenants[record.entry.tenant as usize].plan.places().len();
        let answers = pass.answers(row).iter().take(windows).cloned().collect();
        let seen = Seen { fate: pass.fate(row), late: pass.late(row), answers, first: None, entry };
        let warming = (0..windows).map(|window| pass.warming_of(row, window)).collect();
        Told { seen, warming, latest: pass.warming(row) }
    });
    Ok(told.collect())
}

/// What the writer does with a batch that came back.
pub(crate) fn settle(lane: &Lane, records: &[Record], told: &mut [Told]) {
    let mut seen: Vec<Seen> = told.iter().map(|told| told.seen.clone()).collect();
    runner::settle(lane, records, &mut seen);
    told.iter_mut().zip(seen).for_each(|(told, seen)| told.seen = seen);
}

impl Told {
    /// Panics where it is not what is expected.
    pub(crate) fn compare(&self, expected: &Expected, what: &str) {
        // the numbers of ids differ where some were dropped
        let fate = |fate| match fate {
            Fate::Repeat(repeat) => Fate::Reused { offset: repeat.offset },
            fate => fate,
        };
        assert_eq!((fate(self.seen.fate), self.seen.late), (fate(expected.fate), expected.late), "{what}");
        // a batch that was on its way has the former windows only
        let windows = self.seen.answers.len();
        assert_eq!(self.seen.answers, expected.answers[..windows], "{what}");
        if matches!(self.seen.fate, Fate::New | Fate::Full) && windows > 0 {
            assert_eq!(self.warming, expected.warming[..windows], "{what}");
            let latest = expected.warming.iter().flatten().map(|warming| warming.since.unwrap_or(i64::MAX)).max();
            let told = self.latest.map(|warming| warming.since.unwrap_or(i64::MAX));
            assert!(told == latest || told.is_none() && windows < expected.warming.len(), "{what}: {told:?}");
        }
    }
}

/// A lane's life.
pub(crate) struct Life<'l> {
    pub(crate) settings: Settings,
    pub(crate) records: &'l [Record],
    /// The record that it grows with.
    pub(crate) at: usize,
    pub(crate) dice: Dice,
    pub(crate) store: &'l mut dyn Store,
}

impl Life<'_> {
    /// A lane that knows the longer layout, or the shorter one as long as it can.
    fn lane(&mut self, committed: usize) -> Lane {
        let layout = if committed > self.at || self.dice.percent(50) { long() } else { short() };
        Lane::new(layout, self.settings, 1 + self.dice.below(4) as usize)
    }

    /// The records that come next, and by which layout.
    fn next(&mut self, told: &[Told]) -> (usize, Arc<Layout>) {
        let from = told.len();
        let upto = from + 1 + self.dice.below(60) as usize;
        let before = from < self.at;
        let upto = if before { upto.min(self.at) } else { upto.min(self.records.len()) };
        let grown = told.iter().skip(self.at).any(|told| !told.seen.entry.is_empty());
        match grown && self.dice.percent(15) {
            _ if before => (upto, short()),
            true => (upto, on_its_way()),
            false => (upto, long()),
        }
    }

    /// Lives through all records.
    pub(crate) fn live(mut self) -> Vec<Told> {
        let mut lane = self.lane(0);
        let (mut told, mut number, mut committed): (Vec<Told>, u64, usize) = (Vec::new(), 0, 0);
        // the records through each open batch
        let mut open: Vec<usize> = Vec::new();
        let (mut aborts, mut kills) = (0, 0);
        while committed < self.records.len() {
            if told.len() < self.records.len() {
                let (from, (upto, layout)) = (told.len(), self.next(&told));
                if self.dice.percent(10) {
                    lane.grow(&[short(), long()][self.dice.below(2) as usize]).unwrap();
                }
                let next = &self.records[from..upto];
                let mut batch = pass(&lane, number, &layout, next).unwrap();
                settle(&lane, next, &mut batch);
                told.extend(batch);
                open.push(told.len());
                number += 1;
            }
            match self.dice.below(20) {
                0..6 => {
                    let kept = self.dice.below(open.len() as u64 + 1) as usize;
                    let Some(upto) = kept.checked_sub(1).map(|last| open[last]) else { continue };
                    let entries = told[committed..upto].iter().flat_map(|told| told.seen.entry.clone());
                    let entries: Vec<u8> = entries.collect();
                    self.store.commit(&lane, &entries, upto as u64, &mut self.dice);
                    open.drain(..kept);
                    lane.commit(number - open.len() as u64 - 1);
                    self.store.committed(&lane, &entries, &mut self.dice);
                    committed = upto;
                }
                6 => {
                    lane.abort();
                    (number, aborts) = (number - open.len() as u64, aborts + 1);
                    open.clear();
                    told.truncate(committed);
                }
                7..9 => {
                    let front = lane.front();
                    lane = self.lane(committed);
                    self.store.restored(&lane, &mut self.dice);
                    assert_eq!(lane.front(), front, "the front is the same, byte for byte");
                    (number, kills) = (0, kills + 1);
                    open.clear();
                    told.truncate(committed);
                }
                _ => {}
            }
        }
        assert!(aborts > 2 && kills > 2, "{aborts} aborts and {kills} kills are not many");
        told
    }
}
