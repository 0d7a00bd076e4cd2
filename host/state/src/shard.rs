//! A share of a lane's series, by the hash of their keys.
//!
//! Batches go through a shard one after the other, and in a batch its touches
//! row by row: so two transactions of one key see each other as the lane's order
//! says, however many threads there are. What no window reaches any more is
//! dropped where a series is touched, and by a sweep over a few others, by the
//! clock of the last commit: an abort has nothing to bring back.

mod key;
mod open;
mod table;
mod values;

pub use values::KeptEvent;

use crate::layout::{Families, FamilyOf};
use crate::pass::{Answered, Fate, Pass, Row};
use crate::texts::Texts;
use open::Open;
use sandgate_window::{Event, Interval, Series, Touch, Word};
use table::Table;
use values::answered;

/// Series that are looked at for each one that is new, whether they are dead as a
/// whole: so those that are dead are never more than a part of those that live.
const LOOKS_FOR_NEW: usize = 4;
/// Touches for which one series is settled that was not touched.
const TOUCHES_SWEPT: u32 = 32;
/// A series is settled where it is touched and the horizon has moved by this part
/// of the family's reach: so much more than is needed may be in memory.
const SETTLED_PART: i64 = 32;

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
    /// Where the series of the running batch were when it began.
    found: Vec<Option<usize>>,
    touched: u32,
}

impl Shard {
    /// Takes a batch's touches of this shard, row by row.
    pub(crate) fn pass(&mut self, number: u64, shard: usize, families: &Families, pass: &mut Pass<'_>) {
        self.open.begin(number);
        self.look_up(shard, families, pass);
        let Pass { rows, derived, marks, intervals, answers, shares, .. } = pass;
        for (at, &touch) in shares.get(shard).into_iter().flatten().enumerate() {
            let hint = self.found.get(at).copied().flatten();
            let (Some(mark), Some(touch)) = (marks.get(touch), derived.touches.get(touch)) else { continue };
            let Some(row) = rows.get(mark.row) else { continue };
            let read = row.entry.judged && matches!(row.fate, Fate::New | Fate::Full);
            if !read && !mark.added {
                continue;
            }
            let number = families.number(row.entry.tenant, touch.family);
            let Some((number, family)) = number.and_then(|number| Some((number, families.get(number)?))) else {
                continue;
            };
            let key = derived.keys.get(touch.key.start as usize..touch.key.end as usize).unwrap_or_default();
            let words = derived.words.get(touch.words.start as usize..touch.words.end as usize).unwrap_or_default();
            let at = self.find(number, mark.hash, key, mark.added, hint, families);
            self.hold(words);
            if read && let Some(answers) = answers.get_mut(row.windows.clone()) {
                let intervals = intervals.get(row.windows.clone()).unwrap_or_default();
                self.read(at, family, row, touch, intervals, answers);
            }
            match at.filter(|_| mark.added) {
                Some(at) => self.add(at, family, row.entry.time, touch.classes),
                None => self.release(words),
            }
        }
    }

    /// Looks all series of a batch up, one right after the other: no look-up needs
    /// the one before, so the processor waits for several of them at once.
    fn look_up(&mut self, shard: usize, families: &Families, pass: &Pass<'_>) {
        let Pass { rows, derived, marks, shares, .. } = pass;
        self.found.clear();
        self.found.extend(shares.get(shard).into_iter().flatten().map(|&touch| {
            let (mark, touch) = (marks.get(touch)?, derived.touches.get(touch)?);
            let number = families.number(rows.get(mark.row)?.entry.tenant, touch.family)?;
            let key = derived.keys.get(touch.key.start as usize..touch.key.end as usize)?;
            self.table.find(number, mark.hash, key)
        }));
    }

    /// Adds the events of journal entries, which nothing takes back.
    pub(crate) fn restore(&mut self, shard: usize, families: &Families, pass: &Pass<'_>, horizon: Option<i64>) {
        self.horizon = horizon;
        self.look_up(shard, families, pass);
        let Pass { rows, derived, marks, shares, .. } = pass;
        for (at, &touch) in shares.get(shard).into_iter().flatten().enumerate() {
            let hint = self.found.get(at).copied().flatten();
            let (Some(mark), Some(touch)) = (marks.get(touch), derived.touches.get(touch)) else { continue };
            let Some(row) = rows.get(mark.row).filter(|_| mark.added) else { continue };
            let number = families.number(row.entry.tenant, touch.family);
            let Some((number, family)) = number.and_then(|number| Some((number, families.get(number)?))) else {
                continue;
            };
            let key = derived.keys.get(touch.key.start as usize..touch.key.end as usize).unwrap_or_default();
            let words = derived.words.get(touch.words.start as usize..touch.words.end as usize).unwrap_or_default();
            if let Some(at) = self.find(number, mark.hash, key, true, hint, families) {
                self.hold(words);
                self.add(at, family, row.entry.time, touch.classes);
            }
        }
    }

    /// The place of a series, made if it is to be. `hint` is where it was.
    fn find(
        &mut self,
        family: usize,
        hash: u64,
        key: &[u8],
        make: bool,
        hint: Option<usize>,
        families: &Families,
    ) -> Option<usize> {
        let found = hint.filter(|at| self.table.is(*at, family, hash, key));
        let found = found.or_else(|| self.table.find(family, hash, key));
        if let Some(at) = found {
            self.settle(at, families, SETTLED_PART);
        }
        self.touched = self.touched.wrapping_add(1);
        if self.touched.is_multiple_of(TOUCHES_SWEPT) {
            let next = self.table.next();
            self.settle(next, families, i64::MAX);
            self.table.drop_if_empty(next);
        }
        // the sweep drops empty series only, and this one may be empty
        let found = found.filter(|at| self.table.is(*at, family, hash, key));
        if found.is_some() || !make {
            return found;
        }
        self.drop_dead(families);
        Some(self.table.make(family, hash, key))
    }

    /// The horizon that may be settled at: not while an event is open that is as
    /// old, since it might have to be taken out again.
    fn safe_horizon(&self) -> Option<i64> {
        self.horizon.filter(|horizon| *horizon < self.open.least())
    }

    /// Frees what no window reaches, if the horizon has moved by this part of the
    /// family's reach since the last time.
    fn settle(&mut self, at: usize, families: &Families, part: i64) {
        let Some(horizon) = self.safe_horizon() else { return };
        let worth = |family| families.get(family).map_or(0, |family| family.reach / part);
        let Some((series, family)) = self.table.to_settle(at, horizon, worth) else { return };
        if let Some(shape) = families.get(family).and_then(FamilyOf::shape) {
            let texts = &mut self.texts;
            series.settle(shape, horizon, &mut |id| texts.release(id));
        }
    }

    /// Looks at the next few series in turn, and drops those of which nothing is left.
    fn drop_dead(&mut self, families: &Families) {
        let Some(horizon) = self.safe_horizon() else { return };
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
        let late = row.is_late();
        for window in &family.windows {
            let (Some(interval), Some(Answered::Absent)) =
                (intervals.get(window.declared), answers.get(window.declared))
            else {
                continue;
            };
            let twin = window.twin.filter(|twin| intervals.get(*twin) == Some(interval));
            let answer = match twin.and_then(|twin| answers.get(twin)) {
                Some(answer) if !matches!(answer, Answered::Bad(_) | Answered::Full) => answer.clone(),
                _ => {
                    let interval = family.plan.clip(window.declared, *interval, row.horizon, late);
                    let answer = series.read(shape, window.window, interval, event.filter(|_| window.own));
                    answered(answer, window, texts)
                }
            };
            if let Some(place) = answers.get_mut(window.declared) {
                *place = answer;
            }
        }
    }

    /// Adds the event whose words were just held.
    fn add(&mut self, at: usize, family: &FamilyOf, time: i64, classes: u64) {
        if let (Some((series, _)), Some(shape)) = (self.table.get_mut(at), family.shape()) {
            series.insert(shape, Event { time, classes, words: &self.words });
            self.table.added(at, time);
            self.open.add(at, time);
        }
    }

    /// Everything through this batch stays, and the clock may drop what it has passed.
    pub(crate) fn commit(&mut self, through: u64, horizon: Option<i64>) {
        self.open.commit(through);
        self.horizon = horizon;
    }

    /// Takes back everything that is open.
    pub(crate) fn abort(&mut self, families: &Families) {
        while let Some((at, time)) = self.open.take_back() {
            let Some((series, family)) = self.table.get_mut(at) else { continue };
            if let Some(shape) = families.get(family).and_then(FamilyOf::shape) {
                let texts = &mut self.texts;
                series.remove_newest_at(shape, time, &mut |id| texts.release(id));
            }
            self.table.drop_if_empty(at);
        }
    }

    /// All series: the number of the family, the bytes of memory, how many events.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        self.table.sizes()
    }

    /// The bytes of memory beside those of [`Shard::sizes`].
    pub(crate) fn own_bytes(&self) -> usize {
        self.table.heap_bytes() + self.texts.heap_bytes()
    }

    /// The events of a series.
    pub(crate) fn events(&self, number: usize, hash: u64, key: &[u8], family: &FamilyOf) -> Vec<KeptEvent> {
        let series = self.table.find(number, hash, key).and_then(|at| self.table.series(at));
        let events = series.into_iter().flat_map(Series::events);
        events.map(|event| KeptEvent::of(event, family, &self.texts)).collect()
    }
}
