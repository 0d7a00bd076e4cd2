//! The bound on events: refused in the open, and never silently wrong.

use crate::naive::{self, Expected};
use crate::runner;
use crate::stream::{self, SETTINGS};
use sandgate_state::{Answered, Fate, Lane, Layout, Pass, Settings};
use sandgate_window::Interval;

/// How long the panes are by which a window's family counts and loses events.
fn pane(layout: &Layout, tenant: u32, window: usize) -> i64 {
    let plan = &layout.tenants[tenant as usize].plan;
    (plan.families()[plan.places()[window].family].reach() / 64).max(1_000)
}

/// Whether an interval touches the pane of a moment.
fn touches(interval: Interval, time: i64, width: i64) -> bool {
    let pane = time.div_euclid(width);
    interval.after < interval.upto && interval.after < (pane + 1) * width - 1 && pane * width <= interval.upto
}

#[test]
fn a_full_lane_answers_exactly_or_says_that_it_is_full() {
    let layout = stream::layout();
    let declared = [stream::windows(), stream::windows().into_iter().take(3).collect()];
    let (mut full, mut exact) = (0, 0);
    for (seed, events) in (0..5).zip([250, 400, 600, 800, 1_000]) {
        let settings = Settings { events, ..SETTINGS };
        let records = stream::stream(300 + seed, 3_000);
        let expected = naive::expected(&layout, &declared, settings, &records);
        let lane = Lane::new(layout.clone(), settings, 3);
        let seen = runner::run(&lane, &records, 32, 2);
        let mut refused = [Vec::new(), Vec::new()];
        for (at, (expected, seen)) in expected.iter().zip(&seen).enumerate() {
            let Expected::New { answers, intervals, .. } = expected else { continue };
            assert!(matches!(seen.fate, Fate::New | Fate::Full));
            let entry = records[at].entry;
            for (window, (expected, answer)) in answers.iter().zip(&seen.answers).enumerate() {
                match answer {
                    Answered::Full => {
                        full += 1;
                        let width = pane(&layout, entry.tenant, window);
                        let mut before = refused[entry.tenant as usize].iter();
                        let touched = before.any(|time| touches(intervals[window], *time, width));
                        assert!(
                            touched || seen.fate == Fate::Full,
                            "seed {seed}, window {window} of {:?}",
                            records[at]
                        );
                    }
                    Answered::Bad(_) => assert_eq!(*expected, Answered::Full),
                    answer => {
                        exact += 1;
                        assert_eq!(answer, expected, "seed {seed}, window {window} of {:?}", records[at]);
                    }
                }
            }
            if seen.fate == Fate::Full {
                refused[entry.tenant as usize].push(entry.time);
            }
        }
        for (refused, report) in refused.iter().zip(&lane.report().tenants) {
            assert_eq!(report.refused, refused.len() as u64);
            assert!(report.counted <= events, "{} of {events} events", report.counted);
        }
    }
    assert!(full > 1_000 && exact > 1_000, "{full} full, {exact} exact");
}

#[test]
fn a_tenant_is_full_by_its_last_event_and_has_room_again_when_windows_leave() {
    let layout = stream::layout();
    let settings = Settings { events: 9, ..SETTINGS };
    let lane = Lane::new(layout.clone(), settings, 1);
    let base = stream::stream(1, 1).remove(0);
    // each record is an event of three families
    let pass = |number: u64, times: &[i64]| {
        let offset = number * 10_000;
        let records: Vec<_> = (offset..)
            .zip(times)
            .map(|(at, time)| {
                let mut record = base.clone();
                (record.entry.tenant, record.entry.source, record.entry.judged) = (0, 0, true);
                (record.entry.time, record.entry.offset, record.entry.id) = (*time, at, stream::id(at));
                (record.account, record.device) = (Some("a".to_owned()), Some("d".to_owned()));
                (record.amount, record.kind) = (Some(1), Some("buy"));
                record
            })
            .collect();
        let mut pass = Pass::new(&layout);
        for record in &records {
            pass.push(record.entry, &record.cells());
        }
        lane.pass(number, &mut pass).unwrap();
        let fates: Vec<_> = (0..times.len()).map(|row| pass.fate(row)).collect();
        let counts: Vec<_> = (0..times.len()).map(|row| pass.answer(row, 0).clone()).collect();
        (fates, counts, pass.filled().to_vec())
    };
    let start = stream::START;
    let (fates, counts, filled) = pass(0, &[start, start + 1, start + 2, start + 3, start + 4]);
    assert_eq!(fates, [Fate::New, Fate::New, Fate::New, Fate::Full, Fate::Full]);
    let count = Answered::Integer;
    assert_eq!(counts, [count(1), count(2), count(3), Answered::Full, Answered::Full]);
    assert_eq!(filled, [0], "said once, where it begins");

    // 40 hours later nothing reaches those; the clock knows it with the 32nd record
    let later: Vec<_> = (0..30).map(|step| start + 40 * stream::HOUR + step * 2 * stream::MINUTE).collect();
    let (fates, counts, filled) = pass(1, &later);
    assert!(fates[..27].iter().all(|fate| *fate == Fate::Full) && filled.is_empty());
    assert_eq!(counts[26], Answered::Full);
    assert_eq!(fates[27..], [Fate::New; 3]);
    assert_eq!(counts[27], count(1), "what was lost lies behind this minute");
    assert_eq!(lane.report().tenants[0].refused, 29);
}

#[test]
fn a_refused_event_from_the_future_leaves_the_present_exact() {
    let layout = stream::layout();
    let declared = [stream::windows(), Vec::new()];
    // a thousand records of three families fill it
    let settings = Settings { events: 3_000, ..SETTINGS };
    let base = stream::stream(1, 1).remove(0);
    let record = |(at, time): (u64, i64)| {
        let mut record = base.clone();
        (record.entry.tenant, record.entry.source, record.entry.judged) = (0, 0, true);
        (record.entry.time, record.entry.offset, record.entry.id) = (time, at, stream::id(at));
        (record.account, record.device) = (Some("a".to_owned()), Some(format!("d{}", at % 3)));
        (record.amount, record.kind) = (Some(at as i64), Some("buy"));
        record
    };
    let future = stream::START + 75 * 365 * 24 * stream::HOUR;
    let filled = (0..1_000).map(|step| stream::START + step);
    // the clock follows when it has seen as many of these as of those
    let present = (0..2_000).map(|step| stream::START + 40 * stream::HOUR + step * stream::MINUTE);
    let times = filled.chain([future]).chain(present);
    let records: Vec<_> = (0..).zip(times).map(record).collect();
    let lane = Lane::new(layout.clone(), settings, 2);
    let seen = runner::run(&lane, &records, 32, 1);
    let expected = naive::expected(&layout, &declared, settings, &records);
    assert_eq!(seen[1_000].fate, Fate::Full, "the future is refused");
    let last = seen.iter().rposition(|seen| seen.fate == Fate::Full).unwrap();
    // the longest window is an hour of the calendar
    let exact = last + 61..seen.len();
    assert!(last < 1_900 && exact.len() >= 1_000, "{last}");
    for at in exact {
        assert!(expected[at].is(&seen[at]), "record {at}: {:?}", seen[at]);
    }
}
