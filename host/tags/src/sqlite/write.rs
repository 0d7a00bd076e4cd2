//! Putting tags into the file: `sandgate tags`, never a host that judges.

use super::{APPLICATION, LAYOUT, Session, check_header, push_texts};
use crate::{Error, Tag};
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Row as _, SqlSafeStr};
use std::path::Path;

/// Only the four columns, in the order of the key, without a row id beside it.
const CREATE: &str = "CREATE TABLE tags (
        entity TEXT NOT NULL, attribute TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (entity, attribute, id)
    ) STRICT, WITHOUT ROWID";
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
            return check_header(path, application, layout);
        }
        self.run("PRAGMA journal_mode = WAL")?;
        self.run("BEGIN IMMEDIATE")?;
        // another writer may have been here since
        if self.tables()? == 0 {
            self.run(CREATE)?;
            self.run(AssertSqlSafe(format!("PRAGMA application_id = {APPLICATION}")))?;
            self.run(AssertSqlSafe(format!("PRAGMA user_version = {LAYOUT}")))?;
        }
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
        Ok(Loading { writer: self, json: String::new(), rows: Vec::new() })
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
        self.writer.run("COMMIT")?;
        self.writer.session.close()
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
