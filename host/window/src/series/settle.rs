//! Freeing what no window can reach, and summing up what none tells apart.

use super::run::Run;
use super::tree::Node;
use super::{More, Series};
use crate::shape::{Event, Grid, Interval, Shape};

/// How many events a pane must stand for on average, else events take up less
/// than panes would.
const WORTHWHILE: u64 = 4;

impl Series {
    /// Drops events and panes up to the floor, and sums up what lies in whole
    /// panes where nothing needs single events.
    pub(super) fn free(&mut self, shape: &Shape, horizon: i64, freed: &mut dyn FnMut(u64)) {
        let floor = horizon.saturating_sub(shape.reach());
        if self.root.first().is_some_and(|first| first <= floor) {
            self.drop_upto(shape, floor, freed);
        }
        let Some(grid) = shape.grid() else { return };
        if let Some(more) = &mut self.more
            && !more.panes.is_empty()
        {
            let More { runs, panes } = &mut **more;
            panes.drop_upto(grid, floor, freed, &mut |pane, set, key| {
                for run in runs.iter_mut().filter(|run| reads_set(shape, run, set) && run.covers(pane)) {
                    run.leave(key);
                }
            });
            panes.tidy(shape, grid, freed);
        }
        let edge = grid.edge(horizon.saturating_sub(grid.exact()));
        if is_worthwhile(&self.root, grid, edge) {
            self.sum_up(shape, grid, edge, freed);
        }
    }

    fn drop_upto(&mut self, shape: &Shape, floor: i64, freed: &mut dyn FnMut(u64)) {
        let mut runs = self.more.as_deref_mut().map(|more| &mut more.runs);
        self.root.take(shape, floor, true, &mut |event| {
            runs.iter_mut().flat_map(|runs| runs.iter_mut()).for_each(|run| run.hear(shape, event, false));
            shape.texts(event.words).for_each(&mut *freed);
        });
        self.last = self.root.last().unwrap_or(i64::MIN);
    }

    fn sum_up(&mut self, shape: &Shape, grid: &Grid, edge: i64, freed: &mut dyn FnMut(u64)) {
        let More { runs, panes } = &mut **self.more.get_or_insert_default();
        runs.iter_mut().filter(|run| is_cut(shape, grid, run, edge)).for_each(Run::reset);
        self.root.take(shape, edge, false, &mut |event: Event<'_>| {
            let before = grid.before(event.time);
            let pane = Interval { after: before, upto: before.saturating_add(grid.width()) };
            runs.iter_mut().for_each(|run| run.hear(shape, event, false));
            panes.absorb(shape, grid, event, freed, &mut |set, key| {
                for run in runs.iter_mut().filter(|run| reads_set(shape, run, set) && run.covers(pane)) {
                    run.enter(key);
                }
            });
        });
        panes.tidy(shape, grid, freed);
        self.last = self.root.last().unwrap_or(i64::MIN);
    }
}

fn is_worthwhile(events: &Node, grid: &Grid, edge: i64) -> bool {
    let Some(first) = events.first().filter(|first| *first <= edge) else { return false };
    let panes = edge.abs_diff(first) / grid.width().unsigned_abs() + 1;
    events.rank(edge) >= WORTHWHILE.saturating_mul(panes)
}

/// Whether a pane up to the edge would be cut by what a run covers. Such a run has
/// not been asked for long: its edges still lie where there were single events.
fn is_cut(shape: &Shape, grid: &Grid, run: &Run, edge: i64) -> bool {
    let reads_panes = shape.windows().get(run.window).is_some_and(|window| window.resolution.is_some());
    let Interval { after, upto } = run.covered();
    reads_panes && [after, upto].into_iter().any(|moment| moment < edge && grid.edge(moment) != moment)
}

fn reads_set(shape: &Shape, run: &Run, set: usize) -> bool {
    let read = shape.reads().get(run.window);
    let is_paned = shape.windows().get(run.window).is_some_and(|window| window.resolution.is_some());
    is_paned && read.is_some_and(|read| read.set == set)
}
