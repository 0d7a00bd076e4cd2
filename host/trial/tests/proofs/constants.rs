//! What a rule compares with is found in its code.

use sandgate_trial::Constants;

fn constants(body: &str) -> Constants {
    let module = format!(r#"(module (memory 1) (data (i32.const 1024) "openedrefundclosed") (func {body}))"#);
    Constants::of(&wat::parse_str(module).unwrap())
}

#[test]
fn texts_are_found_as_compilers_keep_them() {
    // a text, and the constants of the code that compares with it
    let table = [
        ("refund", "i32.const 1030, i32.const 6"),
        ("refund", "i32.const 6, i32.const 77, i32.const 1030"),
        ("known", "i32.const 0x776f6e6b, i32.const 0x6e"),
        ("subscribe", "i64.const 0x6269726373627573, i64.const 0x65"),
        // seven bytes as two words that share one
        ("recurse", "i32.const 0x75636572, i32.const 0x65737275"),
        ("申购", "i32.const 0xe8b394e7, i32.const 0xadb4"),
    ];
    for (text, body) in table {
        let body: String = body.split(", ").map(|part| format!("{part} drop ")).collect();
        let found = constants(&body).texts;
        assert!(found.iter().any(|found| found == text), "{text} in {body}: {found:?}");
    }
}

#[test]
fn numbers_are_found() {
    let found = constants("i64.const 7995 drop i32.const -12 drop f64.const 0.75 drop f64.const nan drop");
    assert!([7995, -12].iter().all(|number| found.integers.contains(number)), "{:?}", found.integers);
    assert_eq!(found.numbers, [0.75]);
}

#[test]
fn what_cannot_be_read_has_no_constants() {
    assert_eq!(Constants::of(b"no component"), Constants::default());
    assert_eq!(Constants::of(&[]), Constants::default());
}
