//! From a crate to a module, by cargo, and what to do where that fails.
//!
//! What cargo and the compiler print passes through untouched. Only what they
//! cannot know is added: how to get the target, and what a policy's crate needs.

use super::same;
use anyhow::{Context as _, bail};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use wasmparser::{Parser, Payload};

/// What policies are compiled for.
pub(super) const TARGET: &str = "wasm32-unknown-unknown";

/// Compiles the crate and says where its module is.
///
/// # Errors
/// Where the folder has no crate, cargo fails, or no module comes out.
pub(super) fn module(dir: &Path, quiet: bool) -> anyhow::Result<PathBuf> {
    let manifest = dir.join("Cargo.toml");
    if !manifest.is_file() {
        bail!("{} is no crate: it has no Cargo.toml; `sandgate new NAME` makes one", dir.display());
    }
    let manifest = manifest.canonicalize().with_context(|| format!("{} cannot be found", manifest.display()))?;
    let text = std::fs::read_to_string(&manifest).with_context(|| format!("{} cannot be read", manifest.display()))?;
    let parsed: toml::Table = text.parse().with_context(|| format!("{} is no TOML", manifest.display()))?;
    if !parsed.contains_key("package") {
        bail!("{} is a workspace, not a policy; name the folder of the policy's crate", dir.display());
    }
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--release", "--lib", "--target", TARGET])
        .args(quiet.then_some("--quiet"))
        .args(["--message-format", "json-render-diagnostics", "--manifest-path"])
        .arg(&manifest)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    same::wrap(&mut cargo, TARGET)?;
    let output = cargo.output().context("cargo cannot be started; install Rust with rustup")?;
    if !output.status.success() {
        if lacks_target() {
            bail!(
                "{} cannot be built: this compiler has no target {TARGET}; rustup target add {TARGET}",
                dir.display()
            );
        }
        bail!("cargo could not build {} for {TARGET}; the cause stands above", dir.display());
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut modules = messages.lines().filter_map(|line| module_of(line, &manifest));
    modules
        .next_back()
        .with_context(|| format!("{} is no policy: its [lib] needs crate-type = [\"cdylib\", \"rlib\"]", dir.display()))
}

/// Whether the compiler that cargo uses here is without the target's library.
/// Where that cannot be found out, nothing is claimed.
fn lacks_target() -> bool {
    let compiler = same::environment("RUSTC").filter(|name| !name.is_empty()).unwrap_or("rustc".into());
    let asked = Command::new(compiler).args(["--print", "target-libdir", "--target", TARGET]).output();
    let Ok(folder) = asked.map(|output| String::from_utf8_lossy(&output.stdout).trim_end().to_owned()) else {
        return false;
    };
    let core = |name: &str| name.starts_with("libcore-") && name.ends_with(".rlib");
    match std::fs::read_dir(&folder) {
        Ok(files) => !files.flatten().any(|file| file.file_name().to_str().is_some_and(core)),
        Err(error) => !folder.is_empty() && error.kind() == std::io::ErrorKind::NotFound,
    }
}

/// The module that a message of cargo names, if it is that of our crate.
fn module_of(line: &str, manifest: &Path) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    if message["reason"] != "compiler-artifact" || message["manifest_path"].as_str()? != manifest.to_str()? {
        return None;
    }
    let files = message["filenames"].as_array()?;
    files.iter().filter_map(|file| file.as_str()).find(|file| file.ends_with(".wasm")).map(PathBuf::from)
}

/// Checks that a module may become a policy: it imports nothing, and it exports
/// what `#[rules]` and `#[scoring]` make.
///
/// # Errors
/// What it lacks or has too much of, and the mend.
pub(super) fn inspect(module: &[u8]) -> anyhow::Result<()> {
    let mut imports = BTreeSet::new();
    let mut judges = false;
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    imports.insert(format!("{}::{}", import.module, import.name));
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    judges |= export?.name.ends_with("#judge");
                }
            }
            _ => {}
        }
    }
    if let Some(first) = imports.first() {
        bail!("{}; {}", told(&imports), mend(first));
    }
    if !judges {
        bail!("it is no policy: it has no function with #[rules] or #[scoring]");
    }
    Ok(())
}

fn told(imports: &BTreeSet<String>) -> String {
    const TOLD: usize = 3;
    let names: Vec<_> = imports.iter().take(TOLD).map(|name| format!("`{name}`")).collect();
    let more = imports.len().saturating_sub(TOLD);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("it imports {}{more}, and a policy imports nothing", names.join(", "))
}

fn mend(import: &str) -> String {
    let tree = |name: &str| format!("cargo tree --target {TARGET} --invert {name}");
    match import.split("::").next() {
        Some(module) if module.starts_with("wasi") => format!(
            "there is no system around it: leave out what reads a clock, a file or the environment \
             (`{}` tells who brings it in)",
            tree("wasi")
        ),
        Some(module) if module.starts_with("__wbindgen") => format!(
            "a dependency expects a browser around it, often for time or randomness; leave its feature for that out \
             (`{}` tells who brings it in)",
            tree("wasm-bindgen")
        ),
        _ => "declare what it needs as inputs, and leave out the `extern` function or the dependency that has it"
            .to_owned(),
    }
}
