//! What the registry has, kept on this host's disk as it is asked for: a document and a
//! component never change, so each crosses once, and a host can start without its
//! registry.

use super::Stock;
use super::document::Local;
use super::shelf::Shelf;
use sandgate_control::Registry;
use sandgate_model::Digest;

/// A registry, and the shelf for what came from there.
pub(crate) struct Kept<'s> {
    /// Nothing where it cannot be asked.
    pub(crate) registry: Option<&'s Registry>,
    pub(crate) shelf: &'s Shelf,
}

impl Stock for Kept<'_> {
    fn document(&self, tenant: &str, number: u64) -> Result<String, String> {
        // a registry that was restored may have another one under that number: the copy is
        // for the time in which it cannot be asked
        let kept = self.shelf.document(tenant, number);
        let found = match self.registry.map(|registry| registry.generation(tenant, number)) {
            Some(Ok(found)) => found,
            Some(Err(error)) if error.lasts() || kept.is_none() => return Err(error.to_string()),
            Some(Err(_)) | None => {
                return kept
                    .ok_or_else(|| "the registry cannot be asked, and this host has no copy on its disk".to_owned());
            }
        };
        let found = found.ok_or_else(|| format!("the registry has no generation {number} of tenant {tenant}"))?;
        if kept.as_ref() != Some(&found.document) {
            self.shelf.keep_document(tenant, number, &found.document).map_err(|error| error.to_string())?;
        }
        Ok(found.document)
    }

    fn component(&self, digest: &Digest) -> Result<Vec<u8>, String> {
        if let Some(bytes) = self.shelf.component(digest) {
            return Ok(bytes);
        }
        let registry = self.registry.ok_or("the registry cannot be asked, and this host has no copy on its disk")?;
        let bytes = registry.blob(digest).map_err(|error| error.to_string())?;
        let bytes = bytes.ok_or("the registry has no such component; `sandgate push` brings it there")?;
        self.shelf.keep_component(digest, &bytes).map_err(|error| error.to_string())?;
        Ok(bytes)
    }
}

/// A registry that is asked for everything, for a verb that keeps nothing, and the
/// components that are not there yet.
pub(crate) struct Asked<'r> {
    pub(crate) registry: &'r Registry,
    pub(crate) local: &'r [Local],
}

impl Stock for Asked<'_> {
    fn document(&self, tenant: &str, number: u64) -> Result<String, String> {
        let found = self.registry.generation(tenant, number).map_err(|error| error.to_string())?;
        let found = found.ok_or_else(|| format!("the registry has no generation {number} of tenant {tenant}"))?;
        Ok(found.document)
    }

    fn component(&self, digest: &Digest) -> Result<Vec<u8>, String> {
        if let Some((.., bytes)) = self.local.iter().find(|(_, local, _)| local == digest) {
            return Ok(bytes.clone());
        }
        let bytes = self.registry.blob(digest).map_err(|error| error.to_string())?;
        bytes.ok_or_else(|| "the registry has no such component; `sandgate push` brings it there".to_owned())
    }
}
