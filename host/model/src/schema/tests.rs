//! Sound schemas, and every problem of an unsound one at once.

use super::{Draft, Field, Schema, TenantDraft, TenantRole};
use crate::instant::Unit;
use crate::{Instant, Kind};

fn field(name: &str, path: &str, kind: Kind) -> Field {
    let unit = (kind == Kind::Instant).then_some(Unit::Seconds);
    Field { name: name.to_owned(), path: Field::path_of(path), kind, unit }
}

fn draft() -> Draft {
    Draft {
        source: "payments".to_owned(),
        fields: vec![
            field("id", "transaction_id", Kind::Text),
            field("account", "account_id", Kind::Text),
            field("time", "timestamp", Kind::Instant),
            field("amount", "amount", Kind::Decimal { scale: 2 }),
            field("city", "customer.address.city", Kind::Text),
            field("odds", "odds", Kind::Number),
        ],
        id: vec!["id".to_owned()],
        account: "account".to_owned(),
        time: "time".to_owned(),
        amount: Some("amount".to_owned()),
        tenant: TenantDraft::Fixed("payments".to_owned()),
        earliest: Instant::MIN,
        latest: Instant::MAX,
        size_max: 65_536,
    }
}

/// What the draft's problems say after a change.
fn problems(change: impl FnOnce(&mut Draft)) -> Vec<String> {
    let mut draft = draft();
    change(&mut draft);
    Schema::check(draft).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[test]
fn roles_are_found_by_name() {
    let schema = Schema::check(Draft {
        id: vec!["account".to_owned(), "time".to_owned(), "amount".to_owned()],
        tenant: TenantDraft::Field("city".to_owned()),
        ..draft()
    });
    let roles = schema.map(|schema| schema.roles).unwrap();
    assert_eq!((roles.id, roles.account, roles.time, roles.amount), (vec![1, 2, 3], 1, 2, Some(3)));
    assert_eq!(roles.tenant, TenantRole::Field(4));
}

#[test]
fn each_mistake_has_its_sentence() {
    type Change = fn(&mut Draft);
    let table: &[(Change, &str)] = &[
        (
            |d| d.fields.extend((0..1020).map(|at| field(&format!("f{at}"), &format!("f{at}"), Kind::Text))),
            "fields: there are 1026 fields, at most 1024 are allowed",
        ),
        (|d| d.source.clear(), "name: is empty; write a name"),
        (|d| d.fields[5].name = "city".into(), "fields.city: there are two fields `city`; rename one"),
        (
            |d| d.fields[4].path = Field::path_of("customer..city"),
            "fields.city.path: has an empty key; write the keys of the record with one dot between them",
        ),
        (|d| d.fields[4].path = vec!["a".to_owned(); 17], "fields.city.path: has 17 keys, at most 16 are allowed"),
        (
            |d| d.fields[5].path = Field::path_of("amount"),
            "fields.odds.path: leads to the same value as field `amount`; declare it once",
        ),
        (
            |d| d.fields[5].path = Field::path_of("customer.address"),
            "fields.city.path: leads through the value of field `odds`, which would have to be an object; declare only one of them",
        ),
        (
            |d| d.fields[3].kind = Kind::Decimal { scale: 19 },
            "fields.amount.scale: is 19, at most 18 digits are allowed",
        ),
        (
            |d| d.fields[2].unit = None,
            "fields.time.unit: is missing: say how the time is written, \"s\", \"ms\" or \"rfc3339\"",
        ),
        (
            |d| d.fields[0].unit = Some(Unit::Millis),
            "fields.id.unit: is only for instants, and this is of kind text; remove it",
        ),
        (|d| d.id.clear(), "id: names no field; name the one that holds the id, or several that make one together"),
        (|d| d.id = vec!["account".into(), "account".into()], "id[1]: names field `account` a second time; remove it"),
        (
            |d| d.id = vec!["account".into(), "odds".into()],
            "id[1]: is of kind number, and a part of the id must be text, integer, decimal or instant",
        ),
        (|d| d.id = vec!["time".into()], "id: is of kind instant, and the id must be text or integer"),
        (
            |d| d.account = "amount".into(),
            "account: is of kind decimal with scale 2, and the account must be text or integer",
        ),
        (|d| d.time = "account".into(), "time: is of kind text, and the time must be instant"),
        (
            |d| d.amount = Some("odds".into()),
            "amount: is of kind number, and the amount must be decimal or integer, because money is never a float",
        ),
        (
            |d| d.amount = Some("amuont".into()),
            "amount: names field `amuont`, which is not declared; did you mean `amount`?",
        ),
        (
            |d| d.tenant = TenantDraft::Field("colour".into()),
            "tenant.field: names field `colour`, which is not declared; there are id, account, time, amount, city, odds",
        ),
        (|d| d.tenant = TenantDraft::Fixed(String::new()), "tenant.name: is empty; write a name"),
        (|d| d.earliest = d.latest, "earliest: is not before `latest`"),
        (|d| d.size_max = 0, "size: is 0 bytes, and must be from 1 byte to 256 MiB"),
        (|d| d.size_max = 1 << 40, "size: is 1099511627776 bytes, and must be from 1 byte to 256 MiB"),
    ];
    assert_eq!(problems(|_| {}), Vec::<String>::new());
    for (change, sentence) in table {
        assert_eq!(problems(*change), [*sentence]);
    }
}

#[test]
fn all_problems_are_reported_at_once() {
    let found = problems(|draft| {
        draft.account = "acount".to_owned();
        draft.time = "amount".to_owned();
        draft.size_max = 0;
    });
    assert_eq!(found.len(), 3, "{found:?}");
}

#[test]
fn a_schema_without_fields_says_so_first() {
    let found = problems(|draft| draft.fields.clear());
    assert!(found[0].starts_with("fields: there is no field"), "{found:?}");
}
