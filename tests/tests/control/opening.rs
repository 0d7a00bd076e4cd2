//! Finding a registry, or something else in its place.

use crate::{AT, LONG, activate, bundle, new, places, who};
use sandgate_control::{Error, Location, Registry, Verified};
use sandgate_model::digest::Digest;
use std::time::Duration;

#[test]
fn a_registry_that_nobody_has_written_to_is_empty() {
    for place in places() {
        let registry = place.open();
        assert_eq!(registry.revision().unwrap(), 0);
        assert_eq!((registry.tenants().unwrap(), registry.policies().unwrap()), (vec![], vec![]));
        assert_eq!((registry.hosts().unwrap(), registry.generations("shop", 9).unwrap()), (vec![], vec![]));
        assert_eq!(registry.verify(None).unwrap(), Verified::Sound { head: None });
        let kept = registry.verify(Some(&Digest::of(b"kept"))).unwrap();
        assert!(matches!(kept, Verified::Broken { .. }), "what was kept is gone");
        if let Location::Sqlite(path) = &place.location {
            assert!(!path.exists(), "looking makes no file");
        }
        // what another program writes is seen by those that have looked before
        activate(&place.open(), "shop", "one");
        assert_eq!(registry.revision().unwrap(), 1);
        assert_eq!(registry.tenants().unwrap().len(), 1);
    }
}

#[test]
fn a_later_format_is_refused_by_name() {
    for place in places() {
        let registry = place.open();
        activate(&registry, "shop", "one");
        place.run("UPDATE sandgate_control SET format = 2");
        let told = "has format 2, this version knows formats up to 1: use a newer sandgate";
        let errors = [
            Registry::open(&place.location, LONG).err().unwrap(),
            registry.revision().unwrap_err(),
            registry.activate("shop", &new("two"), &who("ann"), AT).unwrap_err(),
            registry.push(&bundle(b"x"), &who("ann"), AT).unwrap_err(),
            registry.verify(None).unwrap_err(),
        ];
        for error in errors {
            assert!(error.lasts() && error.to_string().ends_with(told), "{error}");
        }
    }
}

#[test]
fn another_file_is_not_taken_for_a_registry() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Sqlite(folder.path().join("tags.db"));
    let tag = sandgate_tags::Tag { entity: "account", id: "a", attribute: "risk_level", value: "1" };
    sandgate_tags::Writer::open(&location).unwrap().set(tag).unwrap();
    let text = folder.path().join("text");
    std::fs::write(&text, "hello, this is no database at all, but some text".repeat(100)).unwrap();
    for location in [location, Location::Sqlite(text)] {
        let error = Registry::open(&location, LONG).err().unwrap();
        assert!(matches!(error, Error::Foreign { .. }), "{error}");
        let error = Registry::later(&location, LONG).activate("shop", &new("one"), &who("ann"), AT).unwrap_err();
        assert!(matches!(error, Error::Foreign { .. }), "{error}");
    }
    let nowhere = Location::Sqlite(folder.path().join("no such folder/control.db"));
    let error = Registry::open(&nowhere, LONG).unwrap().activate("shop", &new("one"), &who("ann"), AT).unwrap_err();
    assert!(error.to_string().contains("no such folder/control.db"), "{error}");
}

#[test]
fn a_server_that_refuses_is_told_from_one_that_is_away() {
    let url = sandgate_tests::servers::database();
    let (head, place) = url.rsplit_once('@').unwrap();
    let user = head.rsplit_once(':').unwrap().0;
    let wrong = Location::parse(&format!("{user}:wrong-secret@{place}")).unwrap();
    let error = Registry::open(&wrong, LONG).err().unwrap();
    assert!(matches!(error, Error::Refused { .. }) && error.lasts(), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
    let away = Location::parse("postgres://me:secret@127.0.0.1:1/control").unwrap();
    let error = Registry::open(&away, LONG).err().unwrap();
    assert!(matches!(error, Error::Unreachable { .. }) && !error.lasts(), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
    // a host starts without it, and goes on asking
    let later = Registry::later(&away, Duration::from_secs(5));
    assert!(!later.revision().unwrap_err().lasts());
}

#[test]
fn sessions_that_the_server_has_ended_cost_no_call() {
    let [_, place] = places();
    let registry = place.open();
    activate(&registry, "shop", "one");
    for round in 0..3 {
        place.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        if round % 2 == 0 {
            assert_eq!(registry.tenants().unwrap().len(), 1);
        } else {
            activate(&registry, "shop", &format!("round {round}"));
        }
    }
}

#[test]
fn a_copy_that_is_put_in_the_place_of_a_file_is_what_counts() {
    let [place, _] = places();
    let registry = place.open();
    activate(&registry, "shop", "one");
    let Location::Sqlite(path) = &place.location else { panic!("the first is a file") };
    let copy = path.with_extension("copy");
    place.run(&format!("VACUUM INTO '{}'", copy.display()));
    activate(&registry, "shop", "two");
    for suffix in ["-wal", "-shm"] {
        let mut beside = path.clone().into_os_string();
        beside.push(suffix);
        let _ = std::fs::remove_file(beside);
    }
    std::fs::rename(&copy, path).unwrap();
    assert_eq!(registry.revision().unwrap(), 1, "the restored one");
    activate(&registry, "shop", "three");
    assert_eq!(place.open().revision().unwrap(), 2);
    // gone altogether, it is as if nobody had written yet
    std::fs::remove_file(path).unwrap();
    assert_eq!((registry.revision().unwrap(), path.exists()), (0, false));
}
