//! What was changed by other means is found: in every column of every table that the
//! history tells of, and in the history itself.

use crate::{AT, Place, activate, bundle, new, places, who};
use sandgate_control::{Bundle, New, Registry, Verified};
use sandgate_model::digest::Digest;

const TABLES: [&str; 8] = ["blobs", "policies", "generations", "tenants", "history", "tokens", "proposals", "control"];

/// A registry with something in every column: 12 entries.
fn filled(place: &Place) -> Registry {
    let registry = place.open();
    let cases = Bundle { cases: Some(b"[[case]]"), ..bundle(b"one") };
    registry.push(&cases, &who("ann"), AT).unwrap();
    registry.push(&Bundle { readme: None, ..bundle(b"two") }, &who("ann"), AT).unwrap();
    let file = New { from_file: Some(Digest::of(b"file")), ..new("bank one") };
    registry.import("bank", &file, &who("a host"), AT).unwrap();
    for document in ["one", "two", "three"] {
        activate(&registry, "shop", document);
        activate(&registry, "bank", document);
    }
    registry.rollback("shop", Some(2), None, &who("bob"), AT).unwrap();
    registry.freeze("bank", true, None, &who("carol"), AT).unwrap();
    registry.report("a host", &[], AT).unwrap();
    assert_eq!(registry.revision().unwrap(), 11);
    registry
}

/// Each of these is found, and told with these words.
fn changes(place: &Place) -> Vec<(String, &'static str)> {
    let mut changes = Vec::new();
    let text = |column: &str| format!("{column} = {column} || 'x'");
    let next = |column: &str| format!("{column} = {column} + 1");
    let digest = |column: &str| format!("{column} = '{}'", Digest::of(b"planted").hex());
    let mut update = |table: &str, set: String, which: &str, told| {
        changes.push((format!("UPDATE sandgate_{table} SET {set} WHERE {which}"), told));
    };
    for column in ["actor", "origin", "action", "tenant", "why"] {
        update("history", text(column), "number = 5", "entry 5 was changed");
    }
    update("history", "at = at + 1".to_owned(), "number = 5", "entry 5 was changed");
    update("history", "detail = detail || ' '".to_owned(), "number = 5", "entry 5 was changed");
    update("history", digest("before"), "number = 5", "entry 5 does not name the hash");
    update("history", digest("hash"), "number = 5", "entry 5 was changed");
    update("history", "hash = ''".to_owned(), "number = 11", "entry 11 was changed");
    update("history", "number = 12".to_owned(), "number = 11", "entry 11 is missing, the next one is 12");
    update("history", "number = -1".to_owned(), "number = 11", "its history ends with entry 10");
    for column in ["document", "made_by", "why"] {
        update(
            "generations",
            text(column),
            "tenant = 'shop' AND number = 2",
            "generation 2 of tenant \"shop\" was changed",
        );
    }
    for column in ["document_digest", "set_digest"] {
        update(
            "generations",
            digest(column),
            "tenant = 'shop' AND number = 2",
            "generation 2 of tenant \"shop\" was changed",
        );
    }
    update(
        "generations",
        next("made_at"),
        "tenant = 'shop' AND number = 2",
        "generation 2 of tenant \"shop\" was changed",
    );
    update("generations", "set_digest = 'x'".to_owned(), "number = 2", "stands where a digest should");
    update(
        "generations",
        "number = 9".to_owned(),
        "tenant = 'shop' AND number = 2",
        "generation 2 of tenant \"shop\" is missing",
    );
    update(
        "generations",
        text("tenant"),
        "tenant = 'shop' AND number = 2",
        "generation 2 of tenant \"shop\" is missing",
    );
    for set in ["active = 3", "previous = 1", "previous = NULL", "revision = 12", "frozen = 1", "managed = 'file'"] {
        update("tenants", set.to_owned(), "tenant = 'shop'", "what tenant \"shop\" runs was changed since entry 10");
    }
    update("tenants", digest("imported"), "tenant = 'shop'", "what tenant \"shop\" runs was changed since entry 10");
    update(
        "tenants",
        "imported = NULL".to_owned(),
        "tenant = 'bank'",
        "what tenant \"bank\" runs was changed since entry 11",
    );
    for column in ["canary", "shadows"] {
        update("tenants", text(column), "tenant = 'bank'", "on trial makes no sense");
    }
    update("tenants", "frozen = 2".to_owned(), "tenant = 'bank'", "2 frozen");
    update("tenants", "managed = 'x'".to_owned(), "tenant = 'bank'", "\"x\" managed");
    update("tenants", "active = -1".to_owned(), "tenant = 'bank'", "-1 stands where a number");
    update("tenants", text("tenant"), "tenant = 'shop'", "the history knows no tenant \"shopx\"");
    let one = format!("digest = '{}'", Digest::of(b"one").hex());
    for column in ["name", "version", "summary", "manifest", "pushed_by"] {
        update("policies", text(column), &one, "was changed since it was pushed");
    }
    update("policies", next("pushed_at"), &one, "was changed since it was pushed");
    update("policies", digest("readme"), &one, "was changed since it was pushed");
    update("policies", "cases = NULL".to_owned(), &one, "was changed since it was pushed");
    update("policies", digest("digest"), &one, "the history knows no policy sha256:");
    let bytes = place.either("bytes = x'00'", "bytes = '\\x00'");
    for part in [&b"one"[..], b"# Velocity", b"[[case]]"] {
        let part = format!("digest = '{}'", Digest::of(part).hex());
        update("blobs", bytes.to_owned(), &part, "are others than were pushed");
        update("blobs", digest("digest"), &part, "are missing");
    }
    update("control", next("revision"), "id = 1", "stands at revision 12, its history ends with entry 11");
    update("control", "revision = 10".to_owned(), "id = 1", "stands at revision 10, its history ends with entry 11");
    update("control", "format = 0".to_owned(), "id = 1", "its format 0 has never been one");
    update("control", "id = 2".to_owned(), "id = 1", "the row with its format is missing");

    let planted = "INSERT INTO sandgate_generations
        SELECT 'TENANT', 9, document, document_digest, set_digest, made_at, made_by, why
        FROM sandgate_generations WHERE tenant = 'shop' AND number = 1";
    let entry = "INSERT INTO sandgate_history
        SELECT NUMBER, at, actor, origin, tenant, action, detail, why, hash, hash FROM sandgate_history WHERE number = 11";
    let tenant = "INSERT INTO sandgate_tenants
        SELECT 'cafe', active, previous, revision, frozen, managed, imported, four_eyes, canary, shadows
        FROM sandgate_tenants WHERE tenant = 'shop'";
    let planted_digest = Digest::of(b"planted").hex();
    let policy = format!(
        "INSERT INTO sandgate_policies
         SELECT '{planted_digest}', name, version, summary, manifest, readme, cases, pushed_at, pushed_by
         FROM sandgate_policies WHERE {one}"
    );
    let more = [
        ("DELETE FROM sandgate_history WHERE number = 1".to_owned(), "entry 1 is missing"),
        ("DELETE FROM sandgate_history WHERE number = 6".to_owned(), "entry 6 is missing, the next one is 7"),
        ("DELETE FROM sandgate_history WHERE number = 11".to_owned(), "its history ends with entry 10"),
        ("DELETE FROM sandgate_history".to_owned(), "its history ends with entry 0"),
        (
            "DELETE FROM sandgate_history WHERE number = 11; UPDATE sandgate_control SET revision = 10".to_owned(),
            "what tenant \"bank\" runs was changed since entry 9",
        ),
        (entry.replace("NUMBER", "12"), "entry 12 was changed"),
        (entry.replace("NUMBER", "-1"), "their numbers are below 1"),
        ("DELETE FROM sandgate_generations WHERE number = 1".to_owned(), "generation 1 of tenant"),
        (planted.replace("TENANT", "shop"), "has generations that the history does not know"),
        (planted.replace("TENANT", "cafe"), "generations of tenants that the history does not know"),
        (
            "DELETE FROM sandgate_tenants WHERE tenant = 'shop'".to_owned(),
            "a tenant that the history tells of is missing",
        ),
        (tenant.to_owned(), "the history knows no tenant \"cafe\""),
        (format!("DELETE FROM sandgate_policies WHERE {one}"), "a policy that the history tells of is missing"),
        (policy, "the history knows no policy sha256:"),
        (format!("DELETE FROM sandgate_blobs WHERE {one}"), "are missing"),
        ("DELETE FROM sandgate_control".to_owned(), "the row with its format is missing"),
    ];
    changes.extend(more);
    changes
}

#[test]
fn every_change_by_other_means_is_found() {
    for place in places() {
        let registry = filled(&place);
        let sound = registry.verify(None).unwrap();
        assert!(matches!(sound, Verified::Sound { head: Some(head) } if head.number == 11), "{sound:?}");
        for table in TABLES {
            place.run(&format!("CREATE TABLE kept_{table} AS SELECT * FROM sandgate_{table}"));
        }
        let restore: String = TABLES
            .iter()
            .map(|table| {
                format!("DELETE FROM sandgate_{table}; INSERT INTO sandgate_{table} SELECT * FROM kept_{table};")
            })
            .collect();
        for (change, told) in changes(&place) {
            place.run(&change);
            let verified = registry.verify(None).unwrap();
            let Verified::Broken { problem, .. } = &verified else { panic!("{change}: {verified:?}") };
            assert!(problem.contains(told), "{change}: {problem}");
            place.run(&restore);
        }
        assert_eq!(registry.verify(None).unwrap(), sound);
    }
}

#[test]
fn a_history_that_was_made_anew_does_not_fit_the_hash_that_was_kept() {
    for place in places() {
        let registry = filled(&place);
        let kept = registry.head().unwrap().unwrap().hash;
        activate(&registry, "cafe", "one");
        assert!(matches!(registry.verify(Some(&kept)).unwrap(), Verified::Sound { .. }), "it has gone on since");
        // all of it is thrown away, and something plausible is put in its place
        for table in TABLES.iter().filter(|table| **table != "control") {
            place.run(&format!("DELETE FROM sandgate_{table}"));
        }
        place.run("UPDATE sandgate_control SET revision = 0");
        for number in 0..20 {
            activate(&registry, "shop", &number.to_string());
        }
        assert!(matches!(registry.verify(None).unwrap(), Verified::Sound { .. }));
        let verified = registry.verify(Some(&kept)).unwrap();
        let Verified::Broken { problem, .. } = &verified else { panic!("{verified:?}") };
        assert!(problem.contains("no entry has the hash that you have kept"), "{problem}");
    }
}

#[test]
fn a_long_history_is_walked_in_pieces() {
    for place in places() {
        let registry = place.open();
        activate(&registry, "shop", "one");
        for round in 0..1_000 {
            registry.freeze("shop", round % 2 == 0, None, &who("ann"), AT + round).unwrap();
        }
        let verified = registry.verify(None).unwrap();
        assert!(matches!(verified, Verified::Sound { head: Some(head) } if head.number == 1_001), "{verified:?}");
        place.run("UPDATE sandgate_history SET why = '' WHERE number = 901");
        let verified = registry.verify(None).unwrap();
        assert!(matches!(verified, Verified::Broken { entry: Some(901), .. }), "{verified:?}");
    }
}
