//! A tenant's document for the registry: its file with every component by its digest.

use super::Stock;
use crate::config::workshop::{Components, Workshop};
use anyhow::Context as _;
use sandgate_control::{Bundle, Registry, Who};
use sandgate_files::File;
use sandgate_files::substitute::substitute;
use sandgate_model::Digest;
use sandgate_model::manifest::Manifest;
use sandgate_sandbox::Policy;
use std::cell::RefCell;
use std::path::{Path, PathBuf};

/// A component in a file: where it is, its digest and its bytes.
pub(crate) type Local = (PathBuf, Digest, Vec<u8>);

/// A tenant's file, resolved.
pub(crate) struct Resolved {
    /// Its text with components by digest.
    pub(crate) text: String,
    /// The components that it named by a path: file, digest and bytes, each once.
    pub(crate) components: Vec<Local>,
}

/// Resolves a tenant's file: what it names by a path is read.
///
/// # Errors
/// Where the file or a component cannot be read.
pub(crate) fn resolve(path: &Path) -> anyhow::Result<Resolved> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| anyhow::anyhow!("{} cannot be read: {error}; mend the path", path.display()))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut components: Vec<Local> = Vec::new();
    let mut failed = None;
    let text = substitute(&text, &["stage", "policy", "component"], |name| {
        if Digest::parse(name).is_some() {
            return None;
        }
        let file = folder.join(name);
        if let Some((_, digest, _)) = components.iter().find(|(known, ..)| *known == file) {
            return Some(digest.to_string());
        }
        match crate::component::read(&file) {
            Ok(bytes) => {
                let digest = Digest::of(&bytes);
                components.push((file, digest, bytes));
                Some(digest.to_string())
            }
            Err(error) => {
                failed = Some(error);
                None
            }
        }
    });
    failed.map_or(Ok(Resolved { text, components }), Err)
}

/// What goes into the registry of a component that was loaded, without cases and page.
pub(crate) fn bundle<'a>(policy: &'a Policy, component: &'a [u8]) -> Bundle<'a> {
    let Manifest { name, version, summary, .. } = &**policy.manifest();
    Bundle { manifest: policy.told(), name, version, summary, component, readme: None, cases: None }
}

/// Brings the components into the registry that are not there.
///
/// # Errors
/// Where one is refused, or the registry does not take it.
pub(crate) fn bring(
    components: &[Local],
    registry: &Registry,
    workshop: &Workshop,
    (who, at): (&Who, i64),
) -> anyhow::Result<()> {
    for (file, digest, bytes) in components {
        if registry.policy(digest)?.is_none() {
            let policy = workshop.load(bytes).with_context(|| format!("{} is refused", file.display()))?;
            registry.push(&bundle(&policy, bytes), who, at)?;
        }
    }
    Ok(())
}

/// The components of a document that names them by digest.
pub(super) struct Found<'s> {
    stock: &'s dyn Stock,
    missing: RefCell<Option<String>>,
}

impl<'s> Found<'s> {
    pub(super) fn in_stock(stock: &'s dyn Stock) -> Found<'s> {
        Found { stock, missing: RefCell::default() }
    }

    /// Why the first component that could not be brought was not.
    pub(super) fn missing(&self) -> Option<String> {
        self.missing.borrow().clone()
    }
}

impl Components for Found<'_> {
    fn find(&self, name: &str, _: &File) -> Result<Vec<u8>, String> {
        let digest = Digest::parse(name).ok_or_else(|| {
            "is no digest: a document in the registry names components by `sha256:` and 64 digits".to_owned()
        })?;
        self.stock.component(&digest).inspect_err(|why| {
            self.missing.borrow_mut().get_or_insert_with(|| format!("component {digest}: {why}"));
        })
    }

    fn place(&self, name: &str, _: &File) -> String {
        format!("component {name}")
    }
}
