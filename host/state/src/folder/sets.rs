//! The policy sets that have decided with this folder: a decision names its set by
//! a digest, and here is what the digest stands for. Each is written once, before
//! the first decision by it. Deliberately absent: reading them back; they are for
//! people.

use super::{Folder, FolderError};
use crate::segment::UNFINISHED;

/// The folder of the sets.
const SETS: &str = "sets";
/// Sets that are kept, at most: the ones that came first go first.
const SETS_MAX: usize = 1_000;

impl Folder {
    /// Keeps the line of a policy set under its digest (hexadecimal), unless it is there. Returns
    /// when it is on the disk.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn keep_set(&self, digest: &str, line: &[u8]) -> Result<(), FolderError> {
        self.lock.writable(&self.path)?;
        let (files, folder) = (&self.files, self.path.join(SETS));
        files.make_folder(&folder)?;
        let mut numbered: Vec<(u64, String)> = files
            .list(&folder)?
            .unwrap_or_default()
            .into_iter()
            .filter_map(|name| Some((number(&name)?, name)))
            .collect();
        numbered.sort();
        let kept = |name: &String| name.split_once('-').is_some_and(|(_, rest)| rest == format!("{digest}.json"));
        if numbered.iter().any(|(_, name)| kept(name)) {
            return Ok(());
        }
        let next = numbered.last().map_or(1, |(number, _)| number + 1);
        let name = format!("{next:08}-{digest}.json");
        // one that was begun and not ended has no name by which anybody would read it
        let mut file = files.create(&folder.join(format!("set{UNFINISHED}")))?;
        file.write(line)?;
        file.sync()?;
        file.rename(files, &folder.join(name))?;
        for (_, oldest) in numbered.iter().rev().skip(SETS_MAX - 1) {
            files.remove(&folder.join(oldest))?;
        }
        Ok(files.sync_folder(&folder)?)
    }
}

/// The number before the digest; of no other file.
fn number(name: &str) -> Option<u64> {
    name.strip_suffix(".json")?.split_once('-')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::SETS_MAX;
    use crate::folder::Folder;

    #[test]
    fn a_set_is_kept_once_under_its_digest_and_the_newest_are_kept() {
        let here = tempfile::tempdir().unwrap();
        let folder = Folder::open(here.path()).unwrap();
        let names = || {
            let mut names: Vec<_> = std::fs::read_dir(here.path().join("sets"))
                .unwrap()
                .map(|file| file.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        for digest in ["aa", "bb", "aa"] {
            folder.keep_set(digest, digest.as_bytes()).unwrap();
        }
        assert_eq!(names(), ["00000001-aa.json", "00000002-bb.json"]);
        assert_eq!(std::fs::read(here.path().join("sets/00000002-bb.json")).unwrap(), b"bb");
        for number in 0..SETS_MAX {
            folder.keep_set(&format!("n{number}"), b"").unwrap();
        }
        let names = names();
        assert_eq!((names.len(), &*names[0]), (SETS_MAX, "00000003-n0.json"));
    }
}
