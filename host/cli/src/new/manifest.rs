//! The `Cargo.toml` of a new policy, made for its place: alone, or in a workspace
//! that has some things for all of its members.

use super::sdk::{CRATES, Sdk};
use super::workspace::Workspace;
use std::fmt::Write as _;
use toml_edit::Value;

/// What a package may take from its workspace, and what it has without one.
const OF_PACKAGE: [(&str, Option<&str>); 6] = [
    ("version", Some("\"0.1.0\"")),
    ("edition", Some("\"2024\"")),
    ("rust-version", Some(concat!("\"", env!("CARGO_PKG_RUST_VERSION"), "\""))),
    ("authors", None),
    ("license", None),
    ("publish", Some("false")),
];

/// The whole file.
pub(super) fn text(name: &str, summary: &str, workspace: Option<&Workspace>, sdk: &Sdk) -> String {
    let mut out = format!("[package]\nname = {}\ndescription = {}\n", Value::from(name), Value::from(summary));
    for (key, alone) in OF_PACKAGE {
        match alone {
            _ if workspace.is_some_and(|workspace| workspace.has_for_packages(key)) => {
                let _ = writeln!(out, "{key}.workspace = true");
            }
            Some(value) => {
                let _ = writeln!(out, "{key} = {value}");
            }
            None => {}
        }
    }
    out.push_str("\n[lib]\ncrate-type = [\"cdylib\", \"rlib\"] # the component, and what its tests call\n");
    if workspace.is_some_and(Workspace::has_lints) {
        out.push_str("\n[lints]\nworkspace = true\n");
    }
    for (table, krate, below) in CRATES {
        let _ = match sdk {
            Sdk::Workspace => writeln!(out, "\n[{table}]\n{krate}.workspace = true"),
            Sdk::Version(version) => writeln!(out, "\n[{table}]\n{krate} = {}", Value::from(version)),
            Sdk::Folder(folder) => {
                let path = if below.is_empty() { folder.clone() } else { folder.join(below) };
                writeln!(out, "\n[{table}]\n{krate} = {{ path = {} }}", Value::from(path.display().to_string()))
            }
        };
    }
    // in a workspace the profiles are those of its root
    if workspace.is_none() {
        out.push_str(
            "\n[profile.release]\noverflow-checks = true # a sum that overflows is a fault, never a wrong number\n",
        );
    }
    out
}
