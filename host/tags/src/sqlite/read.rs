//! Looking tags up in the file.

use super::{Session, check_header, failed, push_texts};
use crate::{Error, Store, Wanted};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnectOptions;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The join is spelled as a cross join because that one SQLite never reorders:
/// one search of the key for each name, never a walk over the table.
const LOOK_UP: &str = "SELECT wanted.key, tags.value FROM json_each(?1) AS wanted CROSS JOIN tags
     ON tags.entity = wanted.value ->> 0 AND tags.attribute = wanted.value ->> 1 AND tags.id = wanted.value ->> 2";

const LIST: &str = "SELECT attribute, value FROM tags
     WHERE entity = ?1 AND id = ?2 AND (?3 IS NULL OR attribute = ?3) ORDER BY attribute";

/// The store, opened for reading.
///
/// Each thread that looks up at the same time has a session of its own, opened
/// when it is first needed and kept: there are as many as there ever were
/// look-ups at once.
pub struct Reader {
    path: PathBuf,
    idle: Mutex<Vec<Session>>,
}

impl Reader {
    /// Opens the store at `path`.
    ///
    /// # Errors
    /// Where there is no file, it is not a tag store, or it cannot be read.
    pub fn open(path: &Path) -> Result<Reader, Error> {
        if matches!(path.try_exists(), Ok(false)) {
            return Err(Error::Missing { path: path.to_owned() });
        }
        let reader = Reader { path: path.to_owned(), idle: Mutex::default() };
        let mut session = reader.session()?;
        let (application, layout) = session.header()?;
        check_header(path, application, layout)?;
        reader.give_back(session);
        Ok(reader)
    }

    /// The tags of one thing as attribute and value, in the order of their
    /// attributes; with an `attribute`, that one alone.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn list(&self, entity: &str, id: &str, attribute: Option<&str>) -> Result<Vec<(String, String)>, Error> {
        let mut session = self.session()?;
        let query = sqlx::query(LIST).bind(entity).bind(id).bind(attribute);
        let rows = session.runtime.block_on(query.fetch_all(&mut session.connection));
        let rows = rows.map_err(|error| failed(&self.path, "read", &error))?;
        self.give_back(session);
        rows.iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .collect::<Result<_, sqlx::Error>>()
            .map_err(|error| failed(&self.path, "read", &error))
    }

    /// A session of this thread's own, until it is given back.
    fn session(&self) -> Result<Session, Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| Session::open(&self.path, SqliteConnectOptions::new().read_only(true)), Ok)
    }

    fn give_back(&self, session: Session) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
    }
}

impl Store for Reader {
    fn look_up(&self, wanted: &[Wanted<'_>], found: &mut Vec<Option<Arc<str>>>) -> Result<(), Error> {
        found.clear();
        let mut rows = String::new();
        // which of `wanted` the rows ask for: a name that cannot be stored is not asked for
        let mut asked = Vec::with_capacity(wanted.len());
        for (index, name) in wanted.iter().enumerate() {
            if name.check().is_ok() {
                rows.push_str(if asked.is_empty() { "[[" } else { ",[" });
                push_texts(&mut rows, &[name.entity, name.attribute, name.id]);
                rows.push(']');
                asked.push(index);
            }
        }
        if asked.is_empty() {
            found.resize(wanted.len(), None);
            return Ok(());
        }
        rows.push(']');
        let mut session = self.session()?;
        let query = sqlx::query(LOOK_UP).bind(rows);
        let answer = session.runtime.block_on(query.fetch_all(&mut session.connection));
        // a session whose look-up failed is dropped: the next one starts anew
        let answer = answer.map_err(|error| failed(&self.path, "read", &error))?;
        self.give_back(session);
        found.resize(wanted.len(), None);
        for row in answer {
            let (row, value): (i64, &str) = row
                .try_get(0)
                .and_then(|key| Ok((key, row.try_get(1)?)))
                .map_err(|error| failed(&self.path, "read", &error))?;
            let index = usize::try_from(row).ok().and_then(|row| asked.get(row));
            if let Some(slot) = index.and_then(|index| found.get_mut(*index)) {
                *slot = Some(Arc::from(value));
            }
        }
        Ok(())
    }
}
