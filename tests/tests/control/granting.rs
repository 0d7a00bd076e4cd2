//! Tokens and four eyes: who gets in, who may approve, and what is found of changes by
//! other means.

use crate::{AT, Place, activate, new, places, who};
use sandgate_control::tokens::CHANCE;
use sandgate_control::{Error, Login, Moved, New, Registry, Role, Stands, Submitted, Token, Verified, Wish};
use sandgate_model::digest::Digest;

fn make(registry: &Registry, name: &str, chance: u8, expires: Option<i64>) -> (Token, String) {
    let tenants = ["shop".to_owned()];
    let wish = Wish { name, role: Role::Author, tenants: Some(&tenants), expires };
    let (token, secret) = registry.make_token(&wish, &[chance; CHANCE], &who("root"), AT).unwrap();
    (token, secret.text().to_owned())
}

fn propose(registry: &Registry, document: &str, by: &str, token: Option<&str>) -> u64 {
    match registry.submit("shop", &new(document), (&who(by), token), AT).unwrap() {
        Submitted::Proposed { number } => number,
        Submitted::Moved(moved) => panic!("{moved:?}"),
    }
}

/// A tenant that asks for four eyes, at revision 2.
fn careful(place: &Place) -> Registry {
    let registry = place.open();
    activate(&registry, "shop", "one");
    registry.four_eyes("shop", true, Some(1), &who("root"), AT).unwrap();
    registry
}

fn sound(registry: &Registry) {
    let verified = registry.verify(None).unwrap();
    assert!(matches!(verified, Verified::Sound { .. }), "{verified:?}");
}

#[test]
fn a_token_lets_in_until_it_ends() {
    for place in places() {
        let registry = place.open();
        let nobody = format!("sandgate_{}_{}", "0".repeat(16), "0".repeat(64));
        assert_eq!(registry.login(&nobody, AT).unwrap(), Login::Unknown);
        let (token, text) = make(&registry, "ann", 7, Some(AT + 10));
        assert!(token.covers("shop") && !token.covers("bank"));
        assert_eq!(registry.login(&text, AT).unwrap(), Login::Known(token.clone()));
        assert_eq!(registry.login(&text, AT + 10).unwrap(), Login::Expired(AT + 10));
        assert_eq!(registry.login(&text.replace("_0707", "_0708"), AT).unwrap(), Login::Unknown);
        let other = format!("{}8", &text[..text.len() - 1]);
        assert_eq!(registry.login(&other, AT).unwrap(), Login::Unknown);
        for _ in 0..2 {
            assert_eq!(registry.revoke_token(&token.id, &who("root"), AT + 1).unwrap().revoked, Some(AT + 1));
        }
        assert_eq!(registry.login(&text, AT).unwrap(), Login::Revoked(AT + 1));
        assert_eq!(registry.revision().unwrap(), 2, "revoked once");
        assert!(matches!(registry.revoke_token("x", &who("root"), AT), Err(Error::NoSuchToken { .. })));
        // neither the secret nor what is compared stands in the history
        let secret = text.rsplit('_').next().unwrap_or_default();
        let hash = Digest::of(&[7; 32]).hex();
        for entry in registry.history(0, 10, None).unwrap() {
            assert!(!entry.detail.contains(secret) && !entry.detail.contains(&hash), "{}", entry.detail);
        }
        sound(&registry);
    }
}

#[test]
fn a_token_that_cannot_be_meant_is_not_made() {
    for place in places() {
        let registry = place.open();
        let wish = Wish { name: "ann", role: Role::Viewer, tenants: None, expires: None };
        for (wish, told) in [
            (Wish { name: "", ..wish }, "the token's name is empty"),
            (Wish { tenants: Some(&[]), ..wish }, "list of tenants is empty"),
            (Wish { expires: Some(AT), ..wish }, "has passed already"),
        ] {
            let error = registry.make_token(&wish, &[1; CHANCE], &who("root"), AT).unwrap_err();
            assert!(error.to_string().contains(told), "{error}");
        }
        assert!(registry.tokens().unwrap().is_empty());
    }
}

#[test]
fn a_change_is_proposed_by_one_and_approved_by_another() {
    for place in places() {
        let registry = careful(&place);
        assert!(matches!(registry.activate("shop", &new("two"), &who("ann"), AT), Err(Error::FourEyes { .. })));
        assert_eq!(propose(&registry, "two", "ann", Some("t1")), 1);
        assert_eq!(registry.tenant("shop").unwrap().unwrap().revision, 2, "a proposal moves nothing");
        for (by, token) in [("ann", Some("t2")), ("ann", None), ("bob", Some("t1"))] {
            let error = registry.approve("shop", 1, (&who(by), token), AT).unwrap_err();
            assert!(matches!(error, Error::SameHand { .. }), "{error}");
        }
        let moved = registry.approve("shop", 1, (&who("bob"), Some("t2")), AT + 1).unwrap();
        assert_eq!(moved, Moved::Active { number: 2, revision: 4 });
        let proposal = registry.proposal("shop", 1).unwrap().unwrap();
        assert_eq!((proposal.stands, proposal.decided), (Stands::Approved, Some(("bob".to_owned(), AT + 1))));
        assert!(matches!(registry.approve("shop", 1, (&who("bob"), None), AT), Err(Error::NotOpen { .. })));
        assert!(matches!(registry.approve("shop", 9, (&who("bob"), None), AT), Err(Error::NoSuchProposal { .. })));
        // what is active needs no eyes at all
        let same = registry.submit("shop", &new("two"), (&who("ann"), None), AT).unwrap();
        assert_eq!(same, Submitted::Moved(Moved::Unchanged { number: 2 }));
        sound(&registry);
    }
}

#[test]
fn what_was_overtaken_is_not_approved_and_a_no_stands() {
    for place in places() {
        let registry = careful(&place);
        let (first, second) = (propose(&registry, "two", "ann", None), propose(&registry, "three", "ann", None));
        registry.reject("shop", second, &who("bob"), AT).unwrap();
        assert!(matches!(registry.reject("shop", second, &who("bob"), AT), Err(Error::NotOpen { .. })));
        // brakes need one hand
        registry.freeze("shop", true, None, &who("carol"), AT).unwrap();
        let error = registry.approve("shop", first, (&who("bob"), None), AT).unwrap_err();
        assert!(matches!(error, Error::Conflict { expected: 2, now: 6, .. }), "{error}");
        assert!(matches!(registry.submit("shop", &new("two"), (&who("ann"), None), AT), Err(Error::Frozen { .. })));
        registry.freeze("shop", false, None, &who("carol"), AT).unwrap();
        let again = propose(&registry, "two", "ann", None);
        registry.approve("shop", again, (&who("bob"), None), AT).unwrap();
        assert!(registry.rollback("shop", Some(1), None, &who("carol"), AT).is_ok());
        // a file does not get past them either
        let file = New { from_file: Some(Digest::of(b"file")), ..new("four") };
        assert_eq!(registry.submit("shop", &file, (&who("ann"), None), AT).unwrap(), Submitted::Proposed { number: 4 });
        registry.approve("shop", 4, (&who("bob"), None), AT).unwrap();
        let file = New { from_file: Some(Digest::of(b"other")), ..new("five") };
        let imported = registry.import("shop", &file, &who("a host"), AT).unwrap();
        assert!(format!("{imported:?}").contains("four eyes"), "{imported:?}");
        registry.four_eyes("shop", false, None, &who("root"), AT).unwrap();
        assert_eq!(activate(&registry, "shop", "six"), Moved::Active { number: 4, revision: 14 });
        sound(&registry);
    }
}

#[test]
fn of_two_who_approve_at_once_one_does() {
    for place in places() {
        let registry = careful(&place);
        let number = propose(&registry, "two", "ann", None);
        let others = ["bob", "carol", "dora", "emil"];
        let approved = std::thread::scope(|scope| {
            let threads = others.map(|by| {
                let registry = &registry;
                scope.spawn(move || registry.approve("shop", number, (&who(by), None), AT).is_ok())
            });
            threads.into_iter().map(|thread| thread.join().unwrap()).filter(|made| *made).count()
        });
        assert_eq!(approved, 1);
        assert_eq!(registry.tenant("shop").unwrap().unwrap().newest, 2);
        sound(&registry);
    }
}

#[test]
fn changes_of_tokens_and_proposals_by_other_means_are_found() {
    for place in places() {
        let registry = careful(&place);
        let (token, _) = make(&registry, "ann", 7, Some(AT + 10));
        make(&registry, "bob", 8, None);
        registry.revoke_token(&token.id, &who("root"), AT).unwrap();
        propose(&registry, "two", "ann", Some("t1"));
        let second = propose(&registry, "three", "ann", Some("t1"));
        registry.reject("shop", second, &who("bob"), AT).unwrap();
        sound(&registry);
        let tables = ["tokens", "proposals", "tenants"];
        tables
            .iter()
            .for_each(|table| place.run(&format!("CREATE TABLE kept_{table} AS SELECT * FROM sandgate_{table}")));
        let planted = Digest::of(b"planted").hex();
        let ann = format!("id = '{}'", token.id);
        let mut changes = Vec::new();
        for set in [
            "name = 'eve'",
            "role = 'operator'",
            "tenants = NULL",
            "made_at = 1",
            "made_by = 'eve'",
            "expires = NULL",
            "revoked = NULL",
            "revoked = 1",
            &format!("hash = '{planted}'"),
        ] {
            changes.push((format!("UPDATE sandgate_tokens SET {set} WHERE {ann}"), "was changed since it was made"));
        }
        changes.push((format!("UPDATE sandgate_tokens SET role = 'king' WHERE {ann}"), "make no sense"));
        changes.push((format!("UPDATE sandgate_tokens SET id = 'x' WHERE {ann}"), "the history knows no token"));
        changes
            .push((format!("DELETE FROM sandgate_tokens WHERE {ann}"), "a token that the history tells of is missing"));
        for set in [
            "document = 'evil'",
            "made_on = 1",
            "made_at = 1",
            "made_by = 'eve'",
            "token = NULL",
            "why = 'x'",
            "stands = 'rejected'",
            "decided_by = 'eve', decided_at = 1",
            &format!("set_digest = '{planted}'"),
            &format!("from_file = '{planted}'"),
        ] {
            changes.push((format!("UPDATE sandgate_proposals SET {set} WHERE number = 1"), "changed by other means"));
        }
        let opened =
            "UPDATE sandgate_proposals SET stands = 'open', decided_by = NULL, decided_at = NULL WHERE number = 2";
        changes.push((opened.to_owned(), "changed by other means"));
        changes.push(("UPDATE sandgate_proposals SET number = 9 WHERE number = 2".to_owned(), "knows no proposal 9"));
        changes.push(("UPDATE sandgate_proposals SET stands = 'x'".to_owned(), "stands where none can"));
        changes.push((
            "DELETE FROM sandgate_proposals WHERE number = 2".to_owned(),
            "a proposal that the history tells of",
        ));
        changes.push(("UPDATE sandgate_tenants SET four_eyes = 0".to_owned(), "what tenant \"shop\" runs was changed"));
        changes.push(("UPDATE sandgate_tenants SET four_eyes = 2".to_owned(), "asks 2 four eyes"));
        for (change, told) in changes {
            place.run(&change);
            let verified = registry.verify(None).unwrap();
            let Verified::Broken { problem, .. } = &verified else { panic!("{change}: {verified:?}") };
            assert!(problem.contains(told), "{change}: {problem}");
            for table in tables {
                place.run(&format!(
                    "DELETE FROM sandgate_{table}; INSERT INTO sandgate_{table} SELECT * FROM kept_{table};"
                ));
            }
        }
        sound(&registry);
    }
}
