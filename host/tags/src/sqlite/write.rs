//! Putting tags into the file: `sandgate tags`, never a host that judges.

use super::{APPLICATION, LAYOUT, Session, check_header, push_texts};
use crate::database::CHANGES_MAX;
use crate::{Error, Tag};
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Row as _, SqlSafeStr};
use std::path::Path;

/// Only the four columns, in the order of the key, without a row id beside it.
const CREATE: &str = "CREATE TABLE tags (
        entity TEXT NOT NULL, attribute TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (entity, attribute, id)
    ) STRICT, WITHOUT ROWID";
/// What has changed of late; three times nothing is a change of everything.
const CREATE_CHANGES: &str = "CREATE TABLE IF NOT EXISTS changes (
        number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL DEFAULT (unixepoch('subsec')),
        entity TEXT, attribute TEXT, id TEXT
    ) STRICT";
const CHANGED: &str = "INSERT INTO changes (entity, attribute, id)
    SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1)";
const CHANGED_ALL: &str = "INSERT INTO changes (entity) VALUES (NULL)";
/// What is older than a day stands before the first that is not, so that only what
/// is deleted is looked at. The last one stays: the numbers go on from it.
const PRUNE: &str = "DELETE FROM changes WHERE number < coalesce(
    (SELECT number FROM changes WHERE at >= unixepoch('subsec') - 86400 ORDER BY number LIMIT 1),
    (SELECT max(number) FROM changes))";
const DELETE: &str = "DELETE FROM tags WHERE entity = ?1 AND id = ?2 AND (?3 IS NULL OR attribute = ?3)
    RETURNING entity, attribute, id";
/// `WHERE true` lets the parser tell the conflict clause from a join's.
const PUT: &str = "INSERT INTO tags (entity, attribute, id, value)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1) WHERE true
    ON CONFLICT (entity, attribute, id) DO UPDATE SET value = excluded.value";

/// Bytes of JSON that go to the database at once while loading.
const CHUNK: usize = 4 << 20;

/// The store, opened for writing.
pub struct Writer {
    session: Session,
}

impl Writer {
    /// Opens the store at `path`, and creates it where there is none.
    ///
    /// # Errors
    /// Where the file is something else, or it cannot be written.
    pub fn open(path: &Path) -> Result<Writer, Error> {
        let options = SqliteConnectOptions::new()
            .create_if_missing(true)
            // what was set is there after a power failure too
            .synchronous(SqliteSynchronous::Full)
            // 64 MiB of pages, so that a large load seldom goes back to the disk
            .pragma("cache_size", "-65536");
        let mut writer = Writer { session: Session::open(path, options)? };
        writer.prepare(path)?;
        Ok(writer)
    }

    /// Makes an empty file a store, and refuses a foreign one.
    fn prepare(&mut self, path: &Path) -> Result<(), Error> {
        let (application, layout) = self.session.header()?;
        if application != 0 || layout != 0 || self.tables()? != 0 {
            check_header(path, application, layout)?;
            if layout == LAYOUT {
                return Ok(());
            }
        }
        self.run("PRAGMA journal_mode = WAL")?;
        self.run("BEGIN IMMEDIATE")?;
        // another writer may have been here since
        if self.tables()? == 0 {
            self.run(CREATE)?;
            self.run(AssertSqlSafe(format!("PRAGMA application_id = {APPLICATION}")))?;
        }
        self.run(CREATE_CHANGES)?;
        self.run(AssertSqlSafe(format!("PRAGMA user_version = {LAYOUT}")))?;
        self.run("COMMIT")
    }

    /// Sets one tag, in place of the value that it had.
    ///
    /// The tag has to be one: see [`Tag::check`].
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn set(self, tag: Tag<'_>) -> Result<(), Error> {
        let mut loading = self.load()?;
        loading.put(tag)?;
        loading.commit()
    }

    /// Begins to put many tags: all of them or none.
    ///
    /// # Errors
    /// Where another writer holds the store, or it cannot be written.
    pub fn load(mut self) -> Result<Loading, Error> {
        self.run("BEGIN IMMEDIATE")?;
        Ok(Loading { writer: self, json: String::new(), rows: Vec::new(), changed: String::new(), count: 0 })
    }

    /// Deletes the tags of one thing, or one of them, and says how many there were.
    ///
    /// # Errors
    /// Where they cannot be deleted.
    pub fn delete(mut self, entity: &str, id: &str, attribute: Option<&str>) -> Result<u64, Error> {
        self.run("BEGIN IMMEDIATE")?;
        let query = sqlx::query(DELETE).bind(entity).bind(id).bind(attribute);
        let rows = self.session.runtime.block_on(query.fetch_all(&mut self.session.connection));
        let rows = rows.map_err(|error| self.failed(error))?;
        let mut loading =
            Loading { writer: self, json: String::new(), rows: Vec::new(), changed: String::new(), count: 0 };
        for row in &rows {
            let name = row.try_get(0).and_then(|entity| Ok((entity, row.try_get(1)?, row.try_get(2)?)));
            let (entity, attribute, id): (&str, &str, &str) = name.map_err(|error| loading.writer.failed(error))?;
            loading.note(&[entity, attribute, id]);
        }
        loading.commit()?;
        Ok(rows.len() as u64)
    }

    fn run(&mut self, statement: impl SqlSafeStr) -> Result<(), Error> {
        let query = sqlx::query(statement).execute(&mut self.session.connection);
        self.session.runtime.block_on(query).map(drop).map_err(|error| self.failed(error))
    }

    /// How many tables there are: none in a file that nobody has used yet.
    fn tables(&mut self) -> Result<i64, Error> {
        let query = sqlx::query("SELECT count(*) FROM sqlite_schema").fetch_one(&mut self.session.connection);
        let row = self.session.runtime.block_on(query);
        row.and_then(|row| row.try_get(0)).map_err(|error| self.failed(error))
    }

    fn failed(&self, error: sqlx::Error) -> Error {
        super::failed(&self.session.path, "write to", &error)
    }
}

/// Tags on their way into the store. Dropped without [`Loading::commit`], it
/// leaves the store as it was.
pub struct Loading {
    writer: Writer,
    /// The rows of the next chunk as JSON arrays, end to end.
    json: String,
    rows: Vec<Row>,
    /// The names that have changed, as JSON arrays with commas between them, as
    /// long as there are few enough to be told one by one.
    changed: String,
    count: usize,
}

/// Where a row stands in the JSON of its chunk.
struct Row {
    start: usize,
    /// Where its key ends and its value begins.
    key_end: usize,
    end: usize,
}

impl Loading {
    /// Puts one tag, in place of the value that it had: of two tags with one
    /// name the later one stays. The tag has to be one: see [`Tag::check`].
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub fn put(&mut self, tag: Tag<'_>) -> Result<(), Error> {
        self.note(&[tag.entity, tag.attribute, tag.id]);
        let start = self.json.len();
        self.json.push('[');
        push_texts(&mut self.json, &[tag.entity, tag.attribute, tag.id]);
        let key_end = self.json.len();
        self.json.push(',');
        push_texts(&mut self.json, &[tag.value]);
        self.json.push(']');
        self.rows.push(Row { start, key_end, end: self.json.len() });
        if self.json.len() < CHUNK {
            return Ok(());
        }
        self.flush()
    }

    /// Makes it last. After this the tags are there, also after a power failure.
    ///
    /// # Errors
    /// Where the store cannot be written; it is then as it was.
    pub fn commit(mut self) -> Result<(), Error> {
        self.flush()?;
        if self.count > CHANGES_MAX {
            self.writer.run(CHANGED_ALL)?;
        } else if self.count > 0 {
            let changed = format!("[{}]", std::mem::take(&mut self.changed));
            let query = sqlx::query(CHANGED).bind(changed).execute(&mut self.writer.session.connection);
            let done = self.writer.session.runtime.block_on(query);
            done.map(drop).map_err(|error| self.writer.failed(error))?;
        }
        self.writer.run(PRUNE)?;
        self.writer.run("COMMIT")?;
        self.writer.session.close()
    }

    /// Notes that the tag of a name changes.
    fn note(&mut self, name: &[&str]) {
        self.count += 1;
        if self.count > CHANGES_MAX {
            self.changed = String::new();
            return;
        }
        self.changed.push_str(if self.count == 1 { "[" } else { ",[" });
        push_texts(&mut self.changed, name);
        self.changed.push(']');
    }

    /// Sends the chunk, in the order of the keys: pages of the table are then
    /// visited once for a chunk and not once for a row, which halves the time of
    /// a load. The sort is stable, so that the later of two values stays.
    fn flush(&mut self) -> Result<(), Error> {
        let json = &self.json;
        self.rows.sort_by_key(|row| &json[row.start..row.key_end]);
        let mut sorted = String::with_capacity(json.len() + self.rows.len() + 2);
        for row in self.rows.drain(..) {
            sorted.push(if sorted.is_empty() { '[' } else { ',' });
            sorted.push_str(&json[row.start..row.end]);
        }
        self.json.clear();
        if sorted.is_empty() {
            return Ok(());
        }
        sorted.push(']');
        let query = sqlx::query(PUT).bind(sorted).execute(&mut self.writer.session.connection);
        let done = self.writer.session.runtime.block_on(query);
        done.map(drop).map_err(|error| self.writer.failed(error))
    }
}
