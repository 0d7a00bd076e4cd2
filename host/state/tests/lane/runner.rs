//! Streams through a lane, cut into batches and spread over threads.

use crate::stream::Record;
use sandgate_state::{Answered, Fate, Lane, Late, Pass, Settled};
use std::collections::BTreeMap;
use std::sync::mpsc;
use std::thread;

/// Everything that a lane says of a record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) fate: Fate,
    pub(crate) late: Option<Late>,
    pub(crate) answers: Vec<Answered>,
    /// Of a repeat: what the first one was answered.
    pub(crate) first: Option<Settled>,
    /// The journal's entry.
    pub(crate) entry: Vec<u8>,
}

/// What a record is decided to be; anything that differs from record to record.
pub(crate) fn settled(record: &Record) -> Settled {
    let outcome = if record.entry.judged { (record.entry.offset % 7) as u8 } else { 0 };
    Settled { outcome, generation: record.entry.offset as u32 }
}

/// Whether the lane remembers the id of a record with this fate.
pub(crate) fn is_remembered(fate: Fate) -> bool {
    matches!(fate, Fate::New | Fate::Full)
}

/// Takes one batch through the lane.
pub(crate) fn pass(lane: &Lane, number: u64, records: &[Record]) -> Option<Vec<Seen>> {
    let mut pass = Pass::new(&lane.layout());
    for record in records {
        pass.push(record.entry, &record.cells());
    }
    lane.pass(number, &mut pass).ok()?;
    let seen = records.iter().enumerate().map(|(row, record)| {
        let mut entry = Vec::new();
        pass.record(row, settled(record), &mut entry);
        Seen { fate: pass.fate(row), late: pass.late(row), answers: pass.answers(row).to_vec(), first: None, entry }
    });
    Some(seen.collect())
}

/// What the writer does with a batch that came back: outcomes, then repeats.
pub(crate) fn settle(lane: &Lane, records: &[Record], seen: &mut [Seen]) {
    let remembered = records.iter().zip(&*seen).filter(|(_, seen)| is_remembered(seen.fate));
    let outcomes: Vec<_> = remembered.map(|(record, _)| settled(record)).collect();
    lane.settle(&outcomes);
    for seen in seen {
        if let Fate::Repeat(repeat) = &seen.fate {
            seen.first = lane.first(repeat);
        }
    }
}

/// The whole stream in batches of so many records by so many threads, batch
/// after batch to the next thread; each third batch is committed.
pub(crate) fn run(lane: &Lane, records: &[Record], batch: usize, threads: usize) -> Vec<Seen> {
    let batches: Vec<_> = records.chunks(batch).collect();
    let (sender, receiver) = mpsc::channel();
    let mut all = Vec::new();
    thread::scope(|scope| {
        for first in 0..threads {
            let (sender, batches) = (sender.clone(), &batches);
            scope.spawn(move || {
                for number in (first..batches.len()).step_by(threads) {
                    let seen = pass(lane, number as u64, batches[number]).expect("nobody closes the lane");
                    sender.send((number, seen)).expect("the writer listens");
                }
            });
        }
        drop(sender);
        let (mut waiting, mut next) = (BTreeMap::new(), 0);
        for (number, seen) in receiver {
            waiting.insert(number, seen);
            while let Some(mut seen) = waiting.remove(&next) {
                settle(lane, batches[next], &mut seen);
                all.extend(seen);
                if next % 3 == 2 {
                    lane.commit(next as u64);
                }
                next += 1;
            }
        }
    });
    all
}
