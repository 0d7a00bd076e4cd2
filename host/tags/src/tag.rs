//! One tag, and what a tag may be.
//!
//! The bounds keep a mistake (a whole file as one value) out of the store and
//! the cache's memory within what its entries allow. Control characters and
//! outer spaces are refused because they are never meant: they come from a
//! broken export, and would make a tag that no look-up finds.

use crate::Wanted;

/// Most bytes of an entity or an attribute.
pub const WORD_MAX: usize = 64;
/// Most bytes of an id.
pub const ID_MAX: usize = 256;
/// Most bytes of a value.
pub const VALUE_MAX: usize = 1024;

/// A tag: this `attribute` of this `entity` with this `id` has this `value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag<'a> {
    /// What is tagged: `account`.
    pub entity: &'a str,
    /// Which one: `account123`.
    pub id: &'a str,
    /// Which attribute: `risk_level`.
    pub attribute: &'a str,
    /// Its value, as text: `3`.
    pub value: &'a str,
}

/// Why something cannot be a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// A part is empty.
    #[error("{part} is empty")]
    Empty {
        /// Which of the four parts.
        part: &'static str,
    },
    /// A part is too long.
    #[error("{part} has {bytes} bytes, at most {most} are allowed")]
    TooLong {
        /// Which of the four parts.
        part: &'static str,
        /// Its length in bytes.
        bytes: usize,
        /// The bound.
        most: usize,
    },
    /// A part has a control character, such as a line break.
    #[error("{part} has a control character in it")]
    Control {
        /// Which of the four parts.
        part: &'static str,
    },
    /// A part begins or ends with white space.
    #[error("{part} begins or ends with a space")]
    Space {
        /// Which of the four parts.
        part: &'static str,
    },
}

impl<'a> Tag<'a> {
    /// Whether this can be a tag.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn check(&self) -> Result<(), TagError> {
        self.name().check()?;
        check("value", self.value, VALUE_MAX)
    }

    /// What the tag is found by.
    pub fn name(&self) -> Wanted<'a> {
        Wanted { entity: self.entity, attribute: self.attribute, id: self.id }
    }
}

impl Wanted<'_> {
    /// Whether there can be a tag of this name. An id of a record that breaks
    /// the rules is no error: nothing is stored under it, so nothing is found.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn check(&self) -> Result<(), TagError> {
        check("entity", self.entity, WORD_MAX)?;
        check("id", self.id, ID_MAX)?;
        check("attribute", self.attribute, WORD_MAX)
    }
}

fn check(part: &'static str, text: &str, most: usize) -> Result<(), TagError> {
    if text.is_empty() {
        return Err(TagError::Empty { part });
    }
    if text.len() > most {
        return Err(TagError::TooLong { part, bytes: text.len(), most });
    }
    if text.chars().any(char::is_control) {
        return Err(TagError::Control { part });
    }
    if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
        return Err(TagError::Space { part });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Tag, TagError};

    #[test]
    fn each_part_has_its_bounds() {
        let long = "x".repeat(1025);
        let fine = Tag { entity: "account", id: "客户 1", attribute: "risk_level", value: "3" };
        let too_long = |part, bytes, most| Err(TagError::TooLong { part, bytes, most });
        let table = [
            (fine, Ok(())),
            (Tag { id: &long[..256], value: &long[..1024], ..fine }, Ok(())),
            (Tag { entity: "", ..fine }, Err(TagError::Empty { part: "entity" })),
            (Tag { value: "", ..fine }, Err(TagError::Empty { part: "value" })),
            (Tag { entity: &long[..65], ..fine }, too_long("entity", 65, 64)),
            (Tag { attribute: &long[..65], ..fine }, too_long("attribute", 65, 64)),
            (Tag { id: &long[..257], ..fine }, too_long("id", 257, 256)),
            (Tag { value: &long, ..fine }, too_long("value", 1025, 1024)),
            (Tag { id: "a\nb", ..fine }, Err(TagError::Control { part: "id" })),
            (Tag { id: "a\0", ..fine }, Err(TagError::Control { part: "id" })),
            (Tag { value: "3 ", ..fine }, Err(TagError::Space { part: "value" })),
            (Tag { attribute: "\u{a0}risk", ..fine }, Err(TagError::Space { part: "attribute" })),
        ];
        for (tag, expected) in table {
            assert_eq!(tag.check(), expected, "{tag:?}");
        }
    }
}
