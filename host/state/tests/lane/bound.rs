//! The bound on events: refused in the open, and never silently wrong.

use crate::naive::{self, Expected};
use crate::runner;
use crate::stream::{self, SETTINGS};
use sandgate_state::{Answered, Fate, Lane, Pass, Settings};

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
        for (at, (expected, seen)) in expected.iter().zip(&seen).enumerate() {
            let Expected::New { answers, .. } = expected else { continue };
            assert!(matches!(seen.fate, Fate::New | Fate::Full));
            for (window, (expected, seen)) in answers.iter().zip(&seen.answers).enumerate() {
                match seen {
                    Answered::Full => full += 1,
                    Answered::Bad(_) => assert_eq!(*expected, Answered::Full),
                    seen => {
                        exact += 1;
                        assert_eq!(seen, expected, "seed {seed}, window {window} of {:?}", records[at]);
                    }
                }
            }
        }
        let refused = |tenant: u32| {
            let rows = records.iter().zip(&seen);
            rows.filter(|(record, seen)| record.entry.tenant == tenant && seen.fate == Fate::Full).count() as u64
        };
        let report = lane.report();
        for (tenant, report) in (0..).zip(&report.tenants) {
            assert_eq!(report.refused, refused(tenant));
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
