//! Which records can be used, what is read from them, and why the rest cannot.

use super::{Cause, Decoder, Transaction, Unusable};
use sandgate_model::instant::Unit;
use sandgate_model::schema::{Draft, Field, Schema, TenantDraft};
use sandgate_model::{Instant, Kind, Value};
use std::sync::Arc;

fn field(name: &str, path: &str, kind: Kind, unit: Option<Unit>) -> Field {
    Field { name: name.to_owned(), path: Field::path_of(path), kind, unit }
}

const MONEY: Kind = Kind::Decimal { scale: 2 };

/// The first form: an id of its own, seconds with a fraction. Behind the roles
/// there is one field of each other kind and path.
pub(super) fn payments() -> Draft {
    Draft {
        source: "payments".to_owned(),
        fields: vec![
            field("id", "transaction_id", Kind::Text, None),
            field("account", "account_id", Kind::Text, None),
            field("amount", "amount", MONEY, None),
            field("time", "timestamp", Kind::Instant, Some(Unit::Seconds)),
            field("city", "customer.address.city", Kind::Text, None),
            field("age", "customer.age", Kind::Integer, None),
            field("odds", "odds", Kind::Number, None),
            field("new", "new", Kind::Flag, None),
            field("opened", "opened", Kind::Instant, Some(Unit::Rfc3339)),
        ],
        id: vec!["id".to_owned()],
        account: "account".to_owned(),
        time: "time".to_owned(),
        amount: Some("amount".to_owned()),
        tenant: TenantDraft::Fixed("payments".to_owned()),
        earliest: Instant::parse_rfc3339("2000-01-01T00:00:00Z").unwrap(),
        latest: Instant::parse_rfc3339("2100-01-01T00:00:00Z").unwrap(),
        size_max: 65_536,
    }
}

/// The second form: no id, so three fields make one; milliseconds.
fn subscriptions() -> Draft {
    let ids = ["account", "time", "amount"];
    Draft {
        source: "subscriptions".to_owned(),
        fields: vec![
            field("account", "userId", Kind::Text, None),
            field("amount", "amount", MONEY, None),
            field("trade_type", "tradeType", Kind::Text, None),
            field("time", "timestamp", Kind::Instant, Some(Unit::Millis)),
        ],
        id: ids.map(str::to_owned).to_vec(),
        ..payments()
    }
}

pub(super) fn decoder(draft: Draft) -> Decoder {
    Decoder::new(Arc::new(Schema::check(draft).unwrap()))
}

/// What `look` sees of one usable record.
pub(super) fn decoded<T>(draft: Draft, record: &str, look: impl FnOnce(Transaction<'_>) -> T) -> T {
    let decoder = decoder(draft);
    let mut batch = decoder.batch(1);
    batch.push(record.as_bytes()).unwrap();
    look(batch.row(0))
}

fn refused(draft: Draft, record: &[u8]) -> Unusable {
    let decoder = decoder(draft);
    let mut batch = decoder.batch(1);
    let unusable = batch.push(record).unwrap_err();
    assert!(batch.is_empty());
    unusable
}

/// A usable record of the first form with one more member.
pub(super) fn with(member: &str) -> String {
    format!(r#"{{"transaction_id":"tx1","account_id":"a1","timestamp":1767225600,{member}}}"#)
}

/// A record of the first form without `timestamp` and `amount` unless given.
fn without(members: &str) -> String {
    format!(r#"{{"transaction_id":"tx1","account_id":"a1"{members}}}"#)
}

#[test]
fn the_first_form_is_read() {
    let record =
        r#"{"transaction_id": "tx1001", "account_id": "account123", "amount": 12000.0, "timestamp": 1767225600.25}"#;
    decoded(payments(), record, |transaction| {
        assert_eq!(transaction.id(), "tx1001");
        assert_eq!(transaction.account(), "account123");
        assert_eq!(transaction.tenant(), "payments");
        assert_eq!(transaction.time().to_string(), "2026-01-01T00:00:00.250Z");
        assert_eq!(transaction.amount().unwrap().to_string(), "12000.00");
    });
}

#[test]
fn the_second_form_is_read_and_its_id_composed() {
    let record = r#"{"userId": "user_123", "amount": 1000000.01, "tradeType": "申购", "timestamp": 1767225600250}"#;
    decoded(subscriptions(), record, |transaction| {
        assert_eq!(transaction.id(), "user_123|2026-01-01T00:00:00.250Z|1000000.01");
        assert_eq!(transaction.account(), "user_123");
        assert_eq!(transaction.amount().unwrap().units, 100_000_001);
        assert_eq!(transaction.value(2, Kind::Text), Ok(Some(Value::Text("申购"))));
    });
}

#[test]
fn composed_ids_of_different_fields_differ() {
    let mut draft = subscriptions();
    draft.id = vec!["account".to_owned(), "trade_type".to_owned()];
    let id = |account: &str, trade: &str| {
        let record = format!(r#"{{"userId":"{account}","tradeType":"{trade}","timestamp":1767225600250}}"#);
        decoded(draft.clone(), &record, |transaction| transaction.id().to_owned())
    };
    assert_eq!(id("a|b", "c"), r"a\|b|c");
    assert_eq!(id("a", "b|c"), r"a|b\|c");
    assert_eq!(id(r"a\\", "b"), r"a\\|b");
}

#[test]
fn the_tenant_may_stand_in_a_field() {
    let draft = || Draft { tenant: TenantDraft::Field("age".to_owned()), ..payments() };
    assert_eq!(decoded(draft(), &with(r#""customer":{"age":-7.0}"#), |row| row.tenant().to_owned()), "-7");
    assert_eq!(refused(draft(), with(r#""x":1"#).as_bytes()).cause, Cause::Tenant);
}

#[test]
fn a_record_that_cannot_be_used_says_why() {
    let deep = |depth: usize| with(&format!("\"x\":{}{}", "[".repeat(depth), "]".repeat(depth)));
    let table: &[(&[u8], Cause, &str)] = &[
        (b"", Cause::NotJson, "is not JSON: the record ends at byte 0 where a value was expected"),
        (b"hello", Cause::NotJson, "is not JSON: 'h' stands at byte 0 where a value was expected"),
        (
            b"{\"a\":1",
            Cause::NotJson,
            "is not JSON: the record ends at byte 6 where a comma or a closing brace was expected",
        ),
        (b"{\"a\" 1}", Cause::NotJson, "is not JSON: '1' stands at byte 5 where a colon was expected"),
        (
            b"{\"a\":01}",
            Cause::NotJson,
            "is not JSON: '1' stands at byte 6 where a comma or a closing brace was expected",
        ),
        (b"{'a':1}", Cause::NotJson, "is not JSON: '\\'' stands at byte 1 where a key in quotes was expected"),
        (b"{} x", Cause::NotJson, "is not JSON: 'x' stands at byte 3 where the end of the record was expected"),
        (b"{\"amount\":NaN}", Cause::NotJson, "is not JSON: 'N' stands at byte 10 where a value was expected"),
        (b"[1]", Cause::NotObject, "is JSON, but not an object"),
        (b"null", Cause::NotObject, "is JSON, but not an object"),
        (b"\"a\" b", Cause::NotJson, "is not JSON: 'b' stands at byte 4 where the end of the record was expected"),
        (b"{}{}", Cause::TwoValues, "holds more than one JSON value"),
        (b"{} 1", Cause::TwoValues, "holds more than one JSON value"),
        (b"{\"a\":\"\xff\"}", Cause::Utf8, "is not UTF-8: byte 6 cannot stand there"),
        (b"{\"amount\":1,\"amount\":1}", Cause::DuplicateKey, "has the declared key `amount` twice"),
        (b"{\"amount\":null,\"amount\":1}", Cause::DuplicateKey, "has the declared key `amount` twice"),
        (b"{\"amount\":1,\"\\u0061mount\":1}", Cause::DuplicateKey, "has the declared key `\\u0061mount` twice"),
        (b"{\"customer\":{},\"customer\":{}}", Cause::DuplicateKey, "has the declared key `customer` twice"),
        (b"{\"customer\":{\"age\":1,\"age\":2}}", Cause::DuplicateKey, "has the declared key `age` twice"),
        (
            b"{\"account_id\":\"\\ud800\"}",
            Cause::Surrogate,
            "holds half of a surrogate pair under `account_id`, which is no text",
        ),
        (&[b' '; 65_537], Cause::Size, "is longer than the 65536 bytes that its source allows"),
        (b"{}", Cause::Id, "has no usable id: field `id` (transaction_id) is missing"),
        (b"{\"transaction_id\":null}", Cause::Id, "has no usable id: field `id` (transaction_id) is missing"),
        (b"{\"transaction_id\":\"\"}", Cause::Id, "has no usable id: field `id` (transaction_id) is empty"),
        (b"{\"transaction_id\":7}", Cause::Id, "has no usable id: field `id` (transaction_id) is a number, not a text"),
        (
            b"{\"transaction_id\":\"a\"}",
            Cause::Account,
            "has no usable account: field `account` (account_id) is missing",
        ),
        (
            b"{\"transaction_id\":\"a\",\"account_id\":\"\"}",
            Cause::Account,
            "has no usable account: field `account` (account_id) is empty",
        ),
    ];
    for (record, cause, detail) in table {
        let unusable = refused(payments(), record);
        assert_eq!(
            (unusable.cause, unusable.detail.as_str()),
            (*cause, *detail),
            "{}",
            String::from_utf8_lossy(record)
        );
    }
    let times = [
        ("", "is missing"),
        (r#","timestamp":"yesterday""#, "is a text, not a time written as a number"),
        (r#","timestamp":1e400"#, "is a time outside the years 1 to 9999; does its unit fit?"),
        (r#","timestamp":1767225600250"#, "is a time outside the years 1 to 9999; does its unit fit?"),
        (
            r#","timestamp":946684799.999"#,
            "is 1999-12-31T23:59:59.999Z, outside 2000-01-01T00:00:00.000Z to 2100-01-01T00:00:00.000Z; does its unit fit?",
        ),
        (
            r#","timestamp":4102444800.001"#,
            "is 2100-01-01T00:00:00.001Z, outside 2000-01-01T00:00:00.000Z to 2100-01-01T00:00:00.000Z; does its unit fit?",
        ),
    ];
    for (members, detail) in times {
        let unusable = refused(payments(), without(members).as_bytes());
        assert_eq!(unusable.cause, Cause::Time, "{members}");
        assert_eq!(unusable.detail, format!("has no usable time: field `time` (timestamp) {detail}"));
    }
    let amounts = [
        (r#""abc""#, "is not a number"),
        ("1e400", "is too large for a decimal with scale 2"),
        ("12.345", "has more digits after the point than its scale of 2"),
        ("1e-400", "has more digits after the point than its scale of 2"),
        ("92233720368547758.08", "is too large for a decimal with scale 2"),
        ("true", "is a flag, not a decimal"),
        ("[1]", "is a list, not a decimal"),
    ];
    for (amount, detail) in amounts {
        let unusable = refused(payments(), with(&format!("\"amount\":{amount}")).as_bytes());
        assert_eq!(unusable.cause, Cause::Amount, "{amount}");
        assert_eq!(unusable.detail, format!("has no usable amount: field `amount` (amount) {detail}"));
    }
    assert_eq!(refused(payments(), deep(10_000).as_bytes()).cause, Cause::Depth);
    assert_eq!(refused(payments(), deep(128).as_bytes()).cause, Cause::Depth);
    decoded(payments(), &deep(127), |_| ());
}

#[test]
fn the_bounds_of_time_and_size_are_inside() {
    for time in ["946684800", "4102444800.0009"] {
        decoded(payments(), &without(&format!(",\"timestamp\":{time}")), |_| ());
    }
    let record = with("\"x\":1");
    let size = |size_max| Draft { size_max, ..payments() };
    decoded(size(record.len() as u64), &record, |_| ());
    assert_eq!(refused(size(record.len() as u64 - 1), record.as_bytes()).cause, Cause::Size);
}

#[test]
fn amounts_are_exact_however_they_are_written() {
    let table = [
        ("12000.1", Some("12000.10")),
        ("\"12000.1\"", Some("12000.10")),
        ("1.20001e4", Some("12000.10")),
        ("90071992547409.93", Some("90071992547409.93")),
        ("0.1", Some("0.10")),
        ("-0.00", Some("0.00")),
        ("null", None),
    ];
    for (written, expected) in table {
        decoded(payments(), &with(&format!("\"amount\":{written}")), |transaction| {
            assert_eq!(transaction.amount().map(|amount| amount.to_string()).as_deref(), expected, "{written}");
        });
    }
    decoded(payments(), &with("\"x\":1"), |transaction| assert_eq!(transaction.amount(), None));
}

#[test]
fn fields_are_read_at_their_kind_or_a_wider_one() {
    let fine = Kind::Decimal { scale: 4 };
    let table: &[(&str, usize, Kind, &str)] = &[
        (r#""customer":{"address":{"city":"Zürich \ud83d\udcb6"}}"#, 4, Kind::Text, "Ok(Some(Text(\"Zürich 💶\")))"),
        (r#""customer":{"address":{"city":null}}"#, 4, Kind::Text, "Ok(None)"),
        (r#""customer":{"address":"Zürich"}"#, 4, Kind::Text, "Ok(None)"),
        (r#""customer":7"#, 4, Kind::Text, "Ok(None)"),
        (r#""customer":{"age":42}"#, 5, Kind::Integer, "Ok(Some(Integer(42)))"),
        (r#""customer":{"age":4.2e1}"#, 5, Kind::Integer, "Ok(Some(Integer(42)))"),
        (r#""customer":{"age":-9223372036854775808}"#, 5, Kind::Integer, "Ok(Some(Integer(-9223372036854775808)))"),
        (r#""customer":{"age":9223372036854775808}"#, 5, Kind::Integer, "Err(Integer)"),
        (r#""customer":{"age":4.5}"#, 5, Kind::Integer, "Err(Integer)"),
        (r#""customer":{"age":"42"}"#, 5, Kind::Integer, "Err(Kind { found: \"a text\", wanted: \"an integer\" })"),
        (r#""customer":{"age":42}"#, 5, fine, "Ok(Some(Decimal(Decimal { units: 420000, scale: 4 })))"),
        (r#""customer":{"age":9223372036854775807}"#, 5, fine, "Err(Fit(Decimal { scale: 4 }))"),
        (r#""customer":{"age":42}"#, 5, Kind::Number, "Ok(Some(Number(42.0)))"),
        (r#""amount":1.25"#, 2, fine, "Ok(Some(Decimal(Decimal { units: 12500, scale: 4 })))"),
        (r#""amount":1.25"#, 2, Kind::Number, "Ok(Some(Number(1.25)))"),
        (r#""amount":1.25"#, 2, Kind::Integer, "Err(Kind { found: \"a decimal\", wanted: \"an integer\" })"),
        (r#""odds":0.1"#, 6, Kind::Number, "Ok(Some(Number(0.1)))"),
        (r#""odds":1e400"#, 6, Kind::Number, "Err(Number)"),
        (r#""odds":{"a":1}"#, 6, Kind::Number, "Err(Kind { found: \"an object\", wanted: \"a number\" })"),
        (r#""new":true"#, 7, Kind::Flag, "Ok(Some(Flag(true)))"),
        (r#""new":0"#, 7, Kind::Flag, "Err(Kind { found: \"a number\", wanted: \"a flag\" })"),
        (
            r#""opened":"2026-01-01T09:00:00+08:00""#,
            8,
            Kind::Instant,
            "Ok(Some(Instant(Instant { millis: 1767229200000 })))",
        ),
        (r#""opened":"2026-01-01""#, 8, Kind::Instant, "Err(Instant(Malformed))"),
        (r#""opened":1"#, 8, Kind::Instant, "Err(Kind { found: \"a number\", wanted: \"a time written as text\" })"),
    ];
    for (member, field, kind, expected) in table {
        decoded(payments(), &with(member), |transaction| {
            assert_eq!(format!("{:?}", transaction.value(*field, *kind)), *expected, "{member} as {kind}");
        });
    }
}

#[test]
fn what_nobody_declared_may_be_anything_that_is_json() {
    let members =
        r#""x":1,"x":2,"":"\ud800","nested":{"amount":"abc","x":[{},[],""]},"\ud800":1,"customer":{"x":1,"x":2}"#;
    decoded(payments(), &with(members), |transaction| assert_eq!(transaction.id(), "tx1"));
}

#[test]
fn a_refused_record_leaves_its_batch_as_it_was() {
    let decoder = decoder(payments());
    let (first, second) = (with(r#""amount":1"#), with(r#""amount":2"#));
    let mut batch = decoder.batch(3);
    batch.push(first.as_bytes()).unwrap();
    batch.push(br#"{"transaction_id":"tx","amount":3,"#).unwrap_err();
    batch.push(second.as_bytes()).unwrap();
    let amounts: Vec<_> = batch.iter().map(|row| row.amount().unwrap().units).collect();
    assert_eq!(amounts, [100, 200]);
}
