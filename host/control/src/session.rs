//! A connection with either database, behind one small set of questions.
//!
//! Both understand `$1` and the same plain statements, so that each is written
//! once. Where they differ, two stand side by side in a [`Both`].

use crate::Error;
use sandgate_sql::{Cause, Failure, Location, Time};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Decode, Postgres, Row as _, Sqlite, Type};
use std::time::Duration;

/// One thread's connection.
pub(crate) enum Session {
    Sqlite(sandgate_sql::Session<SqliteConnection>),
    Postgres(sandgate_sql::Session<PgConnection>),
}

/// A value in a statement.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bind<'a> {
    Int(i64),
    MaybeInt(Option<i64>),
    Text(&'a str),
    MaybeText(Option<&'a str>),
    Bytes(&'a [u8]),
}

/// A row of an answer.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// A statement that each database has to be told in its own way.
#[derive(Clone, Copy)]
pub(crate) struct Both {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

/// A statement of both.
impl From<&'static str> for Both {
    fn from(text: &'static str) -> Both {
        Both { sqlite: text, postgres: text }
    }
}

/// What a row may hold.
pub(crate) trait Column:
    for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

impl<T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>> Column for T {}

macro_rules! bound {
    ($statement:expr, $binds:expr) => {{
        let mut query = sqlx::query($statement);
        for bind in $binds {
            query = match *bind {
                Bind::Int(value) => query.bind(value),
                Bind::MaybeInt(value) => query.bind(value),
                Bind::Text(value) => query.bind(value),
                Bind::MaybeText(value) => query.bind(value),
                Bind::Bytes(value) => query.bind(value),
            };
        }
        query
    }};
}

impl Session {
    /// Connects; with `create`, a file that is not there is made.
    pub(crate) fn open(location: &Location, create: bool, limit: Duration, time: Time) -> Result<Session, Error> {
        match location {
            Location::Sqlite(path) => {
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .create_if_missing(create)
                    // another writer is waited for, as long as anything is
                    .busy_timeout(limit)
                    // what was changed is there after a power failure too
                    .synchronous(SqliteSynchronous::Full)
                    .disable_statement_logging();
                let session = sandgate_sql::Session::open(&options, time);
                session.map(Session::Sqlite).map_err(|failure| failed(location, failure))
            }
            Location::Postgres(address) => {
                let options = address.options().map_err(|error| failed(location, Failure::Sql(error)))?;
                let session = sandgate_sql::Session::open(&options, time);
                session.map(Session::Postgres).map_err(|failure| failed(location, failure))
            }
        }
    }

    /// What a statement answers.
    pub(crate) fn rows(&mut self, time: Time, statement: Both, binds: &[Bind<'_>]) -> Result<Vec<Row>, Failure> {
        match self {
            Session::Sqlite(session) => {
                let query = bound!(statement.sqlite, binds);
                let rows = session.wait(time, |connection| query.fetch_all(connection))?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Session::Postgres(session) => {
                let query = bound!(statement.postgres, binds);
                let rows = session.wait(time, |connection| query.fetch_all(connection))?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// Runs statements without values, apart by `;`.
    pub(crate) fn run(&mut self, time: Time, statements: Both) -> Result<(), Failure> {
        let text = if matches!(self, Session::Sqlite(_)) { statements.sqlite } else { statements.postgres };
        self.run_text(time, text.to_owned())
    }

    /// The same for statements that were put together: never of anything from outside.
    pub(crate) fn run_text(&mut self, time: Time, statements: String) -> Result<(), Failure> {
        let query = sqlx::raw_sql(AssertSqlSafe(statements));
        match self {
            Session::Sqlite(session) => session.wait(time, |connection| query.execute(connection)).map(drop),
            Session::Postgres(session) => session.wait(time, |connection| query.execute(connection)).map(drop),
        }
    }
}

impl Row {
    /// A column by its place.
    pub(crate) fn get<T: Column>(&self, index: usize) -> Result<T, sqlx::Error> {
        match self {
            Row::Sqlite(row) => row.try_get(index),
            Row::Postgres(row) => row.try_get(index),
        }
    }
}

/// Why a database did not do something.
pub(crate) fn failed(location: &Location, failure: Failure) -> Error {
    let place = location.to_string();
    let error = match failure {
        Failure::Late(limit) => return Error::Late { place, limit },
        Failure::Runtime(error) => return Error::Unreachable { place, said: error.to_string() },
        Failure::Sql(error) => error,
    };
    let is_file = matches!(location, Location::Sqlite(path) if path.is_file());
    match Cause::of(&error) {
        (Cause::NotADatabase, _) => Error::Foreign { place, detail: "it is not a SQLite file".to_owned() },
        (Cause::ReadOnly | Cause::Refused, said) => Error::Refused { place, said },
        (Cause::CannotOpen, said) if is_file => Error::Refused { place, said },
        (Cause::Damaged, what) => Error::Damaged { place, what },
        (Cause::NoTable, what) => Error::Damaged { place, what },
        (_, said) => match error {
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Error::Damaged { place, what: said },
            _ => Error::Unreachable { place, said },
        },
    }
}
