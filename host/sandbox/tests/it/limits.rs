//! Every limit of a guest store, each with a guest that breaks it.

use crate::guest::{BUDGET, Guest, SILENT, beside, fault, list, parameters, rows, sandbox};
use sandgate_model::Fault;
use sandgate_sandbox::{Config, Verdicts};
use std::sync::atomic::{AtomicBool, Ordering};

/// A manifest without a score: to answer nothing is sound.
const RULES: &str = r#"{ "schema": 1, "name": "rules", "version": "1",
  "inputs": [ { "name": "n", "kind": "integer", "from": { "field": "n" } },
              { "name": "word", "kind": "text", "from": { "field": "word" } } ],
  "reasons": [ { "code": "A", "effect": "note", "message": "" } ] }"#;

#[test]
fn a_quiet_guest_is_no_fault() {
    assert_eq!(fault(&Guest { manifest: RULES, ..Guest::default() }.load()), None);
}

#[test]
fn endless_loops_use_up_their_fuel() {
    let guest = Guest { manifest: RULES, judge: "(loop $ever (br $ever)) unreachable", ..Guest::default() };
    assert_eq!(fault(&guest.load()), Some(Fault::Fuel { budget: BUDGET }));
}

#[test]
fn recursion_ends_at_the_stack() {
    let module = "(func $deep (param i64) (result i64) (i64.add (call $deep (i64.add (local.get 0) (i64.const 1))) (local.get 0)))";
    let judge = "(drop (call $deep (i64.const 0))) (i32.const 32)";
    let policy = Guest { manifest: RULES, module, judge, ..Guest::default() }.load();
    let mut verdicts = Verdicts::new();
    policy.judge(&rows(&[(Some(0), "")]), &parameters(), u64::MAX, &mut verdicts);
    let told = Fault::Trap { detail: "wasm trap: call stack exhausted".into() };
    assert_eq!(verdicts.faults, [(0, told)]);
    // 256 KiB, some 40 bytes and 8 units of fuel a call
    assert!(verdicts.fuel < 80_000, "{}", verdicts.fuel);
}

#[test]
fn growing_memory_ends_at_its_limit() {
    let pages = |config_pages: u64, wanted: u32| {
        let judge = format!("(drop (memory.grow (i32.const {}))) (i32.const 32)", wanted - 2);
        let guest = Guest { manifest: RULES, judge: &judge, ..Guest::default() };
        let config = Config { memory_max: config_pages << 16, ..Config::default() };
        fault(&sandbox(config).load(&guest.component()).unwrap())
    };
    assert_eq!(pages(10, 10), None);
    assert_eq!(pages(10, 11), Some(Fault::Memory { limit: 655_360 }));
    assert_eq!(pages(10, 60_000), Some(Fault::Memory { limit: 655_360 }));
}

#[test]
fn the_memory_of_a_sandbox_is_told() {
    let judge = "(drop (memory.grow (i32.const 3))) (i32.const 32)";
    let config = Config { memory_max: 10 << 16, ..Config::default() };
    let policy = sandbox(config).load(&Guest { manifest: RULES, judge, ..Guest::default() }.component()).unwrap();
    assert_eq!(policy.instantiate(), Ok(2 << 16));
    let mut session = policy.session();
    let mut pages = vec![session.memory()];
    for _ in 0..4 {
        session.judge(&rows(&[(Some(0), "")]), &parameters(), BUDGET, &mut Verdicts::new());
        pages.push(session.memory());
    }
    // the third call asks for too much, and the fourth is in a sandbox of its own
    assert_eq!(pages, [None, Some(5 << 16), Some(8 << 16), None, Some(5 << 16)]);
}

#[test]
fn growing_memory_ends_at_the_limit_of_all_memories_together() {
    // the guest's own memory grows from two pages beside another of 40
    let grown = |wanted: u32| {
        let judge = format!("(drop (memory.grow (i32.const {}))) (i32.const 32)", wanted - 2);
        let guest = Guest { manifest: RULES, judge: &judge, ..Guest::default() };
        let two = beside(&guest.component(), "(module (memory 40))", 1);
        fault(&sandbox(Config::default()).load(&two).unwrap())
    };
    assert_eq!(grown(24), None);
    assert_eq!(grown(25), Some(Fault::Memory { limit: 4 << 20 }));
}

#[test]
fn a_memory_that_the_guest_bounds_itself_is_its_own_affair() {
    // the module's own maximum refuses growth without a trap, as everywhere
    let text =
        Guest { manifest: RULES, judge: "(drop (memory.grow (i32.const 60000))) (i32.const 32)", ..Guest::default() }
            .text()
            .replace("(memory (export \"memory\") 2)", "(memory (export \"memory\") 2 3)");
    let component = crate::guest::component(&text, crate::guest::WIT);
    assert_eq!(fault(&sandbox(Config::default()).load(&component).unwrap()), None);
}

#[test]
fn growing_tables_end_at_their_limit() {
    let grown = |elements: u32| {
        let module = "(table $t 1 funcref)";
        let judge = format!("(drop (table.grow $t (ref.null func) (i32.const {elements}))) (i32.const 32)");
        fault(&Guest { manifest: RULES, module, judge: &judge, ..Guest::default() }.load())
    };
    assert_eq!(grown(9_999), None);
    assert_eq!(grown(10_000), Some(Fault::Trap { detail: "asked for more than its 10000 table elements".into() }));
}

#[test]
fn a_result_of_a_hundred_megabytes_is_not_copied() {
    let grow = "(drop (memory.grow (i32.const 2000)))";
    let table = [
        // it is really there
        (256 << 20, format!("{grow} {} (i32.const 32)", list(0, 0, 100 << 20 >> 3))),
        (256 << 20, format!("{grow} {} (i32.const 32)", list(1, 0, 100 << 20 >> 3))),
        (256 << 20, format!("{grow} {} (i32.const 32)", list(2, 0, 100 << 20 >> 3))),
        // it is only claimed
        (4 << 20, format!("{} (i32.const 32)", list(0, 0, 100 << 20 >> 3))),
        // each list is allowed, their sum is not
        (256 << 20, format!("{grow} {} {} (i32.const 32)", list(0, 0, 600 << 10 >> 3), list(1, 0, 600 << 10 >> 3))),
    ];
    for (memory_max, judge) in table {
        let guest = Guest { manifest: RULES, judge: &judge, ..Guest::default() };
        let config = Config { memory_max, ..Config::default() };
        let told = fault(&sandbox(config).load(&guest.component()).unwrap());
        let Some(Fault::Output { detail }) = told else { panic!("{told:?}") };
        assert!(
            detail.starts_with("the answer cannot be read, or has more than the 1048576 bytes allowed"),
            "{detail}"
        );
    }
}

#[test]
fn what_the_epoch_stops_is_tried_once_more_and_then_falls() {
    // fuel enough for hours: only the epoch can stop it
    let judge = "(loop $ever (br $ever)) unreachable";
    let sandbox = sandbox(Config::default());
    let policy = sandbox.load(&Guest { manifest: RULES, judge, ..Guest::default() }.component()).unwrap();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                sandbox.tick();
                std::thread::yield_now();
            }
        });
        let mut verdicts = Verdicts::new();
        policy.judge(&rows(&[(Some(0), ""), (Some(1), "")]), &parameters(), u64::MAX, &mut verdicts);
        over.store(true, Ordering::Relaxed);
        assert_eq!(verdicts.faults, [(0, Fault::Stopped), (1, Fault::Stopped)]);
    });
}

#[test]
fn ticks_of_other_calls_stop_nobody() {
    // Each call has its own deadline: an epoch that has moved far is no reason.
    let sandbox = sandbox(Config::default());
    let policy = sandbox.load(&Guest { manifest: RULES, ..Guest::default() }.component()).unwrap();
    let mut session = policy.session();
    let mut verdicts = Verdicts::new();
    for _ in 0..5 {
        (0..100).for_each(|_| sandbox.tick());
        assert_eq!(fault(&policy), None);
        session.judge(&rows(&[(Some(0), "")]), &parameters(), BUDGET, &mut verdicts);
        assert_eq!(verdicts.faults, []);
    }
}

#[test]
fn starting_counts_against_the_budget() {
    let module = "(func $start (loop $ever (br $ever))) (start $start)";
    let text = Guest { manifest: RULES, module, ..Guest::default() }.component();
    let refused = sandbox(Config::default()).load(&text).map(|_| ()).unwrap_err().to_string();
    assert!(refused.starts_with("the component could not describe itself (fuel)"), "{refused}");
}

#[test]
fn a_session_goes_on_after_a_fault() {
    let judge = "(if (i64.eqz (i64.load (i32.load offset=4 (local.get $in)))) (then unreachable)) (i32.const 32)";
    let policy = Guest { manifest: RULES, judge, ..Guest::default() }.load();
    let mut session = policy.session();
    let mut verdicts = Verdicts::new();
    for (n, faults) in [(1, 0), (0, 1), (1, 0), (0, 1)] {
        session.judge(&rows(&[(Some(n), "")]), &parameters(), BUDGET, &mut verdicts);
        assert_eq!(verdicts.faults.len(), faults);
    }
}

#[test]
fn texts_that_do_not_fit_are_a_fault_of_their_row() {
    let policy = Guest { manifest: RULES, judge: SILENT, ..Guest::default() }.load();
    let huge = "x".repeat(5 << 20);
    let mut verdicts = Verdicts::new();
    policy.judge(&rows(&[(Some(0), "a"), (Some(1), &huge), (Some(2), "b")]), &parameters(), BUDGET, &mut verdicts);
    assert_eq!(verdicts.faults, [(1, Fault::Memory { limit: 4 << 20 })]);
}
