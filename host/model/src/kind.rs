//! What a value is: the closed list of kinds that cross the contract.

use std::fmt;

/// The kind of a field, an input or a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// True or false.
    Flag,
    /// A whole number of 64 bits.
    Integer,
    /// A 64-bit float, for what is measured or estimated. Never money.
    Number,
    /// An exact decimal: a whole number of units of 10^-scale.
    Decimal {
        /// Digits after the point, 0 to [`Kind::SCALE_MAX`].
        scale: u8,
    },
    /// UTF-8 text.
    Text,
    /// A point in time, in milliseconds.
    Instant,
}

impl Kind {
    /// The largest scale of a decimal: 18 digits are what 64 bits hold in full.
    pub const SCALE_MAX: u8 = 18;
    /// The scale of a decimal that names none.
    pub const SCALE_DEFAULT: u8 = 4;

    /// The word for this kind in manifests and configuration.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Flag => "flag",
            Kind::Integer => "integer",
            Kind::Number => "number",
            Kind::Decimal { .. } => "decimal",
            Kind::Text => "text",
            Kind::Instant => "instant",
        }
    }

    /// The kind as a sentence names one: `an integer`.
    pub fn with_article(self) -> String {
        let article = if matches!(self, Kind::Integer | Kind::Instant) { "an" } else { "a" };
        format!("{article} {self}")
    }

    /// The kind of that word; a decimal takes the scale given.
    pub fn of_word(word: &str, scale: u8) -> Option<Kind> {
        Some(match word {
            "flag" => Kind::Flag,
            "integer" => Kind::Integer,
            "number" => Kind::Number,
            "decimal" => Kind::Decimal { scale },
            "text" => Kind::Text,
            "instant" => Kind::Instant,
            _ => return None,
        })
    }

    /// Every word of [`Kind::word`], for messages that list what is allowed.
    pub const WORDS: [&'static str; 6] = ["flag", "integer", "number", "decimal", "text", "instant"];

    /// Whether a field of this kind may be read by a policy as `wanted`: the same
    /// kind, an integer as a decimal or number, a decimal as a number, and a
    /// decimal at a scale that is not smaller than the field's own.
    pub fn reads_as(self, wanted: Kind) -> bool {
        match (self, wanted) {
            (Kind::Decimal { scale: from }, Kind::Decimal { scale: to }) => from <= to,
            (Kind::Integer, Kind::Decimal { .. } | Kind::Number) => true,
            (Kind::Decimal { .. }, Kind::Number) => true,
            (from, to) => from == to,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Decimal { scale } => write!(f, "decimal with scale {scale}"),
            kind => f.write_str(kind.word()),
        }
    }
}
