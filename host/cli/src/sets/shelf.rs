//! The copy of a registry on a host's disk, below its state folder: components by
//! digest, documents by tenant and number, and what was active last. Whatever is not
//! whole is as if it were not there, and is brought again.

use sandgate_model::Digest;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The shelf of a host.
pub(crate) struct Shelf(PathBuf);

/// What was active when the registry was last asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Standing {
    /// The tenant.
    pub(crate) tenant: String,
    /// The generation that is active.
    pub(crate) active: u64,
    /// The newest generation.
    pub(crate) newest: u64,
    /// What judges some of the accounts.
    #[serde(default)]
    pub(crate) canary: Option<OnTrial>,
    /// What judges beside it.
    #[serde(default)]
    pub(crate) shadows: Vec<OnTrial>,
}

/// A generation on trial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OnTrial {
    /// Its number.
    pub(crate) generation: u64,
    /// The revision that put it there.
    pub(crate) since: u64,
    /// Of a canary its share of the accounts, in hundredths of a percent.
    pub(crate) share: u64,
}

/// A document with the digest of its text, in one file.
#[derive(Serialize, Deserialize)]
struct Document {
    digest: String,
    text: String,
}

impl Shelf {
    /// The shelf in this folder, which is made where something is put there.
    pub(crate) fn at(folder: PathBuf) -> Shelf {
        Shelf(folder)
    }

    /// Its folder.
    pub(crate) fn place(&self) -> &Path {
        &self.0
    }

    /// A component, if it is there and whole.
    pub(crate) fn component(&self, digest: &Digest) -> Option<Vec<u8>> {
        fs::read(self.place_of(digest)).ok().filter(|bytes| Digest::of(bytes) == *digest)
    }

    /// Keeps a component, if it is not there already and whole.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(crate) fn keep_component(&self, digest: &Digest, bytes: &[u8]) -> Result<(), Unkept> {
        if self.component(digest).is_some() { Ok(()) } else { put(&self.place_of(digest), bytes) }
    }

    /// A document, if it is there and whole.
    pub(crate) fn document(&self, tenant: &str, number: u64) -> Option<String> {
        let kept: Document = serde_json::from_slice(&fs::read(self.place_in(tenant, number)).ok()?).ok()?;
        (Digest::of(kept.text.as_bytes()).to_string() == kept.digest).then_some(kept.text)
    }

    /// Keeps a document.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(crate) fn keep_document(&self, tenant: &str, number: u64, text: &str) -> Result<(), Unkept> {
        let kept = Document { digest: Digest::of(text.as_bytes()).to_string(), text: text.to_owned() };
        put(&self.place_in(tenant, number), serde_json::json!(kept).to_string().as_bytes())
    }

    /// What was active last; nothing where it is not known.
    pub(crate) fn standing(&self) -> Vec<Standing> {
        let kept = fs::read(self.0.join("active.json")).ok();
        kept.and_then(|kept| serde_json::from_slice(&kept).ok()).unwrap_or_default()
    }

    /// Keeps what is active.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(crate) fn keep_standing(&self, standing: &[Standing]) -> Result<(), Unkept> {
        put(&self.0.join("active.json"), serde_json::json!(standing).to_string().as_bytes())
    }

    fn place_of(&self, digest: &Digest) -> PathBuf {
        self.0.join("components").join(format!("{}.wasm", digest.hex()))
    }

    /// A tenant's name may hold what no name of a file does.
    fn place_in(&self, tenant: &str, number: u64) -> PathBuf {
        self.0.join("documents").join(Digest::of(tenant.as_bytes()).hex()).join(format!("{number}.json"))
    }
}

/// The disk does not take what a host needs to start without its registry.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be written: {error}; make room, or mend the rights of the folder", path.display())]
pub(crate) struct Unkept {
    path: PathBuf,
    error: io::Error,
}

/// Writes a file as a whole: it is there under its name with all of its bytes, or not.
fn put(path: &Path, bytes: &[u8]) -> Result<(), Unkept> {
    let written = || {
        let folder = path.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(folder)?;
        let mut file = tempfile_in(folder)?;
        file.1.write_all(bytes)?;
        file.1.sync_all()?;
        fs::rename(&file.0, path)
    };
    written().map_err(|error| Unkept { path: path.to_owned(), error })
}

/// A file of this process alone: one host has the folder of its state.
fn tempfile_in(folder: &Path) -> io::Result<(PathBuf, fs::File)> {
    let path = folder.join(format!(".{}.part", std::process::id()));
    Ok((path.clone(), fs::File::create(path)?))
}

#[cfg(test)]
mod tests {
    use super::{OnTrial, Shelf, Standing};
    use sandgate_model::Digest;

    #[test]
    fn what_is_whole_comes_back_and_what_is_not_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::at(folder.path().join("control"));
        let digest = Digest::of(b"component");
        assert_eq!((shelf.component(&digest), shelf.document("a/b", 1), shelf.standing()), (None, None, Vec::new()));
        shelf.keep_component(&digest, b"component").unwrap();
        shelf.keep_document("a/b", 1, "name = \"a/b\"\n").unwrap();
        let canary = Some(OnTrial { generation: 2, since: 3, share: 100 });
        let shadows = vec![OnTrial { generation: 3, since: 4, share: 0 }];
        let standing = vec![Standing { tenant: "a/b".to_owned(), active: 1, newest: 3, canary, shadows }];
        shelf.keep_standing(&standing).unwrap();
        assert_eq!(shelf.component(&digest).unwrap(), b"component");
        assert_eq!(shelf.document("a/b", 1).unwrap(), "name = \"a/b\"\n");
        assert_eq!((shelf.document("a/b", 2), shelf.standing()), (None, standing));
        std::fs::write(shelf.place_of(&digest), b"other").unwrap();
        std::fs::write(shelf.place_in("a/b", 1), br#"{"digest":"sha256:00","text":"x"}"#).unwrap();
        std::fs::write(shelf.0.join("active.json"), b"[").unwrap();
        assert_eq!((shelf.component(&digest), shelf.document("a/b", 1), shelf.standing()), (None, None, Vec::new()));
    }
}
