//! What the series of one family have in common: the windows that read them, and
//! how an event is laid out.

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
    words: usize,
    texts: u64,
    windows: Vec<Window>,
    reach: i64,
}

impl Shape {
    /// The shape of series whose events have so many `words`; bit i of `texts` is
    /// set where word i is an interned text.
    pub fn new(words: usize, texts: u64, windows: Vec<Window>) -> Shape {
        let reach = windows.iter().map(|window| window.reach).max().unwrap_or(0);
        Shape { words, texts, windows, reach }
    }

    /// The windows, in the order in which [`Shape::new`] was given them.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// How many words an event has.
    pub fn words(&self) -> usize {
        self.words
    }

    /// How far behind a transaction any of the windows can look, in milliseconds.
    pub fn reach(&self) -> i64 {
        self.reach
    }

    /// The interned texts among the words of an event.
    pub(crate) fn texts<'a>(&self, words: &'a [u64]) -> impl Iterator<Item = u64> + 'a {
        let texts = self.texts;
        let is_text = move |at: usize| at < 64 && texts >> at & 1 == 1;
        words.iter().enumerate().filter(move |(at, word)| is_text(*at) && **word != NO_TEXT).map(|(_, word)| *word)
    }
}
