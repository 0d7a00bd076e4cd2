//! A tag store that fails does not stop the host: the defaults stand in, and
//! every decision that it touched says so.

use crate::judge;
use sandgate_engine::judged::{Judge as _, Judged, Record};
use sandgate_state::Settings;
use sandgate_tags::{Error, Store, Wanted};
use std::sync::Arc;

/// A store whose disk is gone.
struct Gone;

impl Store for Gone {
    fn look_up(&self, _: &[Wanted<'_>], _: &mut Vec<Option<Arc<str>>>) -> Result<(), Error> {
        Err(Error::Missing { path: "tags.db".into() })
    }
}

#[test]
fn defaults_stand_in_and_the_decision_says_so() {
    let bounds = Settings { lateness: 0, repeats: 0, ids: 0, events: 0 };
    let judge = judge("account_risk.wasm", Some(Arc::new(Gone)), bounds);
    let bytes = br#"{"id":"t","account":"a","amount":20000,"time":1767225600000}"#;
    let mut judged = Judged::default();
    let record = Record { source: 0, offset: 0, key: None, bytes, size: bytes.len() as u64 };
    judge.judge(0, &[record], &mut judged).unwrap();
    let decision: serde_json::Value = serde_json::from_slice(&judged.decisions).unwrap();
    assert_eq!(decision["outcome"], "allow");
    assert_eq!(decision["policies"][0]["defaulted"], serde_json::json!(["level"]));
    assert_eq!(decision["circumstances"][0]["what"], "missing-tag");
    assert!(decision["circumstances"][0]["detail"].as_str().unwrap().contains("there is no tag store"));
}
