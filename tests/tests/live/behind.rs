//! A host that cannot follow, or not yet.

use crate::fleet::{Led, PATIENCE, plan};
use sandgate_control::State;
use sandgate_tests::fleet::Plan;
use sandgate_tests::servers::{database, eventually};
use std::fs;

/// What the last host says that is in its way.
fn problem(led: &Led) -> Option<String> {
    let said = led.said().into_iter().find(|host| host.host == "three")?.runs;
    assert_eq!(said.generation, Some(1), "{said:?}");
    assert_eq!(said.problem.is_some(), said.state == State::Refused, "{said:?}");
    said.problem
}

#[test]
fn a_host_that_cannot_follow_says_so_and_goes_on_while_others_follow() {
    let url = database();
    let mut plan = plan(6, &url, "50ms");
    let both = std::mem::replace(&mut plan.tenant, Plan::tenant("payments", &[("card-windows", "")]));
    let mut led = Led::of(plan, &url, 75);
    led.files = vec![led.fleet.plan().tenant.clone(), both.clone()];
    led.fleet.start("one");
    led.fleet.start("two");
    led.fleet.set_settings(&|settings| format!("{settings}[tags]\nsql = \"sqlite:nowhere.db\"\n"));
    led.fleet.start("three");
    led.feed_until_all_run(&["one", "two", "three"], 1);
    led.fleet.group().wait_for_members(3, PATIENCE);
    // nothing can be put on its shelf
    let shelf = led.fleet.state("three").join("control/components");
    fs::remove_dir_all(&shelf).unwrap();
    fs::write(&shelf, "in the way").unwrap();

    // the second set also reads tags
    led.fleet.desk().write("both.toml", &both);
    led.fleet.desk().succeed(["activate", "payments", "--config", "one.toml", "--file", "both.toml"]);
    led.newest = 2;
    led.feed_until_all_run(&["one", "two"], 2);
    eventually("that it cannot fetch", PATIENCE, || {
        problem(&led).is_some_and(|problem| {
            problem.starts_with("generation 2, fetch: ") && problem.contains("cannot be written")
        })
    });
    led.feed(300);
    led.decided();
    let (status, is_well) = led.status("one");
    let hosts = status["tenants"][0]["hosts"].as_array().unwrap();
    let told: Vec<_> =
        hosts.iter().map(|host| (host["host"].as_str().unwrap(), host["state"].as_str().unwrap())).collect();
    assert!(!is_well, "{status}");
    assert_eq!(told, [("one", "active"), ("three", "refused"), ("two", "active")]);

    // it tries again by itself, and now has no tags
    fs::remove_file(&shelf).unwrap();
    eventually("that it reads no tags", PATIENCE, || {
        problem(&led).is_some_and(|problem| problem.starts_with("generation 2, switch: ") && problem.contains("[tags]"))
    });
    led.feed(300);
    led.decided();
    // what is taken back is in nobody's way any more
    led.fleet.desk().succeed(["rollback", "payments", "--config", "one.toml", "--to", "1"]);
    led.feed_until_all_run(&["one", "two", "three"], 1);
    assert_eq!(problem(&led), None);
    let (status, is_well) = led.status("three");
    assert!(is_well, "{status}");
    led.feed(300);
    led.check();
}

#[test]
fn a_lane_whose_last_owner_was_ahead_waits_until_its_host_has_followed() {
    let url = database();
    let mut plan = plan(4, &url, "50ms");
    plan.source = plan.source.replace("account = { kind = \"text\" }\n", "").replace("customer", "account");
    plan.source += "trade_type = { path = \"account\", kind = \"text\" }\n";
    let without = Plan::tenant("payments", &[("account-risk", "")]);
    let with = Plan::tenant("payments", &[("account-risk", ""), ("subscription-limits", "")]);
    plan.tenant = without;
    let mut led = Led::of(plan, &url, 76);
    led.fleet.start("one");
    led.feed_until_all_run(&["one"], 1);
    // even one that was told to drop what it cannot go on with
    led.fleet.start_with("two", &["--force"]);
    led.fleet.group().wait_for_members(2, PATIENCE);
    led.feed_until_all_run(&["one", "two"], 1);
    let shelf = led.fleet.state("two").join("control/components");
    fs::remove_dir_all(&shelf).unwrap();
    fs::write(&shelf, "in the way").unwrap();

    led.fleet.desk().write("with.toml", &with);
    led.fleet.desk().succeed(["activate", "payments", "--config", "one.toml", "--file", "with.toml"]);
    led.newest = 2;
    led.feed_until_all_run(&["one"], 2);
    // so that each of its lanes has events for the new windows
    led.feed(400);
    led.decided();
    led.fleet.stop("one", PATIENCE);
    eventually("that lanes wait", PATIENCE, || {
        led.feed(5);
        led.fleet.log("two").contains("has not followed yet")
    });
    fs::remove_file(&shelf).unwrap();
    led.feed_until_all_run(&["two"], 2);
    led.feed(200);
    let seen = led.fleet.wait_until_decided(PATIENCE);
    let log = led.fleet.log("two");
    assert!(!log.contains("begins anew"), "{log}");
    assert!(seen.decisions.iter().any(|record| record.json()["generation"] == 2));
}
