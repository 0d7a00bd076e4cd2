//! The clock of a lane: how far its events have come, told by their own times.
//!
//! It is the highest lower median so far of the last 1,024 times, and unset below
//! 32 of them. A maximum would let one record from the future make all others
//! late; a mean would let it move them a little, forever. A median is moved by
//! half of the records or by none.
//!
//! Sorting the ring anew for each record would cost microseconds. Since the clock
//! never goes back, only times above it can still move it: those are kept sorted,
//! the others are counted. In an orderly stream a time is appended at one end and
//! the clock takes one from the other.

use std::collections::VecDeque;

/// How many times are looked at.
const RING: usize = 1_024;
/// How many there must be before the clock is set.
const LEAST: usize = 32;

/// The clock of a lane. Times are milliseconds since the epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// The last times, oldest first.
    ring: VecDeque<i64>,
    /// Those of the ring above `now`, sorted; all of them while it is unset.
    above: VecDeque<i64>,
    now: Option<i64>,
}

/// The bytes are not an encoded clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not those of a clock")]
pub struct ClockError;

impl Clock {
    /// A clock that has seen nothing.
    pub fn new() -> Clock {
        Clock::default()
    }

    /// What the clock says: no record before the 32nd sets it.
    pub fn now(&self) -> Option<i64> {
        self.now
    }

    /// The time before which a transaction is late, if the clock is set.
    pub fn horizon(&self, lateness: i64) -> Option<i64> {
        self.now.map(|now| now.saturating_sub(lateness))
    }

    /// Appends what [`Clock::decode`] reads: the clock (one byte, 0 for unset or 1,
    /// then 8 bytes), how many times there are (2 bytes), and the times, oldest
    /// first, 8 bytes each; the least significant byte first everywhere.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.now.is_some()));
        out.extend_from_slice(&self.now.unwrap_or(0).to_le_bytes());
        out.extend_from_slice(&(self.ring.len() as u16).to_le_bytes());
        out.extend(self.ring.iter().flat_map(|time| time.to_le_bytes()));
    }

    /// Reads a clock and gives back the bytes behind it.
    ///
    /// # Errors
    /// Where the bytes are not what a clock encodes to: one that is set too early, or too
    /// low for the times behind it, is refused too.
    pub fn decode(bytes: &[u8]) -> Result<(Clock, &[u8]), ClockError> {
        let (set, bytes) = bytes.split_first().ok_or(ClockError)?;
        let (now, bytes) = bytes.split_first_chunk::<8>().ok_or(ClockError)?;
        let (count, bytes) = bytes.split_first_chunk::<2>().ok_or(ClockError)?;
        let count = usize::from(u16::from_le_bytes(*count));
        let (times, rest) = bytes.split_at_checked(count * 8).filter(|_| count <= RING).ok_or(ClockError)?;
        let now = match (set, i64::from_le_bytes(*now)) {
            (0, 0) => None,
            (1, now) => Some(now),
            _ => return Err(ClockError),
        };
        let (times, _) = times.as_chunks::<8>();
        let ring: VecDeque<i64> = times.iter().map(|time| i64::from_le_bytes(*time)).collect();
        let mut above: Vec<i64> = ring.iter().copied().filter(|time| now.is_none_or(|now| *time > now)).collect();
        above.sort_unstable();
        let clock = Clock { ring, above: above.into(), now };
        let settled = clock.median().is_none() && clock.now.is_some() == (count >= LEAST);
        if settled { Ok((clock, rest)) } else { Err(ClockError) }
    }

    /// Takes the time of one more record.
    pub fn push(&mut self, time: i64) {
        if self.ring.len() == RING
            && let Some(oldest) = self.ring.pop_front()
            && self.is_above(oldest)
            && let Ok(place) = self.above.binary_search(&oldest)
        {
            self.above.remove(place);
        }
        self.ring.push_back(time);
        if self.is_above(time) {
            match self.above.back() {
                Some(last) if *last > time => {
                    let place = self.above.partition_point(|above| *above <= time);
                    self.above.insert(place, time);
                }
                _ => self.above.push_back(time),
            }
        }
        self.advance();
    }

    fn is_above(&self, time: i64) -> bool {
        self.now.is_none_or(|now| time > now)
    }

    /// The median of the ring, if it is above the clock.
    fn median(&self) -> Option<i64> {
        if self.ring.len() < LEAST {
            return None;
        }
        let at_or_below = self.ring.len() - self.above.len();
        let place = (self.ring.len() - 1) / 2;
        self.above.get(place.checked_sub(at_or_below)?).copied()
    }

    fn advance(&mut self) {
        let Some(now) = self.median() else { return };
        self.now = Some(now);
        while self.above.front().is_some_and(|time| *time <= now) {
            self.above.pop_front();
        }
    }
}
