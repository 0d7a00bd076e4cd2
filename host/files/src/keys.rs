//! Every key that files of a kind are asked for, found out by reading: a file
//! with nothing in it first, then one with each table that was asked for, and so
//! on until no new one is. So the list cannot forget a key, nor have one too many.

use crate::file::{Content, File, Node, Report};
use sandgate_model::quantity;
use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Duration;

/// What stands for a name that the writer of a file chooses.
pub const NAME: &str = "NAME";
/// Tables within tables, at most: more than any file has.
const DEEP_MAX: usize = 16;

/// A key that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its dotted path; `[]` stands behind a list of tables, [`NAME`] for a name of the writer's choice.
    pub path: String,
    /// What may stand there.
    pub kind: Kind,
    /// What holds where it is not there, as it would be written, as far as the reader says so.
    pub default: Option<String>,
}

/// What may stand under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of several things.
    Any,
    /// A text.
    Text,
    /// True or false.
    Flag,
    /// A whole number, from and to.
    Whole(u64, u64),
    /// A length of time, from and to.
    Duration(Duration, Duration),
    /// A size in bytes, from and to.
    Size(u64, u64),
    /// One of these words.
    Word(Vec<String>),
    /// A list of texts.
    Texts,
    /// A table.
    Table,
    /// A list of tables.
    Tables,
}

impl Kind {
    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Kind::Any => "several",
            Kind::Text => "text",
            Kind::Flag => "flag",
            Kind::Whole(..) => "whole number",
            Kind::Duration(..) => "length of time",
            Kind::Size(..) => "size",
            Kind::Word(_) => "word",
            Kind::Texts => "list of texts",
            Kind::Table => "table",
            Kind::Tables => "list of tables",
        }
    }

    /// What of that kind is taken; nothing where everything is.
    pub fn bounds(&self) -> String {
        match self {
            Kind::Whole(least, most) => format!("{least} to {most}"),
            Kind::Duration(least, most) => {
                format!("{} to {}", quantity::show_duration(*least), quantity::show_duration(*most))
            }
            Kind::Size(least, most) => format!("{} to {}", quantity::show_size(*least), quantity::show_size(*most)),
            Kind::Word(words) => words.join(", "),
            _ => String::new(),
        }
    }

    /// How much is known by it, so that a second question about a key can only say more.
    fn rank(&self) -> u8 {
        match self {
            Kind::Any => 0,
            Kind::Text => 1,
            _ => 2,
        }
    }
}

/// All keys that such files are asked for, in the order in which they are asked.
pub fn all(read: impl Fn(&File, &RefCell<Report>)) -> Vec<Key> {
    let mut file = File { path: PathBuf::new(), root: empty() };
    for _ in 0..DEEP_MAX {
        let report = RefCell::default();
        read(&file, &report);
        let keys = report.into_inner().keys;
        let mut grown = false;
        for key in &keys {
            grown |= grow(&mut file.root, &key.path, &key.kind);
        }
        if !grown {
            return keys.into_iter().map(|key| Key { path: key.path.replace("[0]", "[]"), ..key }).collect();
        }
    }
    Vec::new()
}

/// Takes down a key that was asked for.
pub(crate) fn record(keys: &mut Vec<Key>, key: Key) {
    // the second of a list is asked for what the first was
    if key.path.split('[').skip(1).any(|index| !index.starts_with("0]")) {
        return;
    }
    match keys.iter_mut().find(|known| known.path == key.path) {
        Some(known) if known.kind.rank() < key.kind.rank() => *known = key,
        Some(_) => {}
        None => keys.push(key),
    }
}

fn empty() -> Node {
    Node { line: 1, content: Content::Table(Vec::new()) }
}

/// Puts a table where one was asked for. Says whether it was not there.
fn grow(root: &mut Node, path: &str, kind: &Kind) -> bool {
    let (above, name) = path.rsplit_once('.').unwrap_or(("", path));
    // names within names, such as settings with dots, could go on for ever
    if name == NAME && above.ends_with(NAME) {
        return false;
    }
    let content = match kind {
        Kind::Table => Content::Table(Vec::new()),
        Kind::Any if name == NAME => Content::Table(Vec::new()),
        Kind::Tables => Content::List(vec![empty()]),
        _ => return false,
    };
    let mut node = root;
    for segment in above.split('.').filter(|segment| !segment.is_empty()) {
        let (name, in_list) = segment.strip_suffix("[0]").map_or((segment, false), |name| (name, true));
        let Content::Table(members) = &mut node.content else { return false };
        let Some((_, member)) = members.iter_mut().find(|(known, _)| known == name) else { return false };
        node = match in_list {
            false => member,
            true => match &mut member.content {
                Content::List(elements) if !elements.is_empty() => &mut elements[0],
                _ => return false,
            },
        };
    }
    let Content::Table(members) = &mut node.content else { return false };
    let is_there = members.iter().any(|(known, _)| known == name);
    if !is_there {
        members.push((name.to_owned(), Node { line: 1, content }));
    }
    !is_there
}

#[cfg(test)]
mod tests {
    use super::{Key, Kind, all};
    use crate::Section;
    use std::time::Duration;

    #[test]
    fn keys_of_tables_in_tables_are_found() {
        let keys = all(|file, report| {
            let root = Section::root(file, report);
            for stage in root.sections("stage") {
                stage.whole("weight", 5, 1..=9);
                if let Some(names) = stage.section("names") {
                    for name in names.names().collect::<Vec<_>>() {
                        let _ = names.section(name).and_then(|one| one.text("path"));
                    }
                }
            }
            let ms = Duration::from_millis(1);
            let _ = root.section("commit").map(|commit| commit.duration("time", 5 * ms, ms..=1_000 * ms));
        });
        let key = |path: &str, kind, default: Option<&str>| Key {
            path: path.to_owned(),
            kind,
            default: default.map(str::to_owned),
        };
        let ms = Duration::from_millis(1);
        let expected = [
            key("stage", Kind::Tables, None),
            key("stage[].weight", Kind::Whole(1, 9), Some("5")),
            key("stage[].names", Kind::Table, None),
            key("stage[].names.NAME", Kind::Table, None),
            key("stage[].names.NAME.path", Kind::Text, None),
            key("commit", Kind::Table, None),
            key("commit.time", Kind::Duration(ms, 1_000 * ms), Some("\"5ms\"")),
        ];
        assert_eq!(keys, expected);
        assert_eq!(keys[6].kind.bounds(), "1ms to 1s");
    }
}
