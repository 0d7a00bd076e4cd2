//! Where the SDK of a new crate comes from.

use super::workspace::Workspace;
use anyhow::{Context as _, bail};
use std::path::{Component, Path, PathBuf};

/// The SDK of the sources that this program was built from.
const BUILT_WITH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sdk");

/// The crates of the SDK: the table that each belongs into, and its folder below the SDK.
pub(super) const CRATES: [(&str, &str, &str); 3] = [
    ("dependencies", "sandgate-sdk", ""),
    ("build-dependencies", "sandgate-sdk-build", "build"),
    ("dev-dependencies", "sandgate-harness", "harness"),
];

/// Where the SDK's crates are, for a manifest.
#[derive(Debug)]
pub(super) enum Sdk {
    /// A folder, as the manifest names it.
    Folder(PathBuf),
    /// A version of a registry.
    Version(String),
    /// The workspace says it, for all of them.
    Workspace,
}

/// Finds the SDK for a crate in `folder`.
///
/// # Errors
/// Where what the user named is no SDK, or there is none where it was.
pub(super) fn find(named: Option<&Path>, workspace: Option<&Workspace>, folder: &Path) -> anyhow::Result<Sdk> {
    let has_all = |workspace: &Workspace| CRATES.iter().all(|(_, name, _)| workspace.has(name));
    match named {
        None if workspace.is_some_and(has_all) => Ok(Sdk::Workspace),
        None => match sdk_in(Path::new(BUILT_WITH)) {
            Some(sdk) => Ok(Sdk::Folder(sdk)),
            None => bail!(
                "the SDK that this program was built with is not at {BUILT_WITH} any more; say where it is: \
                 --sdk PATH, the folder `sdk` of a clone of Sandgate, or --sdk VERSION"
            ),
        },
        Some(named) if named.is_dir() => {
            let sdk = sdk_in(named).with_context(|| {
                format!("{} is no SDK of Sandgate; name the folder `sdk` of a clone, or a version", named.display())
            })?;
            Ok(Sdk::Folder(if named.is_absolute() { sdk } else { from(folder, &sdk)? }))
        }
        Some(named) => match named.to_str().filter(|text| is_version(text)) {
            Some(version) => Ok(Sdk::Version(version.to_owned())),
            None => bail!("{} is neither a folder nor a version such as 0.1.0", named.display()),
        },
    }
}

/// The SDK in this folder, or in the clone that this folder is.
fn sdk_in(folder: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    [folder.clone(), folder.join("sdk")].into_iter().find(|folder| {
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).ok();
        let manifest = manifest.and_then(|text| text.parse::<toml::Table>().ok());
        manifest.is_some_and(|manifest| {
            manifest.get("package").and_then(|package| package.get("name")?.as_str()) == Some("sandgate-sdk")
        })
    })
}

/// The way from a folder that need not be there yet to one that is.
fn from(folder: &Path, to: &Path) -> anyhow::Result<PathBuf> {
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(folder);
    let real = there.canonicalize().with_context(|| format!("{} cannot be looked at", there.display()))?;
    let folder = real.join(folder.strip_prefix(there).unwrap_or(Path::new("")));
    let same = folder.components().zip(to.components()).take_while(|(one, other)| one == other).count();
    let up = folder.components().skip(same).map(|_| Component::ParentDir);
    Ok(up.chain(to.components().skip(same)).collect())
}

/// Whether it looks like what cargo takes as a version: `0.1`, `=0.1.0`.
fn is_version(text: &str) -> bool {
    let digits = text.trim_start_matches(['^', '~', '=']);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'))
}

#[cfg(test)]
mod tests {
    use super::is_version;

    #[test]
    fn a_version_begins_with_a_digit() {
        for (text, version) in
            [("0.1", true), ("=0.1.0-rc.1", true), ("^1", true), ("sdk", false), ("1/2", false), ("", false)]
        {
            assert_eq!(is_version(text), version, "{text}");
        }
    }
}
