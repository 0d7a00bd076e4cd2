//! Keys, entries and addresses, without a server.

use super::{Between, key, name, read};
use crate::Wanted;
use std::sync::Arc;

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
fn an_entry_is_a_value_an_absence_or_nothing_of_ours() {
    let long = format!("={}", "x".repeat(1_025));
    let table: [(&[u8], _); 6] = [
        (b"=3", Some(Some(Arc::from("3")))),
        (b"=", Some(Some(Arc::from("")))),
        (b"-", Some(None)),
        (b"3", None),
        (b"=\xff", None),
        (long.as_bytes(), None),
    ];
    for (entry, expected) in table {
        assert_eq!(read(entry), expected, "{entry:?}");
    }
}

#[test]
fn an_address_is_one_of_a_server_or_of_a_cluster() {
    for text in ["redis://host", "rediss://:p@host:6380/1", "redis+cluster://host:7000", "rediss+cluster://host"] {
        assert!(Between::parse(text).is_some(), "{text}");
    }
    for text in ["http://host", "redis:host", "redis://", "redis://host:port", "redis+sentinel://host"] {
        assert!(Between::parse(text).is_none(), "{text}");
    }
}
