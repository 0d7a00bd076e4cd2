//! Reading one table of a file key by key: what is there has the right type or
//! is a problem, and what nobody asked for is a problem too.

use crate::file::{Content, File, Node, Problem, Report};
use crate::key::{Key, Kind, NAME};
use crate::keys;
use sandgate_model::nearest::nearest;
use sandgate_model::quantity::{parse_duration, parse_size, show_duration, show_size};
use std::cell::RefCell;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

/// A table of a file, being read.
pub struct Section<'a> {
    /// The file.
    pub file: &'a File,
    /// The key of the table itself; empty for that of the file.
    pub key: String,
    node: &'a Node,
    asked: RefCell<Vec<&'a str>>,
    report: &'a RefCell<Report>,
}

impl<'a> Section<'a> {
    /// The whole file.
    pub fn root(file: &'a File, report: &'a RefCell<Report>) -> Section<'a> {
        Section { file, key: String::new(), node: &file.root, asked: RefCell::default(), report }
    }

    /// The dotted key of something in this table.
    pub fn key_of(&self, name: &str) -> String {
        if self.key.is_empty() { name.to_owned() } else { format!("{}.{name}", self.key) }
    }

    /// The line where this table begins.
    pub fn line(&self) -> usize {
        self.node.line
    }

    /// Adds a problem about a key of this table.
    pub fn problem(&self, name: &str, what: impl Display) {
        let line = self.node.member(name).unwrap_or(self.node).line;
        self.problem_at(line, &self.key_of(name), what);
    }

    /// Adds a problem about a dotted key below this table.
    pub fn problem_below(&self, key: &str, what: impl Display) {
        self.report.borrow_mut().problem(self.file, &self.key_of(key), what);
    }

    /// Adds a note about a key of this table.
    pub fn note_at(&self, name: &str, what: impl Display) {
        self.report.borrow_mut().note(self.file, &self.key_of(name), what);
    }

    fn problem_at(&self, line: usize, key: &str, what: impl Display) {
        self.report.borrow_mut().problems.push(Problem::at(self.file, line, key, what));
    }

    /// The value of a key, whatever it is.
    pub fn node(&self, name: &'a str) -> Option<&'a Node> {
        self.ask(name, Kind::Any, None)
    }

    /// Notes that a key was asked for, and as what.
    fn ask(&self, name: &'a str, kind: Kind, default: Option<String>) -> Option<&'a Node> {
        let mut asked = self.asked.borrow_mut();
        if !asked.contains(&name) {
            asked.push(name);
        }
        let key = Key { path: self.key_of(name), kind, default };
        keys::record(&mut self.report.borrow_mut().keys, key);
        self.node.member(name)
    }

    /// Whether the key is there.
    pub fn has(&self, name: &str) -> bool {
        let any = Key { path: self.key_of(name), kind: Kind::Any, default: None };
        keys::record(&mut self.report.borrow_mut().keys, any);
        self.node.member(name).is_some()
    }

    /// The keys of this table, for one whose keys are names of the writer's choice.
    pub fn names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let any = Key { path: self.key_of(NAME), kind: Kind::Any, default: None };
        keys::record(&mut self.report.borrow_mut().keys, any);
        self.written()
    }

    /// The keys that stand in this table.
    pub fn written(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let members: &'a [(String, Node)] = match &self.node.content {
            Content::Table(members) => members,
            _ => &[],
        };
        members.iter().map(|(name, _)| name.as_str())
    }

    /// A text, or nothing where there is none.
    pub fn text(&self, name: &'a str) -> Option<&'a str> {
        match &self.ask(name, Kind::Text, None)?.content {
            Content::Text(text) => Some(text),
            _ => {
                self.problem(name, "must be a text in quotes");
                None
            }
        }
    }

    /// A text that must be there and hold something.
    pub fn required(&self, name: &'a str, meaning: &str) -> Option<&'a str> {
        if !self.has(name) {
            self.ask(name, Kind::Text, None);
            self.problem(name, format!("is missing: {meaning}"));
            return None;
        }
        self.text(name).filter(|text| {
            let empty = text.is_empty();
            if empty {
                self.problem(name, format!("is empty: {meaning}"));
            }
            !empty
        })
    }

    /// True or false.
    pub fn flag(&self, name: &'a str, default: bool) -> bool {
        match self.ask(name, Kind::Flag, Some(default.to_string())).map(|node| &node.content) {
            None => default,
            Some(Content::Flag(flag)) => *flag,
            Some(_) => {
                self.problem(name, "must be true or false");
                default
            }
        }
    }

    /// A whole number within bounds.
    pub fn whole(&self, name: &'a str, default: u64, bounds: RangeInclusive<u64>) -> u64 {
        let kind = Kind::Whole(*bounds.start(), *bounds.end());
        let Some(node) = self.ask(name, kind, Some(default.to_string())) else { return default };
        let number = match &node.content {
            Content::Number(digits) => digits.parse().ok().filter(|number| bounds.contains(number)),
            _ => None,
        };
        number.unwrap_or_else(|| {
            self.problem(name, format!("must be a whole number from {} to {}", bounds.start(), bounds.end()));
            default
        })
    }

    /// A length of time within bounds.
    pub fn duration(&self, name: &'a str, default: Duration, bounds: RangeInclusive<Duration>) -> Duration {
        let kind = Kind::Duration(*bounds.start(), *bounds.end());
        // one that could not be written stands for what another key says
        let shown = bounds.contains(&default).then(|| format!("{:?}", show_duration(default)));
        self.ask(name, kind, shown);
        let Some(text) = self.text(name) else { return default };
        match parse_duration(text) {
            Ok(duration) if bounds.contains(&duration) => duration,
            Ok(_) => {
                self.problem(name, format!("must be from {:?} to {:?}", bounds.start(), bounds.end()));
                default
            }
            Err(error) => {
                self.problem(name, error);
                default
            }
        }
    }

    /// A size in bytes within bounds.
    pub fn size(&self, name: &'a str, default: u64, bounds: RangeInclusive<u64>) -> u64 {
        let kind = Kind::Size(*bounds.start(), *bounds.end());
        self.ask(name, kind, Some(format!("{:?}", show_size(default))));
        let Some(text) = self.text(name) else { return default };
        match parse_size(text) {
            Ok(size) if bounds.contains(&size) => size,
            Ok(_) => {
                self.problem(name, format!("must be from {} to {} bytes", bounds.start(), bounds.end()));
                default
            }
            Err(error) => {
                self.problem(name, error);
                default
            }
        }
    }

    /// A word of a closed list.
    pub fn word<T>(&self, name: &'a str, words: &[&str], of_word: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.ask(name, Kind::Word(words.iter().map(|word| (*word).to_owned()).collect()), None);
        let text = self.text(name)?;
        let found = of_word(text);
        if found.is_none() {
            self.problem(name, format!("is `{text}`; {}", known(text, words)));
        }
        found
    }

    /// A list of texts.
    pub fn texts(&self, name: &'a str) -> Vec<String> {
        let elements = match self.ask(name, Kind::Texts, None).map(|node| &node.content) {
            None => return Vec::new(),
            Some(Content::List(elements)) => elements,
            Some(_) => {
                self.problem(name, "must be a list of texts: [\"…\"]");
                return Vec::new();
            }
        };
        let texts = elements.iter().filter_map(|element| match &element.content {
            Content::Text(text) => Some(text.clone()),
            _ => None,
        });
        let texts: Vec<String> = texts.collect();
        if texts.len() < elements.len() {
            self.problem(name, "must be a list of texts: [\"…\"]");
        }
        texts
    }

    /// A table; an empty one stands in where there is none.
    pub fn section(&self, name: &'a str) -> Option<Section<'a>> {
        let node = self.ask(name, Kind::Table, None)?;
        match &node.content {
            Content::Table(_) => Some(self.below(node, self.key_of(name))),
            _ => {
                self.problem(name, format!("must be a table: [{}]", self.key_of(name)));
                None
            }
        }
    }

    /// A list of tables.
    pub fn sections(&self, name: &'a str) -> Vec<Section<'a>> {
        match self.ask(name, Kind::Tables, None).map(|node| &node.content) {
            None => Vec::new(),
            Some(Content::List(elements))
                if elements.iter().all(|element| matches!(element.content, Content::Table(_))) =>
            {
                let key = |at: usize| format!("{}[{at}]", self.key_of(name));
                elements.iter().enumerate().map(|(at, element)| self.below(element, key(at))).collect()
            }
            Some(_) => {
                self.problem(name, format!("must be a list of tables: [[{}]]", self.key_of(name)));
                Vec::new()
            }
        }
    }

    fn below(&self, node: &'a Node, key: String) -> Section<'a> {
        Section { file: self.file, key, node, asked: RefCell::default(), report: self.report }
    }

    /// Ends the reading: what was never asked for is unknown.
    pub fn done(&self) {
        let Content::Table(members) = &self.node.content else { return };
        let asked = self.asked.borrow();
        for (name, node) in members {
            if !asked.contains(&name.as_str()) {
                let what = format!("is no key of this table; {}", known(name, &asked));
                self.problem_at(node.line, &self.key_of(name), what);
            }
        }
    }
}

/// What to do about an unknown word.
pub fn known(word: &str, words: &[&str]) -> String {
    match nearest(word, words.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", words.join(", ")),
    }
}
