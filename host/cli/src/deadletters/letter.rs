//! A dead letter as its topic has it, and the mark that its record was sent back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sandgate_stream::kafka::{DECISION_ID, Told, Topics};
use serde_json::{Value, json};
use std::fmt;

/// A dead letter.
pub(super) struct Letter {
    /// Its own partition and offset.
    pub(super) at: (i32, i64),
    /// Where its record stood.
    pub(super) of: Place,
    pub(super) source: String,
    pub(super) cause: String,
    detail: String,
    /// The record's bytes, as many as were kept.
    pub(super) record: Vec<u8>,
    /// How many it had.
    size: u64,
    pub(super) key: Option<Vec<u8>>,
    /// Those that travelled with the record.
    pub(super) headers: Vec<(String, Vec<u8>)>,
    /// The whole line.
    pub(super) line: Vec<u8>,
}

/// Where a record stood.
pub(super) struct Place {
    pub(super) partition: i32,
    offset: u64,
}

/// What a message of the topic is.
pub(super) enum Kind {
    Letter(Box<Letter>),
    /// The mark of the dead letter with this partition and offset.
    Mark(i32, i64),
    /// Something else.
    Other,
}

/// Reads a message of the topic.
pub(super) fn read(told: Told) -> Kind {
    let Ok(value) = serde_json::from_slice::<Value>(&told.payload) else { return Kind::Other };
    let number = |value: &Value| value.as_i64();
    let part = |value: &Value| i32::try_from(value.as_i64()?).ok();
    if let Value::Object(mark) = &value["sent_back"] {
        let of = |key: &str| mark.get(key).unwrap_or(&Value::Null);
        return match (part(of("partition")), number(of("offset"))) {
            (Some(partition), Some(offset)) => Kind::Mark(partition, offset),
            _ => Kind::Other,
        };
    }
    let text = |key: &str| value[key].as_str().map(str::to_owned);
    let record = match (&value["record"], &value["base64"]) {
        (Value::String(text), _) => Some(text.clone().into_bytes()),
        (_, Value::String(text)) => STANDARD.decode(text).ok(),
        _ => None,
    };
    let position = &value["position"];
    let whole = (|| {
        let (at, key) = ((told.partition, told.offset), told.key.clone());
        Some(Letter {
            at,
            of: Place { partition: part(&position["partition"])?, offset: position["offset"].as_u64()? },
            source: position["source"].as_str()?.to_owned(),
            cause: text("cause")?,
            detail: text("detail").unwrap_or_default(),
            record: record?,
            size: value["size"].as_u64()?,
            key,
            headers: told.headers.iter().filter(|(name, _)| name != DECISION_ID).cloned().collect(),
            line: told.payload.clone(),
        })
    })();
    whole.map_or(Kind::Other, |letter| Kind::Letter(Box::new(letter)))
}

impl Letter {
    /// The topic that the record goes back to.
    ///
    /// # Errors
    /// Why it cannot.
    pub(super) fn target(&self, topics: &Topics) -> Result<String, String> {
        if self.record.len() as u64 != self.size {
            return Err(format!("only {} of its {} bytes were kept", self.record.len(), self.size));
        }
        let source = topics.sources.iter().find(|source| source.source == self.source);
        source
            .map(|source| source.topic.clone())
            .ok_or_else(|| format!("there is no source `{}` any more", self.source))
    }

    /// The message that says that the record went back.
    pub(super) fn mark(&self) -> String {
        let (partition, offset) = self.at;
        let position = json!({ "source": self.source, "partition": self.of.partition, "offset": self.of.offset });
        json!({ "sent_back": { "partition": partition, "offset": offset }, "position": position }).to_string()
    }
}

/// On one line: where it is, where its record stood, and why.
impl fmt::Display for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Letter { at: (partition, offset), of, source, cause, detail, .. } = self;
        let of = format!("{source}/{}/{}", of.partition, of.offset);
        let line = format!("{partition}/{offset}  {of}  {cause}: {detail}");
        // what somebody put into the topic is shown, never obeyed by a terminal
        f.write_str(&line.replace(char::is_control, "\u{fffd}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Letter, read};
    use sandgate_stream::kafka::{SourceTopic, Told, Topics, WrongKey};

    fn told(payload: &str) -> Told {
        let headers = vec![("decision-id".to_owned(), b"d".to_vec()), ("correlation-id".to_owned(), b"c".to_vec())];
        let key = Some(b"account7".to_vec());
        Told { partition: 2, offset: 17, key, payload: payload.as_bytes().to_vec(), headers }
    }

    fn letter(payload: &str) -> Letter {
        match read(told(payload)) {
            Kind::Letter(letter) => *letter,
            _ => panic!("{payload}"),
        }
    }

    fn topics() -> Topics {
        let source = SourceTopic {
            source: "payments".to_owned(),
            topic: "topic-of-payments".to_owned(),
            key: 0,
            wrong_key: WrongKey::DeadLetter,
            observe: false,
            size_max: 1,
        };
        let (decisions, dead_letters, changelog) = ("d".to_owned(), "l".to_owned(), "c".to_owned());
        Topics { sources: vec![source], decisions, dead_letters, changelog }
    }

    const LINE: &str = r#"{"position":{"source":"payments","partition":3,"offset":99},"cause":"tenant","detail":"is unknown","size":4,"record":"{\"\"}"}"#;

    #[test]
    fn a_letter_goes_back_to_where_its_record_came_from() {
        let letter = letter(LINE);
        assert_eq!(letter.target(&topics()).unwrap(), "topic-of-payments");
        assert_eq!((letter.of.partition, &*letter.record), (3, &br#"{""}"#[..]));
        assert_eq!(letter.headers, [("correlation-id".to_owned(), b"c".to_vec())]);
        assert_eq!(letter.to_string(), "2/17  payments/3/99  tenant: is unknown");
    }

    #[test]
    fn its_mark_is_read_as_what_it_is() {
        let mark = letter(LINE).mark();
        assert!(matches!(read(told(&mark)), Kind::Mark(2, 17)), "{mark}");
        for other in ["", "null", "{}", r#"{"sent_back":{}}"#, r#"{"cause":"tenant"}"#] {
            assert!(matches!(read(told(other)), Kind::Other), "{other}");
        }
    }

    #[test]
    fn bytes_come_back_and_what_was_cut_stays() {
        let bytes = LINE.replace(r#""record":"{\"\"}""#, r#""base64":"/wD/AA==""#);
        assert_eq!(letter(&bytes).record, [255, 0, 255, 0]);
        let cut = LINE.replace(r#""size":4"#, r#""size":400"#);
        assert!(letter(&cut).target(&topics()).unwrap_err().contains("4 of its 400 bytes"));
        let gone = LINE.replace("payments", "transfers");
        assert!(letter(&gone).target(&topics()).unwrap_err().contains("no source `transfers`"));
    }
}
