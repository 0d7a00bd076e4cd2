//! What the host asks of a database of tags, whichever it is.
//!
//! The implementations are [`crate::sqlite::Reader`] and [`crate::postgres::Reader`].
//! They only answer: deadlines, retries and breakers stand around them, in
//! [`crate::tier`].

use crate::{Error, Tag, Wanted};
use std::sync::Arc;
use std::time::Duration;

/// A name of a tag that is kept: entity, attribute and id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    /// What is tagged.
    pub entity: String,
    /// Which attribute of it.
    pub attribute: String,
    /// Which one of the entity's kind.
    pub id: String,
}

/// What a database says of its changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Tags that were set or deleted. A name may stand here twice.
    pub names: Vec<Name>,
    /// More has changed than is worth naming: everything may be different.
    pub all: bool,
    /// The number of the last change there is, to ask from next time.
    pub last: i64,
}

/// From which change on the rest is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// Behind the change of this number.
    Number(i64),
    /// Not longer ago than this, by the clock of the database.
    Ago(Duration),
}

/// So many changes are named one by one; more of them count as everything.
pub const CHANGES_MAX: usize = 10_000;

/// A database of tags, opened for reading.
pub trait Database: Send + Sync {
    /// Looks up names, each of which could be a tag: afterwards `found[i]`
    /// answers `names[i]`. Gives up after `limit`.
    ///
    /// # Errors
    /// Where the database does not answer; `found` is then of no use.
    fn look_up(&self, names: &[Wanted<'_>], limit: Duration, found: &mut Vec<Option<Arc<str>>>) -> Result<(), Error>;

    /// What has changed; `None` if this database keeps no record of it.
    ///
    /// # Errors
    /// Where the database does not answer within `limit`.
    fn changes(&self, since: Since, limit: Duration) -> Result<Option<Changes>, Error>;

    /// Tells all tags in the order of entity, attribute and id, until `each` says
    /// that it is enough. It reads in parts, each within `limit`, so that neither
    /// memory nor a lock grows with the number of tags.
    ///
    /// # Errors
    /// Where the database does not answer.
    fn walk(&self, limit: Duration, each: &mut dyn FnMut(Tag<'_>) -> bool) -> Result<(), Error>;

    /// The tags of one thing as attribute and value, in the order of their
    /// attributes; with an `attribute`, that one alone.
    ///
    /// # Errors
    /// Where they cannot be read.
    fn list(&self, entity: &str, id: &str, attribute: Option<&str>) -> Result<Vec<(String, String)>, Error>;

    /// How many tags there are, roughly.
    ///
    /// # Errors
    /// Where the database does not answer.
    fn count(&self, limit: Duration) -> Result<u64, Error>;
}

impl Name {
    /// The name to look up.
    pub fn wanted(&self) -> Wanted<'_> {
        Wanted { entity: &self.entity, attribute: &self.attribute, id: &self.id }
    }
}
