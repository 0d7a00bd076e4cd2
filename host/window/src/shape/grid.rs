//! The panes that stand in for old events.
//!
//! A window with a resolution has its edges on multiples of it, as soon as they
//! lie so far back that nothing else looks there. Between two such edges events
//! need not be told apart. A pane lies between two multiples of the greatest
//! common divisor of all resolutions, and so never across an edge.

use super::Window;
use super::measure::{Measure, Of, Summary};
use sandgate_model::manifest::Aggregate;

/// How the panes of a family lie, and what each of them must know.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    width: i64,
    closed: bool,
    exact: i64,
    summary: Summary,
    sets: Vec<(u32, Of)>,
}

impl Grid {
    /// The grid of these windows: there is none if no window has a resolution, or
    /// if some have closed edges and some have not, for then both k·r and the
    /// moment before it are edges.
    pub(super) fn of(windows: &[Window]) -> Option<Grid> {
        let resolutions = || windows.iter().filter_map(|window| window.resolution);
        let closed = resolutions().next()?.closed;
        let width = resolutions().fold(0, |width, resolution| greatest_common_divisor(width, resolution.width));
        if width < 1 || resolutions().any(|resolution| resolution.closed != closed) {
            return None;
        }
        let exact = windows.iter().map(|window| window.resolution.map_or(window.reach, |rounded| rounded.delay)).max();
        Some(Grid { width, closed, exact: exact.unwrap_or(0), summary: Summary::new(Vec::new()), sets: Vec::new() })
    }

    /// The same grid, knowing what these windows need.
    pub(super) fn with<'a>(self, measures: &[Measure], windows: impl Iterator<Item = &'a Window> + Clone) -> Grid {
        let mut measures = measures.to_vec();
        windows.clone().filter_map(Window::aside).for_each(|measure| super::add(&mut measures, measure));
        let mut sets = Vec::new();
        for window in windows.filter(|window| window.aggregate == Aggregate::Distinct) {
            let set = (window.class, window.of());
            if !sets.contains(&set) {
                sets.push(set);
            }
        }
        Grid { summary: Summary::new(measures), sets, ..self }
    }

    /// How long a pane is, in milliseconds.
    pub(crate) fn width(&self) -> i64 {
        self.width
    }

    /// How far behind the horizon windows without a resolution, or right edges,
    /// may need single events.
    pub(crate) fn exact(&self) -> i64 {
        self.exact
    }

    /// What is known of a pane.
    pub(crate) fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The classes and values whose different values a pane keeps.
    pub(crate) fn sets(&self) -> &[(u32, Of)] {
        &self.sets
    }

    /// The place of a window's values among the sets.
    pub(super) fn set(&self, window: &Window) -> usize {
        self.sets.iter().position(|set| *set == (window.class, window.of())).unwrap_or(self.sets.len())
    }

    /// The last edge at or before a moment: what is not after it lies in whole panes.
    pub(crate) fn edge(&self, moment: i64) -> i64 {
        let shift = i64::from(self.closed);
        let shifted = moment.saturating_add(shift);
        shifted.saturating_sub(shifted.rem_euclid(self.width)).saturating_sub(shift)
    }

    /// The last moment before the pane that a time lies in.
    pub(crate) fn before(&self, time: i64) -> i64 {
        self.edge(time.saturating_sub(1))
    }
}

fn greatest_common_divisor(mut a: i64, mut b: i64) -> i64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
