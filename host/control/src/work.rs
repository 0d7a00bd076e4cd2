//! One read or one change: its session, its time, and its rows.

use crate::Error;
use crate::session::{Bind, Both, Column, Row, Session, failed};
use sandgate_model::digest::Digest;
use sandgate_sql::{Failure, Location, Time};
use std::time::Duration;

/// What one read or change does, all of it in one time.
pub(crate) struct Work<'d> {
    location: &'d Location,
    pub(crate) session: Session,
    limit: Duration,
    time: Time,
    /// The number of the last change that this one sees; a read has none.
    pub(crate) revision: u64,
}

impl<'d> Work<'d> {
    pub(crate) fn new(location: &'d Location, session: Session, limit: Duration, time: Time) -> Work<'d> {
        Work { location, session, limit, time, revision: 0 }
    }

    /// Begins to count its time anew: for what is done in pieces.
    pub(crate) fn renew(&mut self) {
        self.time = Time::of(self.limit);
    }

    /// Whether the database is a file.
    pub(crate) fn is_file(&self) -> bool {
        matches!(self.session, Session::Sqlite(_))
    }

    /// What a statement answers.
    pub(crate) fn rows(&mut self, statement: impl Into<Both>, binds: &[Bind<'_>]) -> Result<Vec<Row>, Error> {
        let rows = self.session.rows(self.time, statement.into(), binds);
        rows.map_err(|failure| failed(self.location, failure))
    }

    /// The first row of it.
    pub(crate) fn row(&mut self, statement: impl Into<Both>, binds: &[Bind<'_>]) -> Result<Option<Row>, Error> {
        Ok(self.rows(statement, binds)?.into_iter().next())
    }

    /// Runs statements without values.
    pub(crate) fn run(&mut self, statements: Both) -> Result<(), Error> {
        self.session.run(self.time, statements).map_err(|failure| failed(self.location, failure))
    }

    /// The same for statements that were put together.
    pub(crate) fn run_text(&mut self, statements: String) -> Result<(), Error> {
        self.session.run_text(self.time, statements).map_err(|failure| failed(self.location, failure))
    }

    /// A column of a row.
    pub(crate) fn get<T: Column>(&self, row: &Row, index: usize) -> Result<T, Error> {
        row.get(index).map_err(|error| failed(self.location, Failure::Sql(error)))
    }

    /// A number that is never negative.
    pub(crate) fn number(&self, row: &Row, index: usize) -> Result<u64, Error> {
        let number: i64 = self.get(row, index)?;
        u64::try_from(number).map_err(|_| self.damaged(format!("{number} stands where a number of something should")))
    }

    /// The same where there may be none.
    pub(crate) fn number_maybe(&self, row: &Row, index: usize) -> Result<Option<u64>, Error> {
        let number: Option<i64> = self.get(row, index)?;
        number.map(|_| self.number(row, index)).transpose()
    }

    /// A digest.
    pub(crate) fn digest(&self, row: &Row, index: usize) -> Result<Digest, Error> {
        let text: String = self.get(row, index)?;
        Digest::parse(&text).ok_or_else(|| self.damaged(format!("{text:?} stands where a digest should")))
    }

    /// The same where there may be none.
    pub(crate) fn digest_maybe(&self, row: &Row, index: usize) -> Result<Option<Digest>, Error> {
        let text: Option<String> = self.get(row, index)?;
        text.map(|_| self.digest(row, index)).transpose()
    }

    /// What is stored makes no sense.
    pub(crate) fn damaged(&self, what: String) -> Error {
        Error::Damaged { place: self.place(), what }
    }

    /// Where the registry is, without a password.
    pub(crate) fn place(&self) -> String {
        self.location.to_string()
    }
}

/// A number as the database has it. Ours stay far below its end.
pub(crate) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
