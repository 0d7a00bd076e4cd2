//! The embedded store: one table in one SQLite file, in process, no server.
//!
//! `tags (entity, attribute, id) → value`, in the order in which a batch asks:
//! all ids of one attribute lie together. A host only reads; `sandgate tags`
//! writes, also while hosts read, because the file is in WAL mode.
//!
//! Beside it stand the last changes, by which a running host learns what it has
//! to forget. A store of the first layout has none: its hosts go by `ttl` alone,
//! until the next write gives it that table.
//!
//! A batch crosses to the database as one JSON text and one statement, whatever
//! its length. Statements with a placeholder for each id would be prepared anew
//! for each length, and one statement for each id would wait once for each.

mod read;
mod write;

pub use read::Reader;
pub use write::{Loading, Writer};

use crate::Error;
use sandgate_sql::Cause;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};
use std::path::{Path, PathBuf};
use tokio::runtime::{Builder, Runtime};

/// Written into the file's header: `SGtg`.
const APPLICATION: i64 = 0x5347_7467;
/// The layout that this version writes.
const LAYOUT: i64 = 2;
/// The first layout that records changes.
const LAYOUT_CHANGES: i64 = 2;
/// Rows that the database may be ahead of us, so that it seldom waits.
const ROWS_AHEAD: usize = 512;

/// A connection and what drives it. The database runs on a thread of its own
/// (sqlx gives one to each connection), so this runtime only ever parks.
struct Session {
    path: PathBuf,
    runtime: Runtime,
    connection: SqliteConnection,
}

impl Session {
    fn open(path: &Path, options: SqliteConnectOptions) -> Result<Session, Error> {
        let runtime =
            Builder::new_current_thread().enable_time().build().map_err(|error| Error::failed(path, "open", error))?;
        let options = options.filename(path).row_buffer_size(ROWS_AHEAD).disable_statement_logging();
        let connection = runtime.block_on(options.connect()).map_err(|error| failed(path, "open", &error))?;
        Ok(Session { path: path.to_owned(), runtime, connection })
    }

    /// What the header says: whose file it is, and in which layout.
    fn header(&mut self) -> Result<(i64, i64), Error> {
        let pragma = "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version";
        let row = self.runtime.block_on(sqlx::query(pragma).fetch_one(&mut self.connection));
        row.and_then(|row| Ok((row.try_get(0)?, row.try_get(1)?))).map_err(|error| failed(&self.path, "open", &error))
    }

    /// Waits until the database has let go of the file.
    fn close(self) -> Result<(), Error> {
        self.runtime.block_on(self.connection.close()).map_err(|error| failed(&self.path, "close", &error))
    }
}

/// Why the database would not do something, as far as its answer tells.
fn failed(path: &Path, doing: &'static str, error: &sqlx::Error) -> Error {
    match Cause::of(error) {
        (Cause::NotADatabase, _) => {
            Error::Foreign { path: path.to_owned(), detail: "it is not a SQLite file".to_owned() }
        }
        (Cause::ReadOnly, _) => Error::Denied { path: path.to_owned(), doing },
        (Cause::Damaged, said) => Error::Damaged { path: path.to_owned(), said },
        _ if path.is_dir() => Error::Directory { path: path.to_owned() },
        (Cause::CannotOpen, _) if path.is_file() => Error::Denied { path: path.to_owned(), doing },
        (_, said) => Error::failed(path, doing, said),
    }
}

/// Whether the header is that of a store that this version can use.
fn check_header(path: &Path, application: i64, layout: i64) -> Result<(), Error> {
    if application != APPLICATION {
        let detail = "it is a SQLite file of another program".to_owned();
        return Err(Error::Foreign { path: path.to_owned(), detail });
    }
    if layout > LAYOUT {
        return Err(Error::Newer { path: path.to_owned(), layout, known: LAYOUT });
    }
    Ok(())
}

/// Appends texts as JSON strings with commas between them. They have passed
/// [`crate::Tag::check`]: without control characters only two need an escape.
fn push_texts(json: &mut String, texts: &[&str]) {
    for (index, text) in texts.iter().enumerate() {
        json.push_str(if index == 0 { "\"" } else { ",\"" });
        let mut rest = *text;
        while let Some(at) = rest.find(['"', '\\']) {
            json.push_str(&rest[..at]);
            json.push('\\');
            json.push_str(&rest[at..=at]);
            rest = &rest[at + 1..];
        }
        json.push_str(rest);
        json.push('"');
    }
}
