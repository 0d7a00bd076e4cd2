//! What a plan takes from a record: touches, keys, words, and what is bad.

use crate::notation::{Held, Step, kinds, read};
use sandgate_model::{Decimal, Value};
use sandgate_window::{Bad, Cell, Derived, NO_TEXT, Plan, Touch, Why, Word, key};

/// The plan of some windows.
pub(crate) fn plan(windows: &str) -> Plan {
    Plan::new(&kinds(), &read(windows).windows).unwrap()
}

/// The cells of a row.
pub(crate) fn cells(row: &str) -> Vec<Held> {
    match read(&format!("09:00 {row}")).steps.remove(0) {
        Step::Record(record) => record.cells,
        step => panic!("{step:?} is no record"),
    }
}

/// What a plan takes from a row.
pub(crate) fn derive<'a>(plan: &Plan, source: usize, row: &'a [Held]) -> Derived<'a> {
    let cells: Vec<Cell<'a>> = row.iter().map(Held::cell).collect();
    let mut derived = Derived::default();
    plan.derive(source, &cells, &mut derived);
    derived
}

const WINDOWS: &str = "window count by account, sliding 1h
    window sum of amount by account, sliding 1h
    window distinct of device by account, sliding 1h, only kind any of pay
    window count by account+device, sliding 1h, from settlements
    window sum of amount by account, sliding 1d, without itself";

#[test]
fn a_record_touches_each_series_whose_key_it_has() {
    let plan = plan(WINDOWS);
    // source, row, and of each touch: family, classes, words
    let d1 = Word::Text("d1");
    let (seven, none) = (Word::Plain(700), Word::Plain(NO_TEXT));
    let table = [
        (0, "a pay 7 device=d1", vec![(0, 0b111, vec![seven, d1]), (1, 0, vec![])]),
        (1, "a pay 7 device=d1", vec![(0, 0, vec![]), (1, 0b1, vec![])]),
        (2, "a pay 7 device=d1", vec![(0, 0, vec![]), (1, 0, vec![])]),
        (0, "a pay 7", vec![(0, 0b011, vec![seven, none])]),
        (0, "a pay -", vec![(0, 0b001, vec![Word::Plain(0), none])]),
        (0, "a pay ?", vec![(0, 0b001, vec![Word::Plain(0), none])]),
        // the text is there, and no window would read it from this event
        (0, "a fee 7 device=d1", vec![(0, 0b011, vec![seven, none]), (1, 0, vec![])]),
        (0, "- pay 7 device=d1", vec![]),
    ];
    for (source, row, expected) in table {
        let row = cells(row);
        let derived = derive(&plan, source, &row);
        let words = |touch: &Touch| derived.words[touch.words.start as usize..touch.words.end as usize].to_vec();
        let touches: Vec<_> = derived.touches.iter().map(|touch| (touch.family, touch.classes, words(touch))).collect();
        assert_eq!(touches, expected, "{row:?} from {source}");
    }
}

#[test]
fn keys_of_a_batch_stand_end_to_end() {
    let plan = plan(WINDOWS);
    let rows = [
        cells("a pay 7 device=d1"),
        cells("- pay 7 device=d1"),
        cells("bc pay 7 device=?"),
        cells("bc fee 7 device=d2"),
    ];
    let rows: Vec<Vec<Cell<'_>>> = rows.iter().map(|row| row.iter().map(Held::cell).collect()).collect();
    let mut derived = Derived::default();
    rows.iter().for_each(|row| plan.derive(0, row, &mut derived));
    let keys: Vec<_> = derived
        .touches
        .iter()
        .map(|touch| {
            let kinds = plan.families()[touch.family as usize].kinds();
            key::decode(&derived.keys[touch.key.start as usize..touch.key.end as usize], kinds).unwrap()
        })
        .collect();
    let text = Value::Text;
    let expected = [
        vec![text("a")],
        vec![text("a"), text("d1")],
        vec![text("bc")],
        vec![text("bc")],
        vec![text("bc"), text("d2")],
    ];
    assert_eq!(keys, expected);
    let last = derived.touches.last().unwrap();
    assert_eq!(last.key.end as usize, derived.keys.len(), "nothing is left of a key that was given up");
}

#[test]
fn what_is_bad_names_each_window_and_the_first_field() {
    let plan = plan(WINDOWS);
    let bad = |window, field, why| Bad { window, field, why };
    let long = Why::TooLong { bytes: 1_025 };
    let misread = Why::Misread;
    let table = [
        (0, "a pay 7 device=d1", vec![]),
        (0, "a pay ?", vec![bad(1, 2, misread), bad(4, 2, misread)]),
        (1, "a pay ?", vec![]),
        (0, "a pay 7 device=x*1025", vec![bad(2, 3, long), bad(3, 3, long)]),
        (0, "a ? 7 device=x*1025", vec![bad(2, 1, misread), bad(3, 3, long)]),
        (0, "a fee 7 device=?", vec![bad(3, 3, misread)]),
        (1, "? pay 7", (0..5).filter(|at| *at != 3).map(|at| bad(at, 0, misread)).collect()),
        (0, "? pay 7 device=d1", (0..5).map(|at| bad(at, 0, misread)).collect()),
    ];
    for (source, row, expected) in table {
        let row = cells(row);
        let mut bad = derive(&plan, source, &row).bad;
        bad.sort_by_key(|bad| bad.window);
        assert_eq!(bad, expected, "{row:?} from {source}");
    }
}

#[test]
fn a_value_of_another_kind_than_its_field_is_misread() {
    let plan =
        plan("window count by amount, sliding 1h\n window sum of items by account, sliding 1h, only fresh any of true");
    let mut row = cells("a pay 7 items=1 fresh=true");
    assert!(derive(&plan, 0, &row).bad.is_empty());
    for (field, value, window) in [
        (2, Value::Decimal(Decimal { units: 7, scale: 3 }), 0),
        (4, Value::Number(1.0), 1),
        (7, Value::Integer(1), 1),
        (0, Value::Flag(true), 1),
    ] {
        let sound = std::mem::replace(&mut row[field], Held::Value(value));
        assert_eq!(derive(&plan, 0, &row).bad, [Bad { window, field, why: Why::Misread }]);
        row[field] = sound;
    }
}

#[test]
fn a_cell_or_a_source_that_does_not_exist_is_absent() {
    let plan = plan(WINDOWS);
    let mut derived = Derived::default();
    plan.derive(0, &[], &mut derived);
    assert!(derived.touches.is_empty() && derived.bad.is_empty());
    let row = cells("a pay 7 device=d1");
    assert!(derive(&plan, 64, &row).touches.iter().all(|touch| touch.classes == 0));
}

#[test]
fn room_is_kept_from_batch_to_batch() {
    let plan = plan(WINDOWS);
    let row = cells("a pay ? device=d1");
    let derived = derive(&plan, 0, &row);
    let room = |derived: &Derived<'_>| {
        let Derived { touches, keys, words, bad } = derived;
        let empty = touches.is_empty() && keys.is_empty() && words.is_empty() && bad.is_empty();
        (empty, touches.capacity(), keys.capacity(), words.capacity(), bad.capacity())
    };
    let (_, touches, keys, words, bad) = room(&derived);
    let recycled: Derived<'static> = derived.recycled();
    assert_eq!(room(&recycled), (true, touches, keys, words, bad));
}
