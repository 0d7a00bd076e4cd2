//! What the registry has: as it is, or kept on this host's disk as it is asked for, so
//! that a host can start without its registry.

use super::Stock;
use super::document::Local;
use super::shelf::Shelf;
use sandgate_control::{Error, Registry};
use sandgate_model::Digest;

/// A registry that is asked for everything, and components that are not there yet.
pub(crate) struct Asked<'r> {
    pub(crate) registry: &'r Registry,
    pub(crate) local: &'r [Local],
}

impl Asked<'_> {
    fn generation(&self, tenant: &str, number: u64) -> Result<Result<String, String>, Error> {
        let found = self.registry.generation(tenant, number)?.map(|found| found.document);
        Ok(found.ok_or_else(|| format!("the registry has no generation {number} of tenant {tenant}")))
    }
}

impl Stock for Asked<'_> {
    fn document(&self, tenant: &str, number: u64) -> Result<String, String> {
        self.generation(tenant, number).map_err(|error| error.to_string())?
    }

    fn component(&self, digest: &Digest) -> Result<Vec<u8>, String> {
        if let Some((.., bytes)) = self.local.iter().find(|(_, local, _)| local == digest) {
            return Ok(bytes.clone());
        }
        let bytes = self.registry.blob(digest).map_err(|error| error.to_string())?;
        bytes.ok_or_else(|| "the registry has no such component; `sandgate push` brings it there".to_owned())
    }
}

/// The same, with a copy of what came from there.
pub(crate) struct Kept<'s> {
    pub(crate) asked: Asked<'s>,
    pub(crate) shelf: &'s Shelf,
}

impl Stock for Kept<'_> {
    /// A registry that was restored may have another one under that number: the copy is
    /// for the time in which it cannot be asked.
    fn document(&self, tenant: &str, number: u64) -> Result<String, String> {
        let kept = self.shelf.document(tenant, number);
        let found = match (self.asked.generation(tenant, number), kept.clone()) {
            (Err(error), Some(kept)) if !error.lasts() => return Ok(kept),
            (found, _) => found.map_err(|error| error.to_string())??,
        };
        if kept.as_ref() != Some(&found) {
            self.shelf.keep_document(tenant, number, &found).map_err(|error| error.to_string())?;
        }
        Ok(found)
    }

    /// A component never changes, so it crosses once.
    fn component(&self, digest: &Digest) -> Result<Vec<u8>, String> {
        if let Some(bytes) = self.shelf.component(digest) {
            return Ok(bytes);
        }
        let bytes = self.asked.component(digest)?;
        self.shelf.keep_component(digest, &bytes).map_err(|error| error.to_string())?;
        Ok(bytes)
    }
}
