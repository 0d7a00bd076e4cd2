//! From a batch to what is asked of Redis, and from what comes back to answers.

use crate::batch::{Batch, Row};
use crate::layout::{Shared, Sharing};
use crate::member::{self, Member, Position};
use sandgate_window::{Cell, Derived, Event, Family, Interval, NO_TEXT, Series, View, Word};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// How far a lane had come in each source before a batch: what lies behind that in
/// its own partition is yet to come. `None`: nobody knows, so nothing is to come.
pub(crate) type Come = Vec<Option<u64>>;

/// A series that a batch touches.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) tenant: u32,
    pub(crate) family: u32,
    /// Its name in Redis.
    pub(crate) name: Vec<u8>,
    /// The rows and their touches, in the order of the lane.
    touches: Vec<(usize, usize)>,
    /// Times and members of the events that the batch adds.
    pub(crate) adds: Vec<(i64, Vec<u8>)>,
    /// What its windows reach; nothing where no row reads it.
    pub(crate) reach: Option<Interval>,
    /// What no window reaches any more.
    pub(crate) floor: Option<i64>,
    pub(crate) ttl: i64,
}

/// What Redis holds of a series.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// Members, the newest first.
    pub(crate) members: Vec<Vec<u8>>,
    /// Where some are missing: windows that reach behind this moment cannot be answered.
    pub(crate) cut: Option<i64>,
}

/// The series that the admitted rows of a batch touch.
pub(crate) fn wanted(batch: &Batch<'_>, partition: u32) -> Vec<Wanted> {
    let mut all: Vec<Wanted> = Vec::new();
    let mut places: HashMap<(u32, u32, &[u8]), usize> = HashMap::new();
    for (number, row) in batch.rows.iter().enumerate().filter(|(_, row)| row.admitted) {
        let Some(tenant) = batch.layout.tenant(row.entry.tenant) else { continue };
        for index in row.touches.clone() {
            let Some(touch) = batch.derived.touches.get(index) else { continue };
            let Some((family, _)) = tenant.family(touch.family) else { continue };
            let floor = row.horizon.map(|horizon| horizon.saturating_sub(family.reach));
            // an event that no window will ever reach is none, for nobody but its own row
            let adds = touch.classes != 0 && floor.is_none_or(|floor| row.entry.time > floor);
            if !adds && !row.entry.judged {
                continue;
            }
            let key = batch.derived.keys.get(touch.key.start as usize..touch.key.end as usize).unwrap_or_default();
            let at = *places.entry((row.entry.tenant, touch.family, key)).or_insert_with(|| {
                all.push(Wanted {
                    tenant: row.entry.tenant,
                    family: touch.family,
                    name: family.naming.name(key),
                    touches: Vec::new(),
                    adds: Vec::new(),
                    reach: None,
                    floor,
                    ttl: family.ttl,
                });
                all.len() - 1
            });
            let Some(series) = all.get_mut(at) else { continue };
            series.touches.push((number, index));
            if adds {
                series.adds.push((row.entry.time, written(batch, row, family, partition)));
            }
            if row.entry.judged {
                series.widen(tenant, family, row, batch.intervals.get(row.windows.clone()).unwrap_or_default());
            }
        }
    }
    all
}

/// The event of a row as a member.
fn written(batch: &Batch<'_>, row: &Row, family: &Shared, partition: u32) -> Vec<u8> {
    let mut member = Vec::with_capacity(64);
    member::put_position(position(batch, row, partition), &mut member);
    let cells = batch.cells.get(row.cells.clone()).unwrap_or_default();
    let stored =
        family.stored.iter().map(|(at, tag, kind)| (*tag, *kind, cells.get(*at).copied().unwrap_or(Cell::Absent)));
    member::put_values(row.entry.time, stored, &mut member);
    member
}

fn position(batch: &Batch<'_>, row: &Row, partition: u32) -> Position {
    let source = batch.layout.sources.get(row.entry.source as usize).copied().unwrap_or_default();
    Position { source, partition, offset: row.entry.offset }
}

impl Wanted {
    /// Has the windows of one more row reach what they cover.
    fn widen(&mut self, tenant: &Sharing, family: &Shared, row: &Row, intervals: &[Interval]) {
        for reader in &family.readers {
            let Some(interval) = intervals.get(reader.declared) else { continue };
            let Interval { after, upto } = tenant.plan.clip(reader.declared, *interval, row.horizon, row.is_late());
            if after < upto {
                let reach = self.reach.get_or_insert(Interval { after, upto });
                (reach.after, reach.upto) = (reach.after.min(after), reach.upto.max(upto));
            }
        }
    }

    /// Answers the windows of all rows that read the series. `None` where it holds
    /// something that is no event.
    pub(crate) fn answer(&self, batch: &mut Batch<'_>, held: &Held, partition: u32, come: &Come) -> Option<()> {
        let layout = Arc::clone(&batch.layout);
        let tenant = layout.tenant(self.tenant)?;
        let (shared, family) = tenant.family(self.family)?;
        let mut built = Built::default();
        let mut previous: Option<Member<'_>> = None;
        let mut cells = vec![Cell::Absent; tenant.width];
        for bytes in held.members.iter().rev() {
            let member = Member::read(bytes)?;
            // the same record, written by hosts with other policies
            if let Some(twin) = previous.filter(|twin| (twin.time, twin.name) == (member.time, member.name)) {
                if twin.weight() >= member.weight() {
                    continue;
                }
                built.forget_last(family);
            }
            previous = Some(member);
            let Some(source) = layout.source(member.position.source) else { continue };
            let own = member.position.partition == partition;
            let to_come = come.get(source).copied().flatten();
            if own && to_come.is_some_and(|offset| member.position.offset >= offset) {
                continue;
            }
            cells.fill(Cell::Absent);
            member.values(|tag| tenant.field(tag), &mut cells)?;
            let mut derived = Derived::default();
            let classes = family.event(source, &cells, &mut derived);
            built.add(family, member.time, member.name, classes, &derived.words);
        }
        for (number, index) in &self.touches {
            self.row(batch, *number, *index, (tenant, shared, family), &mut built, held.cut, partition);
        }
        Some(())
    }

    /// Answers the windows of a row, and adds its event for the rows behind it.
    #[expect(clippy::too_many_arguments, reason = "what a row needs of its batch, its family and its series")]
    fn row(
        &self,
        batch: &mut Batch<'_>,
        number: usize,
        touch: usize,
        (tenant, shared, family): (&Sharing, &Shared, &Family),
        built: &mut Built,
        cut: Option<i64>,
        partition: u32,
    ) {
        let Some((row, touch)) = batch.rows.get(number).zip(batch.derived.touches.get(touch)) else { return };
        let words = batch.derived.words.get(touch.words.start as usize..touch.words.end as usize).unwrap_or_default();
        let words = built.interned(words);
        if row.entry.judged
            && let Some(answers) = batch.answers.get_mut(row.windows.clone())
        {
            let intervals = batch.intervals.get(row.windows.clone()).unwrap_or_default();
            let (late, horizon) = (row.is_late(), row.horizon);
            if let Some(cut) = cut {
                for reader in &shared.readers {
                    let (Some(interval), Some(answer)) =
                        (intervals.get(reader.declared), answers.get_mut(reader.declared))
                    else {
                        continue;
                    };
                    let covered = tenant.plan.clip(reader.declared, *interval, horizon, late);
                    if *answer == sandgate_window::Answered::Absent && covered.after < cut {
                        *answer = sandgate_window::Answered::Full;
                    }
                }
            }
            let event = Event { time: row.entry.time, classes: touch.classes, words: &words };
            let event = Some(event).filter(|event| event.classes != 0);
            let view = View { event, horizon, late, intervals };
            let Built { series, texts, .. } = built;
            let text = |id: u64| texts.get(usize::try_from(id).ok()?).cloned();
            sandgate_window::read(&tenant.plan, &shared.readers, (series, family.shape()), view, answers, text);
        }
        if touch.classes != 0 {
            let mut name = Vec::new();
            member::put_position(position(batch, row, partition), &mut name);
            built.put(family, row.entry.time, &name, touch.classes, &words);
        }
    }
}

/// A series as a batch sees it.
#[derive(Default)]
struct Built {
    series: Series,
    /// Its events, by time and then by position.
    events: Vec<Known>,
    words: Vec<u64>,
    texts: Vec<Arc<str>>,
    ids: HashMap<Arc<str>, u64>,
}

/// An event that is in the series.
struct Known {
    time: i64,
    name: Vec<u8>,
    classes: u64,
    words: Range<usize>,
}

impl Built {
    /// Adds an event that is not before any other.
    fn add(&mut self, family: &Family, time: i64, name: &[u8], classes: u64, words: &[Word<'_>]) {
        let words = self.interned(words);
        self.put(family, time, name, classes, &words);
    }

    /// Takes the event that was added last out again.
    fn forget_last(&mut self, family: &Family) {
        if let Some(last) = self.events.pop()
            && last.classes != 0
        {
            self.series.remove_newest_at(family.shape(), last.time, &mut |_| {});
        }
    }

    /// Adds an event where its time and position say: a series takes those of one
    /// time as they come, so the ones that belong behind it are taken out for a moment.
    fn put(&mut self, family: &Family, time: i64, name: &[u8], classes: u64, words: &[u64]) {
        let shape = family.shape();
        let at = self.events.partition_point(|event| (event.time, &*event.name) < (time, name));
        let behind =
            self.events.iter().skip(at).take_while(|event| event.time == time).filter(|event| event.classes != 0);
        let behind: Vec<_> = behind.map(|event| (event.classes, event.words.clone())).collect();
        for _ in &behind {
            self.series.remove_newest_at(shape, time, &mut |_| {});
        }
        if classes != 0 {
            self.series.insert(shape, Event { time, classes, words });
        }
        for (classes, words) in behind {
            let words = self.words.get(words).unwrap_or_default();
            self.series.insert(shape, Event { time, classes, words });
        }
        let start = self.words.len();
        self.words.extend_from_slice(words);
        let words = start..self.words.len();
        self.events.insert(at, Known { time, name: name.to_vec(), classes, words });
    }

    /// The words of an event, its texts as numbers.
    fn interned(&mut self, words: &[Word<'_>]) -> Vec<u64> {
        let number = |word: &Word<'_>| match word {
            Word::Plain(word) => *word,
            Word::Text(text) => self.ids.get(*text).copied().unwrap_or_else(|| {
                let (text, id): (Arc<str>, u64) = (Arc::from(*text), self.texts.len() as u64);
                debug_assert_ne!(id, NO_TEXT);
                self.texts.push(Arc::clone(&text));
                self.ids.insert(text, id);
                id
            }),
        };
        words.iter().map(number).collect()
    }
}
