//! What a well-behaved guest is given and answers.

use crate::guest::{BUDGET, Guest, parameters, rows};
use sandgate_sandbox::{Hit, Verdicts};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// How each row behaves is told by its number.
///
/// Answers: reason 0 where `n` is odd, reason 1 where it is absent, as score
/// the bytes of `word`, as contributions both. Behaviour by `n`: 101 burns most of a
/// budget, 102 loops for ever, 103 traps, 104 asks for memory, 105 scores off the scale, 106
/// scores NaN, 107 hits a row that is not there, 108 a reason that is not.
pub(crate) const BY_NUMBER: &str = r#"
    (local $count i32) (local $hits i32) (local $hits_end i32) (local $scores i32) (local $moves i32)
    (local $spin i32) (local $length f64)
    (local.set $count (i32.load (local.get $in)))
    (local.set $hits (call $alloc (i32.mul (local.get $count) (i32.const 32))))
    (local.set $hits_end (local.get $hits))
    (local.set $scores (call $alloc (i32.mul (local.get $count) (i32.const 8))))
    (local.set $moves (call $alloc (i32.mul (local.get $count) (i32.const 16))))
    (block $done (loop $rows
      (br_if $done (i32.ge_u (local.get $i) (local.get $count)))
      (local.set $n (i64.load (i32.add (i32.load offset=4 (local.get $in)) (i32.mul (local.get $i) (i32.const 8)))))
      (local.set $length (f64.convert_i32_u (i32.sub
        (i32.load (i32.add (i32.load offset=28 (local.get $in)) (i32.mul (local.get $i) (i32.const 4))))
        (if (result i32) (local.get $i)
          (then (i32.load (i32.add (i32.load offset=28 (local.get $in))
            (i32.mul (i32.sub (local.get $i) (i32.const 1)) (i32.const 4)))))
          (else (i32.const 0))))))
      (if (i64.eq (local.get $n) (i64.const 101)) (then
        (local.set $spin (i32.const 10000))
        (loop $burn (br_if $burn (local.tee $spin (i32.sub (local.get $spin) (i32.const 1)))))))
      (if (i64.eq (local.get $n) (i64.const 102)) (then (loop $ever (br $ever))))
      (if (i64.eq (local.get $n) (i64.const 103)) (then unreachable))
      (if (i64.eq (local.get $n) (i64.const 104)) (then (drop (memory.grow (i32.const 1000)))))
      (if (i64.eq (local.get $n) (i64.const 105)) (then (local.set $length (f64.const 1e9))))
      (if (i64.eq (local.get $n) (i64.const 106)) (then (local.set $length (f64.const nan))))
      (f64.store (i32.add (local.get $scores) (i32.mul (local.get $i) (i32.const 8))) (local.get $length))
      (f64.store (i32.add (local.get $moves) (i32.mul (local.get $i) (i32.const 16)))
        (f64.convert_i64_s (local.get $n)))
      (f64.store offset=8 (i32.add (local.get $moves) (i32.mul (local.get $i) (i32.const 16)))
        (f64.promote_f32 (f32.demote_f64 (f64.min (local.get $length) (f64.const 5)))))
      (if (i64.eq (i64.and (local.get $n) (i64.const 1)) (i64.const 1)) (then
        (i32.store (local.get $hits_end)
          (select (local.get $count) (local.get $i) (i64.eq (local.get $n) (i64.const 107))))
        (i32.store offset=4 (local.get $hits_end) (i32.const 0))
        (local.set $hits_end (i32.add (local.get $hits_end) (i32.const 8)))))
      (if (i64.eq (local.get $n) (i64.const 108)) (then
        (i32.store (local.get $hits_end) (local.get $i))
        (i32.store offset=4 (local.get $hits_end) (i32.const 77))
        (local.set $hits_end (i32.add (local.get $hits_end) (i32.const 8)))))
      (if (i32.eqz (i32.and (i32.const 1) (i32.wrap_i64 (i64.shr_u
        (i64.load (i32.add (i32.load offset=36 (local.get $in))
          (i32.mul (i32.shr_u (local.get $i) (i32.const 5)) (i32.const 8))))
        (i64.extend_i32_u (i32.and (i32.shl (local.get $i) (i32.const 1)) (i32.const 63))))))) (then
        (i32.store (local.get $hits_end) (local.get $i))
        (i32.store offset=4 (local.get $hits_end) (i32.const 1))
        (local.set $hits_end (i32.add (local.get $hits_end) (i32.const 8)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $rows)))
    (i32.store (i32.const 32) (local.get $hits))
    (i32.store (i32.const 36) (i32.shr_u (i32.sub (local.get $hits_end) (local.get $hits)) (i32.const 3)))
    (i32.store (i32.const 40) (local.get $scores))
    (i32.store (i32.const 44) (local.get $count))
    (i32.store (i32.const 48) (local.get $moves))
    (i32.store (i32.const 52) (i32.mul (local.get $count) (i32.const 2)))
    (i32.const 32)"#;

#[test]
fn rows_are_answered_in_order() {
    let policy = Guest { judge: BY_NUMBER, ..Guest::default() }.load();
    assert!(policy.warnings().is_empty(), "{:?}", policy.warnings());
    assert_eq!(policy.manifest().name, "test-guest");
    let mut verdicts = Verdicts::new();
    let rows = rows(&[(Some(1), "ab"), (None, ""), (Some(4), "申购"), (Some(-3), "x")]);
    for _ in 0..2 {
        policy.judge(&rows, &parameters(), BUDGET, &mut verdicts);
        let hit = |row, reason| Hit { row, reason };
        assert_eq!(verdicts.hits, [hit(0, 0), hit(1, 1), hit(3, 0)]);
        assert_eq!(verdicts.scores, [2.0, 0.0, 6.0, 1.0]);
        assert_eq!(verdicts.contributions, [1.0, 2.0, 0.0, 0.0, 4.0, 5.0, -3.0, 1.0]);
        assert_eq!(verdicts.faults, []);
        assert!(verdicts.fuel > 0);
    }
}

#[test]
fn no_rows_are_no_answers() {
    let policy = Guest { judge: "unreachable", ..Guest::default() }.load();
    let mut verdicts = Verdicts::new();
    policy.judge(&rows(&[]), &parameters(), BUDGET, &mut verdicts);
    assert_eq!(verdicts, Verdicts::new());
}

#[test]
fn rows_of_another_policy_fault_and_never_reach_the_guest() {
    let policy = Guest { judge: "unreachable", ..Guest::default() }.load();
    let mut verdicts = Verdicts::new();
    let mut wrong = rows(&[(Some(1), "")]);
    wrong.push_integer(1);
    policy.judge(&wrong, &parameters(), BUDGET, &mut verdicts);
    assert_eq!(verdicts.faults.iter().map(|(row, fault)| (*row, fault.word())).collect::<Vec<_>>(), [(0, "input")]);
    assert_eq!(verdicts.fuel, 0);
}

#[test]
fn nothing_of_one_batch_reaches_the_next_but_in_a_session() {
    // counts its calls and hits as often
    let counting = r#"(i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
        (f64.store (i32.const 8) (f64.convert_i32_u (i32.load (i32.const 0))))
        (i32.store (i32.const 40) (i32.const 8)) (i32.store (i32.const 44) (i32.const 1)) (i32.const 32)"#;
    let manifest = crate::guest::MANIFEST.replace(r#""contributions": true"#, r#""contributions": false"#);
    let policy = Guest { manifest: &manifest, judge: counting, ..Guest::default() }.load();
    let (rows, parameters) = (rows(&[(Some(1), "")]), parameters());
    let mut verdicts = Verdicts::new();
    for _ in 0..3 {
        policy.judge(&rows, &parameters, BUDGET, &mut verdicts);
        assert_eq!(verdicts.scores, [1.0]);
    }
    let mut session = policy.session();
    for call in 1..4 {
        session.judge(&rows, &parameters, BUDGET, &mut verdicts);
        assert_eq!(verdicts.scores, [f64::from(call)]);
    }
}

#[test]
fn the_same_row_alone_uses_the_same_fuel() {
    let policy = Guest { judge: BY_NUMBER, ..Guest::default() }.load();
    let (rows, parameters) = (rows(&[(Some(5), "same")]), parameters());
    let fuel: Vec<_> = (0..20)
        .map(|_| {
            let mut verdicts = Verdicts::new();
            policy.judge(&rows, &parameters, BUDGET, &mut verdicts);
            verdicts.fuel
        })
        .collect();
    assert!(fuel.iter().all(|used| *used == fuel[0] && *used > 0), "{fuel:?}");
}

#[test]
fn what_is_no_number_has_one_form_on_every_machine() {
    // 0 / 0 is the negative quiet NaN on one processor and the positive on another
    let judge = format!(
        "(i64.store (i32.const 8192) (i64.reinterpret_f64 (f64.div (f64.load (i32.const 8)) (f64.load (i32.const 8)))))
         (f64.store (i32.const 8200) (f64.convert_i32_u
           (i64.eq (i64.load (i32.const 8192)) (i64.const 0x7ff8000000000000))))
         {} (i32.const 32)",
        crate::guest::list(1, 8_200, 1)
    );
    let manifest = crate::guest::MANIFEST.replace(r#""contributions": true"#, r#""contributions": false"#);
    let policy = Guest { manifest: &manifest, judge: &judge, ..Guest::default() }.load();
    let mut verdicts = Verdicts::new();
    policy.judge(&rows(&[(Some(1), "")]), &parameters(), BUDGET, &mut verdicts);
    assert_eq!(verdicts.scores, [1.0]);
}

#[test]
fn the_pieces_of_one_cut_are_judged_in_fresh_sandboxes() {
    // two rows burn more than a budget together, so that each is judged alone
    let counting = r#"(local $spin i32)
        (local.set $spin (i32.mul (i32.load (local.get $in)) (i32.const 10000)))
        (loop $burn (br_if $burn (local.tee $spin (i32.sub (local.get $spin) (i32.const 1)))))
        (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
        (f64.store (i32.const 8) (f64.convert_i32_u (i32.load (i32.const 0))))
        (i32.store (i32.const 40) (i32.const 8)) (i32.store (i32.const 44) (i32.const 1)) (i32.const 32)"#;
    let manifest = crate::guest::MANIFEST.replace(r#""contributions": true"#, r#""contributions": false"#);
    let policy = Guest { manifest: &manifest, judge: counting, ..Guest::default() }.load();
    let mut verdicts = Verdicts::new();
    policy.judge(&rows(&[(Some(1), ""); 8]), &parameters(), BUDGET, &mut verdicts);
    assert_eq!((verdicts.scores.as_slice(), verdicts.faults.len()), (&[1.0; 8][..], 0));
}

#[test]
fn who_finds_no_slot_waits() {
    let policy = Guest { judge: BY_NUMBER, ..Guest::default() }.load();
    let (rows, parameters) = (rows(&[(Some(1), "ab")]), parameters());
    let mut verdicts = Verdicts::new();
    let mut sessions: Vec<_> = (0..4).map(|_| policy.session()).collect();
    sessions.iter_mut().for_each(|session| session.judge(&rows, &parameters, BUDGET, &mut verdicts));
    let (begun, over) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut verdicts = Verdicts::new();
            begun.store(true, Relaxed);
            policy.judge(&rows, &parameters, BUDGET, &mut verdicts);
            over.store(true, Relaxed);
            assert_eq!((verdicts.scores.as_slice(), verdicts.faults.len()), (&[2.0][..], 0));
        });
        while !begun.load(Relaxed) {
            std::thread::yield_now();
        }
        (0..1_000).for_each(|_| std::thread::yield_now());
        assert!(!over.load(Relaxed), "all slots were taken");
        sessions.pop();
    });
}
