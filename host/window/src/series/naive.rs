//! The same answers by scanning everything that ever happened.

use crate::exact::{self, Squares};
use crate::shape::{Answer, Event, Interval, Window};
use sandgate_model::Kind;
use sandgate_model::manifest::Aggregate;

/// All events of a key, none of them ever dropped.
#[derive(Default)]
pub(super) struct Naive {
    events: Vec<(i64, u64, Vec<u64>)>,
}

impl Naive {
    pub(super) fn insert(&mut self, event: Event<'_>) {
        let at = self.events.partition_point(|held| held.0 <= event.time);
        self.events.insert(at, (event.time, event.classes, event.words.to_vec()));
    }

    pub(super) fn remove_newest_at(&mut self, time: i64) {
        let at = self.events.iter().rposition(|held| held.0 == time).unwrap();
        self.events.remove(at);
    }

    pub(super) fn times(&self) -> impl Iterator<Item = i64> {
        self.events.iter().map(|held| held.0)
    }

    pub(super) fn read(&self, window: &Window, inside: Interval, own: Option<Event<'_>>) -> Answer {
        let from = self.events.partition_point(|held| held.0 <= inside.after);
        let mut events: Vec<Event<'_>> = self.events[from..]
            .iter()
            .map(|(time, classes, words)| Event { time: *time, classes: *classes, words })
            .take_while(|event| event.time <= inside.upto)
            .filter(|event| event.classes >> window.class & 1 == 1)
            .collect();
        if let Some(gap) = window.gap {
            let silent = |at: &usize| events.get(at + 1).map_or(inside.upto, |next| next.time) - events[*at].time > gap;
            let start = (0..events.len()).rev().find(silent).map_or(0, |at| at + 1);
            events.drain(..start);
        }
        events.extend(own.filter(|own| own.classes >> window.class & 1 == 1));
        events.sort_by_key(|event| event.time);
        answer(window, &events)
    }
}

fn answer(window: &Window, events: &[Event<'_>]) -> Answer {
    let words = || events.iter().map(|event| event.words[window.operand.unwrap()]);
    let whole = || words().map(|word| word as i64);
    let numbers = || words().map(|word| f64::from_bits(word) + 0.0);
    let is_number = window.kind == Some(Kind::Number);
    let scale = if let Some(Kind::Decimal { scale }) = window.kind { scale } else { 0 };
    let count = events.len() as u64;
    let sum = || whole().map(i128::from).sum::<i128>();
    let integer = |value: Option<i64>| value.map_or(Answer::Empty, |value| Answer::Integer(value.into()));
    let number = |value: Option<f64>| value.map_or(Answer::Empty, Answer::Number);
    match window.aggregate {
        Aggregate::Count => Answer::Integer(count.into()),
        Aggregate::Sum => Answer::Integer(sum()),
        Aggregate::Mean | Aggregate::Deviation if count == 0 => Answer::Empty,
        Aggregate::Mean => Answer::Number(exact::mean(sum(), count, scale)),
        Aggregate::Deviation => {
            let squares = whole().fold(Squares::ZERO, |sum, operand| sum.plus(Squares::of(operand)));
            Answer::Number(exact::deviation(count, sum(), squares, scale))
        }
        Aggregate::Minimum if is_number => number(numbers().min_by(f64::total_cmp)),
        Aggregate::Maximum if is_number => number(numbers().max_by(f64::total_cmp)),
        Aggregate::Minimum => integer(whole().min()),
        Aggregate::Maximum => integer(whole().max()),
        Aggregate::Distinct => {
            let mut different: Vec<_> =
                if is_number { numbers().map(f64::to_bits).collect() } else { words().collect() };
            different.sort_unstable();
            different.dedup();
            Answer::Integer(different.len() as i128)
        }
        Aggregate::FirstSeen => integer(events.first().map(|event| event.time)),
        Aggregate::LastSeen => integer(events.last().map(|event| event.time)),
        Aggregate::Latest => words().next_back().map_or(Answer::Empty, Answer::Word),
    }
}
