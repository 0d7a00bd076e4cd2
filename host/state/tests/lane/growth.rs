//! A lane that grows while it goes on: the windows that it had answer as if it had
//! not, and those that it got as if they were asked of later records alone.

use crate::changelog::Log;
use crate::life::{self, Life, Told};
use crate::model::{self, long, on_its_way, short};
use crate::restart::Stored;
use crate::runner;
use crate::stream::{self, Dice, HOUR, MINUTE, Record, SETTINGS};
use sandgate_model::Kind;
use sandgate_state::replay::Restore;
use sandgate_state::{FamilyReport, Fate, GrowthError, Lane, Layout, Pass, Settings, Tenant};
use sandgate_window::Clock;
use std::sync::{Arc, mpsc};
use std::thread;

/// Streams, the bounds that they meet, and where they grow.
fn cases(seeds: std::ops::Range<u64>) -> impl Iterator<Item = (u64, Settings, Vec<Record>, usize)> {
    // early: before the clock has a value; and with the very first record
    let places = [1_200, 700, 9, 0, 1_999, 20];
    seeds
        .zip([1_000_000, 350].into_iter().cycle())
        .zip(places.into_iter().cycle())
        .map(|((seed, events), at)| (seed, Settings { events, ..SETTINGS }, stream::stream(700 + seed, 2_500), at))
}

fn check(seed: u64, settings: Settings, records: &[Record], at: usize, told: &[Told]) {
    let expected = model::expected(settings, records, at);
    assert_eq!(expected.len(), told.len());
    let (mut warm, mut full) = (0, 0);
    for (number, (expected, told)) in expected.iter().zip(told).enumerate() {
        let what = format!("seed {seed}, record {number}, growth at {at}: {:?}", records[number]);
        told.compare(expected, &what);
        warm += told.warming.iter().flatten().count();
        full += usize::from(expected.fate == Fate::Full);
    }
    assert_eq!(warm > 0, at > 0, "{warm} windows were warming; a lane's first windows never are");
    assert_eq!(full > 0, settings.events < 1_000, "{full} records found the lane full");
}

#[test]
fn growth_aborts_kills_and_compactions_change_no_answer() {
    for (seed, settings, records, at) in cases(0..6) {
        let mut store = Stored::default();
        let life = Life { settings, records: &records, at, dice: Dice::new(seed), store: &mut store };
        check(seed, settings, &records, at, &life.live());
    }
}

#[test]
fn growth_and_kills_change_no_answer_where_nothing_is_compacted() {
    for (seed, settings, records, at) in cases(30..34) {
        let mut store: Vec<Vec<u8>> = Vec::new();
        let life = Life { settings, records: &records, at, dice: Dice::new(seed), store: &mut store };
        check(seed, settings, &records, at, &life.live());
    }
}

#[test]
fn growth_and_takeovers_change_no_answer() {
    for (seed, settings, mut records, at) in cases(10..16) {
        // over so long a time that windows leave most of it behind
        let begin = records[0].entry.time;
        records.iter_mut().for_each(|record| record.entry.time = begin + (record.entry.time - begin) * 20);
        let mut store = Log::new(&short());
        let life = Life { settings, records: &records, at, dice: Dice::new(seed), store: &mut store };
        check(seed, settings, &records, at, &life.live());
        assert!(store.deleted > 0);
    }
}

#[test]
fn growth_in_the_middle_of_many_threads_changes_no_answer() {
    for (seed, settings, records, at) in cases(20..24) {
        let (lane, at) = (Lane::new(short(), settings, 3), at / 40 * 40);
        let (short, long, on_its_way, threads) = (short(), long(), on_its_way(), 3);
        let batches: Vec<_> = records.chunks(40).collect();
        let (sender, receiver) = mpsc::channel();
        let mut told: Vec<Option<Vec<Told>>> = vec![None; batches.len()];
        thread::scope(|scope| {
            scope.spawn(|| lane.grow(&long).unwrap());
            for first in 0..threads {
                let (sender, batches, lane) = (sender.clone(), &batches, &lane);
                let (short, long, on_its_way) = (&short, &long, &on_its_way);
                scope.spawn(move || {
                    for number in (first..batches.len()).step_by(threads) {
                        // of those behind the growth some were on their way before it
                        let layout = match number * 40 {
                            from if from < at => short,
                            from if from > at && number % 5 == 0 => on_its_way,
                            _ => long,
                        };
                        let told = life::pass(lane, number as u64, layout, batches[number]).unwrap();
                        sender.send((number, told)).unwrap();
                    }
                });
            }
            drop(sender);
            let mut next = 0;
            for (number, batch) in receiver {
                told[number] = Some(batch);
                while let Some(Some(batch)) = told.get_mut(next) {
                    life::settle(&lane, batches[next], batch);
                    if next % 3 == 2 {
                        lane.commit(next as u64);
                    }
                    next += 1;
                }
            }
        });
        let told: Vec<Told> = told.into_iter().flatten().flatten().collect();
        check(seed, settings, &records, at, &told);
    }
}

#[test]
fn an_aborted_growth_leaves_nothing_behind() {
    let records = stream::stream(7, 1_000);
    let (before, behind) = records.split_at(500);
    let (grown, plain) = (Lane::new(short(), SETTINGS, 2), Lane::new(short(), SETTINGS, 2));
    for lane in [&grown, &plain] {
        let mut told = life::pass(lane, 0, &short(), before).unwrap();
        life::settle(lane, before, &mut told);
        lane.commit(0);
    }
    let front = grown.front();
    grown.grow(&long()).unwrap();
    let told = life::pass(&grown, 1, &long(), behind).unwrap();
    assert!(told.iter().flat_map(|told| &told.warming).flatten().count() > 0);
    grown.abort();
    assert_eq!(grown.front(), front);
    for lane in [&grown, &plain] {
        let mut told = life::pass(lane, 1, &short(), behind).unwrap();
        assert!(told.iter().all(|told| told.warming.iter().all(Option::is_none)));
        life::settle(lane, behind, &mut told);
        lane.commit(1);
    }
    assert_eq!(grown.front(), plain.front());
    for (grown, plain) in grown.report().tenants.iter().zip(&plain.report().tenants) {
        let events = |families: &[FamilyReport]| families.iter().map(|family| family.events).collect::<Vec<_>>();
        let (former, later) = grown.families.split_at(plain.families.len());
        assert_eq!(events(former), events(&plain.families));
        assert!(!later.is_empty() && later.iter().all(|family| family.series == 0), "{later:?}");
    }
}

#[test]
fn what_is_no_growth_is_refused_by_name() {
    let lane = Lane::new(long(), SETTINGS, 1);
    let mut tenants = short().tenants.clone();
    tenants[0].fields = long().tenants[0].fields.clone();
    tenants[0].fields.push(("more".to_owned(), Kind::Flag));
    let more = Arc::new(Layout { tenants, sources: short().sources.clone() });
    for layout in [short(), long(), more.clone()] {
        lane.grow(&layout).unwrap();
        lane.grow(&layout).unwrap();
    }
    assert_eq!(lane.layout().tenants[0].fields.len(), long().tenants[0].fields.len() + 1);
    let longest = lane.layout();
    let changed = |change: fn(&mut Vec<Tenant>, &mut Vec<Arc<str>>)| {
        let mut tenants: Vec<Tenant> = long().tenants.clone();
        let mut sources = long().sources.clone();
        change(&mut tenants, &mut sources);
        lane.grow(&Arc::new(Layout { tenants, sources })).unwrap_err()
    };
    let first: Arc<str> = "first".into();
    assert_eq!(
        changed(|tenants, _| tenants.swap(0, 1)),
        GrowthError::Tenant { known: first.clone(), given: "second".into() }
    );
    assert_eq!(changed(|tenants, _| tenants[0].plan = tenants[1].plan.clone()), GrowthError::Windows(first.clone()));
    assert_eq!(changed(|tenants, _| tenants[0].fields.swap(0, 1)), GrowthError::Fields(first));
    assert_eq!(changed(|_, sources| sources.push("new".into())), GrowthError::Sources);
    assert!(Arc::ptr_eq(&lane.layout(), &longest), "nothing changed");

    let mut tenants = long().tenants.clone();
    tenants.swap(0, 1);
    let mut pass = Pass::new(&Arc::new(Layout { tenants, sources: long().sources.clone() }));
    assert!(lane.pass(0, &mut pass).is_err(), "nor is a batch of such a layout taken");
}

#[test]
fn a_lane_that_has_grown_is_not_restored_with_less() {
    let records = stream::stream(8, 400);
    let lane = Lane::new(short(), SETTINGS, 1);
    let mut entries = Vec::new();
    for (number, (layout, batch)) in (0..).zip([short(), long()].iter().zip(records.chunks(200))) {
        let mut told = life::pass(&lane, number, layout, batch).unwrap();
        life::settle(&lane, batch, &mut told);
        lane.commit(number);
        entries.extend(told.iter().flat_map(|told| told.seen.entry.clone()));
    }
    let shorter = Lane::new(short(), SETTINGS, 1);
    let refused = shorter.restore(1).entries(&entries).unwrap_err().to_string();
    assert!(refused.contains("of tenant first, which has 3 here"), "{refused}");
    let refused = Lane::new(short(), SETTINGS, 1).restore(1).front(&lane.front()).unwrap_err().to_string();
    assert!(refused.contains("windows that tenant first does not have here"), "{refused}");
    let fewer = Layout { tenants: short().tenants.clone(), sources: short().sources.clone() };
    let mut tenants = long().tenants.clone();
    tenants[0].fields.pop();
    let fewer = Arc::new(Layout { tenants, ..fewer });
    let refused = Lane::new(fewer, SETTINGS, 1).restore(1).entries(&entries).unwrap_err().to_string();
    assert!(refused.contains("tenant number 0 with 4 stored fields, and there are 3 here"), "{refused}");
    Lane::new(long(), SETTINGS, 1).restore(1).entries(&entries).unwrap();
}

#[test]
fn a_tenant_may_come_behind_the_others() {
    let one = Arc::new(Layout { tenants: short().tenants[..1].to_vec(), sources: short().sources.clone() });
    let records = stream::stream(9, 800);
    let is_first = |record: &&Record| record.entry.tenant == 0;
    let before: Vec<Record> = records[..400].iter().filter(is_first).cloned().collect();
    let (lane, whole) = (Lane::new(one.clone(), SETTINGS, 2), Lane::new(short(), SETTINGS, 2));
    let mut all = Vec::new();
    for (lane, layout) in [(&lane, &one), (&whole, &short())] {
        let mut entries = Vec::new();
        for (number, batch) in (0..).zip([&before[..], &records[400..]]) {
            let layout = if number == 0 { layout.clone() } else { short() };
            let mut told = life::pass(lane, number, &layout, batch).unwrap();
            life::settle(lane, batch, &mut told);
            lane.commit(number);
            entries.extend(told.iter().flat_map(|told| told.seen.entry.clone()));
            all.push(told.into_iter().map(|told| (told.seen.fate, told.seen.answers)).collect::<Vec<_>>());
        }
        let again = Lane::new(short(), SETTINGS, 1);
        let mut restoring = again.restore(1);
        restoring.entries(&entries).unwrap();
        restoring.finish();
        assert_eq!(again.front(), lane.front());
    }
    assert_eq!((&all[0], &all[1]), (&all[2], &all[3]));
    assert_eq!(lane.size().events, whole.size().events);
}

#[test]
fn a_window_is_warming_until_the_clock_has_passed_its_beginning_by_its_reach() {
    let lane = Lane::new(short(), SETTINGS, 1);
    let base = stream::stream(1, 1).remove(0);
    let mut number = 0;
    let mut at = |time: i64, layout: &Arc<Layout>| {
        let mut record = base.clone();
        (record.entry.tenant, record.entry.source, record.entry.judged) = (0, 0, true);
        (record.entry.time, record.entry.offset, record.entry.id) = (time, number, stream::id(number));
        let told = life::pass(&lane, number, layout, &[record]).unwrap().remove(0);
        lane.settle(&[runner::settled(&base)]);
        lane.commit(number);
        number += 1;
        told.warming
    };
    let (short, long) = (short(), long());
    for second in 0..600 {
        assert!(at(stream::START + second * 1_000, &short).iter().all(Option::is_none));
    }
    // the clock is the lower median, and lies five minutes behind that
    let since = stream::START + 599_000;
    let former = short.tenants[0].plan.places().len();
    let first = at(stream::START + 600_000, &long);
    assert!(first[..former].iter().all(Option::is_none));
    assert_eq!(first[former].unwrap().since, Some(since), "a window of a minute");
    assert_eq!(first[former + 1].unwrap().since, Some(since), "one of an hour");
    let mut warm = Vec::new();
    for passed in 0..7_000 {
        let told = at(stream::START + 601_000 + passed * 10_000, &long);
        warm.push(told.iter().flatten().count());
    }
    assert!(warm.is_sorted_by(|one, next| one >= next) && warm[0] > 0, "one after the other is warm");
    assert_eq!(warm.last(), Some(&0));
    assert!(lane.clock().unwrap() - since > 12 * HOUR + 2 * MINUTE);
}

#[test]
fn windows_begin_again_behind_a_batch_that_lacks_their_fields() {
    let records = stream::stream(11, 1_200);
    let lane = Lane::new(short(), SETTINGS, 2);
    let (mut entries, mut since, mut times) = (Vec::new(), Vec::new(), Clock::new());
    for (number, batch) in (0..).zip(records.chunks(100)) {
        let layout = if number < 4 || number == 7 { short() } else { long() };
        let mut told = life::pass(&lane, number, &layout, batch).unwrap();
        life::settle(&lane, batch, &mut told);
        lane.commit(number);
        entries.extend(told.iter().flat_map(|told| told.seen.entry.clone()));
        // the later windows of the other tenant take no field that is new
        let first = told.iter().zip(batch).filter(|(_, record)| record.entry.tenant == 0);
        let all = first.flat_map(|(told, _)| &told.warming).flatten();
        let said: Vec<_> = all.filter_map(|warming| warming.since).collect();
        assert!(said.is_empty() == (number < 4 || number == 7) && said.is_sorted_by(|one, next| one == next));
        since.extend(said.first().map(|said| (times.highest().unwrap(), *said)));
        let moves = told
            .iter()
            .zip(batch)
            .filter(|(told, record)| record.entry.judged && !matches!(told.seen.fate, Fate::Repeat(_)));
        moves.for_each(|(_, record)| times.push(record.entry.time));

        let again = Lane::new(long(), SETTINGS, 1);
        let mut restoring = again.restore(1);
        restoring.entries(&entries).unwrap();
        restoring.finish();
        assert_eq!(again.front(), lane.front());
    }
    let (first, again) = (since[0], since[3]);
    assert!(first.0 == first.1 && again.0 == again.1 && first.1 < again.1, "{since:?}");
    assert!(since[..3].iter().all(|(_, since)| *since == first.1));
    assert!(since[3..].iter().all(|(_, since)| *since == again.1));
    // what it was not fed is not there: as many events as the lane that is restored holds
    let again = Lane::new(long(), SETTINGS, 2);
    let mut restoring = again.restore(2);
    restoring.entries(&entries).unwrap();
    restoring.finish();
    let counted = |lane: &Lane| lane.report().tenants.iter().map(|tenant| tenant.counted).collect::<Vec<_>>();
    assert_eq!(counted(&again), counted(&lane));
}
