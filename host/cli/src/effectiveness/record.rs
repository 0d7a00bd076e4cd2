//! What is read of a record: its label and its amount, at keys that the caller
//! names; of a decision: its outcome and where its record stands.

use super::money::Money;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Where label and amount stand in a record.
pub(super) struct Keys<'a> {
    pub(super) label: &'a str,
    pub(super) amount: &'a str,
}

/// What is read of a record.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// What the label says; `None` where there is none.
    pub(super) label: Option<Label>,
    /// How much it moves; `None` where the record does not say.
    pub(super) amount: Option<Money>,
}

/// What a label says of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Label {
    Honest,
    /// Fraud, by its name; `fraud` where it has none.
    Fraud(String),
}

/// What is read of a decision.
#[derive(Debug, Deserialize)]
pub(super) struct Decision<'a> {
    pub(super) outcome: Outcome,
    pub(super) repeat_of: Option<IgnoredAny>,
    #[serde(borrow)]
    pub(super) position: Position<'a>,
}

/// What was decided, from the weakest to the strongest.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    Allow,
    Review,
    Block,
}

/// Where the record of a decision stands.
#[derive(Debug, Deserialize)]
pub(super) struct Position<'a> {
    #[serde(borrow)]
    pub(super) source: Cow<'a, str>,
    pub(super) partition: u32,
    pub(super) offset: u64,
}

impl Keys<'_> {
    /// Reads a record.
    ///
    /// # Errors
    /// Where it is no JSON object, or holds something else at these keys.
    pub(super) fn read(&self, line: &[u8]) -> serde_json::Result<Record> {
        let mut input = serde_json::Deserializer::from_slice(line);
        let record = self.deserialize(&mut input)?;
        input.end().map(|()| record)
    }

    fn label<E: serde::de::Error>(&self, text: &str) -> Result<Option<Label>, E> {
        let wrong = || {
            E::custom(format_args!("`{}` is {text}, which is no label: null, true, false, 0, 1 or a text", self.label))
        };
        Ok(match text {
            "null" => None,
            "false" | "0" => Some(Label::Honest),
            "true" | "1" => Some(Label::Fraud("fraud".to_owned())),
            _ => Some(Label::Fraud(serde_json::from_str(text).map_err(|_| wrong())?)),
        })
    }

    fn amount<E: serde::de::Error>(&self, text: &str) -> Result<Option<Money>, E> {
        if text == "null" {
            return Ok(None);
        }
        let quoted: Option<String> = text.starts_with('"').then(|| serde_json::from_str(text).ok()).flatten();
        let amount = Money::parse(quoted.as_deref().unwrap_or(text));
        amount.map(Some).map_err(|error| E::custom(format_args!("`{}`, {text}, {error}", self.amount)))
    }
}

impl<'de> DeserializeSeed<'de> for &Keys<'_> {
    type Value = Record;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Record, D::Error> {
        input.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &Keys<'_> {
    type Value = Record;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record, which is a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
        let mut record = Record::default();
        while let Some(key) = map.next_key::<Key<'de>>()? {
            if key.0 == self.label {
                let text = map.next_value::<&RawValue>()?.get();
                // null says honest too, and says that there is such a key
                record.label = Some(self.label(text)?.unwrap_or(Label::Honest));
            } else if key.0 == self.amount {
                record.amount = self.amount(map.next_value::<&RawValue>()?.get())?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(record)
    }
}

/// A key, in place where it can be.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::{Decision, Keys, Label, Outcome, Record};
    use crate::effectiveness::money::Money;

    const KEYS: Keys<'static> = Keys { label: "label", amount: "sum" };

    #[test]
    fn labels_and_amounts_are_read_as_people_write_them() {
        let fraud = |name: &str| Some(Label::Fraud(name.to_owned()));
        let table = [
            ("{}", None, None),
            (r#"{"label":null,"sum":null}"#, Some(Label::Honest), None),
            (r#"{"label":false,"sum":12.5}"#, Some(Label::Honest), Some("12.5")),
            (r#"{"sum":"12.50","x":{"label":1},"label":0}"#, Some(Label::Honest), Some("12.50")),
            (r#"{"label":true}"#, fraud("fraud"), None),
            (r#"{"label":1,"sum":1e3}"#, fraud("fraud"), Some("1000")),
            (r#"{"l\u0061bel":"burst \u26a1","sum":-1}"#, fraud("burst ⚡"), Some("-1")),
        ];
        for (line, label, amount) in table {
            let amount = amount.map(|amount| Money::parse(amount).unwrap());
            assert_eq!(KEYS.read(line.as_bytes()).unwrap(), Record { label, amount }, "{line}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_told() {
        let table = [
            ("[]", "a record, which is a JSON object"),
            (r#"{"label":2}"#, "`label` is 2, which is no label"),
            (r#"{"label":["burst"]}"#, "which is no label"),
            (r#"{"sum":"ten"}"#, "`sum`, \"ten\", is not a number"),
            (r#"{"sum":true}"#, "is not a number"),
            (r#"{"label":null} {}"#, "trailing characters"),
            (r#"{"label":"#, "EOF"),
        ];
        for (line, what) in table {
            let told = KEYS.read(line.as_bytes()).unwrap_err().to_string();
            assert!(told.contains(what), "{line}: {told}");
        }
    }

    #[test]
    fn a_decision_is_read_whatever_else_it_holds() {
        let line = r#"{"transaction":"a","outcome":"review","policies":[{"outcome":1}],"repeat_of":null,
            "position":{"source":"s","partition":0,"offset":17},"time":"2026-01-01T00:00:00.000Z"}"#;
        let decision: Decision<'_> = serde_json::from_str(line).unwrap();
        assert_eq!((decision.outcome, decision.position.offset), (Outcome::Review, 17));
        assert!(decision.repeat_of.is_none());
    }
}
