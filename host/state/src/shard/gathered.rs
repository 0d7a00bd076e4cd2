//! Events that a restore has gathered and not added yet.
//!
//! Events of a journal come in the order of the lane, so one after the other goes
//! to another series, each somewhere else in memory. Gathered in large numbers
//! and added series by series they find most of it at hand: about twice as quick
//! where series have many events.

use sandgate_window::Event;

/// Events to come, in the order of the lane.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    events: Vec<Single>,
    words: Vec<u64>,
    /// Place of the series and number of the event in one word, to be sorted.
    order: Vec<u64>,
}

#[derive(Debug)]
struct Single {
    place: u32,
    words: u32,
    time: i64,
    classes: u64,
}

impl Gathered {
    /// Adds an event of the series at a place.
    pub(super) fn push(&mut self, place: usize, event: Event<'_>) {
        let words = self.words.len() as u32;
        self.words.extend_from_slice(event.words);
        self.events.push(Single { place: place as u32, words, time: event.time, classes: event.classes });
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// Takes all of them, series by series, those of a series in the order of the lane.
    pub(super) fn drain(&mut self, mut each: impl FnMut(usize, Event<'_>)) {
        let Gathered { events, words, order } = self;
        order.clear();
        order.extend((0..).zip(&*events).map(|(number, event)| u64::from(event.place) << 32 | number));
        order.sort_unstable();
        for number in order.iter().map(|order| (order & u64::from(u32::MAX)) as usize) {
            let Some(event) = events.get(number) else { continue };
            let end = events.get(number + 1).map_or(words.len(), |next| next.words as usize);
            let words = words.get(event.words as usize..end).unwrap_or_default();
            each(event.place as usize, Event { time: event.time, classes: event.classes, words });
        }
        events.clear();
        words.clear();
    }

    /// Gives the memory back.
    pub(super) fn end(&mut self) {
        *self = Gathered::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_series_by_series_in_the_order_of_the_lane() {
        let mut gathered = Gathered::default();
        for (place, time, words) in
            [(7, 1, &[10][..]), (2, 5, &[20, 21]), (7, 1, &[11]), (2, 4, &[22, 23]), (0, 9, &[])]
        {
            gathered.push(place, Event { time, classes: 1, words });
        }
        let mut seen = Vec::new();
        gathered.drain(|place, event| seen.push((place, event.time, event.words.to_vec())));
        let expected = [(0, 9, vec![]), (2, 5, vec![20, 21]), (2, 4, vec![22, 23]), (7, 1, vec![10]), (7, 1, vec![11])];
        assert_eq!(seen, expected);
        assert_eq!(gathered.len(), 0);
    }
}
