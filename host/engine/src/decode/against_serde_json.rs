//! The decoder beside a general reader, over random and mutated records.

use super::Cause;
use super::tests::{decoded, decoder, payments, with};
use proptest::prelude::*;
use sandgate_model::{Kind, Value};

/// JSON values of every form, as they may be written.
fn json() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        "[ -~äß申💶]{0,12}".prop_map(|text: String| serde_json::Value::String(text).to_string()),
        Just(r#""\ud800""#.to_owned()),
        Just(r#""\u0061\n""#.to_owned()),
    ];
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(|number| format!("{number:?}")),
        text,
    ];
    let key = prop_oneof![
        prop::sample::select(vec![
            "transaction_id",
            "account_id",
            "amount",
            "timestamp",
            "customer",
            "address",
            "city",
            "age"
        ])
        .prop_map(str::to_owned),
        "[a-z]{0,3}",
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|list| format!("[{}]", list.join(" ,"))),
            prop::collection::vec((key.clone(), inner), 0..6).prop_map(|members| {
                let members: Vec<_> = members.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

/// Whether it is decoded, and that it is called JSON exactly where serde_json does.
fn agrees_with_serde_json(record: &[u8]) -> bool {
    let decoder = decoder(payments());
    let mut batch = decoder.batch(1);
    let answer = batch.push(record);
    let cause = answer.as_ref().err().map(|unusable| unusable.cause);
    let text = std::str::from_utf8(record);
    assert_eq!(text.is_err(), cause == Some(Cause::Utf8));
    if let Ok(text) = text {
        let theirs = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        match cause {
            // what is found on the way says nothing about the rest
            Some(Cause::DuplicateKey | Cause::Surrogate | Cause::Depth | Cause::Size) => {}
            Some(Cause::NotJson | Cause::TwoValues) => assert!(!theirs, "{text}"),
            _ => assert!(theirs, "{text}: {cause:?}"),
        }
    }
    if answer.is_ok() {
        let row = batch.row(0);
        for (field, declared) in decoder.schema().fields.iter().enumerate() {
            let _ = row.value(field, declared.kind);
        }
    }
    answer.is_ok()
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        agrees_with_serde_json(&bytes);
    }

    #[test]
    fn any_json_is_called_json(record in json()) {
        agrees_with_serde_json(record.as_bytes());
    }

    #[test]
    fn a_good_record_stays_good_whatever_stands_beside(value in json()) {
        let record = with(&format!("\"x\":{value}"));
        prop_assert!(agrees_with_serde_json(record.as_bytes()), "{}", record);
    }

    #[test]
    fn mutated_records_are_decoded_or_refused(
        value in json(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"\"\\{}[]:,0.eE-+tn \x00\x80u".to_vec())), 1..4),
    ) {
        let mut record = with(&format!("\"customer\":{value},\"amount\":12.5")).into_bytes();
        for (at, byte) in changes {
            let at = at.index(record.len());
            record[at] = byte;
        }
        agrees_with_serde_json(&record);
    }

    #[test]
    fn texts_are_read_as_serde_json_reads_them(text in "\\PC{0,20}") {
        let written = serde_json::Value::String(text.clone()).to_string();
        let record = with(&format!("\"customer\":{{\"address\":{{\"city\":{written}}}}}"));
        decoded(payments(), &record, |row| {
            assert_eq!(row.value(4, Kind::Text), Ok(Some(Value::Text(text.as_str()))));
        });
    }
}
