//! The file of a component, the same for a host that judges with it as for those
//! who build, try and look at it.

use anyhow::bail;
use sandgate_sandbox::{Policy, Sandbox};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// The most bytes of a component that a host looks at.
const SIZE_MAX: u64 = 64 << 20;

/// Reads a file, and nothing without an end.
///
/// # Errors
/// Where it cannot be read, or no host would look at so much.
pub(crate) fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = File::open(file).and_then(|file| file.take(SIZE_MAX + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        bail!("{} cannot be read: {error}; build it with `sandgate build`, or mend the path", file.display());
    }
    if bytes.len() as u64 > SIZE_MAX {
        bail!("{} is larger than {} MiB, which no host takes", file.display(), SIZE_MAX >> 20);
    }
    Ok(bytes)
}

/// Loads what stands in a file, or was built in a folder.
///
/// # Errors
/// Where a host would refuse it.
pub(crate) fn load(sandbox: &Sandbox, bytes: &[u8], place: &Path) -> anyhow::Result<Policy> {
    sandbox.load(bytes).map_err(|refusal| anyhow::anyhow!("{} would be refused by a host: {refusal}", place.display()))
}
