//! What a record brings to each series: its key, its classes, its operands.
//!
//! A condition clears the bits of the classes that ask it, all at once, so that a
//! record costs the same however many windows a tenant has, as long as they ask
//! the same things. Nothing is allocated for a record: buffers grow and are reused.
//!
//! **What cannot be read** is a fault only where it is needed. A window is bad for
//! a row if a part of its key cannot be read, or if its event would count but for
//! an operand or a condition that cannot be read. A part that is absent, a source
//! that the window does not read, another condition that fails: each says alone
//! that there is no event, whatever stands in the other fields.

use super::check::{Said, word};
use super::{Cell, Family, Plan};
use crate::key;
use crate::shape::NO_TEXT;
use sandgate_model::{Kind, Value};
use std::ops::Range;

/// What the records of a batch bring to the series of a tenant, end to end.
#[derive(Clone, Debug, Default)]
pub struct Derived<'a> {
    /// The series that are touched, record after record, family after family.
    pub touches: Vec<Touch>,
    /// The bytes of all keys, after [`crate::key`].
    pub keys: Vec<u8>,
    /// The operands of all events.
    pub words: Vec<Word<'a>>,
    /// The windows that records cannot be told, record after record.
    pub bad: Vec<Bad>,
}

/// A record touches a series: it has the whole key of it. It reads the series in
/// any case, and is an event of it if it has a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// The index of the family in [`Plan::families`].
    pub family: u32,
    /// Where the key stands in [`Derived::keys`].
    pub key: Range<u32>,
    /// The classes of the event; 0: the record is no event of the series.
    pub classes: u64,
    /// Where the operands stand in [`Derived::words`], one for each word of the
    /// family's shape; none at all for no event.
    pub words: Range<u32>,
}

/// An operand of an event. One that no class of the event needs is left out,
/// whatever the record says: `Plain(0)`, or `Plain(NO_TEXT)` in place of a text.
/// Nothing reads it, so no text is held for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word<'a> {
    /// An integer, units, milliseconds, 0 or 1, or the bits of a float (never of a negative zero).
    Plain(u64),
    /// A text, which the caller gives a number.
    Text(&'a str),
}

/// A window that cannot be told for a row, because of a field of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bad {
    /// The declared window.
    pub window: usize,
    /// The field.
    pub field: usize,
    /// What is wrong with it.
    pub why: Why,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It cannot be read as its kind.
    Misread,
    /// It is a text of more than [`key::TEXT_BYTES_MAX`] bytes.
    TooLong {
        /// How long it is.
        bytes: usize,
    },
}

/// A key that cannot be had.
enum Broken {
    Absent,
    Bad(usize, Why),
}

impl Derived<'_> {
    /// Forgets all records and keeps the room that they took.
    pub fn clear(&mut self) {
        self.touches.clear();
        self.keys.clear();
        self.words.clear();
        self.bad.clear();
    }

    /// The same room, empty, for records that live elsewhere.
    pub fn recycled<'b>(mut self) -> Derived<'b> {
        self.clear();
        // nothing is left to convert: collecting a vector's own iterator keeps its room
        let words = self.words.into_iter().map(|_| Word::Plain(0)).collect();
        Derived { touches: self.touches, keys: self.keys, words, bad: self.bad }
    }
}

impl Plan {
    /// Appends what a record of this source brings, given the cells of all fields.
    pub fn derive<'a>(&self, source: usize, cells: &[Cell<'a>], out: &mut Derived<'a>) {
        for (number, family) in (0..).zip(&self.families) {
            family.derive(number, source, cells, out);
        }
    }
}

impl Family {
    fn derive<'a>(&self, number: u32, source: usize, cells: &[Cell<'a>], out: &mut Derived<'a>) {
        let start = out.keys.len();
        if let Err(broken) = self.key(cells, &mut out.keys) {
            out.keys.truncate(start);
            if let Broken::Bad(field, why) = broken {
                let windows = self.readers.iter().flatten();
                out.bad.extend(windows.map(|&window| Bad { window, field, why }));
            }
            return;
        }
        let key = place(start)..place(out.keys.len());
        let start = out.words.len();
        let classes = self.event(source, cells, out);
        out.touches.push(Touch { family: number, key, classes, words: place(start)..place(out.words.len()) });
    }

    /// Appends the operands of an event, and gives back its classes: none is no event.
    /// The key is not looked at: it is that of whoever knows the series.
    pub fn event<'a>(&self, source: usize, cells: &[Cell<'a>], out: &mut Derived<'a>) -> u64 {
        let mut classes = self.of_source.get(source).copied().unwrap_or(0);
        // those that would be cleared or not by what cannot be read
        let mut doubtful = 0;
        for condition in &self.conditions {
            match condition.ask(cell(cells, condition.field)) {
                Said::Yes => {}
                Said::No => classes &= !condition.classes,
                Said::Misread => doubtful |= condition.classes,
            }
        }
        let start = out.words.len();
        for operand in &self.operands {
            let word = operand.read(cells);
            match word {
                Ok(Some(_)) => {}
                Ok(None) => classes &= !operand.classes,
                Err(_) => doubtful |= operand.classes,
            }
            out.words.push(word.ok().flatten().unwrap_or(operand.nothing()));
        }
        if classes & doubtful != 0 {
            self.tell_bad(classes & doubtful, cells, &mut out.bad);
            classes &= !doubtful;
        }
        if classes == 0 {
            out.words.truncate(start);
        }
        for (operand, word) in self.operands.iter().zip(out.words.iter_mut().skip(start)) {
            if operand.classes & classes == 0 {
                *word = operand.nothing();
            }
        }
        classes
    }

    fn key(&self, cells: &[Cell<'_>], keys: &mut Vec<u8>) -> Result<(), Broken> {
        let mut bad = None;
        for (&field, &kind) in self.by.iter().zip(&self.kinds) {
            let why = match cell(cells, field) {
                Cell::Absent => return Err(Broken::Absent),
                Cell::Value(value) if value.kind() == kind => match key::push(keys, value) {
                    Ok(()) => continue,
                    Err(key::PartError::TooLong { bytes }) => Why::TooLong { bytes },
                    Err(key::PartError::Number) => Why::Misread,
                },
                _ => Why::Misread,
            };
            bad = bad.or(Some((field, why)));
        }
        bad.map_or(Ok(()), |(field, why)| Err(Broken::Bad(field, why)))
    }

    /// Says which windows of these classes are bad, and for which field.
    fn tell_bad(&self, classes: u64, cells: &[Cell<'_>], bad: &mut Vec<Bad>) {
        for (class, windows) in self.readers.iter().enumerate() {
            let bit = 1 << class;
            if classes & bit == 0 {
                continue;
            }
            let conditions = self.conditions.iter().filter(|condition| condition.classes & bit != 0);
            let misread = conditions
                .filter(|condition| condition.ask(cell(cells, condition.field)) == Said::Misread)
                .map(|condition| (condition.field, Why::Misread));
            let operands = self.operands.iter().filter(|operand| operand.classes & bit != 0);
            let unread = operands.filter_map(|operand| Some((operand.field, operand.read(cells).err()?)));
            // the first in the order of the fields, so that it does not depend on other windows
            if let Some((field, why)) = misread.chain(unread).min_by_key(|(field, _)| *field) {
                bad.extend(windows.iter().map(|&window| Bad { window, field, why }));
            }
        }
    }
}

impl super::Operand {
    /// The word of an event that does not need this operand.
    fn nothing(&self) -> Word<'static> {
        Word::Plain(if self.kind == Kind::Text { NO_TEXT } else { 0 })
    }

    /// The word of a record; none where the field is absent.
    fn read<'a>(&self, cells: &[Cell<'a>]) -> Result<Option<Word<'a>>, Why> {
        match (cell(cells, self.field), self.kind) {
            (Cell::Absent, _) => Ok(None),
            (Cell::Value(Value::Text(text)), Kind::Text) => match text.len() {
                bytes if bytes > key::TEXT_BYTES_MAX => Err(Why::TooLong { bytes }),
                _ => Ok(Some(Word::Text(text))),
            },
            // adding zero makes a negative zero positive: they are one value
            (Cell::Value(Value::Number(number)), Kind::Number) => Ok(Some(Word::Plain((number + 0.0).to_bits()))),
            (Cell::Value(value), kind) => {
                word(value, kind).map(|word| Some(Word::Plain(word as u64))).ok_or(Why::Misread)
            }
            (Cell::Misread, _) => Err(Why::Misread),
        }
    }
}

fn cell<'a>(cells: &[Cell<'a>], field: usize) -> Cell<'a> {
    cells.get(field).copied().unwrap_or(Cell::Absent)
}

/// A place in a buffer of a batch.
#[expect(clippy::expect_used, reason = "a batch of 4 GiB of keys does not fit into memory")]
fn place(at: usize) -> u32 {
    u32::try_from(at).expect("a batch has less than 4 GiB of keys")
}
