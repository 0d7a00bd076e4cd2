//! Files that are there whole or not at all.

use anyhow::Context as _;
use std::path::Path;

/// Writes the whole file or none of it, so that nobody reads half of one.
///
/// # Errors
/// Where it cannot be written; what was there before is then there still.
pub(crate) fn write(to: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let draft = to.with_extension(format!("{}.new", std::process::id()));
    std::fs::write(&draft, bytes).with_context(|| format!("{} cannot be written", draft.display()))?;
    std::fs::rename(&draft, to).with_context(|| format!("{} cannot be written", to.display()))
}
