//! The database behind the registry: idle sessions, and the two ways to use one.
//!
//! A *read* asks some questions. A *change* is one commit that holds the one
//! lock there is (SQLite's own, or a row of PostgreSQL), so that changes follow
//! each other, and each sees all that came before. There are a few of them a day;
//! that they wait for each other costs nothing, and nothing can fork.

use crate::session::{Both, Session};
use crate::work::Work;
use crate::{Error, schema};
use sandgate_sql::{Location, Time};
use std::os::unix::fs::MetadataExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A change whose program has stopped in the middle gives the lock back.
const BEGIN: &str = "BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED;
    SET LOCAL idle_in_transaction_session_timeout = '60s'";

/// Where the registry is, and the sessions with it that nobody uses.
pub(crate) struct Database {
    location: Location,
    limit: Duration,
    idle: Mutex<Vec<Session>>,
    /// Whether its tables have been seen.
    made: AtomicBool,
    /// Which file lay there when it was looked for last: device and inode.
    file: Mutex<Option<(u64, u64)>>,
}

impl Database {
    /// A database whose every use ends within `limit`.
    pub(crate) fn new(location: &Location, limit: Duration) -> Database {
        Database {
            location: location.clone(),
            limit,
            idle: Mutex::default(),
            made: AtomicBool::new(false),
            file: Mutex::default(),
        }
    }

    /// Looks whether there is a registry, and that it is one which this version knows.
    pub(crate) fn check(&self) -> Result<bool, Error> {
        if let Location::Sqlite(path) = &self.location
            && matches!(path.try_exists(), Ok(false))
        {
            return Ok(false);
        }
        self.work(|work| {
            let there = schema::there(work)?;
            if there {
                schema::revision(work, false)?;
            }
            self.made.store(there, Ordering::Relaxed);
            Ok(there)
        })
    }

    /// Asks something; of a registry that nobody has written to yet, nothing.
    pub(crate) fn read<T: Default>(&self, mut ask: impl FnMut(&mut Work<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.look();
        if !self.made.load(Ordering::Relaxed) && !self.check()? {
            return Ok(T::default());
        }
        self.work(&mut ask)
    }

    /// The same in one snapshot, whatever is changed meanwhile.
    pub(crate) fn snapshot<T: Default>(
        &self,
        mut ask: impl FnMut(&mut Work<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.read(|work| {
            let begin =
                Both { sqlite: "BEGIN", postgres: "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY" };
            work.run(begin)?;
            let answer = ask(work)?;
            work.run("COMMIT".into())?;
            Ok(answer)
        })
    }

    /// Changes something: all of it or nothing. `before` puts what is named by its
    /// content, without the lock where the database allows that.
    pub(crate) fn change<T>(
        &self,
        before: impl Fn(&mut Work<'_>) -> Result<(), Error>,
        change: impl Fn(&mut Work<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.write(|work| {
            before(work)?;
            work.revision = schema::revision(work, true)?;
            change(work)
        })
    }

    /// Writes something that is no change: without the lock where the database
    /// allows that.
    pub(crate) fn tell(&self, tell: impl Fn(&mut Work<'_>) -> Result<(), Error>) -> Result<(), Error> {
        self.write(tell)
    }

    /// One commit.
    fn write<T>(&self, write: impl FnOnce(&mut Work<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.look();
        if !self.made.load(Ordering::Relaxed) && !self.check()? {
            self.work(schema::make)?;
            self.made.store(true, Ordering::Relaxed);
        }
        // what is asked before COMMIT changes nothing, so that it may be asked again
        let (mut work, answer) = self.begun(|work| work.run(Both { sqlite: "BEGIN IMMEDIATE", postgres: BEGIN }))?;
        answer?;
        let done = write(&mut work).and_then(|answer| work.run("COMMIT".into()).map(|()| answer));
        match &done {
            Ok(_) => self.idle().push(work.session),
            // refused by us: the session is sound
            Err(error) if error.lasts() && work.run("ROLLBACK".into()).is_ok() => self.idle().push(work.session),
            Err(_) => {}
        }
        done
    }

    /// Does something with a session of this thread's own.
    fn work<T>(&self, mut ask: impl FnMut(&mut Work<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let (work, answer) = self.begun(&mut ask)?;
        if answer.is_ok() {
            self.idle().push(work.session);
        }
        answer
    }

    /// A session that has done something. One that lay idle may have been closed by
    /// its server meanwhile: then all idle ones are, and a new one is tried.
    fn begun<T>(
        &self,
        mut first: impl FnMut(&mut Work<'_>) -> Result<T, Error>,
    ) -> Result<(Work<'_>, Result<T, Error>), Error> {
        let time = Time::of(self.limit);
        let with = |session| Work::new(&self.location, session, self.limit, time);
        // a file that has gone since is not made anew unseen
        let create = !self.made.load(Ordering::Relaxed);
        let idle = self.idle().pop();
        if let Some(session) = idle {
            let mut work = with(session);
            match first(&mut work) {
                Err(Error::Unreachable { .. }) => self.idle().clear(),
                answer => return Ok((work, answer)),
            }
        }
        let mut work = with(Session::open(&self.location, create, self.limit, time)?);
        let answer = first(&mut work);
        Ok((work, answer))
    }

    /// Forgets a file that another one has taken the place of, as when a copy is
    /// restored: a session goes on with the file that it has opened, for ever.
    fn look(&self) {
        let Location::Sqlite(path) = &self.location else { return };
        let now = std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
        let before = std::mem::replace(&mut *self.file.lock().unwrap_or_else(PoisonError::into_inner), now);
        if before != now {
            self.idle().clear();
            self.made.store(false, Ordering::Relaxed);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Session>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
