//! Putting tags into PostgreSQL: `sandgate tags`, never a host that judges.
//!
//! A load is one transaction: COPY into a table of its own, then one statement
//! that puts all of it in place. Memory holds one chunk. What has changed is told
//! by triggers of the table, so that any other program that writes tells it too.

use super::Session;
use crate::{Address, Error, Tag, Wanted};
use sandgate_sql::Time;
use std::fmt::Write as _;
use std::time::Duration;

/// Makes the tables, their triggers and nothing else. The lock lets two first
/// users take turns. `COLLATE "C"` compares bytes, which is quick and the same on
/// every server. A change takes its number under a lock that ends with its
/// transaction, so that numbers become visible in their order: a host that has
/// seen one has seen all before it.
const SCHEMA: &str = r#"
SELECT pg_advisory_xact_lock(6004251117483286);
CREATE TABLE IF NOT EXISTS sandgate_tags (
    entity text COLLATE "C" NOT NULL, attribute text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (entity, attribute, id)
);
CREATE TABLE IF NOT EXISTS sandgate_tag_changes (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    entity text, attribute text, id text
);
CREATE OR REPLACE FUNCTION sandgate_tags_changed() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NOT EXISTS (SELECT FROM changed) THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(6004251117483287);
    IF (SELECT count(*) FROM (SELECT FROM changed LIMIT 10001) AS part) > 10000 THEN
        INSERT INTO sandgate_tag_changes (entity) VALUES (NULL);
    ELSIF TG_OP = 'UPDATE' THEN
        -- a row may have another name than before; one that has not is told once
        INSERT INTO sandgate_tag_changes (entity, attribute, id)
            SELECT entity, attribute, id FROM changed UNION SELECT entity, attribute, id FROM former;
    ELSE
        INSERT INTO sandgate_tag_changes (entity, attribute, id) SELECT entity, attribute, id FROM changed;
    END IF;
    -- what is older than a day stands before the first that is not: only that is looked at
    DELETE FROM sandgate_tag_changes WHERE number < coalesce(
        (SELECT number FROM sandgate_tag_changes WHERE at >= clock_timestamp() - interval '1 day'
            ORDER BY number LIMIT 1),
        (SELECT max(number) FROM sandgate_tag_changes));
    RETURN NULL;
END $body$;
CREATE OR REPLACE FUNCTION sandgate_tags_emptied() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    PERFORM pg_advisory_xact_lock(6004251117483287);
    INSERT INTO sandgate_tag_changes (entity) VALUES (NULL);
    RETURN NULL;
END $body$;
CREATE OR REPLACE TRIGGER sandgate_inserted AFTER INSERT ON sandgate_tags REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION sandgate_tags_changed();
CREATE OR REPLACE TRIGGER sandgate_updated AFTER UPDATE ON sandgate_tags
    REFERENCING NEW TABLE AS changed OLD TABLE AS former
    FOR EACH STATEMENT EXECUTE FUNCTION sandgate_tags_changed();
DROP TRIGGER IF EXISTS sandgate_renamed ON sandgate_tags;
CREATE OR REPLACE TRIGGER sandgate_deleted AFTER DELETE ON sandgate_tags REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION sandgate_tags_changed();
CREATE OR REPLACE TRIGGER sandgate_emptied AFTER TRUNCATE ON sandgate_tags
    FOR EACH STATEMENT EXECUTE FUNCTION sandgate_tags_emptied();
"#;
/// All that the schema makes, and nothing that an earlier one made.
const THERE: &str =
    "SELECT to_regclass('sandgate_tags') IS NOT NULL AND to_regclass('sandgate_tag_changes') IS NOT NULL
     AND (SELECT count(*) >= 4 AND bool_and(tgname <> 'sandgate_renamed') FROM pg_trigger
          WHERE tgrelid = to_regclass('sandgate_tags') AND NOT tgisinternal)";
const LOADING: &str = "CREATE TEMPORARY TABLE sandgate_loading (
         n bigint GENERATED ALWAYS AS IDENTITY,
         entity text COLLATE \"C\", attribute text COLLATE \"C\", id text COLLATE \"C\", value text
     ) ON COMMIT DROP";
const COPY: &str = "COPY sandgate_loading (entity, attribute, id, value) FROM STDIN";
/// The later of two lines stays; what is as it was is not written and not told.
const MERGE: &str = "INSERT INTO sandgate_tags (entity, attribute, id, value)
     SELECT DISTINCT ON (entity, attribute, id) entity, attribute, id, value FROM sandgate_loading
     ORDER BY entity, attribute, id, n DESC
     ON CONFLICT (entity, attribute, id) DO UPDATE SET value = excluded.value
     WHERE sandgate_tags.value <> excluded.value";
const DELETE: &str = "DELETE FROM sandgate_tags WHERE entity = $1 AND id = $2 AND ($3::text IS NULL OR attribute = $3)";

/// Bytes that go to the server at once while loading.
const CHUNK: usize = 1 << 20;
/// How long a person waits for a connection.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a load may take: millions of tags take minutes.
const LOAD: Duration = Duration::from_secs(3_600);

/// The database, opened for writing.
pub struct Writer {
    session: Session,
}

impl Writer {
    /// Connects, and makes the tables where there are none.
    ///
    /// # Errors
    /// Where the server cannot be reached, or this user may not make them.
    pub fn open(address: &Address) -> Result<Writer, Error> {
        let mut session = Session::open(address, Time::of(PATIENCE))?;
        let query = sqlx::query_scalar::<_, Option<bool>>(THERE);
        let there = session.wait(Time::of(PATIENCE), |connection| query.fetch_one(connection))?;
        let mut writer = Writer { session };
        if there != Some(true) {
            writer.run("BEGIN", PATIENCE)?;
            writer.run(SCHEMA, PATIENCE)?;
            writer.run("COMMIT", PATIENCE)?;
        }
        Ok(writer)
    }

    /// Deletes the tags of one thing, or one of them, and says how many there were.
    ///
    /// # Errors
    /// Where they cannot be deleted.
    pub fn delete(mut self, entity: &str, id: &str, attribute: Option<&str>) -> Result<u64, Error> {
        let query = sqlx::query(DELETE).bind(entity).bind(id).bind(attribute);
        self.session.wait(Time::of(PATIENCE), |connection| query.execute(connection)).map(|done| done.rows_affected())
    }

    /// Begins to put many tags: all of them or none.
    ///
    /// # Errors
    /// Where the server does not take them.
    pub fn load(mut self) -> Result<Loading, Error> {
        self.run("BEGIN", PATIENCE)?;
        self.run(LOADING, PATIENCE)?;
        Ok(Loading { writer: self, text: String::new() })
    }

    fn run(&mut self, statements: &'static str, limit: Duration) -> Result<(), Error> {
        let query = sqlx::raw_sql(statements);
        self.session.wait(Time::of(limit), |connection| query.execute(connection)).map(drop)
    }
}

/// Tags on their way into the database. Dropped without [`Loading::commit`], it
/// leaves the database as it was.
pub struct Loading {
    writer: Writer,
    /// The rows of the next chunk, as COPY reads them.
    text: String,
}

impl Loading {
    /// Puts one tag: of two with one name the later one stays. The tag has to be
    /// one: see [`Tag::check`].
    ///
    /// # Errors
    /// Where the server does not take it.
    pub fn put(&mut self, tag: Tag<'_>) -> Result<(), Error> {
        let Wanted { entity, attribute, id } = tag.name();
        for (index, part) in [entity, attribute, id, tag.value].into_iter().enumerate() {
            if index > 0 {
                self.text.push('\t');
            }
            // a tag has no control characters, so that this is all that COPY would read otherwise
            for piece in part.split_inclusive('\\') {
                self.text.push_str(piece);
                if piece.ends_with('\\') {
                    self.text.push('\\');
                }
            }
        }
        // writing to a text cannot fail
        let _ = self.text.write_char('\n');
        if self.text.len() < CHUNK {
            return Ok(());
        }
        self.flush()
    }

    /// Makes it last. After this the tags are there.
    ///
    /// # Errors
    /// Where the server does not take them; it is then as it was.
    pub fn commit(mut self) -> Result<(), Error> {
        self.flush()?;
        self.writer.run(MERGE, LOAD)?;
        self.writer.run("COMMIT", LOAD)
    }

    fn flush(&mut self) -> Result<(), Error> {
        if self.text.is_empty() {
            return Ok(());
        }
        let chunk = std::mem::take(&mut self.text);
        self.writer.session.wait(Time::of(LOAD), |connection| async move {
            let mut copy = connection.copy_in_raw(COPY).await?;
            copy.send(chunk.as_bytes()).await?;
            copy.finish().await.map(drop)
        })
    }
}
