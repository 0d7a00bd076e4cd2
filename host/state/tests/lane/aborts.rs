//! An abort leaves nothing behind.

use crate::runner::{self, Seen};
use crate::stream::{self, Dice, Record, SETTINGS};
use sandgate_state::{Closed, Lane, Pass, Settings};
use std::thread;

/// The whole stream in batches of random sizes, committed and aborted at random
/// with several batches open.
fn with_aborts(lane: &Lane, records: &[Record], dice: &mut Dice) -> (Vec<Seen>, usize) {
    let mut all: Vec<Seen> = Vec::new();
    let (mut number, mut committed, mut aborts) = (0, 0, 0);
    // the records through each open batch
    let mut open: Vec<usize> = Vec::new();
    while all.len() < records.len() {
        let next = &records[all.len()..];
        let next = &next[..next.len().min(1 + dice.below(60) as usize)];
        let mut seen = runner::pass(lane, number, next).unwrap();
        if !dice.percent(10) {
            runner::settle(lane, next, &mut seen);
        } else {
            // aborted before the writer had it
            lane.abort();
            (number, aborts) = (number - open.len() as u64, aborts + 1);
            open.clear();
            all.truncate(committed);
            continue;
        }
        all.extend(seen);
        open.push(all.len());
        number += 1;
        match dice.below(20) {
            0..5 => {
                let kept = dice.below(open.len() as u64 + 1) as usize;
                if let Some(last) = kept.checked_sub(1) {
                    committed = open[last];
                    open.drain(..kept);
                    lane.commit(number - open.len() as u64 - 1);
                }
            }
            5..7 => {
                lane.abort();
                (number, aborts) = (number - open.len() as u64, aborts + 1);
                open.clear();
                all.truncate(committed);
            }
            _ => {}
        }
    }
    (all, aborts)
}

#[test]
fn a_stream_with_aborts_is_answered_like_one_without() {
    let layout = stream::layout();
    // every other one reaches its bound, and loses events of which some come back
    for (seed, events) in (0..8).zip([SETTINGS.events, 300].into_iter().cycle()) {
        let settings = Settings { events, ..SETTINGS };
        let records = stream::stream(100 + seed, 3_000);
        let undisturbed = Lane::new(layout.clone(), settings, 3);
        let expected = runner::run(&undisturbed, &records, 50, 1);
        let lane = Lane::new(layout.clone(), settings, 3);
        let (seen, aborts) = with_aborts(&lane, &records, &mut Dice::new(seed));
        assert!(aborts > 10, "{aborts} aborts are not many");
        let differs = expected.iter().zip(&seen).position(|(expected, seen)| expected != seen);
        assert_eq!(differs, None, "seed {seed}: {:?}", differs.map(|at| (&records[at], &expected[at], &seen[at])));
    }
}

#[test]
fn an_abort_gives_back_the_memory_of_what_it_takes_back() {
    let layout = stream::layout();
    let records = stream::stream(5, 2_000);
    let (first, second) = records.split_at(1_000);
    let lane = Lane::new(layout.clone(), SETTINGS, 2);
    let mut seen = runner::pass(&lane, 0, first).unwrap();
    runner::settle(&lane, first, &mut seen);
    lane.commit(0);
    let (report, front) = (lane.report(), lane.front());
    assert!(report.tenants[0].families[0].events > 100);
    runner::pass(&lane, 1, second).unwrap();
    assert_ne!(lane.report(), report);
    lane.abort();
    let after = lane.report();
    let counts = |report: &sandgate_state::Report| {
        let families = report.tenants.iter().flat_map(|tenant| &tenant.families);
        let counted: Vec<_> = report.tenants.iter().map(|tenant| tenant.counted).collect();
        (report.clock, report.ids, counted, families.map(|it| (it.series, it.events)).collect::<Vec<_>>())
    };
    assert_eq!(counts(&after), counts(&report));
    assert_eq!(lane.front(), front, "and the committed front never moved");
}

#[test]
fn what_no_window_reaches_is_dropped_once_it_is_committed() {
    let layout = stream::layout();
    let records = stream::stream(6, 12_000);
    let held = |open: Option<u64>| {
        let lane = Lane::new(layout.clone(), SETTINGS, 2);
        for (number, batch) in (0..).zip(records.chunks(50)) {
            let mut seen = runner::pass(&lane, number, batch).unwrap();
            runner::settle(&lane, batch, &mut seen);
            if let Some(through) = open.and_then(|open| number.checked_sub(open)) {
                lane.commit(through);
            }
        }
        let report = lane.report();
        (report.tenants[0].families.iter().map(|family| family.events).sum::<u64>(), report.ids)
    };
    let (kept, ids) = held(None);
    // some batch with a late record is always open in the second run
    for open in [0, 3] {
        let (dropped, few_ids) = held(Some(open));
        assert!(dropped * 3 < kept, "{dropped} of {kept} events are left, {open} batches open");
        assert!(few_ids * 2 < ids && few_ids <= 4 * SETTINGS.ids, "{few_ids} of {ids} ids are left");
    }
}

#[test]
fn batches_under_way_come_back_from_an_abort_and_from_a_close() {
    let layout = stream::layout();
    let records = stream::stream(7, 10);
    let lane = Lane::new(layout.clone(), SETTINGS, 2);
    let waits = |number| {
        let mut pass = Pass::new(&layout);
        pass.push(records[0].entry, &records[0].cells());
        lane.pass(number, &mut pass)
    };
    thread::scope(|scope| {
        let (one, two) = (scope.spawn(|| waits(1)), scope.spawn(|| waits(2)));
        // whether they wait already or are still on their way: nobody brings batch 0
        while !(one.is_finished() && two.is_finished()) {
            lane.abort();
        }
        assert_eq!((one.join().unwrap(), two.join().unwrap()), (Err(Closed), Err(Closed)));
    });
    assert_eq!(waits(0), Ok(()), "the lane goes on");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| waits(2));
        lane.close();
        assert_eq!(waiting.join().unwrap(), Err(Closed));
    });
    assert_eq!(waits(1), Err(Closed), "and ends");
    lane.abort();
    assert_eq!(waits(0), Err(Closed), "for good");
}
