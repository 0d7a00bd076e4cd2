//! The workspace that a new crate falls into, as cargo would find it.

use anyhow::Context as _;
use std::path::{Path, PathBuf};
use toml_edit::{Array, DocumentMut, Item, Value};

/// A workspace: its root's manifest.
#[derive(Debug)]
pub(super) struct Workspace {
    path: PathBuf,
    manifest: DocumentMut,
}

impl Workspace {
    /// The workspace that a crate in this folder would belong to, if any.
    ///
    /// # Errors
    /// Where a manifest above it cannot be read.
    pub(super) fn around(folder: &Path) -> anyhow::Result<Option<Workspace>> {
        for above in folder.ancestors().skip(1) {
            let path = above.join("Cargo.toml");
            if !path.is_file() {
                continue;
            }
            let text = std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
            let manifest: DocumentMut = text.parse().with_context(|| format!("{} is no TOML", path.display()))?;
            if manifest.contains_key("workspace") {
                let workspace = Workspace { path, manifest };
                let excluded = workspace.names("exclude").any(|name| folder.starts_with(above.join(name)));
                return Ok((!excluded).then_some(workspace));
            }
        }
        Ok(None)
    }

    /// Whether it says where this dependency is.
    pub(super) fn has(&self, dependency: &str) -> bool {
        self.has_in("dependencies", dependency)
    }

    /// Whether its packages may take this key from it.
    pub(super) fn has_for_packages(&self, key: &str) -> bool {
        self.has_in("package", key)
    }

    /// Whether it has lints for its members.
    pub(super) fn has_lints(&self) -> bool {
        self.manifest["workspace"].get("lints").is_some()
    }

    /// Whether a release of it checks sums for overflow.
    pub(super) fn checks_overflow(&self) -> bool {
        let profile = self.manifest.get("profile").and_then(|profile| profile.get("release"));
        profile.and_then(|release| release.get("overflow-checks")?.as_bool()).unwrap_or(false)
    }

    /// Makes the crate in this folder a member, if it is none; gives the file that changed.
    ///
    /// # Errors
    /// Where the manifest cannot be written.
    pub(super) fn add(&self, folder: &Path) -> anyhow::Result<Option<PathBuf>> {
        let root = self.path.parent().unwrap_or(Path::new(""));
        let inside = folder.strip_prefix(root).unwrap_or(folder);
        let parts: Vec<&str> = inside.iter().filter_map(|part| part.to_str()).collect();
        let member = parts.join("/");
        if self.names("members").any(|known| covers(known, &member)) {
            return Ok(None);
        }
        let mut manifest = self.manifest.clone();
        let members = manifest["workspace"]["members"].or_insert(Item::Value(Array::new().into()));
        if let Some(members) = members.as_array_mut() {
            insert(members, member);
        }
        crate::whole::write(&self.path, manifest.to_string().as_bytes())?;
        Ok(Some(self.path.clone()))
    }

    fn has_in(&self, table: &str, key: &str) -> bool {
        self.manifest["workspace"].get(table).is_some_and(|table| table.get(key).is_some())
    }

    fn names(&self, list: &str) -> impl Iterator<Item = &str> {
        let list = self.manifest["workspace"].get(list).and_then(Item::as_array);
        list.into_iter().flatten().filter_map(Value::as_str)
    }
}

/// Whether an entry of `members`, which may have stars in it, names this folder.
fn covers(pattern: &str, folder: &str) -> bool {
    let (pattern, folder) = (pattern.trim_end_matches('/').split('/'), folder.split('/'));
    let fits = |(pattern, part): (&str, &str)| match pattern.split_once('*') {
        Some((head, tail)) => part.len() >= head.len() + tail.len() && part.starts_with(head) && part.ends_with(tail),
        None => pattern == part,
    };
    pattern.clone().count() == folder.clone().count() && pattern.zip(folder).all(fits)
}

/// The folder that a member is in.
fn outer(member: &str) -> Option<&str> {
    member.rsplit_once('/').map(|(folder, _)| folder)
}

/// Puts a member where it belongs among its neighbours, written as they are.
fn insert(members: &mut Array, member: String) {
    let neighbours: Vec<(usize, bool)> = members
        .iter()
        .enumerate()
        .filter_map(|(at, known)| Some((at, known.as_str()?)))
        .filter(|(_, known)| outer(known) == outer(&member))
        .map(|(at, known)| (at, known < member.as_str()))
        .collect();
    let at = match (neighbours.iter().rfind(|(_, smaller)| *smaller), neighbours.first()) {
        (Some((at, _)), _) => at + 1,
        (None, Some((at, _))) => *at,
        (None, None) => members.len(),
    };
    let mut value = Value::from(member);
    // the space before a neighbour, without a comment that stands behind the one before it
    let before = members.get(at.saturating_sub(1)).and_then(|neighbour| neighbour.decor().prefix()?.as_str());
    let space = match before.and_then(|before| before.rfind('\n').map(|line| &before[line..])) {
        Some(line) => line.to_owned(),
        None if at > 0 => " ".to_owned(),
        None => String::new(),
    };
    value.decor_mut().set_prefix(space);
    members.insert_formatted(at, value);
}

#[cfg(test)]
mod tests {
    use super::{covers, insert};
    use toml_edit::DocumentMut;

    #[test]
    fn a_star_stands_for_one_folder() {
        for (pattern, covered) in [
            ("policies/*", true),
            ("policies/night-*", true),
            ("*/night-limits", true),
            ("policies", false),
            ("*", false),
        ] {
            assert_eq!(covers(pattern, "policies/night-limits"), covered, "{pattern}");
        }
    }

    #[test]
    fn a_member_joins_its_neighbours_and_everything_else_stays() {
        let table = [
            (
                "members = [\n    \"host\", # first\n    \"policies/a\",\n    \"policies/z\",\n    \"tests\",\n]\n",
                "members = [\n    \"host\", # first\n    \"policies/a\",\n    \"policies/m\",\n    \"policies/z\",\n    \"tests\",\n]\n",
            ),
            ("members = [\"a\"]\n", "members = [\"a\", \"policies/m\"]\n"),
            ("members = []\n", "members = [\"policies/m\"]\n"),
        ];
        for (before, after) in table {
            let mut document: DocumentMut = before.parse().unwrap_or_default();
            if let Some(members) = document["members"].as_array_mut() {
                insert(members, "policies/m".to_owned());
            }
            assert_eq!(document.to_string(), after);
        }
    }
}
