//! What a record says about one field, and how it is read as a kind.

use sandgate_model::decimal::DecimalError;
use sandgate_model::instant::{InstantError, Unit};
use sandgate_model::{Decimal, Instant, Kind, Value};
use std::borrow::Cow;

/// A declared field of one record, as it was written.
#[derive(Clone, Debug)]
pub(super) enum Slot<'a> {
    /// Its key did not occur.
    Missing,
    /// `null`.
    Null,
    Flag(bool),
    /// The number's own text.
    Number(&'a str),
    /// A text; owned only where it was written with escapes.
    Text(Cow<'a, str>),
    /// A value that is no field's: an object or a list where a single value was
    /// declared.
    List,
    Object,
}

/// Why a field cannot be read as a kind. The sentence goes on one that begins
/// with the field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misread {
    /// It is something else.
    #[error("is {found}, not {wanted}")]
    Kind {
        /// What the record holds.
        found: &'static str,
        /// What was to be read.
        wanted: &'static str,
    },
    /// It is no decimal at its scale.
    #[error("{0}")]
    Decimal(DecimalError),
    /// It is no whole number of 64 bits.
    #[error("is not a whole number of 64 bits")]
    Integer,
    /// It is beyond every float.
    #[error("is too large for a number")]
    Number,
    /// It is no instant.
    #[error("{0}")]
    Instant(InstantError),
    /// It is read right, but does not fit into what the reader declares.
    #[error("does not fit into a {0}")]
    Fit(Kind),
}

impl<'a> Slot<'a> {
    /// The value at the field's own kind; `None` where there is none.
    #[inline]
    pub(super) fn read(&self, kind: Kind, unit: Option<Unit>) -> Result<Option<Value<&str>>, Misread> {
        Ok(Some(match (kind, self) {
            (_, Slot::Missing | Slot::Null) => return Ok(None),
            (Kind::Text, Slot::Text(text)) => Value::Text(text),
            (Kind::Flag, Slot::Flag(flag)) => Value::Flag(*flag),
            (Kind::Integer, Slot::Number(text)) => Value::Integer(integer(text)?),
            (Kind::Number, Slot::Number(text)) => Value::Number(number(text)?),
            (Kind::Decimal { scale }, Slot::Number(text)) => Value::Decimal(decimal(text, scale)?),
            (Kind::Decimal { scale }, Slot::Text(text)) => Value::Decimal(decimal(text, scale)?),
            (Kind::Instant, slot) => match (unit, slot) {
                (Some(unit @ (Unit::Seconds | Unit::Millis)), Slot::Number(text)) => {
                    Value::Instant(instant(text, unit)?)
                }
                (Some(Unit::Rfc3339), Slot::Text(text)) => Value::Instant(instant(text, Unit::Rfc3339)?),
                (Some(Unit::Rfc3339), slot) => return Err(slot.is_not("a time written as text")),
                (_, slot) => return Err(slot.is_not("a time written as a number")),
            },
            (kind, slot) => return Err(slot.is_not(a(kind))),
        }))
    }

    /// The text or whole number, written in one way only; `None` where there is none.
    pub(super) fn name(&self, kind: Kind) -> Result<Option<Cow<'a, str>>, Misread> {
        Ok(Some(match (kind, self) {
            (Kind::Text, Slot::Text(text)) => text.clone(),
            (Kind::Integer, Slot::Number(text))
                if text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() < 19 =>
            {
                Cow::Borrowed(text)
            }
            _ => match self.read(kind, None)? {
                None => return Ok(None),
                Some(Value::Integer(integer)) => Cow::Owned(integer.to_string()),
                Some(_) => return Err(self.is_not(a(kind))),
            },
        }))
    }

    /// The text of a number or of a text.
    pub(super) fn written(&self) -> &str {
        match self {
            Slot::Number(text) => text,
            Slot::Text(text) => text,
            _ => "",
        }
    }

    #[cold]
    fn is_not(&self, wanted: &'static str) -> Misread {
        let found = match self {
            Slot::Missing => "missing",
            Slot::Null => "null",
            Slot::Flag(_) => "a flag",
            Slot::Number(_) => "a number",
            Slot::Text(_) => "a text",
            Slot::List => "a list",
            Slot::Object => "an object",
        };
        Misread::Kind { found, wanted }
    }
}

/// The value as a reader wants it: itself, or an integer as a decimal or number,
/// or a decimal as a number or at a larger scale.
#[inline]
pub(crate) fn widen(value: Value<&str>, wanted: Kind) -> Result<Value<&str>, Misread> {
    let fit = |decimal: Decimal, scale| decimal.rescale(scale).map(Value::Decimal).ok_or(Misread::Fit(wanted));
    Ok(match (value, wanted) {
        (Value::Decimal(decimal), Kind::Decimal { scale }) => fit(decimal, scale)?,
        (Value::Decimal(decimal), Kind::Number) => Value::Number(decimal.to_f64()),
        (Value::Integer(units), Kind::Decimal { scale }) => fit(Decimal { units, scale: 0 }, scale)?,
        (Value::Integer(integer), Kind::Number) => Value::Number(integer as f64),
        (value, wanted) if value.kind() == wanted => value,
        (value, wanted) => return Err(Misread::Kind { found: a(value.kind()), wanted: a(wanted) }),
    })
}

/// A whole number is one by its value: `12.0` and `1.2e1` are twelve.
fn integer(text: &str) -> Result<i64, Misread> {
    Decimal::parse(text, 0).map(|decimal| decimal.units).map_err(|_| Misread::Integer)
}

fn number(text: &str) -> Result<f64, Misread> {
    text.parse().ok().filter(|number: &f64| number.is_finite()).ok_or(Misread::Number)
}

fn decimal(text: &str, scale: u8) -> Result<Decimal, Misread> {
    Decimal::parse(text, scale).map_err(Misread::Decimal)
}

fn instant(text: &str, unit: Unit) -> Result<Instant, Misread> {
    Instant::parse(text, unit).map_err(Misread::Instant)
}

/// The kind with its article.
fn a(kind: Kind) -> &'static str {
    match kind {
        Kind::Flag => "a flag",
        Kind::Integer => "an integer",
        Kind::Number => "a number",
        Kind::Decimal { .. } => "a decimal",
        Kind::Text => "a text",
        Kind::Instant => "an instant",
    }
}
