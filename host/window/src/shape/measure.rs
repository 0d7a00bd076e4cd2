//! What a summary says about the events it stands for.

use super::layout::{Column, Layout};

/// What is known of a set of events without looking at them. For each there is a
/// way to join what is known of two neighbouring sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// How many there are.
    Count { class: u32 },
    /// The sum of a word.
    Sum { class: u32, word: usize },
    /// The sum of its squares.
    Squares { class: u32, word: usize },
    /// The least value.
    Least { class: u32, of: Of },
    /// The greatest value.
    Greatest { class: u32, of: Of },
    /// The first, the last, and the longest silence between two.
    Gaps { class: u32 },
    /// The newest one's word.
    Latest { class: u32, word: usize },
}

impl Measure {
    /// How many words it takes up.
    fn width(self) -> usize {
        match self {
            Measure::Count { .. } | Measure::Least { .. } | Measure::Greatest { .. } => 1,
            Measure::Sum { .. } | Measure::Latest { .. } => 2,
            Measure::Gaps { .. } => 3,
            Measure::Squares { .. } => 4,
        }
    }
}

/// A value of an event that has an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// Its time.
    Time,
    /// A word that is a whole number, or only compared for equality.
    Whole(usize),
    /// A word that is a float.
    Number(usize),
}

impl Of {
    /// The value as a whole number with the same order.
    pub(crate) fn key(self, time: i64, words: &[u64]) -> i64 {
        match self {
            Of::Time => time,
            Of::Whole(word) => words[word] as i64,
            Of::Number(word) => Of::number_key(words[word]),
        }
    }

    /// The key of a float; its zero has no sign.
    pub(crate) fn number_key(word: u64) -> i64 {
        let bits = word as i64;
        if bits == i64::MIN { 0 } else { mirrored(bits) }
    }

    /// The float of a key of [`Of::Number`].
    pub(crate) fn number(key: i64) -> f64 {
        f64::from_bits(mirrored(key) as u64)
    }
}

/// The bits of a float as a whole number with the same order, and back: the bits
/// of negative ones count downwards.
fn mirrored(bits: i64) -> i64 {
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

/// The layout of summaries: the time, how many events, and the measures.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    measures: Vec<Measure>,
    layout: Layout,
}

impl Summary {
    pub(crate) fn new(measures: Vec<Measure>) -> Summary {
        let fixed = [Column::TIME.width, Column::TOTAL.width];
        let layout = Layout::new(fixed.into_iter().chain(measures.iter().map(|measure| measure.width())));
        Summary { measures, layout }
    }

    /// Each measure and its column.
    pub(crate) fn measures(&self) -> impl Iterator<Item = (Measure, Column)> {
        self.measures.iter().copied().zip(self.layout.columns().iter().skip(2).copied())
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The column of a measure.
    pub(crate) fn column(&self, wanted: Measure) -> Option<Column> {
        self.measures().find(|(measure, _)| *measure == wanted).map(|(_, column)| column)
    }
}
