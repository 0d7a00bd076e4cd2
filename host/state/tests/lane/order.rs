//! The order of the records is all that counts: not the batches, the threads, the
//! shards, nor the other tenants.

use crate::naive;
use crate::runner::{self, Seen};
use crate::stream::{self, Record, SETTINGS};
use sandgate_state::entry;
use sandgate_state::{Answered, Entry, Fate, Lane, Layout, Settings};
use std::sync::Arc;

/// The lane's answers, with each fault of a field as the naive one says it.
fn plain(seen: &Seen) -> Seen {
    let plain = |answer: &Answered| if let Answered::Bad(_) = answer { Answered::Full } else { answer.clone() };
    Seen { answers: seen.answers.iter().map(plain).collect(), ..seen.clone() }
}

#[test]
fn a_lane_says_what_a_naive_recomputation_says() {
    let layout = stream::layout();
    let declared = [stream::windows(), stream::windows().into_iter().take(3).collect()];
    for seed in 0..6 {
        let records = stream::stream(seed, 3_000);
        let expected = naive::expected(&layout, &declared, SETTINGS, &records);
        let seen = runner::run(&Lane::new(layout.clone(), SETTINGS, 4), &records, 64, 2);
        for (at, (expected, seen)) in expected.iter().zip(&seen).enumerate() {
            let record = &records[at];
            assert!(expected.is(&plain(seen)), "seed {seed}, record {at}: {record:?}\n{expected:?}\n{seen:?}");
        }
        let count = |fate: fn(&Seen) -> bool| seen.iter().filter(|seen| fate(seen)).count();
        assert!(count(|seen| matches!(seen.fate, Fate::Repeat(_))) > 50, "there are repeats");
        assert!(count(|seen| matches!(seen.fate, Fate::Reused { .. })) > 10, "and reused ids");
        assert!(count(|seen| seen.late.is_some()) > 50, "and late records");
        for (record, seen) in records.iter().zip(&seen) {
            if let Fate::Repeat(repeat) = seen.fate {
                let first = records.iter().find(|first| first.entry.offset == repeat.offset).unwrap();
                assert_eq!(seen.first, Some(runner::settled(first)), "{record:?} gets the first one's answer");
            }
        }
    }
}

#[test]
fn batches_threads_and_shards_change_nothing() {
    let layout = stream::layout();
    let records = stream::stream(77, 4_000);
    let expected = runner::run(&Lane::new(layout.clone(), SETTINGS, 1), &records, 4_000, 1);
    for batch in [1, 7, 64, 1_000] {
        for threads in [1, 2, 3, 8] {
            for shards in [1, 5] {
                let seen = runner::run(&Lane::new(layout.clone(), SETTINGS, shards), &records, batch, threads);
                let differs = expected.iter().zip(&seen).position(|(expected, seen)| expected != seen);
                assert_eq!(differs, None, "batches of {batch}, {threads} threads, {shards} shards");
            }
        }
    }
}

#[test]
fn what_another_tenant_declares_and_sends_changes_nothing() {
    let records = stream::stream(11, 3_000);
    let other = |mut record: Record| {
        if record.entry.tenant == 1 {
            record.account = Some("always the same".to_owned());
            (record.device, record.amount) = (None, record.amount.map(|amount| amount * 3));
        }
        record
    };
    let changed: Vec<_> = records.iter().cloned().map(other).collect();
    let (few, more) = (stream::layout(), {
        let tenants =
            vec![stream::tenant("first", &stream::windows()), stream::tenant("second", &stream::windows()[4..])];
        Arc::new(Layout { tenants, sources: vec!["payments".into(), "settlements".into()] })
    });
    for events in [1_000_000, 400] {
        let settings = Settings { events, ..SETTINGS };
        let of_first = |layout: &Arc<Layout>, sent| -> Vec<Seen> {
            let seen = runner::run(&Lane::new(layout.clone(), settings, 3), sent, 64, 2);
            seen.into_iter()
                .zip(&records)
                .filter(|(_, record)| record.entry.tenant == 0)
                .map(|(seen, _)| Seen { entry: alone(&seen.entry), ..seen })
                .collect()
        };
        let (expected, seen) = (of_first(&few, &records), of_first(&more, &changed));
        assert!(seen.len() > 2_000);
        assert_eq!(seen.iter().zip(&expected).position(|(seen, expected)| seen != expected), None);
    }
}

/// An entry without what is said before it of the windows of all tenants.
fn alone(mut entry: &[u8]) -> Vec<u8> {
    while entry::change(&mut entry).unwrap().is_some() {}
    entry.to_vec()
}

/// A record of its own account at a time, with an id of its own.
fn record(number: u64, account: &str, time: i64) -> Record {
    let entry = Entry {
        tenant: 0,
        source: 0,
        judged: true,
        time,
        offset: number,
        id: stream::id(number),
        content: stream::id(number),
        composed: false,
    };
    let (account, device) = (Some(account.to_owned()), Some(format!("of {account}")));
    Record { entry, account, device, amount: Some(1), kind: Some("buy") }
}

#[test]
fn a_thousand_records_from_the_future_move_the_clock_only_as_a_majority() {
    // one from the future for each other, or two
    for (future, is_late) in [(1, false), (2, true)] {
        let mut records = Vec::new();
        for second in 0..1_000 {
            let now = stream::START + second * stream::SECOND;
            let far = now + 1_000 * stream::HOUR;
            records.push(record(records.len() as u64, "usual", now));
            for _ in 0..future {
                records.push(record(records.len() as u64, "future", far));
            }
        }
        let seen = runner::run(&Lane::new(stream::layout(), SETTINGS, 2), &records, 64, 2);
        let usual = records.iter().zip(&seen).filter(|(record, _)| record.account.as_deref() == Some("usual"));
        let usual: Vec<_> = usual.map(|(_, seen)| seen).collect();
        assert_eq!(usual.iter().any(|seen| seen.late.is_some()), is_late, "{future} from the future for each");
        // a minute is exact all the same, or as the definition of late has it: the event itself
        let last = usual.last().expect("there are some");
        assert_eq!(last.answers[0], Answered::Integer(if is_late { 1 } else { 60 }));
    }
}

#[test]
fn a_thousand_records_from_the_past_change_nothing_but_their_own_windows() {
    let now = |second: i64| stream::START + second * stream::SECOND;
    let usual: Vec<_> = (0..1_000).map(|second| record(second, "usual", now(second as i64))).collect();
    let alone = runner::run(&Lane::new(stream::layout(), SETTINGS, 2), &usual, 64, 2);
    let mut mixed = Vec::new();
    for (number, usual) in (10_000..).zip(&usual) {
        mixed.push(usual.clone());
        if number >= 10_100 {
            mixed.push(record(number, "past", usual.entry.time - 100 * stream::HOUR));
        }
    }
    let seen = runner::run(&Lane::new(stream::layout(), SETTINGS, 2), &mixed, 64, 2);
    let of = |account: &str| -> Vec<&Seen> {
        let rows = mixed.iter().zip(&seen).filter(|(record, _)| record.account.as_deref() == Some(account));
        rows.map(|(_, seen)| seen).collect()
    };
    for (alone, mixed) in alone.iter().zip(of("usual")) {
        assert_eq!((&alone.answers, alone.late), (&mixed.answers, mixed.late));
    }
    for past in of("past") {
        assert!(past.late.is_some());
        assert_eq!(past.answers[0], Answered::Integer(1), "a very late one sees itself alone");
    }
}
