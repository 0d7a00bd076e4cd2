//! Reading values from the columns of the contract, in declared order.
//!
//! The lengths of the columns are checked once for a batch and once for a row,
//! so that after inlining each value is a load at a fixed place. What does not
//! fit the declaration is a host that broke the contract: the guest traps.

use crate::bindings::exports::sandgate::policy::policy::Rows;

/// How many values of each column a row has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Flags, integers, decimals and instants.
    pub integers: usize,
    /// Numbers.
    pub numbers: usize,
    /// Texts.
    pub texts: usize,
}

impl Columns {
    /// A row of nothing.
    pub const NONE: Columns = Columns { integers: 0, numbers: 0, texts: 0 };
    /// A value of the column of integers.
    pub const INTEGER: Columns = Columns { integers: 1, ..Columns::NONE };
    /// A value of the column of numbers.
    pub const NUMBER: Columns = Columns { numbers: 1, ..Columns::NONE };
    /// A value of the column of texts.
    pub const TEXT: Columns = Columns { texts: 1, ..Columns::NONE };

    /// These and one more.
    pub const fn and(self, more: Columns) -> Columns {
        Columns {
            integers: self.integers + more.integers,
            numbers: self.numbers + more.numbers,
            texts: self.texts + more.texts,
        }
    }

    /// How many values that are.
    const fn values(self) -> usize {
        self.integers + self.numbers + self.texts
    }
}

/// Ends a call that cannot be answered: in the sandbox a trap.
#[cold]
#[inline(never)]
pub(crate) fn broken() -> ! {
    #[cfg(target_arch = "wasm32")]
    std::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    #[expect(clippy::panic, reason = "outside the sandbox only a test comes here")]
    {
        panic!("the rows do not have the layout that the policy declares")
    }
}

/// Where reading stands in one row.
#[derive(Debug)]
pub struct Cursor<'a> {
    integers: &'a [i64],
    numbers: &'a [f64],
    ends: &'a [u32],
    texts: &'a str,
    present: &'a [u64],
    integer: usize,
    number: usize,
    text: usize,
    /// Where the text before ends.
    end: usize,
    /// The bit of the next value.
    bit: usize,
}

impl<'a> Cursor<'a> {
    /// The start of the parameters, which are one row.
    #[inline(always)]
    pub(crate) fn of_parameters(rows: &'a Rows) -> Cursor<'a> {
        if rows.count != 1 {
            broken();
        }
        Cursor::at_start(rows, &rows.integers, &rows.numbers, &rows.text_ends)
    }

    #[inline(always)]
    fn at_start(rows: &'a Rows, integers: &'a [i64], numbers: &'a [f64], ends: &'a [u32]) -> Cursor<'a> {
        let (texts, present) = (&rows.texts, &rows.present);
        Cursor { integers, numbers, ends, texts, present, integer: 0, number: 0, text: 0, end: 0, bit: 0 }
    }

    /// The next value of the column of integers.
    #[inline(always)]
    pub fn integer(&mut self) -> i64 {
        let Some(integer) = self.integers.get(self.integer) else { broken() };
        self.integer += 1;
        self.bit += 1;
        *integer
    }

    /// The next value of the column of numbers.
    #[inline(always)]
    pub fn number(&mut self) -> f64 {
        let Some(number) = self.numbers.get(self.number) else { broken() };
        self.number += 1;
        self.bit += 1;
        *number
    }

    /// The next value of the column of texts, in place.
    #[inline(always)]
    pub fn text(&mut self) -> &'a str {
        let Some(end) = self.ends.get(self.text) else { broken() };
        let start = std::mem::replace(&mut self.end, *end as usize);
        self.text += 1;
        self.bit += 1;
        self.texts.get(start..self.end).unwrap_or_else(|| broken())
    }

    /// Whether the next value is there. Only what may be absent asks.
    #[inline(always)]
    pub fn is_present(&self) -> bool {
        let Some(word) = self.present.get(self.bit / 64) else { broken() };
        word >> (self.bit % 64) & 1 == 1
    }

    /// The elements of the next value, which is a list of the column of integers.
    pub fn integers(&mut self) -> &'a [i64] {
        let length = self.length();
        let list = self.integers.get(self.integer..).and_then(|rest| rest.get(..length)).unwrap_or_else(|| broken());
        self.integer += length;
        list
    }

    /// The elements of the next value, which is a list of the column of numbers.
    pub fn numbers(&mut self) -> &'a [f64] {
        let length = self.length();
        let list = self.numbers.get(self.number..).and_then(|rest| rest.get(..length)).unwrap_or_else(|| broken());
        self.number += length;
        list
    }

    /// The elements of the next value, read one by one.
    pub fn list<T>(&mut self, mut one: impl FnMut(&mut Cursor<'a>) -> T) -> Vec<T> {
        let length = self.length();
        let bit = self.bit;
        let list = (0..length).map(|_| one(self)).collect();
        // a list is one value with one bit
        self.bit = bit;
        list
    }

    fn length(&mut self) -> usize {
        usize::try_from(self.integer()).unwrap_or_else(|_| broken())
    }
}

/// The rows of a batch, one after the other.
pub(crate) struct Batch<'a> {
    rows: &'a Rows,
    columns: Columns,
    integers: &'a [i64],
    numbers: &'a [f64],
    ends: &'a [u32],
    end: usize,
    bit: usize,
}

impl<'a> Batch<'a> {
    /// The batch, if its columns have the lengths that `columns` asks for.
    #[inline(always)]
    pub(crate) fn new(rows: &'a Rows, columns: Columns) -> Batch<'a> {
        let count = rows.count as usize;
        let sound = rows.integers.len() == count * columns.integers
            && rows.numbers.len() == count * columns.numbers
            && rows.text_ends.len() == count * columns.texts
            && rows.present.len() == (count * columns.values()).div_ceil(64);
        if !sound {
            broken();
        }
        Batch { rows, columns, integers: &rows.integers, numbers: &rows.numbers, ends: &rows.text_ends, end: 0, bit: 0 }
    }

    /// The next row.
    #[inline(always)]
    pub(crate) fn row(&mut self) -> Cursor<'a> {
        let columns = self.columns;
        let mut cursor = Cursor::at_start(
            self.rows,
            take(&mut self.integers, columns.integers),
            take(&mut self.numbers, columns.numbers),
            take(&mut self.ends, columns.texts),
        );
        (cursor.end, cursor.bit) = (self.end, self.bit);
        self.end = cursor.ends.last().map_or(self.end, |end| *end as usize);
        self.bit += columns.values();
        cursor
    }
}

#[inline(always)]
fn take<'a, T>(column: &mut &'a [T], length: usize) -> &'a [T] {
    let Some((row, rest)) = column.split_at_checked(length) else { broken() };
    *column = rest;
    row
}
