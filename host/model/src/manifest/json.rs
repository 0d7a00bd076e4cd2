//! A JSON document as it was written: keys in order, doubles kept, and every
//! part able to say where it stands (`inputs[2].from.window.span`).
//!
//! Rejected: a derived `Deserialize`. It stops at the first mistake and cannot
//! name the word that was meant.

use crate::nearest::nearest;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A JSON value.
#[derive(Debug)]
pub(super) enum Json {
    Null,
    Flag(bool),
    Integer(i64),
    /// Has a fraction, an exponent, or more digits than 64 bits hold.
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The word for what it is, for messages.
    fn word(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Flag(_) => "true or false",
            Json::Integer(_) => "an integer",
            Json::Number(_) => "a number",
            Json::Text(_) => "a text",
            Json::List(_) => "a list",
            Json::Object(_) => "an object",
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(Tree)
    }
}

struct Tree;

impl<'de> Visitor<'de> for Tree {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Json, E> {
        Ok(Json::Flag(flag))
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Json, E> {
        Ok(Json::Integer(integer))
    }

    fn visit_u64<E>(self, integer: u64) -> Result<Json, E> {
        Ok(i64::try_from(integer).map_or(Json::Number(integer as f64), Json::Integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(Json::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = access.next_element()? {
            list.push(element);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Json::Object(entries))
    }
}

/// Words of one object that are looked at; no object knows as many.
const WORDS_MAX: usize = 64;

/// A word of the document as a message repeats it: not more than one line of it.
pub(super) fn shown(word: &str) -> String {
    let mut shown: String = word.chars().take(64).collect();
    if shown.len() < word.len() {
        shown.push('…');
    }
    shown
}

/// All that is wrong with a document so far.
#[derive(Default)]
pub(super) struct Problems(Vec<String>);

impl Problems {
    /// What is told at most; a document with more has other troubles.
    const TOLD_MAX: usize = 100;

    /// Notes a problem at a place.
    pub(super) fn at(&mut self, place: &str, what: impl fmt::Display) {
        if self.0.len() < Problems::TOLD_MAX {
            let place = if place.is_empty() { "the manifest" } else { place };
            self.0.push(format!("{place} {what}"));
        }
    }

    pub(super) fn into_told(self) -> Vec<String> {
        self.0
    }
}

/// A part of the document and its place.
pub(super) struct Node<'a> {
    pub(super) json: &'a Json,
    pub(super) place: String,
}

impl<'a> Node<'a> {
    /// Notes that this should have been something else.
    pub(super) fn expected(&self, expected: &str, problems: &mut Problems) {
        problems.at(&self.place, format_args!("must be {expected}, not {}", self.json.word()));
    }

    pub(super) fn text(&self, problems: &mut Problems) -> Option<&'a str> {
        match self.json {
            Json::Text(text) => Some(text),
            _ => {
                self.expected("a text", problems);
                None
            }
        }
    }

    pub(super) fn flag(&self, problems: &mut Problems) -> Option<bool> {
        match self.json {
            Json::Flag(flag) => Some(*flag),
            _ => {
                self.expected("true or false", problems);
                None
            }
        }
    }

    pub(super) fn integer(&self, problems: &mut Problems) -> Option<i64> {
        match self.json {
            Json::Integer(integer) => Some(*integer),
            _ => {
                self.expected("an integer of 64 bits", problems);
                None
            }
        }
    }

    pub(super) fn number(&self, problems: &mut Problems) -> Option<f64> {
        match self.json {
            Json::Integer(integer) => Some(*integer as f64),
            Json::Number(number) if number.is_finite() => Some(*number),
            _ => {
                self.expected("a finite number", problems);
                None
            }
        }
    }

    /// The elements of a list that has at most so many.
    pub(super) fn list(&self, most: usize, problems: &mut Problems) -> Option<Vec<Node<'a>>> {
        let Json::List(list) = self.json else {
            self.expected("a list", problems);
            return None;
        };
        if list.len() > most {
            problems.at(&self.place, format_args!("has {} elements; at most {most} are allowed", list.len()));
            return None;
        }
        let node = |(index, json)| Node { json, place: format!("{}[{index}]", self.place) };
        Some(list.iter().enumerate().map(node).collect())
    }

    /// The entries of an object whose words are among `known`. Unknown and
    /// doubled words are noted here, so that no reader can forget to.
    pub(super) fn object(&self, known: &'static [&'static str], problems: &mut Problems) -> Option<Object<'a>> {
        let Json::Object(entries) = self.json else {
            self.expected("an object", problems);
            return None;
        };
        if entries.len() > WORDS_MAX {
            problems.at(&self.place, format_args!("has {} words; it knows {}", entries.len(), known.join(", ")));
            return None;
        }
        for (at, (word, _)) in entries.iter().enumerate() {
            let first = entries.iter().position(|(other, _)| other == word);
            if first != Some(at) {
                problems.at(&self.place, format_args!("has the word {:?} twice; keep one", shown(word)));
            } else if !known.contains(&word.as_str()) {
                let word = shown(word);
                let mend = match nearest(&word, known.iter().copied()) {
                    Some(near) => format!("did you mean {near:?}?"),
                    None => format!("it knows {}", known.join(", ")),
                };
                problems.at(&self.place, format_args!("has the word {word:?}, which this host does not know; {mend}"));
            }
        }
        Some(Object { place: self.place.clone(), entries })
    }
}

/// An object whose words have been checked.
pub(super) struct Object<'a> {
    pub(super) place: String,
    entries: &'a [(String, Json)],
}

impl<'a> Object<'a> {
    /// What stands behind a word, if it is there. Null counts as not there.
    pub(super) fn get(&self, word: &str) -> Option<Node<'a>> {
        let (_, json) = self.entries.iter().find(|(other, json)| other == word && !matches!(json, Json::Null))?;
        Some(Node { json, place: self.place_of(word) })
    }

    /// What stands behind a word that must be there.
    pub(super) fn need(&self, word: &str, problems: &mut Problems) -> Option<Node<'a>> {
        let found = self.get(word);
        if found.is_none() {
            problems.at(&self.place, format_args!("lacks the word {word:?}"));
        }
        found
    }

    /// The place of one of its words.
    pub(super) fn place_of(&self, word: &str) -> String {
        if self.place.is_empty() { word.to_owned() } else { format!("{}.{word}", self.place) }
    }
}
