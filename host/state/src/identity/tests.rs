//! Identities have a fixed form that is checked, and differences are said.

use super::*;
use proptest::prelude::*;

type Change = fn(&mut Identity);

fn input(source: &str, path: &str) -> Input {
    Input { source: source.to_owned(), path: path.to_owned() }
}

fn setting(name: &str, value: &str) -> Setting {
    Setting { name: name.to_owned(), value: value.to_owned() }
}

fn known() -> Identity {
    Identity {
        inputs: vec![input("payments", "/data/payments.jsonl"), input("prices", "/data/prices.jsonl")],
        output: "/data/decisions.jsonl".to_owned(),
        configuration: vec![setting("the policies of tenant payments", "a1"), setting("[state] lateness", "7d")],
    }
}

const GOLDEN: &str = r#"{
  "format": 1,
  "inputs": [
    {
      "source": "payments",
      "path": "/data/payments.jsonl"
    },
    {
      "source": "prices",
      "path": "/data/prices.jsonl"
    }
  ],
  "output": "/data/decisions.jsonl",
  "configuration": [
    {
      "name": "the policies of tenant payments",
      "value": "a1"
    },
    {
      "name": "[state] lateness",
      "value": "7d"
    }
  ],
  "check": "0bd038f68a5b8cad"
}
"#;

#[test]
fn the_stored_form_is_fixed() {
    let (bytes, check) = known().encode().unwrap();
    assert_eq!(String::from_utf8(bytes.clone()).unwrap(), GOLDEN);
    assert_eq!(Identity::decode(&bytes), Ok(Stored { identity: known(), check }));
    let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(json["check"], format!("{check:016x}"));
}

#[test]
fn every_flipped_bit_and_every_cut_is_seen() {
    let (bytes, _) = known().encode().unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(matches!(Identity::decode(&flipped), Err(Unreadable::Damaged(_))), "bit {bit}");
    }
    for length in 0..bytes.len() {
        assert!(Identity::decode(&bytes[..length]).is_err(), "cut to {length}");
    }
}

#[test]
fn a_newer_format_is_told_by_its_number_whatever_else_it_holds() {
    let checked = "{\n  \"format\": 2,\n  \"lane\": \"otherwise\"\n";
    let checked = checked.trim_end();
    let text = format!("{checked}{CHECK}{:016x}{CLOSED}", xxh3_64(checked.as_bytes()));
    assert_eq!(Identity::decode(text.as_bytes()), Err(Unreadable::Newer(2)));
}

#[test]
fn differences_are_said_with_the_way_out() {
    let changed = |change: Change| {
        let mut identity = known();
        change(&mut identity);
        identity
    };
    let cases: [(Change, &str); 9] = [
        (
            |given| given.output = "/data/other.jsonl".to_owned(),
            "the input was decided into /data/decisions.jsonl so far, not into /data/other.jsonl: name that output again",
        ),
        (
            |given| given.inputs[1].path = "/data/new.jsonl".to_owned(),
            "the source prices was read from /data/prices.jsonl so far, not from /data/new.jsonl: name that file again",
        ),
        (
            |given| given.inputs.push(input("labels", "/data/labels.jsonl")),
            "the source labels (/data/labels.jsonl) is new, and its records would have to stand between those already",
        ),
        (
            |given| drop(given.inputs.pop()),
            "the source prices (/data/prices.jsonl) is missing, and this lane was begun",
        ),
        (|given| given.inputs.reverse(), "the order of the sources changed since this lane was begun"),
        (
            |given| given.configuration[0].value = "b2".to_owned(),
            "the policies of tenant payments changed since this lane was begun",
        ),
        (
            |given| given.configuration[1].name = "[state] repeats".to_owned(),
            "[state] lateness, [state] repeats changed since this lane was begun",
        ),
        (
            |given| given.configuration.push(setting("the policies of tenant transfers", "c3")),
            "the policies of tenant transfers changed since this lane was begun",
        ),
        (
            |given| given.configuration.reverse(),
            "the order of the policies of tenant payments and [state] lateness changed since this lane was begun",
        ),
    ];
    for (change, said) in cases {
        let error = known().continues(&changed(change)).unwrap_err().to_string();
        assert!(error.starts_with(said), "{error}");
        assert!(error.contains("--force to begin anew"), "{error}");
    }
    assert_eq!(known().continues(&known()), Ok(()));
}

#[test]
fn a_setting_that_may_grow_is_continued_by_more_of_it_and_by_nothing_else() {
    let with = |lines: &[&str]| {
        let configuration = vec![Setting::growing("the windows of tenant payments", lines), setting("lateness", "7d")];
        Identity { configuration, ..known() }
    };
    for (known, given, said) in [
        (&[][..], &["a"][..], None),
        (&["a", "b"], &["a", "b"], None),
        (&["a", "b"], &["a", "b", "c"], None),
        (&["a", "b"], &["a"], Some("b")),
        (&["a", "b"], &["b", "a"], Some("a")),
        (&["a", "b"], &["a", "new", "b"], Some("b")),
        // the lines count, not the text that they make
        (&["a"], &["ab"], Some("a")),
        (&["a", "b"], &["a\nb"], Some("a")),
        (&["a\nb"], &["a", "b"], Some("a\\nb")),
        (&["a\\nb"], &["a\nb"], Some("a\\\\nb")),
        (&[""], &[], Some("")),
        (&[], &[""], None),
    ] {
        let error = with(known).continues(&with(given)).err();
        let what =
            said.map(|line| vec![format!("the windows of tenant payments (`{line}` is no longer where it was)")]);
        // who has the first of them may learn the others
        let ahead = known.starts_with(given);
        assert_eq!(error, what.map(|what| Mismatch::Configuration { what, ahead }), "{known:?}, {given:?}");
    }
    let mut fixed = with(&["a"]);
    fixed.configuration[0].value = "a".to_owned();
    assert!(with(&["a"]).continues(&fixed).is_err() && fixed.continues(&with(&["a"])).is_err());
    let (bytes, check) = with(&["a"]).encode().unwrap();
    assert_eq!(Identity::decode(&bytes), Ok(Stored { identity: with(&["a"]), check }));
}

proptest! {
    #[test]
    fn every_identity_survives(texts in prop::collection::vec(any::<String>(), 5)) {
        let [source, path, output, name, value] = texts.try_into().unwrap();
        let identity =
            Identity { inputs: vec![Input { source, path }], output, configuration: vec![Setting { name, value }] };
        let (bytes, check) = identity.encode().unwrap();
        prop_assert_eq!(Identity::decode(&bytes), Ok(Stored { identity, check }));
    }

    #[test]
    fn garbage_is_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Identity::decode(&bytes).is_err());
    }
}
