//! The types that a policy may read, and the column each one comes from.

use crate::cursor::{Columns, Cursor, broken};
use crate::{Decimal, Instant};

/// A type that an input or parameter may have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no type of an input or parameter",
    label = "not a type that crosses the contract",
    note = "use bool, i8 to i64, u8 to u64, f64, Decimal, Instant, &str, String, or an enum with #[derive(Choice)]"
)]
pub trait Value<'a>: Sized {
    /// The column it stands in.
    const COLUMNS: Columns;

    /// Reads the next value, a decimal at this scale.
    fn read(cursor: &mut Cursor<'a>, scale: u8) -> Self;
}

/// An enum that is read from a text; `#[derive(Choice)]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no type of an input or parameter",
    label = "not a type that crosses the contract",
    note = "use bool, i8 to i64, u8 to u64, f64, Decimal, Instant, &str, String, or an enum with #[derive(Choice)]"
)]
pub trait Choice {
    /// The texts that it knows, as a JSON array.
    const WORDS: &'static str;
}

impl<'a> Value<'a> for bool {
    const COLUMNS: Columns = Columns::INTEGER;
    #[inline(always)]
    fn read(cursor: &mut Cursor<'a>, _: u8) -> bool {
        cursor.integer() != 0
    }
}

impl<'a> Value<'a> for i64 {
    const COLUMNS: Columns = Columns::INTEGER;
    #[inline(always)]
    fn read(cursor: &mut Cursor<'a>, _: u8) -> i64 {
        cursor.integer()
    }
}

macro_rules! narrower {
    ($($integer:ty),*) => {$(
        impl<'a> Value<'a> for $integer {
            const COLUMNS: Columns = Columns::INTEGER;
            #[inline(always)]
            fn read(cursor: &mut Cursor<'a>, _: u8) -> $integer {
                // the manifest declares the bounds of the type, so the host has checked them
                let Ok(value) = cursor.integer().try_into() else { broken() };
                value
            }
        }
    )*};
}
narrower!(i8, i16, i32, u8, u16, u32, u64);

impl<'a> Value<'a> for f64 {
    const COLUMNS: Columns = Columns::NUMBER;
    #[inline(always)]
    fn read(cursor: &mut Cursor<'a>, _: u8) -> f64 {
        cursor.number()
    }
}

impl<'a> Value<'a> for Decimal {
    const COLUMNS: Columns = Columns::INTEGER;
    #[inline(always)]
    fn read(cursor: &mut Cursor<'a>, scale: u8) -> Decimal {
        Decimal::new(cursor.integer(), scale)
    }
}

impl<'a> Value<'a> for Instant {
    const COLUMNS: Columns = Columns::INTEGER;
    #[inline(always)]
    fn read(cursor: &mut Cursor<'a>, _: u8) -> Instant {
        Instant::from_millis(cursor.integer())
    }
}

impl<'a> Value<'a> for &'a str {
    const COLUMNS: Columns = Columns::TEXT;
    #[inline(always)]
    fn read(cursor: &mut Cursor<'a>, _: u8) -> &'a str {
        cursor.text()
    }
}

impl<'a> Value<'a> for String {
    const COLUMNS: Columns = Columns::TEXT;
    #[inline(always)]
    fn read(cursor: &mut Cursor<'a>, _: u8) -> String {
        cursor.text().to_owned()
    }
}

/// What may be absent keeps its slot, which is read and not used.
impl<'a, T: Value<'a>> Value<'a> for Option<T> {
    const COLUMNS: Columns = T::COLUMNS;
    #[inline(always)]
    fn read(cursor: &mut Cursor<'a>, scale: u8) -> Option<T> {
        let present = cursor.is_present();
        let value = T::read(cursor, scale);
        present.then_some(value)
    }
}

/// Lists are parameters only, and parameters have no fixed columns.
impl<'a, T: Value<'a>> Value<'a> for Vec<T> {
    const COLUMNS: Columns = Columns::NONE;
    fn read(cursor: &mut Cursor<'a>, scale: u8) -> Vec<T> {
        cursor.list(|cursor| T::read(cursor, scale))
    }
}

impl<'a> Value<'a> for &'a [i64] {
    const COLUMNS: Columns = Columns::NONE;
    fn read(cursor: &mut Cursor<'a>, _: u8) -> &'a [i64] {
        cursor.integers()
    }
}

impl<'a> Value<'a> for &'a [f64] {
    const COLUMNS: Columns = Columns::NONE;
    fn read(cursor: &mut Cursor<'a>, _: u8) -> &'a [f64] {
        cursor.numbers()
    }
}
