//! A lane that gets windows later and is restored with what was before them answers
//! from then on as one that had them from its beginning.

use crate::changelog::Log;
use crate::life::{self, Store, Told};
use crate::restart::Stored;
use crate::stream::{self, Dice, HOUR, JUDGED, MINUTE, OBSERVED, Record, SETTINGS};
use sandgate_model::manifest::Aggregate;
use sandgate_state::{Fate, Lane, Layout, Settings, Tenant};
use sandgate_window::{Declared, Plan};
use std::sync::Arc;

/// What the lane has from its beginning.
fn former(reach: i64) -> Vec<Declared> {
    vec![
        stream::window(Aggregate::Count, None, &[0], stream::sliding(reach)),
        Declared { sources: OBSERVED, ..stream::window(Aggregate::Count, None, &[1], stream::sliding(MINUTE)) },
    ]
}

/// What it gets later: conditions, operands, both sources, all aggregates of the streams.
fn later() -> Vec<Declared> {
    let first = stream::window(Aggregate::FirstSeen, None, &[0, 1], stream::sliding(10 * HOUR));
    let both = Declared { sources: JUDGED | OBSERVED, ..first.clone() };
    stream::windows().into_iter().chain([first, both]).collect()
}

/// Two tenants over so many stored fields, with the later windows or without.
fn layout(fields: usize, grown: bool) -> Arc<Layout> {
    reaching(12 * HOUR, fields, grown)
}

/// The same with windows from the beginning that reach so far.
fn reaching(reach: i64, fields: usize, grown: bool) -> Arc<Layout> {
    let stored: Vec<_> = stream::fields().into_iter().take(fields).collect();
    let kinds: Vec<_> = stored.iter().map(|(_, kind)| *kind).collect();
    let mut plan = Plan::new(&kinds, &former(reach)).unwrap();
    if grown {
        plan = plan.and(&Plan::new(&kinds, &later()).unwrap().backfilled());
    }
    let plan = Arc::new(plan);
    let tenant = |name: &str| Tenant { name: name.into(), plan: plan.clone(), fields: stored.clone() };
    Arc::new(Layout {
        tenants: vec![tenant("first"), tenant("second")],
        sources: vec!["payments".into(), "settlements".into()],
    })
}

/// What becomes of the records, one batch each, in a lane that has all from its beginning.
fn whole(settings: Settings, reach: i64, records: &[Record]) -> Vec<Told> {
    let layout = reaching(reach, 4, true);
    let lane = Lane::new(layout.clone(), settings, 2);
    let each = records.iter().enumerate().map(|(number, record)| {
        let mut told = life::pass(&lane, number as u64, &layout, std::slice::from_ref(record)).unwrap();
        life::settle(&lane, std::slice::from_ref(record), &mut told);
        lane.commit(number as u64);
        told.remove(0)
    });
    each.collect()
}

/// The life of a lane: where it has which layout, and from which record on what was
/// before its windows is there.
struct Course<'c> {
    settings: Settings,
    records: &'c [Record],
    /// The layouts, and up to which record each of them is the lane's.
    stages: Vec<(Arc<Layout>, usize)>,
    dice: Dice,
    store: &'c mut dyn Store,
}

impl Course<'_> {
    /// Lives with aborts, kills and whatever the store does; restores the lane at the
    /// end of each stage and before the last one, so that it is filled there.
    fn live(mut self) -> Vec<Told> {
        let mut told: Vec<Told> = Vec::new();
        let last = self.stages.len() - 1;
        let mut lane = Lane::new(self.stages[0].0.clone(), self.settings, 2);
        let mut number = 0;
        for (stage, (layout, upto)) in self.stages.clone().into_iter().enumerate() {
            if stage == last {
                lane = self.again(&layout);
                number = 0;
                assert!(!lane.is_unfilled());
            }
            while told.len() < upto {
                let many = 1 + self.dice.below(60) as usize;
                let next = &self.records[told.len()..upto.min(told.len() + many)];
                let mut batch = life::pass(&lane, number, &layout, next).unwrap();
                life::settle(&lane, next, &mut batch);
                if self.dice.percent(15) {
                    lane.abort();
                    continue;
                }
                let entries: Vec<u8> = batch.iter().flat_map(|told| told.seen.entry.clone()).collect();
                told.extend(batch);
                self.store.commit(&lane, &entries, told.len() as u64, &mut self.dice);
                lane.commit(number);
                self.store.committed(&lane, &entries, &mut self.dice);
                number += 1;
                // before it is filled it is only filled where the test says so
                if stage == last && self.dice.percent(15) {
                    let front = lane.front();
                    lane = self.again(&layout);
                    number = 0;
                    assert_eq!(lane.front(), front, "the front is the same, byte for byte");
                    assert!(!lane.is_unfilled());
                }
            }
        }
        told
    }

    fn again(&mut self, layout: &Arc<Layout>) -> Lane {
        let lane = Lane::new(layout.clone(), self.settings, 1 + self.dice.below(3) as usize);
        self.store.restored(&lane, &mut self.dice);
        lane
    }
}

fn fate(told: &Told) -> Fate {
    match told.seen.fate {
        Fate::Repeat(repeat) => Fate::Reused { offset: repeat.offset },
        fate => fate,
    }
}

/// Compares all from a record on; answers how many windows were warming, and not.
fn compare(what: &str, from: usize, expected: &[Told], told: &[Told]) -> (usize, usize) {
    let (mut warm, mut known) = (0, 0);
    assert_eq!(expected.len(), told.len());
    for (number, (expected, told)) in expected.iter().zip(told).enumerate().skip(from) {
        assert_eq!((fate(expected), expected.seen.late), (fate(told), told.seen.late), "{what}, record {number}");
        for (window, (expected, answer)) in expected.seen.answers.iter().zip(&told.seen.answers).enumerate() {
            match told.warming[window] {
                Some(_) => warm += 1,
                None => {
                    known += 1;
                    assert_eq!(expected, answer, "{what}, record {number}, window {window}");
                }
            }
        }
    }
    (warm, known)
}

fn stores() -> Vec<(&'static str, Box<dyn Store>)> {
    vec![
        ("journal", Box::new(Vec::<Vec<u8>>::new())),
        ("snapshots", Box::new(Stored::default())),
        ("changelog", Box::new(Log::new(&layout(4, false)))),
    ]
}

#[test]
fn windows_that_came_later_answer_as_if_they_had_always_been_there() {
    for seed in 0..4 {
        let records = stream::stream(1_100 + seed, 2_000);
        let expected = whole(SETTINGS, 12 * HOUR, &records);
        for (name, mut store) in stores() {
            // they came with the restore, or to the lane while it went on
            for live in [false, true] {
                let (short, long) = (layout(4, false), layout(4, true));
                let grown = if live { 900 } else { 700 };
                let stages = vec![(short, 700), (long.clone(), grown), (long, records.len())];
                let (settings, dice) = (SETTINGS, Dice::new(seed));
                let course = Course { settings, records: &records, stages, dice, store: &mut *store };
                let told = course.live();
                let (warm, known) = compare(&format!("seed {seed}, {name}, live {live}"), grown, &expected, &told);
                assert_eq!(warm, 0, "seed {seed}, {name}, live {live}: all of it was kept");
                assert!(known > 1_000);
                store = stores().into_iter().find(|(other, _)| *other == name).unwrap().1;
            }
        }
    }
}

#[test]
fn what_was_not_kept_is_warming_and_all_else_is_exact() {
    let (mut all_warm, mut all_known) = (0, 0);
    for seed in 0..4 {
        let mut records = stream::stream(1_200 + seed, 2_500);
        // over so long a time that windows leave most of it behind
        let begin = records[0].entry.time;
        records.iter_mut().for_each(|record| record.entry.time = begin + (record.entry.time - begin) * 20);
        // a field that some of them ask was not stored; or their time was dropped
        for (reach, fields) in [(12 * HOUR, 3), (HOUR, 4)] {
            let expected = whole(SETTINGS, reach, &records);
            for (name, mut store) in stores() {
                let (short, long) = (reaching(reach, fields, false), reaching(reach, 4, true));
                let stages = vec![(short, 1_000), (long, records.len())];
                let (settings, dice) = (SETTINGS, Dice::new(seed));
                let told = Course { settings, records: &records, stages, dice, store: &mut *store }.live();
                let (warm, known) = compare(&format!("seed {seed}, {name}, reach {reach}"), 1_000, &expected, &told);
                all_warm += warm;
                all_known += known;
            }
        }
    }
    assert!(all_warm > 0 && all_known > all_warm, "{all_warm} warming, {all_known} not");
}
