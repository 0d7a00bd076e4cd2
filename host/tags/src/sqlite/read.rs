//! Looking tags up in the file.

use super::{LAYOUT_CHANGES, Session, check_header, failed, push_texts};
use crate::database::{self, Changes, Database, Name, PART, Record, Since};
use crate::{Error, Tag, Wanted};
use sandgate_remote::Deadline;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// The join is spelled as a cross join because that one SQLite never reorders:
/// one search of the key for each name, never a walk over the table.
const LOOK_UP: &str = "SELECT wanted.key, tags.value FROM json_each(?1) AS wanted CROSS JOIN tags
     ON tags.entity = wanted.value ->> 0 AND tags.attribute = wanted.value ->> 1 AND tags.id = wanted.value ->> 2";

const LIST: &str = "SELECT attribute, value FROM tags
     WHERE entity = ?1 AND id = ?2 AND (?3 IS NULL OR attribute = ?3) ORDER BY attribute";

const RANGE: &str = "SELECT coalesce(min(number), 0), coalesce(max(number), 0) FROM changes";
const BEFORE: &str = "SELECT coalesce(max(number), 0) FROM changes WHERE at < unixepoch('subsec') - ?1";
const CHANGED: &str = "SELECT entity, attribute, id FROM changes
     WHERE number > ?1 AND number <= ?2 ORDER BY number LIMIT ?3";
const WALK: &str = "SELECT entity, attribute, id, value FROM tags
     WHERE (entity, attribute, id) > (?1, ?2, ?3) ORDER BY entity, attribute, id LIMIT ?4";
const COUNT: &str = "SELECT count(*) FROM tags";

/// How long a person waits for `sandgate tags get`.
const PATIENCE: Duration = Duration::from_secs(10);

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

    /// A session of this thread's own, until it is given back.
    fn session(&self) -> Result<Session, Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| Session::open(&self.path, SqliteConnectOptions::new().read_only(true)), Ok)
    }

    fn give_back(&self, session: Session) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
    }

    /// Asks for rows.
    fn rows(&self, limit: Duration, query: Query<'_>) -> Result<Vec<SqliteRow>, Error> {
        self.rows_until(Deadline::after(Instant::now(), limit), limit, query)
    }

    /// The same where others share the deadline. A session whose question failed is
    /// dropped: the next one starts anew.
    fn rows_until(&self, deadline: Deadline, limit: Duration, query: Query<'_>) -> Result<Vec<SqliteRow>, Error> {
        let mut session = self.session()?;
        let left = deadline.left(Instant::now()).ok_or_else(|| self.late(limit))?;
        let Session { runtime, connection, .. } = &mut session;
        let rows = runtime.block_on(async { timeout(left, query.fetch_all(connection)).await });
        let rows = rows.map_err(|_| self.late(limit))?;
        let rows = rows.map_err(|error| failed(&self.path, "read", &error))?;
        self.give_back(session);
        Ok(rows)
    }

    fn late(&self, limit: Duration) -> Error {
        Error::Late { server: format!("sqlite:{}", self.path.display()), limit }
    }

    fn bad(&self, error: &sqlx::Error) -> Error {
        failed(&self.path, "read", error)
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

impl Database for Reader {
    fn look_up(&self, names: &[Wanted<'_>], limit: Duration, found: &mut Vec<Option<Arc<str>>>) -> Result<(), Error> {
        let mut json = String::from("[");
        for (index, name) in names.iter().enumerate() {
            json.push_str(if index == 0 { "[" } else { ",[" });
            push_texts(&mut json, &[name.entity, name.attribute, name.id]);
            json.push(']');
        }
        json.push(']');
        let rows = self.rows(limit, sqlx::query(LOOK_UP).bind(json))?;
        found.clear();
        found.resize(names.len(), None);
        for row in rows {
            let pair = row.try_get(0).and_then(|key| Ok((key, row.try_get(1)?)));
            let (key, value): (i64, &str) = pair.map_err(|error| self.bad(&error))?;
            if let Some(slot) = usize::try_from(key).ok().and_then(|index| found.get_mut(index)) {
                *slot = Some(Arc::from(value));
            }
        }
        Ok(())
    }

    fn changes(&self, since: Since, limit: Duration) -> Result<Option<Changes>, Error> {
        let mut session = self.session()?;
        let (_, layout) = session.header()?;
        self.give_back(session);
        if layout < LAYOUT_CHANGES {
            return Ok(None);
        }
        database::changes(&mut Told { reader: self, deadline: Deadline::after(Instant::now(), limit), limit }, since)
            .map(Some)
    }

    fn walk(&self, limit: Duration, each: &mut dyn FnMut(Tag<'_>) -> bool) -> Result<(), Error> {
        let part = |after: &Name| {
            let query = sqlx::query(WALK).bind(&after.entity).bind(&after.attribute).bind(&after.id);
            self.rows(limit, query.bind(PART))
        };
        database::walk(part, |row| tag(row).map_err(|error| self.bad(&error)), each)
    }

    fn list(&self, entity: &str, id: &str, attribute: Option<&str>) -> Result<Vec<(String, String)>, Error> {
        let rows = self.rows(PATIENCE, sqlx::query(LIST).bind(entity).bind(id).bind(attribute))?;
        let pairs = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>();
        pairs.map_err(|error| self.bad(&error))
    }

    fn count(&self, limit: Duration) -> Result<u64, Error> {
        let rows = self.rows(limit, sqlx::query(COUNT))?;
        let count = rows.first().map_or(Ok(0_i64), |row| row.try_get(0));
        count.map(|count| u64::try_from(count).unwrap_or(0)).map_err(|error| self.bad(&error))
    }
}

/// The record of changes, asked within one deadline.
struct Told<'r> {
    reader: &'r Reader,
    deadline: Deadline,
    limit: Duration,
}

impl Told<'_> {
    fn rows(&self, query: Query<'_>) -> Result<Vec<SqliteRow>, Error> {
        self.reader.rows_until(self.deadline, self.limit, query)
    }

    /// The first and the last column of the only row.
    fn numbers(&self, query: Query<'_>) -> Result<(i64, i64), Error> {
        let rows = self.rows(query)?;
        let row = rows.first().ok_or_else(|| self.reader.bad(&sqlx::Error::RowNotFound))?;
        let pair = row.try_get(0).and_then(|first| Ok((first, row.try_get(row.len() - 1)?)));
        pair.map_err(|error| self.reader.bad(&error))
    }
}

impl Record for Told<'_> {
    fn range(&mut self) -> Result<(i64, i64), Error> {
        self.numbers(sqlx::query(RANGE))
    }

    fn before(&mut self, ago: Duration) -> Result<i64, Error> {
        Ok(self.numbers(sqlx::query(BEFORE).bind(ago.as_secs_f64()))?.0)
    }

    fn names(&mut self, after: i64, last: i64, most: i64) -> Result<Vec<Option<Name>>, Error> {
        let rows = self.rows(sqlx::query(CHANGED).bind(after).bind(last).bind(most))?;
        rows.iter().map(name).collect::<Result<_, _>>().map_err(|error| self.reader.bad(&error))
    }
}

/// The name that a change is about; `None` if it is about everything.
fn name(row: &SqliteRow) -> Result<Option<Name>, sqlx::Error> {
    let (entity, attribute, id) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let whole = |entity: Option<String>, attribute: Option<String>, id: Option<String>| {
        Some(Name { entity: entity?, attribute: attribute?, id: id? })
    };
    Ok(whole(entity, attribute, id))
}

fn tag(row: &SqliteRow) -> Result<Tag<'_>, sqlx::Error> {
    let (entity, attribute, id, value) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
    Ok(Tag { entity, attribute, id, value })
}
