//! The part of a lane that goes by the order of its records alone: what is a
//! repeat, what is late, what the bound refuses. One batch at a time is here,
//! for a short while; everything that a worker can find out by itself it has
//! found out before.

use super::backfill::Feeding;
use crate::bound::{Bound, Lost};
use crate::entry::{Entry, Journaled, Settled, Standing};
use crate::front::{Front, Step};
use crate::ids::{Ages, Ids, Memory, Pushed, Remembered};
use crate::layout::{Families, FamilyOf, Layout, Settings};
use crate::pass::{Answered, Fate, Mark, Pass, Records, Repeat, Row};
use sandgate_window::{Interval, Touch};
use std::collections::VecDeque;
use std::sync::Arc;

/// The front as the newest batch left it, the ids, and what is open.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) front: Front,
    /// By tenant and source.
    pub(super) ids: Vec<Ids>,
    pub(super) sources: usize,
    memory: Memory,
    events: u64,
    lateness: i64,
    /// Ids that wait for [`crate::Lane::settle`]: their table and number.
    unsettled: VecDeque<(usize, u64)>,
    pub(super) steps: VecDeque<Step>,
    pushed: VecDeque<(usize, Pushed)>,
    open: VecDeque<Batch>,
    /// The layout of a batch that brought nothing new and lacked nothing: the next one
    /// of it is not looked at.
    pub(super) laid: Option<Arc<Layout>>,
}

/// An open batch: how many steps and ids are its own.
#[derive(Debug)]
struct Batch {
    number: u64,
    steps: usize,
    pushed: usize,
}

/// What a batch holds of one row.
struct Part<'p> {
    touches: &'p [Touch],
    marks: &'p mut [Mark],
    intervals: &'p [Interval],
    answers: &'p mut [Answered],
}

impl Order {
    pub(super) fn new(layout: &Layout, settings: Settings) -> Order {
        let sources = layout.sources.len().max(1);
        Order {
            front: Front::new(layout, settings),
            ids: (0..layout.tenants.len() * sources).map(|_| Ids::default()).collect(),
            sources,
            // numbers of ids are kept in 32 bits, so there can be no more than half of that
            memory: Memory { ids: settings.ids.min(u64::from(u32::MAX / 2)), repeats: settings.repeats },
            events: settings.events,
            lateness: settings.lateness,
            unsettled: VecDeque::new(),
            steps: VecDeque::new(),
            pushed: VecDeque::new(),
            open: VecDeque::new(),
            laid: None,
        }
    }

    /// The ids of a tenant and source.
    pub(super) fn table(&self, tenant: u32, source: u32) -> Option<usize> {
        let known = (source as usize) < self.sources;
        known.then(|| tenant as usize * self.sources + source as usize).filter(|table| *table < self.ids.len())
    }

    /// Takes a batch, row by row.
    pub(super) fn pass(&mut self, number: u64, pass: &mut Pass<'_>) {
        let (steps, pushed) = (self.steps.len(), self.pushed.len());
        let Pass { layout, families, records, intervals, answers, filled, grown, warming, .. } = pass;
        let Records { rows, derived, marks } = records;
        for (at, row) in rows.iter_mut().enumerate() {
            let part = Part {
                touches: derived.touches.get(row.touches.clone()).unwrap_or_default(),
                marks: marks.get_mut(row.touches.clone()).unwrap_or_default(),
                intervals: intervals.get(row.windows.clone()).unwrap_or_default(),
                answers: answers.get_mut(row.windows.clone()).unwrap_or_default(),
            };
            let first = self.find(row);
            if row.has_entry() {
                self.begin(at, grown, layout);
            }
            let plan = layout.tenants.get(row.entry.tenant as usize).map(|tenant| &tenant.plan);
            if let Some(plan) = plan.filter(|_| !part.intervals.is_empty()) {
                row.warming = self.warming(at, row, plan, part.intervals, warming);
            }
            if !matches!(row.fate, Fate::Repeat(_)) && self.row(row, part, first, families, layout) {
                filled.push(row.entry.tenant);
            }
        }
        let (steps, pushed) = (self.steps.len() - steps, self.pushed.len() - pushed);
        self.open.push_back(Batch { number, steps, pushed });
    }

    /// Finds out what a row is, but not whether its events are refused; gives back the
    /// number of the newest record of its id.
    fn find(&self, row: &mut Row) -> Option<u64> {
        let entry = row.entry;
        let ages = self.front.ages();
        (row.clock, row.horizon) = (ages.clock, self.front.horizon());
        let table = self.table(entry.tenant, entry.source);
        let ids = table.and_then(|table| self.ids.get(table));
        let newest = ids.and_then(|ids| ids.newest(&entry.id));
        let first = ids.zip(newest).and_then(|(ids, number)| ids.recall(number, self.memory, ages));
        row.fate = match (table, newest, first) {
            // the same offset is the same record, taken again after an abort
            (Some(table), Some(number), Some(first)) if first.offset != entry.offset => {
                if first.content == entry.content {
                    Fate::Repeat(Repeat { offset: first.offset, table, number })
                } else if entry.composed {
                    Fate::New
                } else {
                    Fate::Reused { offset: first.offset }
                }
            }
            _ => Fate::New,
        };
        newest
    }

    /// Takes a row that is no repeat, and says whether it is the first whose events are
    /// refused.
    fn row(
        &mut self,
        row: &mut Row,
        part: Part<'_>,
        newest: Option<u64>,
        families: &Families,
        layout: &Layout,
    ) -> bool {
        let (entry, mut begins) = (row.entry, false);
        if row.fate == Fate::New {
            begins = self.events(row, part, families);
            if let Some(table) = self.table(entry.tenant, entry.source) {
                self.remember(table, &entry, row.clock, newest);
            }
        }
        if entry.judged {
            self.step(Step::Push { time: entry.time }, layout);
        }
        begins
    }

    fn remember(&mut self, table: usize, entry: &Entry, clock: Option<i64>, newest: Option<u64>) {
        let Some(ids) = self.ids.get_mut(table) else { return };
        let pushed = ids.push(Remembered::of(entry, clock, Settled::default()), newest);
        self.pushed.push_back((table, pushed));
        self.unsettled.push_back((table, pushed.number));
    }

    /// Counts the events of a new row, or refuses them all; tells its windows
    /// what the bound has cost them. Says whether the refusals begin here.
    fn events(&mut self, row: &mut Row, part: Part<'_>, families: &Families) -> bool {
        let (tenant, time) = (row.entry.tenant, row.entry.time);
        let Some(bound) = self.front.bound(tenant) else { return false };
        let Part { touches, marks, intervals, answers } = part;
        // an event that no window will ever reach is none, for nobody but its own row
        let lasting = |bound: &Bound, Touch { family, classes, .. }: &Touch| {
            *classes != 0 && bound.feeds(*family) && bound.reaches(*family, time, row.horizon)
        };
        let events = touches.iter().filter(|touch| lasting(bound, touch)).count() as u64;
        let refused = events > 0 && bound.total().saturating_add(events) > self.events;
        if row.entry.judged && (refused || bound.has_lost()) {
            for (touch, mark) in touches.iter().zip(&*marks) {
                if let Some(family) = families.get(mark.family) {
                    tell_lost(row, touch, family, bound.lost(touch.family), refused, intervals, answers);
                }
            }
        }
        let mut begins = false;
        for (touch, mark) in touches.iter().zip(marks) {
            let family = touch.family;
            mark.added = !refused && lasting(bound, touch);
            if mark.added {
                self.steps.push_back(Step::Count { tenant, family, time });
                bound.count(family, time);
            } else if refused && lasting(bound, touch) {
                self.steps.push_back(Step::Lose { tenant, family, time });
                bound.lose(family, time);
            }
        }
        if refused {
            row.fate = Fate::Full;
            self.steps.push_back(Step::Refuse { tenant });
            begins = bound.refuse();
        }
        begins
    }

    /// Takes the entries of a journal, which are the rows of the batch: marks the
    /// events that are to be added, those of the families that `feeding` says by tenant.
    /// `moves`: the front has not seen them yet.
    pub(super) fn restore(
        &mut self,
        entries: impl Iterator<Item = Journaled>,
        moves: bool,
        feeding: &mut [Feeding],
        pass: &mut Pass<'_>,
    ) {
        let Pass { layout, records: Records { rows, derived, marks }, .. } = pass;
        for (journaled, row) in entries.zip(rows) {
            if moves && !self.front.begun {
                self.front.take(Step::Begin, layout);
            }
            let touches = derived.touches.get(row.touches.clone()).unwrap_or_default();
            let marks = marks.get_mut(row.touches.clone()).unwrap_or_default();
            if let Some(feeding) = feeding.get_mut(journaled.entry.tenant as usize) {
                self.restore_events(&journaled, moves, feeding, touches.iter().zip(marks));
            }
            let Journaled { entry, clock, standing, settled } = journaled;
            if standing != Standing::Reused
                && let Some(ids) = self.table(entry.tenant, entry.source).and_then(|table| self.ids.get_mut(table))
            {
                let newest = ids.newest(&entry.id);
                ids.push(Remembered::of(&entry, clock, settled), newest);
                ids.commit();
                ids.expire(self.memory, self.front.ages());
            }
            if moves && entry.judged {
                self.front.take(Step::Push { time: entry.time }, layout);
            }
        }
    }

    fn restore_events<'m>(
        &mut self,
        journaled: &Journaled,
        moves: bool,
        feeding: &mut Feeding,
        touches: impl Iterator<Item = (&'m Touch, &'m mut Mark)>,
    ) {
        let Journaled { entry: Entry { tenant, time, .. }, clock, standing, .. } = *journaled;
        let horizon = clock.map(|clock| clock.saturating_sub(self.lateness));
        let Some(bound) = self.front.bound(tenant) else { return };
        feeding.miss(journaled);
        for (touch, mark) in touches {
            let family = touch.family;
            let is_fed = feeding.feeds(family);
            if !is_fed && touch.classes != 0 && feeding.finds(family, time, horizon, standing) {
                mark.added = standing == Standing::Kept;
                continue;
            }
            let lasting = is_fed && touch.classes != 0 && bound.reaches(family, time, horizon);
            mark.added = lasting && standing == Standing::Kept;
            match standing {
                Standing::Kept if lasting && moves => bound.count(family, time),
                Standing::Refused if lasting && moves => bound.lose(family, time),
                _ => {}
            }
        }
        if moves && standing == Standing::Refused {
            bound.refuse();
        }
    }

    /// Notes what was decided for the next ids, in the order of the lane.
    pub(super) fn settle(&mut self, settled: &[Settled]) {
        for settled in settled {
            let Some((table, number)) = self.unsettled.pop_front() else { return };
            if let Some(ids) = self.ids.get_mut(table) {
                ids.settle(number, *settled);
            }
        }
    }

    /// What the first record of a repeat was answered.
    pub(super) fn first(&self, repeat: &Repeat) -> Option<Settled> {
        Some(self.ids.get(repeat.table)?.get(repeat.number)?.settled)
    }

    /// Closes the batches through this one: their steps are appended to `steps`.
    pub(super) fn commit(&mut self, through: u64, steps: &mut Vec<Step>) {
        while let Some(batch) = self.open.pop_front_if(|batch| batch.number <= through) {
            steps.extend(self.steps.drain(..batch.steps.min(self.steps.len())));
            for (table, _) in self.pushed.drain(..batch.pushed.min(self.pushed.len())) {
                if let Some(ids) = self.ids.get_mut(table) {
                    ids.commit();
                }
            }
        }
    }

    /// Drops the ids that the committed clock has passed.
    pub(super) fn expire(&mut self, committed: Ages) {
        for ids in &mut self.ids {
            ids.expire(self.memory, committed);
        }
    }

    /// Puts the front and the ids back to the last commit.
    pub(super) fn abort(&mut self, committed: &Front) {
        while let Some((table, pushed)) = self.pushed.pop_back() {
            if let Some(ids) = self.ids.get_mut(table) {
                ids.undo(pushed);
            }
        }
        self.front.clone_from(committed);
        self.laid = None;
        self.unsettled.clear();
        self.steps.clear();
        self.open.clear();
    }
}

/// Answers [`Answered::Full`] for the windows that a loss may have made wrong:
/// those that cover a lost time, and those that would count the row itself.
fn tell_lost(
    row: &Row,
    touch: &Touch,
    family: &FamilyOf,
    lost: Option<&Lost>,
    refused: bool,
    intervals: &[Interval],
    answers: &mut [Answered],
) {
    for window in &family.windows {
        let (Some(interval), Some(answer)) = (intervals.get(window.declared), answers.get_mut(window.declared)) else {
            continue;
        };
        let own = refused && window.own && touch.classes & window.class != 0;
        let clipped = || family.plan.clip(window.declared, *interval, row.horizon, row.is_late());
        if *answer == Answered::Absent && (own || lost.is_some_and(|lost| lost.touches(clipped()))) {
            *answer = Answered::Full;
        }
    }
}
