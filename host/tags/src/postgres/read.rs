//! Looking tags up in PostgreSQL.

use super::Session;
use crate::database::{self, Changes, Database, Name, PART, Record, Since};
use crate::{Address, Error, Tag, Wanted};
use sandgate_sql::Time;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The limit keeps the planner from anything but a search of the key for each name.
const LOOK_UP: &str = "SELECT wanted.n, tag.value
     FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS wanted (entity, attribute, id, n)
     CROSS JOIN LATERAL (
         SELECT value FROM sandgate_tags
         WHERE entity = wanted.entity AND attribute = wanted.attribute AND id = wanted.id LIMIT 1
     ) AS tag";
const LIST: &str = "SELECT attribute, value FROM sandgate_tags
     WHERE entity = $1 AND id = $2 AND ($3::text IS NULL OR attribute = $3) ORDER BY attribute COLLATE \"C\"";
const RANGE: &str = "SELECT coalesce(min(number), 0), coalesce(max(number), 0) FROM sandgate_tag_changes";
const CHANGED: &str = "SELECT entity, attribute, id FROM sandgate_tag_changes
     WHERE number > $1 AND number <= $2 ORDER BY number LIMIT $3";
const BEFORE: &str = "SELECT coalesce(max(number), 0) FROM sandgate_tag_changes
     WHERE at < clock_timestamp() - make_interval(secs => $1)";
const WALK: &str = "SELECT entity, attribute, id, value FROM sandgate_tags
     WHERE (entity, attribute, id) > ($1, $2, $3) ORDER BY entity, attribute, id LIMIT $4";
const COUNT: &str = "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'sandgate_tags'::regclass";

/// How long a person waits for `sandgate tags get`.
const PATIENCE: Duration = Duration::from_secs(10);

/// The database, opened for reading.
///
/// Each thread that asks at the same time has a session of its own, opened when
/// it is first needed and kept. Where one of them is found dead or does not answer,
/// those that nobody uses are dropped with it: a server that was restarted, or whose
/// place another one took, has closed them all, and each would cost a look-up.
pub struct Reader {
    address: Address,
    idle: Mutex<Vec<Session>>,
}

impl Reader {
    /// A reader of the database at `address`, which connects with the first question.
    pub fn new(address: &Address) -> Reader {
        Reader { address: address.clone(), idle: Mutex::default() }
    }

    /// Asks whether there are tags in it.
    ///
    /// # Errors
    /// Where the server cannot be reached within `limit`, refuses us, or has none.
    pub fn check(&self, limit: Duration) -> Result<(), Error> {
        self.with(limit, |session, time| {
            let query = sqlx::query("SELECT FROM sandgate_tags, sandgate_tag_changes LIMIT 0");
            session.wait(time, |connection| query.fetch_optional(connection)).map(drop)
        })
    }

    /// Does something with a session of this thread's own, and all of it within
    /// `limit`. A session that failed is dropped, so that the next one starts anew.
    fn with<T>(&self, limit: Duration, work: impl FnOnce(&mut Session, Time) -> Result<T, Error>) -> Result<T, Error> {
        let time = Time::of(limit);
        let idle = self.idle().pop();
        let mut session = idle.map_or_else(|| Session::open(&self.address, time), Ok)?;
        let done = work(&mut session, time);
        match &done {
            Ok(_) => self.idle().push(session),
            Err(error) if !error.lasts() => self.idle().clear(),
            Err(_) => {}
        }
        done
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Session>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bad(&self, error: &sqlx::Error) -> Error {
        super::failed(&self.address.to_string(), error)
    }
}

impl Database for Reader {
    fn look_up(&self, names: &[Wanted<'_>], limit: Duration, found: &mut Vec<Option<Arc<str>>>) -> Result<(), Error> {
        let column = |part: fn(&Wanted<'_>) -> String| names.iter().map(part).collect::<Vec<String>>();
        let query = sqlx::query(LOOK_UP)
            .bind(column(|name| name.entity.to_owned()))
            .bind(column(|name| name.attribute.to_owned()))
            .bind(column(|name| name.id.to_owned()));
        let rows = self.with(limit, |session, time| session.wait(time, |connection| query.fetch_all(connection)))?;
        found.clear();
        found.resize(names.len(), None);
        for row in rows {
            let (number, value): (i64, &str) = pair(&row).map_err(|error| self.bad(&error))?;
            let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
            if let Some(slot) = index.and_then(|index| found.get_mut(index)) {
                *slot = Some(Arc::from(value));
            }
        }
        Ok(())
    }

    fn changes(&self, since: Since, limit: Duration) -> Result<Option<Changes>, Error> {
        self.with(limit, |session, time| database::changes(&mut Told { session, time }, since)).map(Some)
    }

    fn walk(&self, limit: Duration, each: &mut dyn FnMut(Tag<'_>) -> bool) -> Result<(), Error> {
        let part = |after: &Name| {
            let query = sqlx::query(WALK).bind(&after.entity).bind(&after.attribute).bind(&after.id).bind(PART);
            self.with(limit, |session, time| session.wait(time, |connection| query.fetch_all(connection)))
        };
        database::walk(part, |row| tag(row).map_err(|error| self.bad(&error)), each)
    }

    fn list(&self, entity: &str, id: &str, attribute: Option<&str>) -> Result<Vec<(String, String)>, Error> {
        let query = sqlx::query(LIST).bind(entity).bind(id).bind(attribute);
        let rows = self.with(PATIENCE, |session, time| session.wait(time, |connection| query.fetch_all(connection)))?;
        let pairs = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>();
        pairs.map_err(|error| self.bad(&error))
    }

    fn count(&self, limit: Duration) -> Result<u64, Error> {
        let query = sqlx::query_scalar::<_, i64>(COUNT);
        let count = self.with(limit, |session, time| session.wait(time, |connection| query.fetch_one(connection)))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

/// The record of changes, asked within one deadline.
struct Told<'s> {
    session: &'s mut Session,
    time: Time,
}

impl Told<'_> {
    fn bad(&self, error: &sqlx::Error) -> Error {
        super::failed(&self.session.server, error)
    }
}

impl Record for Told<'_> {
    fn range(&mut self) -> Result<(i64, i64), Error> {
        let row = self.session.wait(self.time, |connection| sqlx::query(RANGE).fetch_one(connection))?;
        pair(&row).map_err(|error| self.bad(&error))
    }

    fn before(&mut self, ago: Duration) -> Result<i64, Error> {
        let query = sqlx::query_scalar(BEFORE).bind(ago.as_secs_f64());
        self.session.wait(self.time, |connection| query.fetch_one(connection))
    }

    fn names(&mut self, after: i64, last: i64, most: i64) -> Result<Vec<Option<Name>>, Error> {
        let query = sqlx::query(CHANGED).bind(after).bind(last).bind(most);
        let rows = self.session.wait(self.time, |connection| query.fetch_all(connection))?;
        rows.iter().map(name).collect::<Result<_, _>>().map_err(|error| self.bad(&error))
    }
}

fn pair<'r, A, B>(row: &'r PgRow) -> Result<(A, B), sqlx::Error>
where
    A: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    B: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// The name that a change is about; `None` if it is about everything.
fn name(row: &PgRow) -> Result<Option<Name>, sqlx::Error> {
    let (entity, attribute, id) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let whole = |entity: Option<String>, attribute: Option<String>, id: Option<String>| {
        Some(Name { entity: entity?, attribute: attribute?, id: id? })
    };
    Ok(whole(entity, attribute, id))
}

fn tag(row: &PgRow) -> Result<Tag<'_>, sqlx::Error> {
    let (entity, attribute, id, value) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
    Ok(Tag { entity, attribute, id, value })
}
