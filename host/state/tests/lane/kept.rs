//! What is kept of a series, for people to look at.

use crate::runner;
use crate::stream::{self, MINUTE, SECOND, SETTINGS};
use sandgate_model::Value;
use sandgate_model::manifest::{Aggregate, Span};
use sandgate_state::{KeptSeries, Lane, Layout};
use sandgate_window::key;
use std::sync::Arc;

#[test]
fn every_event_is_shown_or_counted_among_those_summed_up() {
    let length = 4 * stream::HOUR;
    let coarse = Span::Sliding { length, delay: 0, closed: false, resolution: Some(MINUTE) };
    for (span, sums) in [(stream::sliding(length), false), (coarse, true)] {
        let windows = [stream::window(Aggregate::Count, None, &[0], span)];
        let layout =
            Arc::new(Layout { tenants: vec![stream::tenant("one", &windows)], sources: vec!["payments".into()] });
        let lane = Lane::new(layout, SETTINGS, 2);
        let base = stream::stream(1, 1).remove(0);
        let records: Vec<_> = (0..2_000)
            .map(|at| {
                let mut record = base.clone();
                (record.entry.tenant, record.entry.source, record.entry.judged) = (0, 0, true);
                (record.entry.time, record.entry.offset) = (stream::START + at as i64 * SECOND, at);
                (record.entry.id, record.account) = (stream::id(at), Some("a".to_owned()));
                record
            })
            .collect();
        for (number, batch) in (0..).zip(records.chunks(10)) {
            let mut seen = runner::pass(&lane, number, batch).unwrap();
            runner::settle(&lane, batch, &mut seen);
            lane.commit(number);
        }
        let series = |account| {
            let mut bytes = Vec::new();
            key::push(&mut bytes, Value::Text(account)).unwrap();
            lane.series(0, 0, &bytes)
        };
        let KeptSeries { events, summed_up } = series("a");
        assert_eq!(events.len() as u64 + summed_up, 2_000);
        assert_eq!(summed_up > 500, sums, "{summed_up} events are summed up");
        // those that are shown are the newest
        assert!(events.iter().map(|event| event.time).eq(records[summed_up as usize..].iter().map(|it| it.entry.time)));
        assert_eq!(series("b"), KeptSeries::default());
    }
}
