//! What a trial sends: a record as a case writes it, and when.

use sandgate_engine::document::Given;
use sandgate_engine::json::{self, List};
use sandgate_model::Instant;
use sandgate_model::quantity::parse_duration;
use std::str::FromStr;

/// When a record happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At this time.
    At(Instant),
    /// So many milliseconds after the record before; less than 0 is before it.
    After(i64),
}

/// A text that is no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is neither a time such as \"2026-01-01T09:00:00Z\" nor a length such as \"+30s\": {why}")]
pub struct WhenError {
    text: String,
    why: String,
}

/// A record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Send {
    /// When it happens; by default with the record before.
    pub when: Option<When>,
    /// Its source; by default the judged one.
    pub source: Option<String>,
    /// Its fields, by the names that the policy uses.
    pub fields: Vec<(String, Given)>,
    /// Inputs that are set directly.
    pub inputs: Vec<(String, Given)>,
    /// Inputs that are absent, whatever their origin says.
    pub absent: Vec<String>,
}

impl FromStr for When {
    type Err = WhenError;

    fn from_str(text: &str) -> Result<When, WhenError> {
        let wrong = |why: String| WhenError { text: text.to_owned(), why };
        let sign = match text.as_bytes().first() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Instant::parse_rfc3339(text).map(When::At).map_err(|error| wrong(format!("it {error}"))),
        };
        let length = parse_duration(&text[1..]).map_err(|error| wrong(error.to_string()))?;
        let millis = i64::try_from(length.as_millis()).map_err(|_| wrong("it is too long".to_owned()))?;
        Ok(When::After(sign * millis))
    }
}

impl Send {
    /// The bytes of the record.
    pub(crate) fn record(&self, id: &str, account: &str, time: Instant) -> Vec<u8> {
        let mut out = b"{\"role\":{".to_vec();
        let text = |text: &str| Given::Text(text.to_owned());
        let mut moment = Vec::new();
        time.write(&mut moment);
        let moment = Given::Text(String::from_utf8_lossy(&moment).into_owned());
        let roles = [("id", text(id)), ("account", text(account)), ("time", moment.clone())];
        members(roles.iter().map(|(name, value)| (*name, value)), &mut out);
        out.extend_from_slice(b"},\"fields\":{");
        let sent = |name: &str| self.fields.iter().any(|(field, _)| field == name);
        let made = roles.iter().filter(|(name, _)| !sent(name)).map(|(name, value)| (*name, value));
        members(self.fields.iter().map(|(name, value)| (name.as_str(), value)).chain(made), &mut out);
        out.extend_from_slice(b"},\"inputs\":{");
        members(self.inputs.iter().map(|(name, value)| (name.as_str(), value)), &mut out);
        out.extend_from_slice(b"},\"absent\":{");
        members(self.absent.iter().map(|name| (name.as_str(), &Given::Flag(true))), &mut out);
        out.extend_from_slice(b"}}");
        out
    }
}

fn members<'a>(all: impl Iterator<Item = (&'a str, &'a Given)>, out: &mut Vec<u8>) {
    let mut list = List::new();
    for (name, value) in all {
        list.next(out);
        json::string(out, name);
        out.push(b':');
        write(out, value);
    }
}

fn write(out: &mut Vec<u8>, value: &Given) {
    match value {
        Given::Flag(flag) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
        Given::Number(digits) => out.extend_from_slice(digits.as_bytes()),
        Given::Text(text) => json::string(out, text),
        Given::List(elements) => json::list(out, elements, write),
    }
}

#[cfg(test)]
mod tests {
    use super::When;

    #[test]
    fn a_time_is_absolute_or_seen_from_the_record_before() {
        assert_eq!("+30s".parse(), Ok(When::After(30_000)));
        assert_eq!("-1h".parse(), Ok(When::After(-3_600_000)));
        assert!(matches!("2026-01-01T09:00:00Z".parse(), Ok(When::At(_))));
        for text in ["30s", "+", "+30", "tomorrow", "2026-01-01", ""] {
            assert!(text.parse::<When>().is_err(), "{text}");
        }
    }
}
