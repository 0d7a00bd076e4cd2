//! Windows that cannot be kept, and what is said of them; what windows share.

use crate::notation::{FIELDS, kinds, read};
use sandgate_model::Kind;
use sandgate_model::Value;
use sandgate_model::manifest::{Aggregate, Test};
use sandgate_window::{Declared, Flaw, Plan};

const ACCOUNT: usize = 0;
const KIND: usize = 1;
const AMOUNT: usize = 2;
const ITEMS: usize = 4;
const RATE: usize = 5;

fn window(text: &str) -> Declared {
    read(&format!("window {text}")).windows.remove(0)
}

fn flaw(declared: Declared) -> Flaw {
    let sound = window("count by account, sliding 1h");
    let error = Plan::new(&kinds(), &[sound, declared]).expect_err("a flaw");
    assert_eq!(error.window, 1);
    assert!(error.to_string().starts_with("window 1 "), "{error}");
    error.flaw
}

#[test]
fn a_window_that_cannot_be_kept_is_refused_with_the_reason() {
    let with = |text: &str, change: fn(&mut Declared)| {
        let mut declared = window(text);
        change(&mut declared);
        declared
    };
    let count = "count by account, sliding 1h";
    let number = Kind::Number;
    use Aggregate::{Count, Deviation, Maximum, Mean, Minimum, Sum};
    let table = [
        (with(count, |it| it.by.clear()), Flaw::Keyless),
        (with(count, |it| it.by.push(FIELDS.len())), Flaw::Field { field: 8 }),
        (with(count, |it| it.by.push(RATE)), Flaw::NumberKey { field: RATE }),
        (with(count, |it| it.of = Some(AMOUNT)), Flaw::NeedlessOperand { aggregate: Count }),
        (with(count, |it| it.aggregate = Sum), Flaw::Operandless { aggregate: Sum }),
        (with("sum of amount by account, sliding 1h", |it| it.of = Some(99)), Flaw::Field { field: 99 }),
        (with(count, |it| it.only = vec![(99, Test::AnyOf(Vec::new()))]), Flaw::Field { field: 99 }),
        (window("sum of rate by account, sliding 1h"), Flaw::Operand { aggregate: Sum, kind: number }),
        (window("mean of rate by account, sliding 1h"), Flaw::Operand { aggregate: Mean, kind: number }),
        (window("deviation of rate by account, sliding 1h"), Flaw::Operand { aggregate: Deviation, kind: number }),
        (window("sum of seen by account, sliding 1h"), Flaw::Operand { aggregate: Sum, kind: Kind::Instant }),
        (window("minimum of kind by account, sliding 1h"), Flaw::Operand { aggregate: Minimum, kind: Kind::Text }),
        (window("maximum of fresh by account, sliding 1h"), Flaw::Operand { aggregate: Maximum, kind: Kind::Flag }),
        (
            with(count, |it| it.only = vec![(KIND, Test::AnyOf(vec![Value::Integer(1)]))]),
            Flaw::Condition { field: KIND, kind: Kind::Text },
        ),
        (
            with(count, |it| it.only = vec![(KIND, Test::Below(Value::Text("b".to_owned())))]),
            Flaw::Condition { field: KIND, kind: Kind::Text },
        ),
        (
            with(count, |it| it.only = vec![(ITEMS, Test::NoneOf(vec![Value::Integer(1), Value::Number(2.0)]))]),
            Flaw::Condition { field: ITEMS, kind: Kind::Integer },
        ),
        (window("count by account, day in Mars/Olympus"), Flaw::Zone { zone: "Mars/Olympus".to_owned() }),
        (window("count by account, tumbling 1h offset 1h"), Flaw::Span),
        (window("count by account, sliding 4000d"), Flaw::Span),
        (window("count by account, session 2h longest 1h"), Flaw::Span),
    ];
    for (declared, expected) in table {
        assert_eq!(flaw(declared.clone()), expected, "{declared:?}");
    }
}

#[test]
fn the_message_says_why_a_sum_takes_no_floats() {
    let message = flaw(window("sum of rate by account, sliding 1h")).to_string();
    let why = "depends on the order of events and on those that have left; declare the field as a decimal";
    assert!(message.ends_with(why), "{message}");
}

#[test]
fn a_family_has_64_classes_and_no_more() {
    let asks = |least: i64| window(&format!("count by account, sliding 1h, only items at least {least}"));
    let mut windows: Vec<_> = (0..64).map(asks).collect();
    assert!(Plan::new(&kinds(), &windows).is_ok());
    // the same again, over another span, and another key: none of them asks anything new
    windows.push(asks(63));
    windows.push(window("count by account, sliding 2h, only items at least 0"));
    windows.push(window("count by device, sliding 1h, only items at least 64"));
    assert!(Plan::new(&kinds(), &windows).is_ok());
    windows.push(asks(64));
    let error = Plan::new(&kinds(), &windows).unwrap_err();
    assert_eq!((error.window, error.flaw), (67, Flaw::Classes));
}

#[test]
fn windows_that_are_alike_are_one_and_those_of_one_key_are_a_family() {
    let texts = [
        "sum of amount by account+device, sliding 1h",
        "sum of amount by device+account, sliding 1h",
        "sum of amount by device+account, sliding 1h, without itself",
        "sum of amount by device+account, sliding 2h",
        "mean of amount by device+account, sliding 1h",
        "sum of amount by account, sliding 1h",
        "count by account, sliding 1h, only kind any of pay|fee, only items below 3",
        "count by account, sliding 1h, only items below 3, only kind any of fee|pay|pay",
    ];
    let plan = Plan::new(&kinds(), &texts.map(window)).unwrap();
    let places: Vec<_> = plan.places().iter().map(|place| (place.family, place.window, place.own)).collect();
    let own = true;
    let expected =
        [(0, 0, own), (0, 0, own), (0, 0, false), (0, 1, own), (0, 2, own), (1, 0, own), (1, 1, own), (1, 1, own)];
    assert_eq!(places, expected);
    let [wide, narrow] = plan.families() else { panic!("two families") };
    assert_eq!((wide.by(), wide.kinds(), narrow.by()), (&[ACCOUNT, 3][..], &[Kind::Text; 2][..], &[ACCOUNT][..]));
    assert_eq!((wide.reach(), narrow.reach(), plan.reach()), (7_200_000, 3_600_000, 7_200_000));
    assert_eq!((wide.shape().words(), wide.shape().windows().len(), narrow.shape().windows().len()), (1, 3, 2));
}
