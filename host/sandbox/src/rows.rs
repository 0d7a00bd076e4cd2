//! The contract's `rows`: values in columns by kind, built row by row.
//!
//! `wit/policy.wit` describes the layout. The buffers are kept between batches,
//! so a warm host fills them without allocating.

use crate::wire::WireRows;
use sandgate_model::{Instant, Kind, Value};
use std::borrow::Cow;
use std::ops::Range;

/// Rows of values, as they cross the contract.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    count: u32,
    integers: Vec<i64>,
    numbers: Vec<f64>,
    texts: String,
    text_ends: Vec<u32>,
    present: Vec<u64>,
    /// Values pushed so far, which is the index of the next bit.
    values: usize,
}

impl Rows {
    /// No rows.
    pub fn new() -> Rows {
        Rows::default()
    }

    /// Takes all rows out and keeps the buffers.
    pub fn clear(&mut self) {
        self.count = 0;
        self.integers.clear();
        self.numbers.clear();
        self.texts.clear();
        self.text_ends.clear();
        self.present.clear();
        self.values = 0;
    }

    /// How many rows have been ended.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Appends a flag.
    pub fn push_flag(&mut self, flag: bool) {
        self.push_integer(i64::from(flag));
    }

    /// Appends an integer.
    pub fn push_integer(&mut self, integer: i64) {
        self.push_bit(true);
        self.integers.push(integer);
    }

    /// Appends a decimal, in units of the declared scale.
    pub fn push_decimal_units(&mut self, units: i64) {
        self.push_integer(units);
    }

    /// Appends an instant.
    pub fn push_instant(&mut self, instant: Instant) {
        self.push_integer(instant.millis());
    }

    /// Appends a number.
    pub fn push_number(&mut self, number: f64) {
        self.push_bit(true);
        self.numbers.push(number);
    }

    /// Appends a text.
    pub fn push_text(&mut self, text: &str) {
        self.push_bit(true);
        self.texts.push_str(text);
        self.end_text();
    }

    /// Appends a value of any kind; a decimal must be at the declared scale.
    pub fn push(&mut self, value: Value<&str>) {
        self.push_bit(true);
        self.push_element(value);
    }

    /// Keeps the slot of an absent value of this kind.
    pub fn push_absent(&mut self, kind: Kind) {
        self.push_bit(false);
        match kind {
            Kind::Number => self.numbers.push(0.0),
            Kind::Text => self.end_text(),
            Kind::Flag | Kind::Integer | Kind::Decimal { .. } | Kind::Instant => self.integers.push(0),
        }
    }

    /// Appends a list: one value with one bit, its length among the integers,
    /// its elements in their column.
    pub fn push_list(&mut self, elements: &[Value]) {
        // A manifest bounds its lists far below 2^63.
        self.push_integer(elements.len() as i64);
        for element in elements {
            self.push_element(element.borrowed());
        }
    }

    /// Ends the row.
    pub fn end_row(&mut self) {
        self.count += 1;
    }

    fn push_element(&mut self, value: Value<&str>) {
        match value {
            Value::Flag(flag) => self.integers.push(i64::from(flag)),
            Value::Integer(integer) => self.integers.push(integer),
            Value::Number(number) => self.numbers.push(number),
            Value::Decimal(decimal) => self.integers.push(decimal.units),
            Value::Instant(instant) => self.integers.push(instant.millis()),
            Value::Text(text) => {
                self.texts.push_str(text);
                self.end_text();
            }
        }
    }

    fn push_bit(&mut self, set: bool) {
        let bit = self.values % 64;
        if bit == 0 {
            self.present.push(0);
        }
        if let Some(word) = self.present.last_mut() {
            *word |= u64::from(set) << bit;
        }
        self.values += 1;
    }

    fn end_text(&mut self) {
        // Texts of 4 GiB fit into no guest: saturating ends such a batch as a
        // fault of the guest that cannot take it in.
        self.text_ends.push(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
    }

    /// All rows as they cross the contract.
    pub fn whole(&self) -> WireRows<'_> {
        WireRows {
            count: self.count,
            integers: &self.integers,
            numbers: &self.numbers,
            texts: &self.texts,
            text_ends: &self.text_ends,
            present: &self.present,
        }
    }

    /// Some of the rows, as if no others had ever been pushed. Only ends and
    /// bits are copied, and only where not all rows are wanted.
    pub(crate) fn part(&self, rows: Range<u32>, layout: Layout) -> Part<'_> {
        let (from, to) = (rows.start as usize, rows.end as usize);
        let texts = from * layout.texts..to * layout.texts;
        let first_byte = if texts.start == 0 { 0 } else { self.text_ends[texts.start - 1] };
        let last_byte = if texts.end == 0 { 0 } else { self.text_ends[texts.end - 1] };
        let whole = rows == (0..self.count);
        let ends = &self.text_ends[texts];
        Part {
            count: rows.end - rows.start,
            integers: &self.integers[from * layout.integers..to * layout.integers],
            numbers: &self.numbers[from * layout.numbers..to * layout.numbers],
            texts: &self.texts[first_byte as usize..last_byte as usize],
            text_ends: if first_byte == 0 {
                Cow::Borrowed(ends)
            } else {
                ends.iter().map(|end| end - first_byte).collect()
            },
            present: if whole {
                Cow::Borrowed(&self.present)
            } else {
                bits(&self.present, from * layout.values..to * layout.values).into()
            },
        }
    }
}

/// A run of bits moved to the front, the last word padded with zeros.
fn bits(words: &[u64], run: Range<usize>) -> Vec<u64> {
    let bit = |at: usize| words[at / 64] >> (at % 64) & 1;
    let mut moved = vec![0; run.len().div_ceil(64)];
    for (to, from) in run.enumerate() {
        moved[to / 64] |= bit(from) << (to % 64);
    }
    moved
}

/// Some rows of a batch.
pub(crate) struct Part<'a> {
    count: u32,
    integers: &'a [i64],
    numbers: &'a [f64],
    texts: &'a str,
    text_ends: Cow<'a, [u32]>,
    present: Cow<'a, [u64]>,
}

impl Part<'_> {
    pub(crate) fn wire(&self) -> WireRows<'_> {
        WireRows {
            count: self.count,
            integers: self.integers,
            numbers: self.numbers,
            texts: self.texts,
            text_ends: &self.text_ends,
            present: &self.present,
        }
    }
}

/// How many slots of each column a row of inputs has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    integers: usize,
    numbers: usize,
    texts: usize,
    pub(crate) values: usize,
}

impl Layout {
    /// The layout of single values of these kinds.
    pub(crate) fn of(kinds: impl Iterator<Item = Kind>) -> Layout {
        let mut layout = Layout::default();
        for kind in kinds {
            layout.values += 1;
            match kind {
                Kind::Number => layout.numbers += 1,
                Kind::Text => layout.texts += 1,
                Kind::Flag | Kind::Integer | Kind::Decimal { .. } | Kind::Instant => layout.integers += 1,
            }
        }
        layout
    }

    /// Whether rows were built in this layout.
    pub(crate) fn fits(&self, rows: &Rows) -> bool {
        let count = rows.count as usize;
        rows.integers.len() == count * self.integers
            && rows.numbers.len() == count * self.numbers
            && rows.text_ends.len() == count * self.texts
            && rows.values == count * self.values
    }
}

#[cfg(test)]
mod tests {
    use super::{Layout, Rows};
    use sandgate_model::{Instant, Kind, Value};

    const KINDS: [Kind; 4] = [Kind::Integer, Kind::Text, Kind::Number, Kind::Flag];

    /// Row `at` of an endless table in which every seventh value is absent.
    fn push_row(rows: &mut Rows, at: usize) {
        for (index, kind) in KINDS.into_iter().enumerate() {
            match kind {
                _ if (at * KINDS.len() + index) % 7 == 3 => rows.push_absent(kind),
                Kind::Integer => rows.push_integer(at as i64),
                Kind::Text => rows.push_text(&"申".repeat(at % 3)),
                Kind::Number => rows.push_number(at as f64 / 2.0),
                _ => rows.push_flag(at.is_multiple_of(2)),
            }
        }
        rows.end_row();
    }

    #[test]
    fn values_stand_in_columns() {
        let mut rows = Rows::new();
        rows.push_integer(-1);
        rows.push_text("ab");
        rows.push_absent(Kind::Text);
        rows.push_number(0.5);
        rows.push_instant(Instant::from_millis(7).unwrap());
        rows.push_list(&[Value::Text("c".into()), Value::Text("d".into())]);
        rows.push_absent(Kind::Decimal { scale: 2 });
        rows.end_row();
        let wire = rows.whole();
        assert_eq!((wire.count, wire.integers, wire.numbers), (1, &[-1, 7, 2, 0][..], &[0.5][..]));
        assert_eq!((wire.texts, wire.text_ends), ("abcd", &[2, 2, 3, 4][..]));
        assert_eq!(wire.present, [0b011_1011]);
    }

    #[test]
    fn a_part_is_what_its_rows_alone_would_be() {
        let layout = Layout::of(KINDS.into_iter());
        let mut all = Rows::new();
        (0..50).for_each(|at| push_row(&mut all, at));
        assert!(layout.fits(&all));
        for from in 0..50 {
            for to in from + 1..=50 {
                let mut alone = Rows::new();
                (from..to).for_each(|at| push_row(&mut alone, at as usize));
                let part = all.part(from..to, layout);
                let (part, alone) = (part.wire(), alone.whole());
                assert_eq!((part.count, part.integers, part.numbers), (alone.count, alone.integers, alone.numbers));
                assert_eq!((part.texts, part.text_ends), (alone.texts, alone.text_ends), "{from}..{to}");
                assert_eq!(part.present, alone.present, "{from}..{to}");
            }
        }
    }

    #[test]
    fn rows_of_another_layout_are_noticed() {
        let layout = Layout::of(KINDS.into_iter());
        let mut rows = Rows::new();
        push_row(&mut rows, 0);
        assert!(layout.fits(&rows));
        rows.push_integer(1);
        assert!(!layout.fits(&rows));
        rows.clear();
        assert!(layout.fits(&rows));
    }
}
