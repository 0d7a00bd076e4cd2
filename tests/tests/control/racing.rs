//! Changes at the same time: each is made whole and after another, or not at all.

use crate::{AT, Place, activate, bundle, new, places, who};
use sandgate_control::{Error, Imported, Moved, New, Pushed, Registry, Runs, State, Verified};
use sandgate_model::digest::Digest;
use std::process::{Child, Stdio};
use std::sync::Barrier;
use std::time::Duration;

const THREADS: usize = 6;
const ROUNDS: usize = 8;

/// Lets threads begin at once, each with a registry of its own, as programs do.
fn race<T: Send>(place: &Place, work: impl Fn(usize, &Registry) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(THREADS);
    let (start, work) = (&start, &work);
    std::thread::scope(|scope| {
        let one = |thread| {
            move || {
                let registry = place.open();
                start.wait();
                work(thread, &registry)
            }
        };
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(one(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn sound(place: &Place) {
    let verified = place.open().verify(None).unwrap();
    assert!(matches!(verified, Verified::Sound { .. }), "{}: {verified:?}", place.location);
}

#[test]
fn numbers_have_no_gaps_and_the_history_never_forks() {
    for place in places() {
        // two programs with one name are one too many, and do no harm
        let positions = "{}".to_owned();
        let (tenant, state) = ("shop".to_owned(), State::Active);
        let runs = Runs { tenant, generation: Some(1), set: None, state, problem: None, positions };
        // the first of them also makes the tables
        let moved = race(&place, |thread, registry| {
            let one = |round| {
                registry.push(&bundle(&[thread as u8, round as u8]), &who("ann"), AT).unwrap();
                registry.report("a host", std::slice::from_ref(&runs), AT).unwrap();
                activate(registry, "shop", &format!("{thread} {round}"))
            };
            (0..ROUNDS).map(one).collect::<Vec<_>>()
        });
        let mut numbers: Vec<u64> = moved
            .iter()
            .flatten()
            .map(|moved| match moved {
                Moved::Active { number, .. } => *number,
                Moved::Unchanged { .. } => panic!("each document is another"),
            })
            .collect();
        numbers.sort_unstable();
        let all = (THREADS * ROUNDS) as u64;
        assert_eq!(numbers, (1..=all).collect::<Vec<_>>(), "{}", place.location);
        assert_eq!(place.open().revision().unwrap(), 2 * all);
        sound(&place);
    }
}

#[test]
fn of_several_who_saw_the_same_one_wins() {
    for place in places() {
        activate(&place.open(), "shop", "zero");
        for round in 0..ROUNDS {
            let seen = place.open().tenant("shop").unwrap().unwrap().revision;
            let moved = race(&place, |thread, registry| {
                let document = format!("{round} {thread}");
                let new = New { expected: Some(seen), ..new(&document) };
                registry.activate("shop", &new, &who(&format!("thread {thread}")), AT)
            });
            let winner = moved.iter().position(Result::is_ok).unwrap();
            for (thread, moved) in moved.iter().enumerate().filter(|(thread, _)| *thread != winner) {
                let Err(Error::Conflict { by, .. }) = moved else { panic!("thread {thread}: {moved:?}") };
                assert_eq!(*by, format!("thread {winner}"));
            }
        }
        sound(&place);
    }
}

#[test]
fn hosts_that_start_at_once_with_one_file_make_one_generation() {
    for place in places() {
        for (number, file) in [(1, "one"), (2, "two")] {
            let imported = race(&place, |_, registry| {
                let new = New { from_file: Some(Digest::of(file.as_bytes())), ..new(file) };
                registry.import("shop", &new, &who("a host"), AT).unwrap()
            });
            let made = imported.iter().filter(|imported| matches!(imported, Imported::Active { .. })).count();
            let same = imported.iter().filter(|imported| **imported == Imported::Unchanged { number }).count();
            assert_eq!((made, same), (1, THREADS - 1), "{}: {imported:?}", place.location);
        }
        sound(&place);
    }
}

#[test]
fn one_component_that_all_push_is_new_once() {
    for place in places() {
        let component = vec![7; 1 << 20];
        let pushed = race(&place, |_, registry| registry.push(&bundle(&component), &who("ann"), AT).unwrap());
        let new = pushed.iter().filter(|pushed| matches!(pushed, Pushed::New(_))).count();
        let known = pushed.iter().filter(|pushed| matches!(pushed, Pushed::Known(_))).count();
        assert_eq!((new, known), (1, THREADS - 1), "{}", place.location);
        sound(&place);
    }
}

#[test]
fn a_change_that_fails_in_its_middle_leaves_nothing() {
    for place in places() {
        let registry = place.open();
        activate(&registry, "shop", "one");
        registry.push(&bundle(b"a component"), &who("ann"), AT).unwrap();
        // the tables are written to one after the other: whichever fails, nothing stays
        for table in ["sandgate_generations", "sandgate_history", "sandgate_control", "sandgate_tenants"] {
            let sqlite = "CREATE TRIGGER full_insert BEFORE INSERT ON {table} BEGIN SELECT raise(ABORT, 'full'); END;
                CREATE TRIGGER full_update BEFORE UPDATE ON {table} BEGIN SELECT raise(ABORT, 'full'); END";
            let postgres = "CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN RAISE EXCEPTION ''full''; END';
                CREATE TRIGGER full_insert BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION full_disk()";
            place.run(&place.either(sqlite, postgres).replace("{table}", table));
            let error = registry.activate("shop", &new("two"), &who("ann"), AT).unwrap_err();
            assert!(error.to_string().contains("full"), "{error}");
            let drop_sqlite = "DROP TRIGGER full_insert; DROP TRIGGER full_update";
            place.run(&place.either(drop_sqlite, "DROP TRIGGER full_insert ON {table}").replace("{table}", table));
            assert_eq!((registry.revision().unwrap(), registry.generations("shop", 9).unwrap().len()), (2, 1));
            sound(&place);
        }
        assert_eq!(activate(&registry, "shop", "two"), Moved::Active { number: 2, revision: 3 });
    }
}

#[test]
fn who_waits_for_another_too_long_is_told_and_changes_nothing() {
    for place in places() {
        activate(&place.open(), "shop", "one");
        // somebody who stays in the middle of a change
        let holder = Holder::new(&place);
        let short = Registry::open(&place.location, Duration::from_millis(300)).unwrap();
        assert_eq!(short.revision().unwrap(), 1, "readers do not wait");
        let error = short.activate("shop", &new("two"), &who("ann"), AT).unwrap_err();
        assert!(!error.lasts(), "{error}");
        drop(holder);
        // who held it is gone without a commit
        let registry = place.open();
        assert_eq!(activate(&registry, "shop", "two"), Moved::Active { number: 2, revision: 2 });
        sound(&place);
    }
}

/// A program in the middle of a transaction. Dropped, it is killed there.
enum Holder {
    File(#[expect(dead_code, reason = "it holds the lock until it is dropped")] Box<dyn std::any::Any>),
    Server(String, Child),
}

impl Holder {
    fn new(place: &Place) -> Holder {
        if let Some(url) = &place.url {
            let hold = "BEGIN; UPDATE sandgate_control SET revision = 7; SELECT pg_sleep(600)";
            let mut command = sandgate_tests::servers::script_command(&["psql", "--", url, "--command", hold]);
            let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let held = "SELECT count(*) FROM pg_locks JOIN pg_class ON pg_class.oid = relation
                WHERE relname = 'sandgate_control' AND mode = 'RowExclusiveLock' AND database =
                    (SELECT oid FROM pg_database WHERE datname = current_database())";
            let patience = sandgate_tests::servers::PATIENCE;
            sandgate_tests::servers::eventually("somebody holds the row", patience, || {
                sandgate_tests::servers::sql(url, held) == "1"
            });
            return Holder::Server(url.clone(), child);
        }
        let sandgate_control::Location::Sqlite(path) = &place.location else { unreachable!("it has no URL") };
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
        let time = sandgate_sql::Time::of(crate::LONG);
        let mut session = sandgate_sql::Session::open(&options, time).unwrap();
        let query = sqlx::raw_sql("BEGIN IMMEDIATE; UPDATE sandgate_control SET revision = 7");
        session.wait(time, |connection| query.execute(connection)).unwrap();
        Holder::File(Box::new(session))
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        if let Holder::Server(url, child) = self {
            let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%pg_sleep%'";
            sandgate_tests::servers::sql(url, end);
            let _ = child.wait();
        }
    }
}
