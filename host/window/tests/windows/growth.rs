//! A plan that grows: what it says of a record is what its parts say, one behind the other.

use crate::derive::{cells, derive, plan};
use sandgate_window::{Bad, Derived, Plan, Touch, Zones};

const FORMER: &str = "window count by account, sliding 1h
    window sum of amount by account, sliding 1h
    window count by account+device, sliding 1h, from settlements";
const MORE: &str = "window distinct of device by account, sliding 1d, only kind any of pay
    window sum of amount by device, day in Asia/Shanghai
    window count by account, sliding 1h";

#[test]
fn a_record_brings_what_it_brings_to_both_parts() {
    let (former, more) = (plan(FORMER), plan(MORE));
    let both = former.and(&more);
    for row in ["a pay 7 device=d1", "a fee ? device=d1", "? pay 7 device=?", "a pay -", "- pay 7 device=d1"] {
        let row = cells(row);
        for source in 0..3 {
            let (one, two, all) =
                (derive(&former, source, &row), derive(&more, source, &row), derive(&both, source, &row));
            let place = |touch: &Touch, derived: &Derived<'_>, behind: u32| {
                let key = derived.keys[touch.key.start as usize..touch.key.end as usize].to_vec();
                let words = format!("{:?}", &derived.words[touch.words.start as usize..touch.words.end as usize]);
                (touch.family + behind, key, touch.classes, words)
            };
            let of = |derived: &Derived<'_>, behind| -> Vec<_> {
                derived.touches.iter().map(|touch| place(touch, derived, behind)).collect()
            };
            assert_eq!(of(&all, 0), [of(&one, 0), of(&two, 2)].concat(), "{row:?} from {source}");
            let behind = |bad: &Bad| Bad { window: bad.window + 3, ..*bad };
            let bad: Vec<_> = one.bad.iter().copied().chain(two.bad.iter().map(behind)).collect();
            assert_eq!(all.bad, bad, "{row:?} from {source}");
        }
    }
}

#[test]
fn windows_keep_their_places_and_their_edges() {
    let (former, more) = (plan(FORMER), plan(MORE));
    let both = former.and(&more);
    assert_eq!(both.families().len(), 4, "a key that came before gets a family of its own");
    assert_eq!(both.places()[..3], *former.places());
    for (place, there) in both.places()[3..].iter().zip(more.places()) {
        assert_eq!((place.family, place.window, place.own), (there.family + 2, there.window, there.own));
    }
    assert_eq!(both.reach(), more.reach());
    let intervals = |plan: &Plan| {
        let mut all = Vec::new();
        plan.intervals(1_700_000_000_000, &mut Zones::default(), &mut all);
        all
    };
    assert_eq!(intervals(&both), [intervals(&former), intervals(&more)].concat());
    let split = both.split(|family, _| family >= 2);
    assert!(split.here.begins_with(&former) && former.begins_with(&split.here), "splitting is the reverse");
    assert!(split.apart.begins_with(&more) && more.begins_with(&split.apart));
}

#[test]
fn a_plan_grows_out_of_its_beginnings_only() {
    let (former, more) = (plan(FORMER), plan(MORE));
    let both = former.and(&more);
    assert!(both.begins_with(&former) && both.begins_with(&both) && both.begins_with(&plan("")));
    assert!(!former.begins_with(&both) && !both.begins_with(&more));
    // more windows of a family, other tests, another span: none of them is growth
    let wider = plan(&format!("{FORMER}\n    window count by account, sliding 2h"));
    assert!(!wider.begins_with(&former) && !former.begins_with(&wider));
    let spans = FORMER.replace("sliding 1h", "sliding 2h");
    let tests = FORMER.replace("sliding 1h\n    window count", "sliding 1h, only kind any of pay\n    window count");
    for other in [spans, tests] {
        assert!(other != FORMER && !plan(&other).begins_with(&former), "{other}");
    }
}
