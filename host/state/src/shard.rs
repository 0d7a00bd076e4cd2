//! A share of a lane's series, by the hash of their keys.
//!
//! Batches go through a shard one after the other, and in a batch its touches
//! row by row: so two transactions of one key see each other as the lane's order
//! says, however many threads there are. What no window reaches any more is
//! dropped where a series is touched, and by a sweep over a few others, by the
//! clock of the last commit: an abort has nothing to bring back.

mod gathered;
mod key;
mod open;
mod table;
mod values;

pub(crate) use table::Name;
pub use values::{KeptEvent, KeptSeries};

use crate::layout::{Families, FamilyOf};
use crate::pass::{Answered, Fate, Pass, Records, Row, Touched};
use crate::texts::Texts;
use gathered::Gathered;
use open::Open;
use sandgate_window::{Event, Interval, Series, Touch, View, Word};
use table::Table;

/// Series that are looked at for each one that is new, whether they are dead as a
/// whole: so those that are dead are never more than a part of those that live.
const LOOKS_FOR_NEW: usize = 4;
/// Touches for which one series is settled that was not touched.
const TOUCHES_SWEPT: u32 = 32;
/// A series is settled where it is touched and the horizon has moved by this part
/// of the family's reach: so much more than is needed may be in memory.
const SETTLED_PART: i64 = 32;

/// Touches whose series are read ahead together: a few hundred cache lines.
const WARMED: usize = 16;

/// Events of a restore that are added together by all shards: about 100 MB of them.
const GATHERED_MAX: usize = 1 << 21;

/// Series and their texts.
#[derive(Debug, Default)]
pub(crate) struct Shard {
    table: Table,
    texts: Texts,
    /// What an abort takes back.
    open: Open,
    /// The clock of the last commit less the lateness.
    horizon: Option<i64>,
    /// Reads what is not there.
    empty: Series,
    words: Vec<u64>,
    /// Where the series of the running batch may be.
    guesses: Vec<Option<usize>>,
    touched: u32,
    /// Of a restore that is under way.
    gathered: Gathered,
}

impl Shard {
    /// Takes a batch's touches of this shard, row by row.
    pub(crate) fn pass(&mut self, number: u64, shard: usize, pass: &mut Pass<'_>) {
        self.open.begin(number);
        // a batch knows all families that it feeds; series of others wait for one that knows them
        let Pass { families, records, intervals, answers, shares, .. } = pass;
        let share = shares.get(shard).map_or(&[][..], Vec::as_slice);
        self.look_up(share, records);
        for (at, touched) in share.iter().enumerate().filter_map(|(at, &touch)| Some((at, records.touched(touch)?))) {
            if at.is_multiple_of(WARMED) {
                self.warm(at..at + WARMED);
            }
            let Touched { row, touch, mark, words, .. } = touched;
            let Some(family) = families.get(mark.family).filter(|_| row.is_read() || mark.added) else { continue };
            let place = self.find(name(touched), mark.added, self.guessed(at), families);
            self.hold(words);
            if row.is_read()
                && let Some(answers) = answers.get_mut(row.windows.clone())
            {
                let intervals = intervals.get(row.windows.clone()).unwrap_or_default();
                self.read(place, family, row, touch, intervals, answers);
            }
            match place.filter(|_| mark.added) {
                Some(place) => self.add(place, family, row.entry.time, touch.classes),
                None => self.release(words),
            }
        }
    }

    /// Looks up the places of all series of a batch: first guesses them all, then
    /// looks at them all. No look needs the one before, so the processor waits for
    /// several at once.
    fn look_up(&mut self, share: &[usize], records: &Records<'_>) {
        let table = &self.table;
        let hash = |touch: &usize| records.marks.get(*touch).map_or(0, |mark| mark.hash);
        self.guesses.clear();
        self.guesses.extend(share.iter().map(|touch| table.guess(hash(touch))));
        for (guess, touch) in self.guesses.iter_mut().zip(share) {
            let touched = records.touched(*touch);
            *guess = guess.filter(|place| touched.is_some_and(|touched| table.is(*place, name(touched))));
        }
    }

    /// Reads the series of the next touches: their cache misses overlap here, and
    /// one after the other they would cost more than all else.
    fn warm(&self, touches: std::ops::Range<usize>) {
        let all = self.guesses.iter().skip(touches.start).take(touches.len());
        let felt = all.flatten().fold(0, |felt, at| felt ^ self.table.warm(*at));
        std::hint::black_box(felt);
    }

    fn guessed(&self, at: usize) -> Option<usize> {
        self.guesses.get(at).copied().flatten()
    }

    /// Takes the events of journal entries, which nothing takes back.
    pub(crate) fn restore(&mut self, shard: usize, pass: &Pass<'_>) {
        let Pass { families, records, shares, .. } = pass;
        let share = shares.get(shard).map_or(&[][..], Vec::as_slice);
        self.look_up(share, records);
        for (at, touched) in share.iter().enumerate().filter_map(|(at, &touch)| Some((at, records.touched(touch)?))) {
            let Touched { row, touch, mark, words, .. } = touched;
            if !mark.added {
                continue;
            }
            // nothing is swept meanwhile: a series may be empty because its events are still to come
            let name = name(touched);
            let found = self.table.find(name, self.guessed(at));
            let place = found.unwrap_or_else(|| self.table.make(name, None));
            self.hold(words);
            let event = Event { time: row.entry.time, classes: touch.classes, words: &self.words };
            self.gathered.push(place, event);
        }
        if self.gathered.len() >= GATHERED_MAX / shares.len().max(1) {
            self.add_gathered(families);
        }
    }

    fn add_gathered(&mut self, families: &Families) {
        let Shard { gathered, table, .. } = self;
        gathered.drain(|place, event| {
            table.added(place, event.time, false);
            if let Some((series, family)) = table.get_mut(place)
                && let Some(shape) = families.get(family).and_then(FamilyOf::shape)
            {
                series.insert(shape, event);
            }
        });
    }

    /// Ends a restore.
    pub(crate) fn restored(&mut self, families: &Families, horizon: Option<i64>) {
        self.add_gathered(families);
        self.gathered.end();
        self.horizon = horizon;
    }

    /// The place of a series, made if it is to be.
    fn find(&mut self, name: Name<'_>, make: bool, guess: Option<usize>, families: &Families) -> Option<usize> {
        let found = self.table.find(name, guess);
        if let Some(place) = found {
            self.settle(place, families, SETTLED_PART);
        }
        self.touched = self.touched.wrapping_add(1);
        if self.touched.is_multiple_of(TOUCHES_SWEPT) {
            let next = self.table.next();
            self.settle(next, families, i64::MAX);
            self.table.drop_if_empty(next);
        }
        // the sweep drops empty series only, and this one may be empty
        let found = found.filter(|place| self.table.is(*place, name));
        if found.is_some() || !make {
            return found;
        }
        self.drop_dead(families);
        Some(self.table.make(name, self.horizon))
    }

    /// Frees what no window reaches, if the horizon has moved by this part of the
    /// family's reach since the last time.
    fn settle(&mut self, at: usize, families: &Families, part: i64) {
        let Some(horizon) = self.horizon.map(|horizon| self.open.safe(horizon)) else { return };
        let worth = |family| families.get(family).map_or(0, |family| family.reach / part);
        let Some((series, family)) = self.table.due(at, horizon, worth) else { return };
        if let Some(shape) = families.get(family).and_then(FamilyOf::shape) {
            let texts = &mut self.texts;
            series.settle(shape, horizon, &mut |id| texts.release(id));
        }
    }

    /// Looks at the next few series in turn, and drops those of which nothing is left.
    fn drop_dead(&mut self, families: &Families) {
        let Some(horizon) = self.horizon.map(|horizon| self.open.safe(horizon)) else { return };
        let floor = |family| families.get(family).map_or(i64::MIN, |family| horizon.saturating_sub(family.reach));
        for _ in 0..LOOKS_FOR_NEW {
            if let Some(dead) = self.table.next_dead(floor) {
                self.settle(dead, families, i64::MAX);
                self.table.drop_if_empty(dead);
            }
        }
    }

    /// The words of an event, each of its texts held once more.
    fn hold(&mut self, words: &[Word<'_>]) {
        self.words.clear();
        let texts = &mut self.texts;
        self.words.extend(words.iter().map(|word| match word {
            Word::Plain(word) => *word,
            Word::Text(text) => texts.hold(text),
        }));
    }

    /// Lets go of the texts that were just held.
    fn release(&mut self, words: &[Word<'_>]) {
        for (word, id) in words.iter().zip(&self.words) {
            if matches!(word, Word::Text(_)) {
                self.texts.release(*id);
            }
        }
    }

    /// Answers the windows of a family for a row, those that are not answered yet.
    fn read(
        &mut self,
        at: Option<usize>,
        family: &FamilyOf,
        row: &Row,
        touch: &Touch,
        intervals: &[Interval],
        answers: &mut [Answered],
    ) {
        let Some(shape) = family.shape() else { return };
        let Shard { table, empty, texts, words, .. } = self;
        let series = at.and_then(|at| table.get_mut(at)).map_or(empty, |(series, _)| series);
        let event = Event { time: row.entry.time, classes: touch.classes, words };
        // the event of a row that was refused is not there, not even for itself
        let event = Some(event).filter(|event| event.classes != 0 && row.fate == Fate::New);
        let view = View { event, horizon: row.horizon, late: row.is_late(), intervals };
        sandgate_window::read(&family.plan, &family.windows, (series, shape), view, answers, |id| {
            texts.get(id).cloned()
        });
    }

    /// Adds the event whose words were just held.
    fn add(&mut self, at: usize, family: &FamilyOf, time: i64, classes: u64) {
        if let (Some((series, _)), Some(shape)) = (self.table.get_mut(at), family.shape()) {
            series.insert(shape, Event { time, classes, words: &self.words });
            let late = self.horizon.is_some_and(|horizon| time <= horizon);
            self.table.added(at, time, late);
            self.open.add(at, time, late);
        }
    }

    /// Everything through this batch stays, and the clock may drop what it has passed.
    pub(crate) fn commit(&mut self, through: u64, horizon: Option<i64>) {
        let Shard { open, table, .. } = self;
        open.commit(through, |at| table.let_go(at));
        self.horizon = horizon;
    }

    /// Takes back everything that is open.
    pub(crate) fn abort(&mut self, families: &Families) {
        let Shard { open, table, texts, .. } = self;
        let mut emptied = Vec::new();
        let taken = |at, time| {
            let Some((series, family)) = table.get_mut(at) else { return };
            if let Some(shape) = families.get(family).and_then(FamilyOf::shape) {
                series.remove_newest_at(shape, time, &mut |id| texts.release(id));
            }
            if series.is_empty() {
                emptied.push(at);
            }
        };
        let mut late = Vec::new();
        open.abort(taken, |at| late.push(at));
        late.into_iter().for_each(|at| table.let_go(at));
        emptied.into_iter().for_each(|at| table.drop_if_empty(at));
    }

    /// All series: the number of the family, the bytes of memory, how many events.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = (u64, usize, usize)> {
        self.table.sizes()
    }

    /// The bytes of memory beside those of [`Shard::sizes`].
    pub(crate) fn own_bytes(&self) -> usize {
        self.table.heap_bytes() + self.texts.heap_bytes()
    }

    /// What is kept of a series; nothing where there is none.
    pub(crate) fn kept(&self, name: Name<'_>, family: &FamilyOf) -> KeptSeries {
        let series = self.table.find(name, None).and_then(|place| self.table.series(place));
        series.map_or_else(KeptSeries::default, |series| KeptSeries {
            events: series.events().map(|event| KeptEvent::of(event, family, &self.texts)).collect(),
            summed_up: series.summed_up(),
        })
    }
}

/// What the series of a touch is called.
fn name<'p>(touched: Touched<'p, '_>) -> Name<'p> {
    Name { family: touched.mark.family, key: touched.key, hash: touched.mark.hash }
}
