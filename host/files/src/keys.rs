//! Every key that files of a kind are asked for, found out by reading: a file
//! with nothing in it first, then one with each table that was asked for, and so
//! on until no new one is. So the list cannot forget a key, nor have one too many.

use crate::file::{Content, File, Node, Report};
use crate::key::{Key, Kind, NAME};
use std::cell::RefCell;
use std::path::PathBuf;

/// Tables within tables, at most: more than any file has.
const DEEP_MAX: usize = 16;

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
    use super::all;
    use crate::Section;
    use crate::key::{Key, Kind};
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
