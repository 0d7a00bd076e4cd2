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

    /// No time that it looks at is later than this: the highest of them, or the clock.
    /// Nothing while there are none.
    pub fn highest(&self) -> Option<i64> {
        self.above.back().copied().or(self.now)
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

#[cfg(test)]
mod tests {
    use super::{Clock, ClockError, LEAST, RING};
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    /// The definition, word for word.
    #[derive(Default)]
    struct Sorted {
        times: Vec<i64>,
        now: Option<i64>,
    }

    impl Sorted {
        fn push(&mut self, time: i64) {
            self.times.push(time);
            let mut last = self.times[self.times.len().saturating_sub(RING)..].to_vec();
            if last.len() >= LEAST {
                last.sort_unstable();
                self.now = self.now.max(Some(last[(last.len() - 1) / 2]));
            }
        }
    }

    /// Pushes all times, compared with the definition after each; the clock goes
    /// through its bytes now and then.
    fn follow(name: &str, times: impl IntoIterator<Item = i64>) -> Clock {
        let (mut clock, mut sorted) = (Clock::new(), Sorted::default());
        for (at, time) in times.into_iter().enumerate() {
            clock.push(time);
            sorted.push(time);
            assert_eq!(clock.now(), sorted.now, "{name}: after {at}");
            if at % 397 == 0 {
                let mut bytes = Vec::new();
                clock.encode(&mut bytes);
                let (again, rest) = Clock::decode(&bytes).unwrap();
                assert_eq!((&again, rest), (&clock, &[][..]), "{name}: after {at}");
                clock = again;
            }
        }
        clock
    }

    #[test]
    fn it_is_the_highest_median_whatever_the_stream() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let mut below = |most: u64| (random.next_u64() % most) as i64;
        follow("sorted", 0..3_000);
        follow("reversed", (0..3_000).rev());
        follow("equal", std::iter::repeat_n(5, 2_500));
        follow("random", (0..4_000).map(|_| below(1_000_000)).collect::<Vec<_>>());
        follow("few values", (0..4_000).map(|_| below(4)).collect::<Vec<_>>());
        follow("nearly sorted", (0..4_000).map(|at| at * 10 + below(200)).collect::<Vec<_>>());
        follow("extremes", (0..3_000).map(|at| if at % 2 == 0 { i64::MIN } else { i64::MAX }));
        let bursts = (0..6_000).map(|at| if below(9) < at / 1_000 { 1_000_000 + below(50) } else { at });
        follow("future bursts", bursts.collect::<Vec<_>>());
        let back = (0..5_000).map(|at| if at < 2_000 { at } else { at - 1_500 });
        follow("set back for good", back);
    }

    #[test]
    fn it_is_unset_before_the_32nd_time() {
        assert_eq!(follow("31", 0..31).now(), None);
        assert_eq!(follow("32", 0..32).now(), Some(15));
    }

    #[test]
    fn a_record_from_the_future_moves_nothing() {
        let stream = |odd: i64| (0..2_000).map(move |at| if at == 1_500 { odd } else { at });
        let orderly = follow("orderly", stream(1_500));
        assert_eq!(follow("one from the future", stream(i64::MAX)).now(), orderly.now());
        assert_eq!(follow("one from the past", stream(i64::MIN)).now(), Some(orderly.now().unwrap() - 1));
    }

    #[test]
    fn a_burst_from_the_future_moves_it_when_it_is_half_of_the_ring() {
        let burst = |length: i64| (0..2_000).chain((0..length).map(|at| 9_000 + at));
        assert_eq!(follow("half", burst(512)).now(), Some(1_999));
        assert_eq!(follow("one more", burst(513)).now(), Some(9_000));
        assert_eq!(follow("a thousand", burst(1_000)).now(), Some(9_000 + 487));
        let after = burst(1_000).chain(2_000..9_000);
        assert_eq!(follow("and back", after).now(), Some(9_000 + 487), "it never goes back");
    }

    #[test]
    fn the_horizon_is_the_clock_without_the_lateness() {
        let clock = follow("sorted", 0..100);
        assert_eq!(clock.horizon(10), Some(39));
        assert_eq!(follow("lowest", std::iter::repeat_n(i64::MIN, 40)).horizon(10), Some(i64::MIN));
        assert_eq!(Clock::new().horizon(10), None);
    }

    #[test]
    fn bytes_of_a_clock_stay_as_they_are() {
        let mut unset = Vec::new();
        follow("two", [1, -2]).encode(&mut unset);
        let times = [[1, 0, 0, 0, 0, 0, 0, 0], [254, 255, 255, 255, 255, 255, 255, 255]].concat();
        assert_eq!(unset, [vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0], times].concat());
        let mut set = Vec::new();
        follow("equal", std::iter::repeat_n(3, 32)).encode(&mut set);
        assert_eq!(set, [vec![1, 3, 0, 0, 0, 0, 0, 0, 0, 32, 0], [3, 0, 0, 0, 0, 0, 0, 0].repeat(32)].concat());
    }

    #[test]
    fn bytes_that_are_no_clock_are_refused() {
        let mut sound = Vec::new();
        follow("sorted", 0..40).encode(&mut sound);
        let behind = [sound.as_slice(), &[1, 2]].concat();
        assert_eq!(Clock::decode(&behind).map(|(_, rest)| rest), Ok(&[1, 2][..]));
        for cut in 0..sound.len() {
            assert_eq!(Clock::decode(&sound[..cut]), Err(ClockError), "{cut}");
        }
        // (which byte, its new value): no such flag; unset with 40 times; below the median; 32,808 times
        for (at, byte) in [(0, 2), (0, 0), (1, 3), (10, 128)] {
            let mut other = sound.clone();
            other[at] = byte;
            assert_eq!(Clock::decode(&other), Err(ClockError), "{at}");
        }
    }
}
