//! Tenants: how their pointers move, who may move them, and what is told of it.

use crate::{AT, Place, activate, new, places, who};
use sandgate_control::{Error, Imported, Managed, Moved, New, Pointer, Registry, Runs, State, Verified};
use sandgate_model::digest::Digest;

fn pointer(registry: &Registry, tenant: &str) -> Pointer {
    registry.tenant(tenant).unwrap().unwrap()
}

fn import(registry: &Registry, document: &str) -> Imported {
    let file = Digest::of(document.as_bytes());
    registry.import("shop", &New { from_file: Some(file), ..new(document) }, &who("a host"), AT).unwrap()
}

fn rollback(registry: &Registry, to: Option<u64>) -> Result<Moved, Error> {
    registry.rollback("shop", to, None, &who("bob"), AT)
}

fn freeze(registry: &Registry, frozen: bool) -> Moved {
    registry.freeze("shop", frozen, None, &who("carol"), AT).unwrap()
}

fn sound(place: &Place, registry: &Registry) {
    let verified = registry.verify(None).unwrap();
    assert!(matches!(verified, Verified::Sound { .. }), "{}: {verified:?}", place.location);
}

#[test]
fn a_tenant_moves_through_its_generations() {
    for place in places() {
        let registry = place.open();
        assert_eq!(activate(&registry, "shop", "one"), Moved::Active { number: 1, revision: 1 });
        assert!(matches!(rollback(&registry, None), Err(Error::NothingBefore { active: 1, .. })));
        assert_eq!(activate(&registry, "shop", "one"), Moved::Unchanged { number: 1 });
        assert_eq!(activate(&registry, "shop", "two"), Moved::Active { number: 2, revision: 2 });
        assert_eq!(activate(&registry, "bank", "one"), Moved::Active { number: 1, revision: 3 });
        assert_eq!(activate(&registry, "shop", "three"), Moved::Active { number: 3, revision: 4 });
        assert_eq!(rollback(&registry, None).unwrap(), Moved::Active { number: 2, revision: 5 });
        assert_eq!(rollback(&registry, None).unwrap(), Moved::Active { number: 3, revision: 6 });
        assert_eq!(rollback(&registry, Some(1)).unwrap(), Moved::Active { number: 1, revision: 7 });
        assert_eq!(rollback(&registry, Some(1)).unwrap(), Moved::Unchanged { number: 1 });
        for number in [0, 4, u64::MAX] {
            let error = rollback(&registry, Some(number)).unwrap_err();
            assert!(matches!(error, Error::NoSuchGeneration { last: 3, .. }), "{error}");
        }
        // what was active once and is activated again is a generation of its own
        assert_eq!(activate(&registry, "shop", "two"), Moved::Active { number: 4, revision: 8 });
        // the same text that makes another set is another generation
        let other = New { set: Digest::of(b"other"), ..new("two") };
        let moved = registry.activate("shop", &other, &who("ann"), AT).unwrap();
        assert_eq!(moved, Moved::Active { number: 5, revision: 9 });

        let tenants = registry.tenants().unwrap();
        assert_eq!(tenants.iter().map(|pointer| pointer.tenant.as_str()).collect::<Vec<_>>(), ["bank", "shop"]);
        let shop = &tenants[1];
        assert_eq!((shop.active, shop.previous, shop.revision), (5, Some(4), 9));
        assert_eq!((shop.frozen, shop.managed, shop.imported), (false, Managed::Registry, None));
        let two = registry.generation("shop", 2).unwrap().unwrap();
        assert_eq!((two.document.as_str(), two.set), ("two", new("two").set));
        assert_eq!((two.made_at, two.made_by.as_str(), two.why.as_str()), (AT, "ann", "a test"));
        assert_eq!(registry.generation("shop", 6).unwrap(), None);
        assert_eq!(registry.generation("nobody", 1).unwrap(), None);
        let numbers = |limit| registry.generations("shop", limit).unwrap().iter().map(|g| g.number).collect::<Vec<_>>();
        assert_eq!((numbers(100), numbers(2)), (vec![5, 4, 3, 2, 1], vec![5, 4]));
        let error = registry.rollback("nobody", None, None, &who("ann"), AT).unwrap_err();
        assert!(matches!(error, Error::NoSuchTenant { .. }), "{error}");
        assert_eq!(registry.revision().unwrap(), 9);
        sound(&place, &registry);
    }
}

#[test]
fn who_was_overtaken_is_told_by_whom() {
    for place in places() {
        let registry = place.open();
        let given = |document, expected, actor| {
            let new = New { expected: Some(expected), ..new(document) };
            registry.activate("shop", &new, &who(actor), AT)
        };
        assert!(matches!(given("one", 7, "ann"), Err(Error::Conflict { now: 0, .. })));
        let first = given("one", 0, "ann").unwrap();
        assert_eq!(first, Moved::Active { number: 1, revision: 1 });
        assert_eq!(given("two", 1, "bob").unwrap(), Moved::Active { number: 2, revision: 2 });
        let told = |error: Error| match &error {
            Error::Conflict { expected: 1, now: 2, by, .. } if by == "bob" => error.to_string(),
            _ => panic!("{error}"),
        };
        let message = told(given("three", 1, "ann").unwrap_err());
        assert!(message.contains("\"shop\" was changed meanwhile by bob"), "{message}");
        told(registry.rollback("shop", None, Some(1), &who("ann"), AT).unwrap_err());
        told(registry.freeze("shop", true, Some(1), &who("ann"), AT).unwrap_err());
        // other tenants do not stand in the way
        activate(&registry, "bank", "one");
        assert_eq!(given("three", 2, "ann").unwrap(), Moved::Active { number: 3, revision: 4 });
        assert_eq!(registry.revision().unwrap(), 4, "what was refused left nothing");
        sound(&place, &registry);
    }
}

#[test]
fn a_frozen_tenant_may_only_go_back() {
    for place in places() {
        let registry = place.open();
        import(&registry, "one");
        import(&registry, "two");
        assert_eq!(freeze(&registry, true), Moved::Active { number: 2, revision: 3 });
        assert_eq!(freeze(&registry, true), Moved::Unchanged { number: 2 });
        let error = registry.activate("shop", &new("three"), &who("ann"), AT).unwrap_err();
        assert_eq!(
            error.to_string(),
            "tenant \"shop\" is frozen by carol (a test): `sandgate freeze shop --lift` allows changes again"
        );
        let Imported::Reported { number: 2, why } = import(&registry, "three") else { panic!("it is frozen") };
        assert!(why.contains("frozen by carol"), "{why}");
        assert_eq!(rollback(&registry, None).unwrap(), Moved::Active { number: 1, revision: 4 });
        assert!(pointer(&registry, "shop").frozen);
        assert_eq!(freeze(&registry, false), Moved::Active { number: 1, revision: 5 });
        assert_eq!(activate(&registry, "shop", "three"), Moved::Active { number: 3, revision: 6 });
        sound(&place, &registry);
    }
}

#[test]
fn a_restart_never_undoes_a_change() {
    for place in places() {
        let registry = place.open();
        assert_eq!(import(&registry, "one"), Imported::Active { number: 1, revision: 1 });
        assert_eq!(import(&registry, "one"), Imported::Unchanged { number: 1 });
        assert_eq!(import(&registry, "two"), Imported::Active { number: 2, revision: 2 });
        assert_eq!(pointer(&registry, "shop").managed, Managed::File);
        // what is active already leaves the tenant to its file
        assert_eq!(activate(&registry, "shop", "two"), Moved::Unchanged { number: 2 });
        assert_eq!(pointer(&registry, "shop").managed, Managed::File);
        // a change at noon
        assert_eq!(rollback(&registry, None).unwrap(), Moved::Active { number: 1, revision: 3 });
        for file in ["two", "three"] {
            let Imported::Reported { number: 1, why } = import(&registry, file) else { panic!("{file} is applied") };
            assert!(why.contains("changed through the registry"), "{why}");
        }
        assert_eq!(import(&registry, "one"), Imported::Unchanged { number: 1 });
        let shop = pointer(&registry, "shop");
        assert_eq!((shop.managed, shop.imported), (Managed::Registry, Some(Digest::of(b"two"))));
        // handed back to its file
        let file = Some(Digest::of(b"three"));
        let handed = registry.activate("shop", &New { from_file: file, ..new("three") }, &who("ann"), AT).unwrap();
        assert_eq!(handed, Moved::Active { number: 3, revision: 4 });
        assert_eq!(import(&registry, "three"), Imported::Unchanged { number: 3 });
        assert_eq!(import(&registry, "four"), Imported::Active { number: 4, revision: 5 });
        // the same document, and its file has the say again: no new generation
        rollback(&registry, None).unwrap();
        let handed = registry.activate("shop", &New { from_file: file, ..new("three") }, &who("ann"), AT).unwrap();
        assert_eq!(handed, Moved::Active { number: 3, revision: 7 });
        assert_eq!(pointer(&registry, "shop").managed, Managed::File);
        sound(&place, &registry);
    }
}

#[test]
fn the_history_tells_every_change_in_order() {
    for place in places() {
        let registry = place.open();
        assert_eq!((registry.head().unwrap(), registry.history(0, 10, None).unwrap()), (None, vec![]));
        activate(&registry, "shop", "one");
        activate(&registry, "bank", "one");
        activate(&registry, "shop", "two");
        rollback(&registry, None).unwrap();
        freeze(&registry, true);
        freeze(&registry, false);
        registry.push(&crate::bundle(b"a component"), &who("ann"), AT).unwrap();
        let all = registry.history(0, 100, None).unwrap();
        let told: Vec<_> =
            all.iter().map(|entry| (entry.number, entry.tenant.as_str(), entry.action.as_str())).collect();
        let expected = [
            (1, "shop", "activate"),
            (2, "bank", "activate"),
            (3, "shop", "activate"),
            (4, "shop", "rollback"),
            (5, "shop", "freeze"),
            (6, "shop", "lift"),
            (7, "", "push"),
        ];
        assert_eq!(told, expected);
        assert_eq!(all[0].before, "0".repeat(64));
        assert!(all.windows(2).all(|pair| pair[0].hash == pair[1].before && pair[0].hash == pair[0].expected()));
        let (actor, origin, why) = (all[3].actor.as_str(), all[3].origin.as_str(), all[3].why.as_str());
        assert_eq!((all[3].at, actor, origin, why), (AT, "bob", "a laptop", "a test"));
        let numbers = |entries: Vec<sandgate_control::Entry>| entries.iter().map(|e| e.number).collect::<Vec<_>>();
        assert_eq!(numbers(registry.history(2, 3, None).unwrap()), [3, 4, 5]);
        assert_eq!(numbers(registry.history(1, 3, Some("shop")).unwrap()), [3, 4, 5]);
        assert_eq!(numbers(registry.latest(2, None).unwrap()), [6, 7]);
        assert_eq!(numbers(registry.latest(2, Some("bank")).unwrap()), [2]);
        let head = registry.head().unwrap().unwrap();
        assert_eq!((head.number, head.hash.hex()), (7, all[6].hash.clone()));
        assert_eq!(registry.verify(Some(&head.hash)).unwrap(), Verified::Sound { head: Some(head) });
    }
}

#[test]
fn hosts_say_what_they_run() {
    for place in places() {
        let registry = place.open();
        let runs = |tenant: &str, generation| Runs {
            tenant: tenant.to_owned(),
            generation: Some(generation),
            set: Some(Digest::of(b"set")),
            state: State::Active,
            problem: None,
            positions: "{\"0\": [12, 3]}".to_owned(),
        };
        let refused = Runs {
            generation: None,
            set: None,
            state: State::Refused,
            problem: Some("generation 2: \"no\" \\ fuel\n'; DROP TABLE sandgate_hosts; --".to_owned()),
            ..runs("shop", 1)
        };
        registry.report("b", &[runs("shop", 1), runs("bank", 7)], AT).unwrap();
        registry.report("a", std::slice::from_ref(&refused), AT + 1).unwrap();
        registry.report("b", &[runs("shop", 2)], AT + 2).unwrap();
        let hosts = registry.hosts().unwrap();
        let told: Vec<_> = hosts.iter().map(|host| (host.host.as_str(), host.at)).collect();
        assert_eq!(told, [("a", AT + 1), ("b", AT + 2)]);
        let problem = refused.problem.as_ref().map(|problem| problem.replace('\n', " "));
        assert_eq!(hosts[0].runs, Runs { problem, ..refused.clone() });
        assert_eq!(hosts[1].runs, runs("shop", 2));
        registry.report("a", &[], AT + 3).unwrap();
        assert_eq!(registry.hosts().unwrap().len(), 1);
        assert_eq!(registry.revision().unwrap(), 0, "what hosts say is no change");
        let many: Vec<Runs> = (0..2_000).map(|tenant| runs(&format!("tenant {tenant:04}"), 1)).collect();
        registry.report("b", &many, AT + 4).unwrap();
        let told: Vec<Runs> = registry.hosts().unwrap().into_iter().map(|host| host.runs).collect();
        assert_eq!(told, many);
        let twice = registry.report("b", &[runs("shop", 1), runs("shop", 2)], AT).unwrap_err();
        assert_eq!(twice.to_string(), "what a host runs names tenant \"shop\" twice: name it once");
        for host in ["", "a\nb"] {
            assert!(matches!(registry.report(host, &[], AT), Err(Error::Unfit { .. })), "{host}");
        }
    }
}

#[test]
fn what_is_unfit_for_a_tenant_is_refused_and_leaves_nothing() {
    for place in places() {
        let registry = place.open();
        let long = "x".repeat(sandgate_control::bounds::DOCUMENT_MAX + 1);
        for (tenant, document, problem) in [
            ("", "one", "the tenant's name is empty"),
            ("a\u{7}", "one", "the tenant's name has the character"),
            (&"x".repeat(257), "one", "the tenant's name has 257 bytes"),
            ("shop", &long, "the document has 1048577 bytes"),
            ("shop", "a\0b", "the document has the character"),
        ] {
            let activated = registry.activate(tenant, &new(document), &who("ann"), AT).unwrap_err();
            let imported = registry.import(tenant, &new(document), &who("ann"), AT).unwrap_err();
            for error in [activated, imported] {
                assert!(matches!(error, Error::Unfit { .. }) && error.to_string().starts_with(problem), "{error}");
            }
        }
        let long = "x".repeat(sandgate_control::bounds::WHY_MAX + 1);
        for why in ["a\nb", &long] {
            let who = sandgate_control::Who { why: why.to_owned(), ..who("ann") };
            assert!(
                registry.activate("shop", &new("one"), &who, AT).unwrap_err().to_string().starts_with("the reason ")
            );
        }
        assert_eq!((registry.revision().unwrap(), registry.tenants().unwrap()), (0, vec![]));
        // texts that a statement or a document could stumble over
        for (number, tenant) in
            ["客户", "'; DROP TABLE sandgate_tenants; --", "a:b,3:c", "%_\\"].into_iter().enumerate()
        {
            let document = format!("{tenant}\r\n\t\"\u{2028}");
            assert_eq!(
                activate(&registry, tenant, &document),
                Moved::Active { number: 1, revision: number as u64 + 1 }
            );
            assert_eq!(registry.generation(tenant, 1).unwrap().unwrap().document, document);
        }
        sound(&place, &registry);
    }
}
