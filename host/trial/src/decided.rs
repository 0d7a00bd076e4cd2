//! What a decision says about the policy on trial: read from the line that a
//! host would write, so that a case sees what everybody sees.

use crate::sample::Sample;
use sandgate_model::manifest::Setting;
use sandgate_model::{Decimal, Instant, Kind, Manifest, Value};
use serde_json::Value as Json;
use std::fmt;

/// A decision about one policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    /// `allow`, `review` or `block`.
    pub outcome: String,
    /// The codes of its reasons with what people are told, in declared order.
    pub reasons: Vec<(String, String)>,
    /// Its score.
    pub score: Option<f64>,
    /// By input, in declared order.
    pub inputs: Vec<Seen>,
    /// The word of its fault, and the detail.
    pub fault: Option<(String, String)>,
}

/// What an input was.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// It was absent.
    Absent,
    /// This.
    Value(Value),
    /// It could not be used.
    Fault(String),
    /// No policy was judged on it: a repeat, or an id that was used before.
    Unjudged,
}

impl Decided {
    /// Reads a decision about the first policy of its set.
    ///
    /// # Errors
    /// What is not as a decision of this manifest is.
    pub fn read(line: &str, manifest: &Manifest) -> Result<Decided, String> {
        let json: Json = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
        let policy = json["policies"].get(0);
        let input = |name: &str, kind: Kind| match policy {
            Some(policy) => seen(policy["inputs"].get(name), kind).map_err(|what| format!("{name}: {what}")),
            None => Ok(Seen::Unjudged),
        };
        Ok(Decided {
            outcome: text(&json["outcome"]),
            reasons: each(&json["reasons"]).map(|reason| (text(&reason["code"]), text(&reason["message"]))).collect(),
            score: json["scores"][0]["value"].as_f64(),
            inputs: manifest.inputs.iter().map(|one| input(&one.name, one.kind)).collect::<Result<_, _>>()?,
            fault: each(&json["faults"]).next().map(|fault| (text(&fault["fault"]), text(&fault["detail"]))),
        })
    }

    /// What the policy was judged on; nothing where an input could not be used.
    pub fn sample(&self, settings: &[Setting]) -> Option<Sample> {
        let inputs = self.inputs.iter().map(|seen| match seen {
            Seen::Absent => Some(None),
            Seen::Value(value) => Some(Some(value.clone())),
            Seen::Fault(_) | Seen::Unjudged => None,
        });
        Some(Sample { inputs: inputs.collect::<Option<_>>()?, settings: settings.to_vec() })
    }
}

/// As a case shows it.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Seen::Absent => f.write_str("absent"),
            Seen::Value(value) => value.fmt(f),
            Seen::Fault(why) => write!(f, "unusable: it {why}"),
            Seen::Unjudged => f.write_str("not judged"),
        }
    }
}

fn each(list: &Json) -> impl Iterator<Item = &Json> {
    list.as_array().map_or(&[][..], Vec::as_slice).iter()
}

/// An input as a decision records it.
///
/// # Errors
/// Where it is none of that kind.
pub fn seen(recorded: Option<&Json>, kind: Kind) -> Result<Seen, String> {
    let wrong = || format!("is not {} as decisions record it", kind.with_article());
    let recorded = match recorded {
        None => return Err("is not recorded".to_owned()),
        Some(Json::Null) => return Ok(Seen::Absent),
        Some(Json::Object(members)) => {
            return members
                .get("fault")
                .and_then(Json::as_str)
                .map(|why| Seen::Fault(why.to_owned()))
                .ok_or_else(wrong);
        }
        Some(recorded) => recorded,
    };
    let value = match kind {
        Kind::Flag => recorded.as_bool().map(Value::Flag),
        Kind::Integer => recorded.as_i64().map(Value::Integer),
        Kind::Number => recorded.as_f64().map(Value::Number),
        Kind::Text => recorded.as_str().map(|text| Value::Text(text.to_owned())),
        Kind::Instant => recorded.as_str().and_then(|text| Instant::parse_rfc3339(text).ok()).map(Value::Instant),
        Kind::Decimal { scale } => {
            recorded.as_str().and_then(|text| Decimal::parse(text, scale).ok()).map(Value::Decimal)
        }
    };
    value.map(Seen::Value).ok_or_else(wrong)
}
