//! `sandgate check --keys`: every key of the files, as the program itself asks for them.

use crate::config;
use sandgate_files::key::{Key, Kind};
use serde_json::{Value, json};
use std::io::Write;

/// Prints the keys of both files.
///
/// # Errors
/// Where the output cannot be written, or there is no sandbox to load policies in.
pub(super) fn run(as_json: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let (host, tenant) = config::keys()?;
    if as_json {
        return crate::say(out, json!({ "host": all(&host), "tenant": all(&tenant) }));
    }
    for (file, keys) in [("sandgate.toml", host), ("a tenant's file", tenant)] {
        crate::say(out, file)?;
        for key in keys.iter().filter(|key| !matches!(key.kind, Kind::Table | Kind::Tables)) {
            let default = key.default.as_deref().unwrap_or("");
            let line = format!("  {:<40} {:<15} {default:<12} {}", key.path, key.kind.word(), key.kind.bounds());
            crate::say(out, line.trim_end())?;
        }
    }
    Ok(())
}

fn all(keys: &[Key]) -> Vec<Value> {
    let one = |key: &Key| json!({ "key": key.path, "kind": key.kind.word(), "bounds": key.kind.bounds(), "default": key.default });
    keys.iter().map(one).collect()
}
