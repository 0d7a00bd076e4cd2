//! What tenants have on trial: how it begins, ends and becomes active, what is told of it,
//! and what hosts have counted.

use crate::{AT, Place, activate, new, places, who};
use sandgate_control::{Candidate, Compared, Error, Guards, Moved, Pointer, Registry, Started, Verified};
use sandgate_model::comparison::Comparison;
use sandgate_model::digest::Digest;
use sandgate_model::{Decimal, Outcome};

fn pointer(registry: &Registry) -> Pointer {
    registry.tenant("shop").unwrap().unwrap()
}

fn document(text: &str) -> Candidate<'_> {
    Candidate::New { document: text, set: new(text).set }
}

fn shadow(registry: &Registry, what: Candidate<'_>) -> Result<Started, Error> {
    registry.start_shadow("shop", what, &Guards::default(), None, (&who("ann"), AT))
}

fn canary(registry: &Registry, what: Candidate<'_>, share: u64) -> Result<Started, Error> {
    registry.start_canary("shop", (what, share), &Guards::default(), None, (&who("ann"), AT))
}

fn promote(registry: &Registry, generation: Option<u64>) -> Result<Moved, Error> {
    registry.promote("shop", generation, None, (&who("bob"), AT))
}

fn sound(place: &Place, registry: &Registry) {
    let verified = registry.verify(None).unwrap();
    assert!(matches!(verified, Verified::Sound { .. }), "{}: {verified:?}", place.location);
}

/// The canary's generation and share, and the shadows.
fn on_trial(registry: &Registry) -> (Option<(u64, u64)>, Vec<u64>) {
    let pointer = pointer(registry);
    let canary = pointer.canary.map(|canary| (canary.trial.generation, canary.share));
    (canary, pointer.shadows.iter().map(|trial| trial.generation).collect())
}

#[test]
fn a_candidate_goes_from_shadow_to_canary_to_active() {
    for place in places() {
        let registry = place.open();
        activate(&registry, "shop", "one");
        assert_eq!(shadow(&registry, document("two")).unwrap(), Started { generation: 2, revision: 2 });
        assert_eq!(shadow(&registry, document("three")).unwrap(), Started { generation: 3, revision: 3 });
        assert_eq!((pointer(&registry).active, pointer(&registry).newest), (1, 3));
        assert_eq!(on_trial(&registry), (None, vec![2, 3]));
        assert_eq!(pointer(&registry).shadows[1].since, 3);
        // which of the two it would be is not said
        assert!(promote(&registry, None).unwrap_err().to_string().contains("generations 2, 3: say which"));
        assert_eq!(canary(&registry, Candidate::Known(2), 100).unwrap(), Started { generation: 2, revision: 4 });
        assert_eq!(on_trial(&registry), (Some((2, 100)), vec![3]));
        let share = |share| registry.share_canary("shop", share, None, (&who("ann"), AT));
        assert_eq!(share(100).unwrap(), Moved::Unchanged { number: 1 });
        assert_eq!(share(2_500).unwrap(), Moved::Active { number: 1, revision: 5 });
        assert_eq!(pointer(&registry).canary.unwrap().trial.since, 4, "it is the same trial");
        assert_eq!(promote(&registry, None).unwrap(), Moved::Active { number: 2, revision: 6 });
        assert_eq!(on_trial(&registry), (None, vec![3]));
        assert_eq!(pointer(&registry).previous, Some(1));
        assert_eq!(promote(&registry, None).unwrap(), Moved::Active { number: 3, revision: 7 });
        assert_eq!(on_trial(&registry), (None, vec![]));
        let actions: Vec<String> =
            registry.history(0, 99, Some("shop")).unwrap().into_iter().map(|entry| entry.action).collect();
        assert_eq!(
            actions,
            ["activate", "shadow", "shadow", "canary", "canary-share", "promote", "promote"],
            "{}",
            place.location
        );
        sound(&place, &registry);
    }
}

#[test]
fn what_moves_the_active_set_ends_the_canary_and_not_the_shadows() {
    for place in places() {
        let registry = place.open();
        activate(&registry, "shop", "one");
        activate(&registry, "shop", "two");
        shadow(&registry, document("three")).unwrap();
        canary(&registry, document("four"), 1).unwrap();
        activate(&registry, "shop", "five");
        assert_eq!(on_trial(&registry), (None, vec![3]));
        canary(&registry, Candidate::Known(4), 10_000).unwrap();
        registry.rollback("shop", Some(3), None, &who("bob"), AT).unwrap();
        assert_eq!(on_trial(&registry), (None, vec![]), "what is active is no shadow of itself");
        canary(&registry, Candidate::Known(1), 5).unwrap();
        registry.freeze("shop", true, None, &who("carol"), AT).unwrap();
        assert_eq!(on_trial(&registry), (Some((1, 5)), vec![]), "freezing ends nothing");
        // nothing begins to decide, or decides more
        assert!(matches!(promote(&registry, None), Err(Error::Frozen { .. })));
        assert!(matches!(canary(&registry, Candidate::Known(2), 5), Err(Error::Frozen { .. })));
        let share = registry.share_canary("shop", 6, None, (&who("ann"), AT));
        assert!(matches!(share, Err(Error::Frozen { .. })));
        shadow(&registry, document("six")).unwrap();
        registry.stop_canary("shop", None, (&who("ann"), AT)).unwrap();
        registry.stop_shadow("shop", None, None, (&who("ann"), AT)).unwrap();
        assert_eq!(on_trial(&registry), (None, vec![]));
        sound(&place, &registry);
    }
}

#[test]
fn what_cannot_be_on_trial_is_refused_and_changes_nothing() {
    for place in places() {
        let registry = place.open();
        assert!(matches!(shadow(&registry, document("one")), Err(Error::NoSuchTenant { .. })));
        activate(&registry, "shop", "one");
        for shadows in 0..8 {
            shadow(&registry, document(&format!("shadow {shadows}"))).unwrap();
        }
        canary(&registry, document("canary"), 50).unwrap();
        let revision = registry.revision().unwrap();
        let told = |refused: Result<Started, Error>, words: &str| {
            let error = refused.unwrap_err().to_string();
            assert!(error.contains(words), "{words}: {error}");
        };
        told(shadow(&registry, document("one too many")), "more than 8");
        told(canary(&registry, document("another"), 1), "generation 10 already");
        registry.stop_shadow("shop", Some(2), None, (&who("ann"), AT)).unwrap();
        told(shadow(&registry, document("one")), "which is active");
        told(shadow(&registry, Candidate::Known(1)), "which is active");
        told(shadow(&registry, Candidate::Known(10)), "on trial already");
        told(shadow(&registry, Candidate::Known(11)), "has no generation 11");
        registry.stop_canary("shop", None, (&who("ann"), AT)).unwrap();
        for share in [0, 10_001, u64::MAX] {
            told(canary(&registry, document("another"), share), "between 0.01 and 100");
        }
        let missing = registry.stop_canary("shop", None, (&who("ann"), AT)).unwrap_err();
        assert!(matches!(missing, Error::NotOnTrial { what: "canary", .. }), "{missing}");
        let missing = registry.stop_shadow("shop", Some(2), None, (&who("ann"), AT)).unwrap_err();
        assert!(matches!(missing, Error::NotOnTrial { what: "shadow", .. }), "{missing}");
        assert!(matches!(promote(&registry, Some(1)), Err(Error::NotOnTrial { .. })));
        assert_eq!((registry.revision().unwrap(), pointer(&registry).newest), (revision + 2, 10));
        sound(&place, &registry);
    }
}

#[test]
fn where_four_eyes_are_asked_for_an_author_alone_lets_nothing_decide() {
    for place in places() {
        let registry = place.open();
        activate(&registry, "shop", "one");
        registry.four_eyes("shop", true, None, &who("carol"), AT).unwrap();
        shadow(&registry, document("two")).unwrap();
        let canary_by = |actor: &str, what, share| {
            registry.start_canary("shop", (what, share), &Guards::default(), None, (&who(actor), AT)).map(drop)
        };
        let share_by = |actor: &str| registry.share_canary("shop", 200, None, (&who(actor), AT)).map(drop);
        let promote_by = |actor: &str| registry.promote("shop", None, None, (&who(actor), AT)).map(drop);
        let refused = |result: Result<(), Error>| {
            let error = result.unwrap_err().to_string();
            assert!(error.contains("by its author's hand alone"), "{error}");
        };
        refused(canary_by("bob", document("three"), 100));
        refused(canary_by("ann", Candidate::Known(2), 100));
        refused(promote_by("ann"));
        canary_by("bob", Candidate::Known(2), 100).unwrap();
        refused(share_by("ann"));
        share_by("bob").unwrap();
        refused(promote_by("ann"));
        promote_by("bob").unwrap();
        assert_eq!(pointer(&registry).active, 2);
        sound(&place, &registry);
    }
}

#[test]
fn of_two_who_saw_the_same_one_is_told_by_whom_they_were_overtaken() {
    for place in places() {
        let registry = place.open();
        activate(&registry, "shop", "one");
        let seen = Some(pointer(&registry).revision);
        let (ann, bob, guards) = (who("ann"), who("bob"), Guards::default());
        registry.start_canary("shop", (document("two"), 100), &guards, seen, (&ann, AT)).unwrap();
        let refused = [
            registry.start_canary("shop", (document("three"), 100), &guards, seen, (&bob, AT)).map(drop),
            registry.start_shadow("shop", document("three"), &guards, seen, (&bob, AT)).map(drop),
            registry.share_canary("shop", 200, seen, (&bob, AT)).map(drop),
            registry.stop_canary("shop", seen, (&bob, AT)).map(drop),
            registry.promote("shop", None, seen, (&bob, AT)).map(drop),
        ];
        for refused in refused {
            assert!(matches!(&refused, Err(Error::Conflict { by, .. }) if by == "ann"), "{refused:?}");
        }
        assert_eq!((registry.revision().unwrap(), pointer(&registry).newest), (2, 2));
        sound(&place, &registry);
    }
}

#[test]
fn hosts_count_for_themselves_and_are_added_up_until_the_trial_ends() {
    for place in places() {
        let registry = place.open();
        activate(&registry, "shop", "one");
        shadow(&registry, document("two")).unwrap();
        let counted = |count: i64, since, against| {
            let mut comparison = Comparison::default();
            for number in 0..count {
                comparison.outcomes[0][2].count(Some(Decimal { units: 1_000 + number, scale: 2 }));
                comparison.candidate.decided(Outcome::Block, None, false);
            }
            Compared { tenant: "shop".to_owned(), generation: 2, since, against, comparison }
        };
        registry.count("a host", &[counted(100, 2, 1)], AT).unwrap();
        registry.count("a host", &[counted(3, 2, 1)], AT).unwrap();
        registry.count("another", &[counted(4, 2, 1)], AT).unwrap();
        // of a trial before, and against what is not active any more
        registry.count("old", &[counted(1_000, 1, 1)], AT).unwrap();
        registry.count("older", &[counted(1_000, 2, 7)], AT).unwrap();
        let all = registry.compared().unwrap();
        let mut sum = Comparison::default();
        let pointer = pointer(&registry);
        pointer.compared(2, &all).into_iter().for_each(|(_, more)| sum.add(more));
        assert_eq!((sum.compared(), sum.outcomes[0][2].amount.to_string()), (7, "70.09".to_owned()));
        assert_eq!(registry.revision().unwrap(), 2, "it is no change");
        // a row of a later version is not in the way
        place.run("UPDATE sandgate_compared SET told = '{\"later\":1}' WHERE host = 'old'");
        assert_eq!(registry.compared().unwrap().len(), 3);
        registry.stop_shadow("shop", None, None, (&who("ann"), AT)).unwrap();
        assert_eq!(registry.compared().unwrap(), vec![]);
        sound(&place, &registry);
    }
}

#[test]
fn a_trial_that_was_changed_by_other_means_is_found() {
    for place in places() {
        let registry = place.open();
        activate(&registry, "shop", "one");
        shadow(&registry, document("two")).unwrap();
        canary(&registry, document("three"), 100).unwrap();
        sound(&place, &registry);
        for (change, told) in [
            ("canary = 'null'", "was changed since entry 3"),
            ("canary = replace(canary, '\"share\":100', '\"share\":10000')", "was changed since entry 3"),
            ("canary = replace(canary, '+5%', '+50%')", "was changed since entry 3"),
            ("shadows = '[]'", "was changed since entry 3"),
            ("shadows = '{}'", "on trial makes no sense"),
            ("canary = replace(canary, '\"share\":100', '\"share\":10001')", "on trial makes no sense"),
        ] {
            place.run("CREATE TABLE kept AS SELECT * FROM sandgate_tenants");
            place.run(&format!("UPDATE sandgate_tenants SET {change}"));
            let verified = registry.verify(None).unwrap();
            let Verified::Broken { problem, .. } = &verified else { panic!("{change}: {verified:?}") };
            assert!(problem.contains(told), "{change}: {problem}");
            place.run("DELETE FROM sandgate_tenants; INSERT INTO sandgate_tenants SELECT * FROM kept; DROP TABLE kept");
        }
        place.run(&format!(
            "UPDATE sandgate_generations SET set_digest = '{}' WHERE number = 3",
            Digest::of(b"planted").hex()
        ));
        let verified = registry.verify(None).unwrap();
        assert!(matches!(verified, Verified::Broken { entry: Some(3), .. }), "{verified:?}");
    }
}
