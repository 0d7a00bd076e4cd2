//! A configuration file as a tree that knows its lines, and the report about
//! all files together.

use crate::key::Key;
use std::cell::RefCell;
use std::fmt::{self, Display};
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// The most bytes of a configuration file.
const SIZE_MAX: u64 = 16 << 20;

/// A configuration file, parsed.
pub struct File {
    /// Where it was read.
    pub path: PathBuf,
    /// Its table.
    pub root: Node,
}

/// A value of a file and the line on which it stands.
pub struct Node {
    /// Its line, from 1.
    pub line: usize,
    /// The value.
    pub content: Content,
}

/// What a value is; a number keeps the digits that were written.
pub enum Content {
    /// True or false.
    Flag(bool),
    /// A number, in the digits that were written.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Members in the order in which they were written, each with its key's line.
    Table(Vec<(String, Node)>),
    /// A date, which no key of ours takes bare.
    Date,
}

/// Everything that was found while reading.
#[derive(Debug, Default)]
pub struct Report {
    /// The files in the order in which they were opened.
    files: Vec<PathBuf>,
    /// The keys that were asked for, each once.
    pub(crate) keys: Vec<Key>,
    /// What must be mended.
    pub problems: Vec<Problem>,
    /// What is worth knowing.
    pub notes: Vec<Problem>,
}

/// One thing about one place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1; 0 where the file could not be read.
    pub line: usize,
    /// The key: `stage[0].policy[1].parameters.largest`.
    pub key: String,
    /// What is wrong there, and the mend.
    pub what: String,
}

// === impl File ===

impl File {
    /// Opens the file that a command line names.
    pub fn open(path: &Path, report: &RefCell<Report>) -> Option<File> {
        report.borrow_mut().files.push(path.to_owned());
        match text(path) {
            Ok(text) => File::parse(path, &text, report),
            Err(what) => {
                report.borrow_mut().problems.push(Problem::of_file(path, 0, what));
                None
            }
        }
    }

    /// Reads a text that is not in its file yet.
    pub fn of(path: &Path, text: &str, report: &RefCell<Report>) -> Option<File> {
        report.borrow_mut().files.push(path.to_owned());
        File::parse(path, text, report)
    }

    /// Opens a file that another one names under `key`.
    pub fn open_named(path: &Path, by: &File, key: &str, report: &RefCell<Report>) -> Option<File> {
        if path.is_file() {
            return File::open(path, report);
        }
        report.borrow_mut().problem(
            by,
            key,
            format!("there is no file {}; mend the path or write the file", path.display()),
        );
        None
    }

    fn parse(path: &Path, text: &str, report: &RefCell<Report>) -> Option<File> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let lines = Lines::of(text);
        if errors.is_empty() {
            let content = lines.members(table.get_ref());
            return Some(File { path: path.to_owned(), root: Node { line: 1, content } });
        }
        let problems = errors.iter().map(|error| {
            let line = lines.at(error.span().map_or(0, |span| span.start));
            Problem::of_file(path, line, format!("is no TOML: {}", error.message()))
        });
        report.borrow_mut().problems.extend(problems);
        None
    }

    /// A path as this file means it: relative to its own folder.
    pub fn beside(&self, path: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }

    /// The line of a dotted key, or of the nearest key above it that is there.
    fn line_of(&self, key: &str) -> usize {
        let mut node = &self.root;
        for segment in key.split('.') {
            let (name, index) = match segment.split_once('[') {
                Some((name, index)) => (name, index.trim_end_matches(']').parse().ok()),
                None => (segment, None::<usize>),
            };
            let Some(member) = node.member(name) else { break };
            node = match (index, &member.content) {
                (Some(index), Content::List(elements)) => elements.get(index).unwrap_or(member),
                _ => member,
            };
        }
        node.line
    }
}

/// The text of a file, if it has a bearable size.
fn text(path: &Path) -> Result<String, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    if std::fs::metadata(path).map_err(unreadable)?.len() > SIZE_MAX {
        return Err(format!("is larger than {} MiB, which no configuration is", SIZE_MAX >> 20));
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

// === impl Node ===

impl Node {
    /// The elements of a list; none of anything else.
    pub fn elements(&self) -> &[Node] {
        match &self.content {
            Content::List(elements) => elements,
            _ => &[],
        }
    }

    /// The member of a table with that name.
    pub fn member(&self, name: &str) -> Option<&Node> {
        match &self.content {
            Content::Table(members) => members.iter().find(|(key, _)| key == name).map(|(_, node)| node),
            _ => None,
        }
    }
}

/// Where the lines of a text end, so that each of its many values finds its own.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Lines {
        Lines(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect())
    }

    /// The line of an offset, from 1.
    fn at(&self, offset: usize) -> usize {
        1 + self.0.partition_point(|end| *end < offset)
    }

    fn members(&self, table: &DeTable<'_>) -> Content {
        let mut members: Vec<_> = table.iter().collect();
        members.sort_by_key(|(key, _)| key.span().start);
        let node = |key: &toml::Spanned<std::borrow::Cow<'_, str>>, value: &DeValue<'_>| {
            (key.get_ref().to_string(), Node { line: self.at(key.span().start), content: self.content(value) })
        };
        Content::Table(members.into_iter().map(|(key, value)| node(key, value.get_ref())).collect())
    }

    fn content(&self, value: &DeValue<'_>) -> Content {
        match value {
            DeValue::Boolean(flag) => Content::Flag(*flag),
            // a number in another base is written out, so that its digits mean what they say
            DeValue::Integer(integer) if integer.radix() == 10 => Content::Number(unsigned(integer.as_str())),
            DeValue::Integer(integer) => {
                let number = i128::from_str_radix(integer.as_str(), integer.radix());
                Content::Number(number.map_or_else(|_| integer.to_string(), |number| number.to_string()))
            }
            DeValue::Float(float) => Content::Number(unsigned(float.as_str())),
            DeValue::String(string) => Content::Text(string.to_string()),
            DeValue::Datetime(_) => Content::Date,
            DeValue::Array(array) => {
                let node = |value: &toml::Spanned<DeValue<'_>>| Node {
                    line: self.at(value.span().start),
                    content: self.content(value.get_ref()),
                };
                Content::List(array.iter().map(node).collect())
            }
            DeValue::Table(table) => self.members(table),
        }
    }
}

/// The digits without a plus sign, which TOML allows and no reader of ours takes.
fn unsigned(digits: &str) -> String {
    digits.strip_prefix('+').unwrap_or(digits).to_owned()
}

// === impl Report ===

impl Report {
    /// File by file, from the host's own on, and down each file.
    pub fn sort(&mut self) {
        for found in [&mut self.problems, &mut self.notes] {
            found.sort_by_key(|problem| (self.files.iter().position(|file| *file == problem.file), problem.line));
        }
    }

    /// Adds a problem at the line of `key`.
    pub fn problem(&mut self, file: &File, key: &str, what: impl Display) {
        self.problems.push(Problem::at(file, file.line_of(key), key, what));
    }

    /// Adds a note at the line of `key`.
    pub fn note(&mut self, file: &File, key: &str, what: impl Display) {
        self.notes.push(Problem::at(file, file.line_of(key), key, what));
    }
}

// === impl Problem ===

impl Problem {
    /// A problem of a file as a whole, or of a line of it.
    fn of_file(path: &Path, line: usize, what: String) -> Problem {
        Problem { file: path.to_owned(), line, key: String::new(), what }
    }

    /// A problem at a known line.
    pub fn at(file: &File, line: usize, key: &str, what: impl Display) -> Problem {
        Problem { file: file.path.clone(), line, key: key.to_owned(), what: what.to_string() }
    }
}

/// `tenants/payments.toml:12: stage[0].policy[0].budget: …`
impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.what)
    }
}
