//! A policy's component, built once for each process, and the folder of its crate.

use crate::program::{profile_folder, program};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// A component, and the crate that it is of. [`policy!`](crate::policy!) gives
/// that of the calling crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    component: PathBuf,
    folder: PathBuf,
}

impl Policy {
    /// A component that was built by other means; snapshots are in `snapshots`
    /// below `folder`.
    pub fn new(component: impl Into<PathBuf>, folder: impl Into<PathBuf>) -> Policy {
        Policy { component: component.into(), folder: folder.into() }
    }

    /// The file of the component.
    pub fn component(&self) -> &Path {
        &self.component
    }

    /// The folder of the policy's crate.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The component of a crate, built by `sandgate build` at the first call.
    ///
    /// # Panics
    /// Where it cannot be built: with what the compiler says.
    #[doc(hidden)]
    #[track_caller]
    #[expect(clippy::panic, reason = "without its component no test of a policy can go on")]
    pub fn built(folder: &str, name: &str) -> &'static Policy {
        static BUILT: Mutex<BTreeMap<String, Result<&'static Policy, String>>> = Mutex::new(BTreeMap::new());
        // a test that panicked elsewhere leaves the table as it was
        let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
        let policy = built.entry(folder.to_owned()).or_insert_with(|| {
            // as many as there are crates in a test, and needed until it ends
            build(Path::new(folder), name).map(|policy| &*Box::leak(Box::new(policy)))
        });
        let policy = policy.clone();
        drop(built);
        // a closure would not pass the line on that asks
        match policy {
            Ok(policy) => policy,
            Err(problem) => panic!("{problem}"),
        }
    }
}

/// The component is written below the folder that the test stands in, because
/// where else cargo builds is not known here.
fn build(folder: &Path, name: &str) -> Result<Policy, String> {
    let test = std::env::current_exe().unwrap_or_default();
    let component = profile_folder(&test).join("harness").join(name.replace('-', "_")).with_extension("wasm");
    let program = program()?;
    let output = Command::new(program)
        .arg("build")
        .arg(folder)
        .arg("--to")
        .arg(&component)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
    if !output.status.success() {
        let said = [&output.stderr, &output.stdout].map(|said| String::from_utf8_lossy(said).into_owned());
        return Err(format!("the policy in {} cannot be built:\n{}", folder.display(), said.concat()));
    }
    Ok(Policy::new(component, folder))
}
