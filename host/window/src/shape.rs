//! What the series of one family have in common: the windows that read them, how
//! an event is laid out, and what summaries must know so that each window can be
//! answered from them.

mod grid;
mod layout;
mod measure;

pub(crate) use grid::Grid;
pub(crate) use layout::{Column, Layout};
pub(crate) use measure::{Measure, Of, Summary};

use sandgate_model::Kind;
use sandgate_model::manifest::Aggregate;

/// The word of a text operand that an event does not have. It holds nothing, so
/// it is never reported as freed.
pub const NO_TEXT: u64 = u64::MAX;

/// One window over the series of a family.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// What is computed.
    pub aggregate: Aggregate,
    /// Which word of an event it is computed of; `count`, `first_seen` and
    /// `last_seen` have none.
    pub operand: Option<usize>,
    /// The kind of that word.
    pub kind: Option<Kind>,
    /// Which bit of an event's classes says that the event counts, below 64.
    pub class: u32,
    /// Of a session: the longest silence inside it, in milliseconds.
    pub gap: Option<i64>,
    /// Of a window whose left edge is rounded: how.
    pub resolution: Option<Resolution>,
    /// How far behind a transaction the window can look, in milliseconds.
    pub reach: i64,
}

/// What the edges of a window are rounded to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// What the left edge is rounded down to a multiple of, in milliseconds, at least 1.
    pub width: i64,
    /// Whether the left edge itself belongs to the window.
    pub closed: bool,
    /// How far behind the transaction the window ends, in milliseconds.
    pub delay: i64,
}

/// An event of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// When it was, in milliseconds.
    pub time: i64,
    /// Bit c is set where the event is of class c.
    pub classes: u64,
    /// The operands: an integer, the units of a decimal, milliseconds or a flag
    /// as the bits of an `i64`; the bits of an `f64`; the interned id of a text.
    pub words: &'a [u64],
}

/// Which times a window covers: (after, upto], in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The last moment that is too early.
    pub after: i64,
    /// The last moment that counts.
    pub upto: i64,
}

/// What a window says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    /// No event, and an aggregate that has no value then.
    Empty,
    /// `count` and `distinct`; `sum`, in units; the extremes of flags, integers,
    /// decimals and instants; `first_seen` and `last_seen`, in milliseconds.
    Integer(i128),
    /// `mean` and `deviation`, in the operand's natural unit; the extremes of numbers.
    Number(f64),
    /// `latest`: the word of the newest event.
    Word(u64),
}

/// The windows of a family, and what follows from them for each of its series.
#[derive(Clone, Debug)]
pub struct Shape {
    texts: u64,
    windows: Vec<Window>,
    reads: Vec<Read>,
    reach: i64,
    events: Layout,
    summary: Summary,
    grid: Option<Grid>,
}

/// Where a window finds what it needs. A column that it does not need is empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Read {
    /// What the window is computed of.
    pub(crate) of: Of,
    /// How many events of its class there are.
    pub(crate) count: Column,
    /// The sum or the extreme.
    pub(crate) value: Column,
    /// The sum of squares.
    pub(crate) squares: Column,
    /// The silences.
    pub(crate) gaps: Column,
    /// In the summary of a pane: the first or last time, or the latest word.
    pub(crate) aside: Column,
    /// The place of the window's different values among the sets of a pane.
    pub(crate) set: usize,
}

impl Shape {
    /// The shape of series whose events have so many `words`; bit i of `texts` is
    /// set where word i is an interned text. The operands of the windows are below
    /// `words`, their classes below 64.
    pub fn new(words: usize, texts: u64, windows: Vec<Window>) -> Shape {
        let reach = windows.iter().map(|window| window.reach).max().unwrap_or(0);
        let grid = Grid::of(&windows);
        // what panes need too comes first, so that it has the same columns in both
        let mut measures = Vec::new();
        let has_grid = grid.is_some();
        let is_paned = |window: &&Window| has_grid && window.resolution.is_some();
        let paned = windows.iter().filter(is_paned).flat_map(Window::measures);
        paned.for_each(|measure| add(&mut measures, measure));
        let grid = grid.map(|grid| grid.with(&measures, windows.iter().filter(is_paned)));
        windows.iter().flat_map(Window::measures).for_each(|measure| add(&mut measures, measure));
        let summary = Summary::new(measures);
        let reads = windows.iter().map(|window| Read::new(window, &summary, grid.as_ref())).collect();
        Shape { texts, windows, reads, reach, events: Layout::new([1, 1, words]), summary, grid }
    }

    /// The windows, in the order in which [`Shape::new`] was given them.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// How many words an event has.
    pub fn words(&self) -> usize {
        self.word_column().width
    }

    /// How far behind a transaction any of the windows can look, in milliseconds.
    pub fn reach(&self) -> i64 {
        self.reach
    }

    /// Where the windows find what they need, in their order.
    pub(crate) fn reads(&self) -> &[Read] {
        &self.reads
    }

    /// The layout of events: time, classes, words.
    pub(crate) fn events(&self) -> &Layout {
        &self.events
    }

    /// The words of an event.
    pub(crate) fn word_column(&self) -> Column {
        Column { start: 2, width: self.events.width() - 2 }
    }

    /// What is known of the events under a node.
    pub(crate) fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The panes that may stand in for old events.
    pub(crate) fn grid(&self) -> Option<&Grid> {
        self.grid.as_ref()
    }

    /// The interned texts among the words of an event.
    pub(crate) fn texts<'a>(&self, words: &'a [u64]) -> impl Iterator<Item = u64> + use<'a> {
        let texts = self.texts;
        let is_text = move |at: usize| at < 64 && texts >> at & 1 == 1;
        words.iter().enumerate().filter(move |(at, word)| is_text(*at) && **word != NO_TEXT).map(|(_, word)| *word)
    }

    /// Whether a word is an interned text.
    pub(crate) fn is_text(&self, word: usize) -> bool {
        word < 64 && self.texts >> word & 1 == 1
    }

    /// Whether events hold texts.
    pub(crate) fn has_texts(&self) -> bool {
        self.texts != 0
    }
}

impl Window {
    /// What it is computed of.
    pub(crate) fn of(&self) -> Of {
        match (self.operand, self.kind) {
            (Some(word), Some(Kind::Number)) => Of::Number(word),
            (Some(word), _) => Of::Whole(word),
            (None, _) => Of::Time,
        }
    }

    /// What it must know of events without looking at them.
    fn measures(&self) -> impl Iterator<Item = Measure> + use<> {
        let Window { class, operand, .. } = *self;
        let count = Measure::Count { class };
        let sum = operand.map(|word| Measure::Sum { class, word });
        let [value, more] = match self.aggregate {
            Aggregate::Sum | Aggregate::Mean => [sum, None],
            Aggregate::Deviation => [sum, operand.map(|word| Measure::Squares { class, word })],
            Aggregate::Minimum => [Some(Measure::Least { class, of: self.of() }), None],
            Aggregate::Maximum => [Some(Measure::Greatest { class, of: self.of() }), None],
            _ => [None, None],
        };
        let gaps = self.gap.map(|_| Measure::Gaps { class });
        [Some(count), value, more, gaps].into_iter().flatten()
    }

    /// What it must know of a pane besides.
    fn aside(&self) -> Option<Measure> {
        let class = self.class;
        match self.aggregate {
            Aggregate::FirstSeen => Some(Measure::Least { class, of: Of::Time }),
            Aggregate::LastSeen => Some(Measure::Greatest { class, of: Of::Time }),
            Aggregate::Latest => self.operand.map(|word| Measure::Latest { class, word }),
            _ => None,
        }
    }
}

impl Read {
    fn new(window: &Window, summary: &Summary, grid: Option<&Grid>) -> Read {
        let columns: Vec<_> = window.measures().map(|measure| (measure, summary.column(measure))).collect();
        let column = |wanted: fn(&Measure) -> bool| {
            columns.iter().find(|(measure, _)| wanted(measure)).and_then(|(_, column)| *column).unwrap_or_default()
        };
        Read {
            of: window.of(),
            count: column(|measure| matches!(measure, Measure::Count { .. })),
            value: column(|measure| {
                matches!(measure, Measure::Sum { .. } | Measure::Least { .. } | Measure::Greatest { .. })
            }),
            squares: column(|measure| matches!(measure, Measure::Squares { .. })),
            gaps: column(|measure| matches!(measure, Measure::Gaps { .. })),
            aside: grid
                .and_then(|grid| window.aside().and_then(|measure| grid.summary().column(measure)))
                .unwrap_or_default(),
            set: grid.map_or(0, |grid| grid.set(window)),
        }
    }
}

fn add(measures: &mut Vec<Measure>, measure: Measure) {
    if !measures.contains(&measure) {
        measures.push(measure);
    }
}
