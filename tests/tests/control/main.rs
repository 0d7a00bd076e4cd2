//! The registry over SQLite and over PostgreSQL: what it promises of policies, of
//! tenants and of its history, whoever races whom, and whoever changes it by other
//! means.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod granting;
mod opening;
mod policies;
mod racing;
mod tampering;
mod tenants;
mod trials;
mod waking;

use sandgate_control::{Bundle, Location, Moved, New, Registry, Who};
use sandgate_model::digest::Digest;
use sandgate_sql::{Session, Time};
use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteConnectOptions;
use std::time::Duration;
use tempfile::TempDir;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);
/// When everything here happens.
const AT: i64 = 1_790_000_000_000;

/// A database without a registry, and what must stay while it is used.
struct Place {
    location: Location,
    /// Only PostgreSQL has one.
    url: Option<String>,
    _folder: TempDir,
}

/// One of each kind.
fn places() -> [Place; 2] {
    let new = || tempfile::tempdir().unwrap();
    let folder = new();
    let file = Location::Sqlite(folder.path().join("control.db"));
    let url = sandgate_tests::servers::database();
    let server = Location::parse(&url).unwrap();
    [Place { location: file, url: None, _folder: folder }, Place { location: server, url: Some(url), _folder: new() }]
}

impl Place {
    fn open(&self) -> Registry {
        Registry::open(&self.location, LONG).unwrap()
    }

    /// Does something to the database by other means.
    fn run(&self, statements: &str) {
        match (&self.location, &self.url) {
            (Location::Sqlite(path), _) => {
                let options = SqliteConnectOptions::new().filename(path).busy_timeout(LONG);
                let mut session = Session::open(&options, Time::of(LONG)).unwrap();
                let query = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()));
                let done = session.wait(Time::of(LONG), |connection| query.execute(connection));
                done.unwrap_or_else(|error| panic!("{statements}: {error}"));
            }
            (_, Some(url)) => drop(sandgate_tests::servers::sql(url, statements)),
            (_, None) => unreachable!("a server has a URL"),
        }
    }

    /// The statement of this kind of database.
    fn either<'a>(&self, sqlite: &'a str, postgres: &'a str) -> &'a str {
        if self.url.is_none() { sqlite } else { postgres }
    }
}

fn who(actor: &str) -> Who {
    Who { actor: actor.to_owned(), origin: "a laptop".to_owned(), why: "a test".to_owned() }
}

fn bundle(component: &[u8]) -> Bundle<'_> {
    Bundle {
        manifest: "{\"name\": \"velocity\"}",
        name: "velocity",
        version: "1.0.0",
        summary: "Counts.",
        component,
        readme: Some(b"# Velocity"),
        cases: None,
    }
}

/// A document, whose set has a digest of its own.
fn new(document: &str) -> New<'_> {
    New { document, set: Digest::of(format!("set of {document}").as_bytes()), from_file: None, expected: None }
}

fn activate(registry: &Registry, tenant: &str, document: &str) -> Moved {
    registry.activate(tenant, &new(document), &who("ann"), AT).unwrap()
}
