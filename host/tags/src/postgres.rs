//! PostgreSQL: the tags of a fleet, in one database.
//!
//! `sandgate_tags (entity, attribute, id) → value`, and beside it
//! `sandgate_tag_changes`, which triggers fill: whoever writes to the table, by
//! whatever means, tells the hosts. `sandgate tags` makes both on first use; a
//! host only reads.
//!
//! A batch crosses as three arrays and one statement, whatever its length. Every
//! value is bound, none is part of a statement's text.

mod read;
mod write;

pub use read::Reader;
pub use write::{Loading, Writer};

use crate::{Address, Error};
use sandgate_sql::{Cause, Failure, Time};
use sqlx::postgres::PgConnection;
use std::future::Future;

/// A connection, and whom it is with.
struct Session {
    server: String,
    session: sandgate_sql::Session<PgConnection>,
}

impl Session {
    fn open(address: &Address, time: Time) -> Result<Session, Error> {
        let server = address.to_string();
        let options = address.options().map_err(|error| failed(&server, &error))?;
        match sandgate_sql::Session::open(&options, time) {
            Ok(session) => Ok(Session { server, session }),
            Err(failure) => Err(undone(&server, failure)),
        }
    }

    /// Waits for something that this session does. After an error the session must
    /// not be used again.
    fn wait<'s, T, F>(&'s mut self, time: Time, work: impl FnOnce(&'s mut PgConnection) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, sqlx::Error>>,
    {
        let Session { server, session } = self;
        session.wait(time, work).map_err(|failure| undone(server, failure))
    }
}

/// Why a session did not do something.
fn undone(server: &str, failure: Failure) -> Error {
    match failure {
        Failure::Late(limit) => Error::Late { server: server.to_owned(), limit },
        Failure::Runtime(error) => Error::Unreachable { server: server.to_owned(), said: error.to_string() },
        Failure::Sql(error) => failed(server, &error),
    }
}

/// Why the server would not do something, as far as its answer tells.
fn failed(server: &str, error: &sqlx::Error) -> Error {
    let server = server.to_owned();
    match Cause::of(error) {
        (Cause::NoTable, _) => Error::Unfilled { server },
        (Cause::Refused, said) => Error::Refused { server, said },
        (_, said) => Error::Unreachable { server, said },
    }
}
