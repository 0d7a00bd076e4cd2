//! A policy's cases as one text: what is pushed with a component, and replayed before
//! it judges.

use anyhow::Context as _;
use sandgate_trial::case;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Most bytes of all cases of a policy.
const SIZE_MAX: u64 = 16 << 20;

/// The cases of a policy, in the order of their names.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cases {
    pub(super) cases: Vec<Text>,
}

/// A case as it is written.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    /// The file's name.
    pub(super) name: String,
    /// Its text.
    pub(super) text: String,
}

impl Cases {
    /// Those of a folder; none where there is none.
    ///
    /// # Errors
    /// Where one cannot be read.
    pub(super) fn of_folder(folder: &Path) -> anyhow::Result<Cases> {
        let files = case::folder(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
        let mut cases = Vec::new();
        let mut size = 0;
        for file in files {
            let told = || format!("{} cannot be read", file.display());
            size += file.metadata().with_context(told)?.len();
            anyhow::ensure!(size <= SIZE_MAX, "the cases in {} are more than {} MiB", folder.display(), SIZE_MAX >> 20);
            let text = std::fs::read_to_string(&file).with_context(told)?;
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            cases.push(Text { name, text });
        }
        Ok(Cases { cases })
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::json!(self).to_string().into_bytes()
    }

    /// Those of what was pushed.
    ///
    /// # Errors
    /// Where it is something else.
    pub(super) fn of_bytes(bytes: &[u8]) -> Result<Cases, String> {
        serde_json::from_slice(bytes)
            .map_err(|error| format!("the cases that were pushed with it cannot be read: {error}"))
    }
}
