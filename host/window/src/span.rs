//! The edges of a window, seen from a transaction.
//!
//! Whatever its span, a window is an interval `(after, upto]` of whole
//! milliseconds: what reads series knows nothing of calendars. Three rules meet
//! here and must agree to the millisecond: where a window begins and ends
//! ([`Edges::interval`]), how far back a late transaction still sees
//! ([`Edges::clip`]), and how long an event may be needed ([`Edges::reach`]).

mod zones;

#[cfg(test)]
mod tests;

use zones::Calendar;
pub use zones::Zones;

use crate::shape::{Interval, Resolution};
use sandgate_model::manifest::{CalendarUnit, Span};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// The longest length that a span may have: what the manifest allows.
const LENGTH_MAX: i64 = 3_660 * DAY;

/// A span that is ready to be laid at a time: its lengths are sound, so that no
/// time of a transaction makes them overflow.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Edges {
    Sliding { length: i64, delay: i64, closed: bool, resolution: Option<i64> },
    Tumbling { length: i64, offset: i64 },
    Calendar(Calendar),
    Session { gap: i64, longest: i64 },
}

/// Why a span has no edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsound {
    /// A length of it is out of bounds.
    Length,
    /// The bundled database lacks its zone.
    Zone,
}

impl Edges {
    /// The edges of a span.
    pub(crate) fn of(span: &Span) -> Result<Edges, Unsound> {
        let length_of = |length: i64| (1..=LENGTH_MAX).contains(&length);
        let (edges, sound) = match *span {
            Span::Sliding { length, delay, closed, resolution } => (
                Edges::Sliding { length, delay, closed, resolution },
                length_of(length) && (delay == 0 || length_of(delay)) && resolution.is_none_or(length_of),
            ),
            Span::Tumbling { length, offset } => {
                (Edges::Tumbling { length, offset }, length_of(length) && (0..length).contains(&offset))
            }
            Span::Calendar { unit, ref zone } => {
                (Edges::Calendar(Calendar::of(unit, zone).ok_or(Unsound::Zone)?), true)
            }
            Span::Session { gap, longest } => {
                (Edges::Session { gap, longest }, length_of(gap) && length_of(longest) && gap <= longest)
            }
        };
        if sound { Ok(edges) } else { Err(Unsound::Length) }
    }

    /// Which events a transaction at this time sees, as far as edges say it.
    pub(crate) fn interval(&self, time: i64, zones: &mut Zones) -> Interval {
        let (after, upto) = match *self {
            Edges::Sliding { length, delay, closed, resolution } => {
                let upto = time.saturating_sub(delay);
                let left = upto.saturating_sub(length);
                let left = resolution.map_or(left, |width| left.saturating_sub(left.rem_euclid(width)));
                (left.saturating_sub(i64::from(closed)), upto)
            }
            Edges::Tumbling { length, offset } => {
                let into = time.saturating_sub(offset).rem_euclid(length);
                (time.saturating_sub(into).saturating_sub(1), time)
            }
            Edges::Calendar(ref calendar) => (zones.pane(calendar, time).start.saturating_sub(1), time),
            Edges::Session { longest, .. } => (time.saturating_sub(longest), time),
        };
        Interval { after, upto }
    }

    /// What is left of a late transaction's interval: nothing at or before the
    /// window's floor, which is its reach before the horizon. Where panes replace
    /// events, both edges are edges of panes.
    pub(crate) fn clip(&self, interval: Interval, horizon: i64) -> Interval {
        let mut floor = horizon.saturating_sub(self.reach());
        let mut upto = interval.upto;
        if let Some(Resolution { width, closed, .. }) = self.resolution() {
            // an edge of a pane is a multiple of its width, one less where the left edge belongs to it
            let closed = i64::from(closed);
            let into = |time: i64| time.saturating_add(closed).rem_euclid(width);
            floor = floor.saturating_add((width - into(floor)) % width);
            upto = upto.saturating_sub(into(upto));
        }
        let after = interval.after.max(floor);
        Interval { after, upto: upto.max(after) }
    }

    /// How much older than a transaction that is not late an event may be and
    /// still be seen by it, at most.
    pub(crate) fn reach(&self) -> i64 {
        match *self {
            Edges::Sliding { length, delay, closed, resolution } => {
                delay + length + resolution.unwrap_or(0) + i64::from(closed)
            }
            Edges::Tumbling { length, .. } => length,
            // the longest that any zone has made of them: a clock may be set back by a day
            Edges::Calendar(ref calendar) => match calendar.unit() {
                CalendarUnit::Hour => 2 * HOUR,
                CalendarUnit::Day => 2 * DAY,
                CalendarUnit::Week => 8 * DAY,
                CalendarUnit::Month => 32 * DAY,
            },
            Edges::Session { longest, .. } => longest,
        }
    }

    /// The longest silence of a session.
    pub(crate) fn gap(&self) -> Option<i64> {
        match *self {
            Edges::Session { gap, .. } => Some(gap),
            _ => None,
        }
    }

    /// Of which panes its left edge is one.
    pub(crate) fn resolution(&self) -> Option<Resolution> {
        match *self {
            Edges::Sliding { delay, closed, resolution: Some(width), .. } => Some(Resolution { width, closed, delay }),
            _ => None,
        }
    }

    /// Whether it ends at the transaction itself.
    pub(crate) fn covers_itself(&self) -> bool {
        !matches!(self, Edges::Sliding { delay: 1.., .. })
    }
}
