//! Putting tags into whichever database the configuration names: what
//! `sandgate tags` does, and never a host that judges.
//!
//! Every write leaves a record of what has changed beside the tags, in the same
//! transaction. Running hosts read it several times a second; so there is no
//! message that could be lost, and nobody who writes needs to know who reads.

use crate::database::Database;
use crate::{Error, Location, Tag, postgres, sqlite};

/// A database, opened for writing.
pub enum Writer {
    /// A SQLite file.
    Sqlite(sqlite::Writer),
    /// A PostgreSQL database.
    Postgres(postgres::Writer),
}

/// Tags on their way into a database. Dropped without [`Loading::commit`], it
/// leaves the database as it was.
pub enum Loading {
    /// A SQLite file.
    Sqlite(sqlite::Loading),
    /// A PostgreSQL database.
    Postgres(postgres::Loading),
}

impl Writer {
    /// Opens the database, and makes its tables where there are none.
    ///
    /// # Errors
    /// Where it is something else, cannot be reached, or cannot be written.
    pub fn open(location: &Location) -> Result<Writer, Error> {
        match location {
            Location::Sqlite(path) => sqlite::Writer::open(path).map(Writer::Sqlite),
            Location::Postgres(address) => postgres::Writer::open(address).map(Writer::Postgres),
        }
    }

    /// Sets one tag, in place of the value that it had. It has to be one: see
    /// [`Tag::check`].
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn set(self, tag: Tag<'_>) -> Result<(), Error> {
        let mut loading = self.load()?;
        loading.put(tag)?;
        loading.commit()
    }

    /// Deletes the tags of one thing, or with an `attribute` that one alone, and
    /// says how many there were.
    ///
    /// # Errors
    /// Where they cannot be deleted.
    pub fn delete(self, entity: &str, id: &str, attribute: Option<&str>) -> Result<u64, Error> {
        match self {
            Writer::Sqlite(writer) => writer.delete(entity, id, attribute),
            Writer::Postgres(writer) => writer.delete(entity, id, attribute),
        }
    }

    /// Begins to put many tags: all of them or none.
    ///
    /// # Errors
    /// Where another writer holds the database, or it cannot be written.
    pub fn load(self) -> Result<Loading, Error> {
        match self {
            Writer::Sqlite(writer) => writer.load().map(Loading::Sqlite),
            Writer::Postgres(writer) => writer.load().map(Loading::Postgres),
        }
    }
}

impl Loading {
    /// Puts one tag: of two with one name the later one stays. It has to be one:
    /// see [`Tag::check`].
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub fn put(&mut self, tag: Tag<'_>) -> Result<(), Error> {
        match self {
            Loading::Sqlite(loading) => loading.put(tag),
            Loading::Postgres(loading) => loading.put(tag),
        }
    }

    /// Makes it last.
    ///
    /// # Errors
    /// Where the database cannot be written; it is then as it was.
    pub fn commit(self) -> Result<(), Error> {
        match self {
            Loading::Sqlite(loading) => loading.commit(),
            Loading::Postgres(loading) => loading.commit(),
        }
    }
}

/// Opens the database for looking at what is in it.
///
/// # Errors
/// Where there is none, or it cannot be read.
pub fn reader(location: &Location) -> Result<Box<dyn Database>, Error> {
    Ok(match location {
        Location::Sqlite(path) => Box::new(sqlite::Reader::open(path)?),
        Location::Postgres(address) => Box::new(postgres::Reader::new(address)),
    })
}
