//! Keys and entries, without a server.

use super::{Entry, entry, key, name};
use crate::Wanted;
use sandgate_redis::Value;

#[test]
fn two_names_never_share_a_key_and_a_key_is_read_back() {
    let names = [
        Wanted { entity: "account", attribute: "risk_level", id: "a:b" },
        Wanted { entity: "account:risk_level", attribute: "a", id: "b" },
        Wanted { entity: "account", attribute: "risk_level:a", id: "b" },
        Wanted { entity: "account%3Arisk_level", attribute: "a", id: "b" },
        Wanted { entity: "账户", attribute: "等级", id: "%25:" },
    ];
    let keys = names.map(|wanted| key(&wanted));
    for (at, one) in keys.iter().enumerate() {
        assert!(!keys[..at].contains(one), "{one}");
        assert_eq!(name(one).unwrap().wanted(), names[at]);
    }
    assert_eq!(keys[0], "sandgate:tag:account:risk_level:a:b");
    assert_eq!(name("session:7"), None);
}

#[test]
fn an_entry_is_a_value_an_absence_or_nothing_to_believe() {
    let long = format!("7={}", "x".repeat(1_025));
    let some = |number, value: Option<&str>| Entry { number, value: value.map(Into::into) };
    let table: [(&[u8], _); 9] = [
        (b"17=3", some(17, Some("3"))),
        (b"0==-", some(0, Some("=-"))),
        (b"17-", some(17, None)),
        (b"=3", Entry::FOREIGN),
        (b"-", Entry::FOREIGN),
        (b"3", Entry::FOREIGN),
        (b"99999999999999999999=3", Entry::FOREIGN),
        (b"1=\xff", Entry::FOREIGN),
        (long.as_bytes(), Entry::FOREIGN),
    ];
    for (bytes, expected) in table {
        assert_eq!(entry(Value::BulkString(bytes.to_vec())), Some(expected), "{bytes:?}");
    }
    assert_eq!(entry(Value::Int(3)), Some(Entry::FOREIGN));
    assert_eq!(entry(Value::Nil), None);
}
