//! A key of a file: its place, and what may stand there.

use sandgate_model::quantity;
use std::time::Duration;

/// What stands for a name that the writer of a file chooses.
pub const NAME: &str = "NAME";

/// A key that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its dotted path; `[]` stands behind a list of tables, [`NAME`] for a name of the writer's choice.
    pub path: String,
    /// What may stand there.
    pub kind: Kind,
    /// What holds where it is not there, as it would be written, as far as the reader says so.
    pub default: Option<String>,
}

/// What may stand under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of several things.
    Any,
    /// A text.
    Text,
    /// True or false.
    Flag,
    /// A whole number, from and to.
    Whole(u64, u64),
    /// A length of time, from and to.
    Duration(Duration, Duration),
    /// A size in bytes, from and to.
    Size(u64, u64),
    /// One of these words.
    Word(Vec<String>),
    /// A list of texts.
    Texts,
    /// A table.
    Table,
    /// A list of tables.
    Tables,
}

impl Kind {
    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Kind::Any => "several",
            Kind::Text => "text",
            Kind::Flag => "flag",
            Kind::Whole(..) => "whole number",
            Kind::Duration(..) => "length of time",
            Kind::Size(..) => "size",
            Kind::Word(_) => "word",
            Kind::Texts => "list of texts",
            Kind::Table => "table",
            Kind::Tables => "list of tables",
        }
    }

    /// What of that kind is taken; nothing where everything is.
    pub fn bounds(&self) -> String {
        match self {
            Kind::Whole(least, most) => format!("{least} to {most}"),
            Kind::Duration(least, most) => {
                format!("{} to {}", quantity::show_duration(*least), quantity::show_duration(*most))
            }
            Kind::Size(least, most) => format!("{} to {}", quantity::show_size(*least), quantity::show_size(*most)),
            Kind::Word(words) => words.join(", "),
            _ => String::new(),
        }
    }

    /// How much is known by it, so that a second question about a key can only say more.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Kind::Any => 0,
            Kind::Text => 1,
            _ => 2,
        }
    }
}
