//! The files of a repository, in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Folders that hold nothing of ours.
const SKIPPED: [&str; 3] = [".git", "target", "node_modules"];
/// Larger files are data: they are in the tree, without their text.
const TEXT_MAX: u64 = 1 << 20;

/// All files by their path from the root, with `/` between the parts.
pub(crate) struct Tree {
    files: BTreeMap<String, Option<String>>,
    folders: BTreeSet<String>,
}

impl Tree {
    /// Reads a folder.
    pub(crate) fn read(root: &Path) -> Tree {
        let mut files = BTreeMap::new();
        let mut waiting = vec![String::new()];
        while let Some(folder) = waiting.pop() {
            let entries = std::fs::read_dir(root.join(&folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
            for entry in entries {
                let entry = entry.unwrap_or_else(|error| panic!("{folder}: {error}"));
                let name = entry.file_name().to_string_lossy().into_owned();
                let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
                match entry.metadata() {
                    // `.git` is a file in a second working tree
                    _ if SKIPPED.contains(&name.as_str()) => {}
                    // what running an example leaves behind
                    _ if path.starts_with("examples/") && name == "state" => {}
                    Ok(metadata) if metadata.is_dir() => waiting.push(path),
                    Ok(metadata) if metadata.is_file() && !name.ends_with(".wasm") => {
                        let text = (metadata.len() <= TEXT_MAX).then(|| std::fs::read_to_string(entry.path()).ok());
                        files.insert(path, text.flatten());
                    }
                    _ => {}
                }
            }
        }
        Tree::with(files)
    }

    /// A tree of these paths and texts.
    pub(crate) fn of(files: &[(&str, &str)]) -> Tree {
        Tree::with(files.iter().map(|(path, text)| ((*path).to_owned(), Some((*text).to_owned()))).collect())
    }

    fn with(files: BTreeMap<String, Option<String>>) -> Tree {
        let mut folders = BTreeSet::new();
        for path in files.keys() {
            folders.extend(path.match_indices('/').map(|(end, _)| path[..end].to_owned()));
        }
        Tree { files, folders }
    }

    /// The text of a file; `None` where there is no such file, or no text in it.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// Whether there is such a file or folder.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.files.contains_key(path) || self.folders.contains(path)
    }

    /// The files with such an ending that are text, as path and text.
    pub(crate) fn texts<'a>(&'a self, ending: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let texts = self.files.iter().filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)));
        texts.filter(move |(path, _)| path.ends_with(ending))
    }
}
