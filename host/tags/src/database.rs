//! What the host asks of a database of tags, whichever it is.
//!
//! The implementations are [`crate::sqlite::Reader`] and [`crate::postgres::Reader`].
//! They only answer: deadlines, retries and breakers stand around them, in
//! [`crate::tier`].

use crate::{Error, Tag, Wanted};
use std::sync::Arc;
use std::time::Duration;

/// A name of a tag that is kept: entity, attribute and id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
    /// The number behind which the names begin.
    pub after: i64,
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

/// The record that a database keeps of its changes, in its own words.
pub(crate) trait Record {
    /// The first and the last number there is; zeros if nothing has changed yet.
    fn range(&mut self) -> Result<(i64, i64), Error>;
    /// The last number of what is longer ago than this; zero if nothing is.
    fn before(&mut self, ago: Duration) -> Result<i64, Error>;
    /// The names behind one number and up to another, in order, at most so many;
    /// `None` is a change of everything.
    fn names(&mut self, after: i64, last: i64, most: i64) -> Result<Vec<Option<Name>>, Error>;
}

/// Reads from a record what has changed.
pub(crate) fn changes(record: &mut impl Record, since: Since) -> Result<Changes, Error> {
    let (first, last) = record.range()?;
    let after = match since {
        Since::Number(number) => number,
        Since::Ago(time) => record.before(time)?,
    };
    // a number that went back is another database; one that has gone was not read in time
    let lost = last < after || matches!(since, Since::Number(number) if number > 0 && first > number + 1);
    let mut changes = Changes { names: Vec::new(), all: lost, after, last };
    if lost || last == after {
        return Ok(changes);
    }
    let names = record.names(after, last, CHANGES_MAX as i64 + 1)?;
    changes.all = names.len() > CHANGES_MAX || names.iter().any(Option::is_none);
    if !changes.all {
        changes.names = names.into_iter().flatten().collect();
    }
    Ok(changes)
}

/// Tags that one part of a walk reads.
pub(crate) const PART: i64 = 10_000;

/// Walks over all tags: `part` reads at most [`PART`] rows behind a name, of which
/// `tag` makes tags.
pub(crate) fn walk<R>(
    mut part: impl FnMut(&Name) -> Result<Vec<R>, Error>,
    tag: impl Fn(&R) -> Result<Tag<'_>, Error>,
    each: &mut dyn FnMut(Tag<'_>) -> bool,
) -> Result<(), Error> {
    let mut after = Name::default();
    loop {
        let rows = part(&after)?;
        for row in &rows {
            if !each(tag(row)?) {
                return Ok(());
            }
        }
        let Some(last) = rows.last().filter(|_| rows.len() as i64 >= PART) else { return Ok(()) };
        let Tag { entity, attribute, id, .. } = tag(last)?;
        after = Name { entity: entity.to_owned(), attribute: attribute.to_owned(), id: id.to_owned() };
    }
}

impl Name {
    /// The name to look up.
    pub fn wanted(&self) -> Wanted<'_> {
        Wanted { entity: &self.entity, attribute: &self.attribute, id: &self.id }
    }
}
