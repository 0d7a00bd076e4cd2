//! Compiled code on disk, so that a restart does not compile again.
//!
//! Machine code from a file is run as it stands, so the file must be ours: the
//! folder belongs to this user and nobody else may write to it, each file
//! carries the digest of its component, the engine's full compatibility hash
//! and the sha-256 of everything in it. wasmtime's own check compares only the
//! major version and would run code made before a security fix.

use crate::config::MANIFEST_MAX;
use sandgate_model::Digest;
use sha2::{Digest as _, Sha256};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{Hash as _, Hasher};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use wasmtime::Engine;
use wasmtime::component::Component;

/// What a file begins with; the number is that of this layout.
const MAGIC: &[u8; 16] = b"sandgate code 1\n";
/// magic, engine, component, sha-256 of the rest, length of the manifest
const HEADER: usize = 16 + 32 + 32 + 32 + 8;
/// Bytes of a file that are looked at: code is a few times its component.
const FILE_MAX: u64 = 512 << 20;

/// Why compiled code cannot be kept in a folder.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// Reading or writing failed.
    #[error("the cache of compiled code at {} cannot be used: {source}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody else could put code there.
    #[error("the cache of compiled code at {} is not safe: {why}", path.display())]
    Unsafe {
        /// Where.
        path: PathBuf,
        /// Why not, and the mend.
        why: &'static str,
    },
}

/// What the cache knows of a component.
pub(crate) enum Found {
    /// Its code and its manifest.
    Code(Component, String),
    /// Nothing.
    Nothing,
    /// A file that is not run: why, as a warning.
    Unusable(String),
}

/// A folder of compiled code.
pub(crate) struct Cache {
    folder: PathBuf,
    /// What the engine's compatibility hash comes to.
    engine: [u8; 32],
    /// Whose files are run.
    owner: u32,
}

impl Cache {
    /// Opens the folder, or makes it.
    pub(crate) fn open(folder: &Path, engine: &Engine) -> Result<Cache, CacheError> {
        let failed = |source| CacheError::Io { path: folder.to_owned(), source };
        if !folder.try_exists().map_err(failed)? {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        }
        let owner = own_user(folder).map_err(failed)?;
        let folder_is = fs::symlink_metadata(folder).map_err(failed)?;
        let why = if !folder_is.is_dir() {
            Some("it is not a folder but a link or a file; name the folder itself")
        } else if folder_is.uid() != owner {
            Some("it belongs to another user; name a folder of the user that runs the host")
        } else if folder_is.mode() & 0o022 != 0 {
            Some("others may write to it; take that right away (chmod 700)")
        } else {
            None
        };
        if let Some(why) = why {
            return Err(CacheError::Unsafe { path: folder.to_owned(), why });
        }
        let mut hash = Hash256(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut hash);
        Ok(Cache { folder: folder.to_owned(), engine: hash.0.finalize().into(), owner })
    }

    /// Looks for the code of a component.
    pub(crate) fn find(&self, digest: &Digest, engine: &Engine) -> Found {
        let path = self.path(digest);
        let bytes = match self.read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Found::Nothing,
            Err(error) => return unusable(&path, &error.to_string()),
        };
        match self.open_file(digest, &bytes, engine) {
            Ok((component, manifest)) => Found::Code(component, manifest),
            Err(why) => unusable(&path, why),
        }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = File::open(path)?;
        let is = file.metadata()?;
        if !is.is_file() || is.uid() != self.owner || is.mode() & 0o022 != 0 {
            return Err(io::Error::other("it is not a file that only this host may write"));
        }
        if is.len() > FILE_MAX {
            return Err(io::Error::other("it is far larger than compiled code is"));
        }
        let mut bytes = Vec::with_capacity(is.len() as usize);
        file.take(FILE_MAX).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn open_file(&self, digest: &Digest, bytes: &[u8], engine: &Engine) -> Result<(Component, String), &'static str> {
        let Some((header, rest)) = bytes.split_first_chunk::<HEADER>() else { return Err("it is cut short") };
        if header[..16] != *MAGIC {
            return Err("it is not compiled code of this host");
        }
        if header[16..48] != self.engine {
            return Err("it was made by another engine or with other settings");
        }
        if header[48..80] != *digest.bytes() {
            return Err("it is the code of another component");
        }
        if header[80..112] != self.seal(digest, &header[112..], rest) {
            return Err("it is damaged");
        }
        let length = header.last_chunk::<8>().map_or(u64::MAX, |length| u64::from_le_bytes(*length));
        let manifest = usize::try_from(length).ok().filter(|length| *length <= MANIFEST_MAX);
        let (manifest, code) = manifest.and_then(|length| rest.split_at_checked(length)).ok_or("it is damaged")?;
        let manifest = String::from_utf8(manifest.to_vec()).map_err(|_| "it is damaged")?;
        let component = deserialize(engine, code).map_err(|_| "the engine does not accept it")?;
        Ok((component, manifest))
    }

    /// Keeps the code of a component. Readers see the whole file or none.
    pub(crate) fn store(&self, digest: &Digest, component: &Component, manifest: &str) -> Result<(), CacheError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let path = self.path(digest);
        let temporary = path.with_extension(format!("{}-{}.new", std::process::id(), NEXT.fetch_add(1, Relaxed)));
        let write = || {
            let code = component.serialize().map_err(|error| io::Error::other(format!("{error:#}")))?;
            let length = (manifest.len() as u64).to_le_bytes();
            let mut rest = manifest.as_bytes().to_vec();
            rest.extend_from_slice(&code);
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
            let parts: [&[u8]; 6] =
                [MAGIC, &self.engine, digest.bytes(), &self.seal(digest, &length, &rest), &length, &rest];
            parts.into_iter().try_for_each(|part| file.write_all(part))?;
            file.sync_all()?;
            fs::rename(&temporary, &path)
        };
        write().map_err(|source| {
            // Best effort: what is left of it is never read.
            let _ = fs::remove_file(&temporary);
            CacheError::Io { path, source }
        })
    }

    /// The sha-256 of everything that a file says.
    fn seal(&self, digest: &Digest, length: &[u8], rest: &[u8]) -> [u8; 32] {
        let mut hash = Sha256::new();
        let parts: [&[u8]; 4] = [&self.engine, digest.bytes(), length, rest];
        parts.into_iter().for_each(|part| hash.update(part));
        hash.finalize().into()
    }

    /// One file for each component and engine, so that two versions of the host
    /// can share the folder.
    fn path(&self, digest: &Digest) -> PathBuf {
        let engine: String = self.engine[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(format!("{}-{engine}.code", digest.hex()))
    }
}

fn unusable(path: &Path, why: &str) -> Found {
    Found::Unusable(format!(
        "the compiled code at {} was not used: {why}; the component was compiled again",
        path.display()
    ))
}

/// The user that this host runs as: the owner of a file that it makes.
fn own_user(folder: &Path) -> io::Result<u32> {
    let probe = folder.join(format!(".probe-{}", std::process::id()));
    let _ = fs::remove_file(&probe);
    let owner = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&probe)?.metadata()?.uid();
    fs::remove_file(&probe)?;
    Ok(owner)
}

#[expect(unsafe_code, reason = "wasmtime runs what it is given here; there is no safe way to load compiled code")]
fn deserialize(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the caller has found `code` in a file that only this user may
    // write, made by `Component::serialize` of an engine with the same
    // compatibility hash, unchanged by its sha-256.
    unsafe { Component::deserialize(engine, code) }
}

/// Takes in what is hashed with more than the 64 bits of a [`Hasher`].
struct Hash256(Sha256);

impl Hasher for Hash256 {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let hash: [u8; 32] = self.0.clone().finalize().into();
        hash.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
    }
}
