//! `sandgate new`: a policy's crate that builds and passes at once.
//!
//! What it writes are the files of `sdk/template`, which are crates of this
//! repository and tested as such; only the name in them is another, and the
//! `Cargo.toml` is made for the place.

mod manifest;
mod name;
mod sdk;
mod workspace;

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use workspace::Workspace;

/// The command line of `sandgate new`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sandgate new night-limits\n  sandgate new policies/card-fraud --kind scoring\n  \
    sandgate new night-limits --sdk ../sandgate/sdk\n\n\
    In a workspace the crate becomes a member of it and takes what it has for all. \
    Without --sdk the SDK is the workspace's, or the one that this program was built with.")]
pub(crate) struct Args {
    /// The folder to make; its last part is the policy's name
    #[arg(value_name = "NAME")]
    folder: PathBuf,
    /// What the policy answers with
    #[arg(long, value_enum, default_value_t = Kind::Rules)]
    kind: Kind,
    /// Where the SDK is: the folder `sdk` of a clone of Sandgate, or a version
    #[arg(long, value_name = "PATH|VERSION")]
    sdk: Option<PathBuf>,
}

/// What a policy answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Reasons to block, to review, to exempt
    Rules,
    /// A number on a scale
    Scoring,
}

/// The files of a template: where they go, and what is in them.
type Files = &'static [(&'static str, &'static str)];

macro_rules! template {
    ($kind:literal: $($file:literal),+) => {
        &[$(($file, include_str!(concat!("../../../sdk/template/", $kind, "/", $file)))),+]
    };
}

const RULES: Files = template!("rules": "src/lib.rs", "build.rs", "README.md", "tests/component.rs",
    "cases/large-amount.toml", "cases/burst.toml", "cases/risky-account.toml");
const SCORING: Files = template!("scoring": "src/lib.rs", "build.rs", "README.md", "tests/component.rs",
    "cases/new-device.toml", "cases/even-chance.toml");
const GITIGNORE: &str = include_str!("../../../sdk/template/gitignore");

impl Kind {
    fn files(self) -> Files {
        match self {
            Kind::Rules => RULES,
            Kind::Scoring => SCORING,
        }
    }

    /// The name of the template's crate, which is in its files.
    fn placeholder(self) -> &'static str {
        match self {
            Kind::Rules => "template-rules",
            Kind::Scoring => "template-scoring",
        }
    }

    fn summary(self) -> &'static str {
        match self {
            Kind::Rules => "Stops large amounts and bursts, and asks for a look at risky accounts.",
            Kind::Scoring => "Scores how probable fraud is, by amount, pace and device.",
        }
    }
}

/// Makes the crate.
///
/// # Errors
/// Where the name cannot be a policy's, the folder is in use, or the SDK is not
/// found; nothing is written then.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let told = args.folder.display();
    let Some(name) = args.folder.file_name().and_then(OsStr::to_str) else {
        bail!("{told} names no folder to make; its last part is the policy's name, such as night-limits");
    };
    name::check(name)?;
    if !is_free(&args.folder)? {
        bail!("{told} is there already and not empty; choose another name, or clear it away");
    }
    let folder = std::path::absolute(&args.folder).with_context(|| format!("{told} is no place"))?;
    let workspace = Workspace::around(&folder)?;
    let sdk = sdk::find(args.sdk.as_deref(), workspace.as_ref(), &folder)?;
    let manifest = manifest::text(name, args.kind.summary(), workspace.as_ref(), &sdk);

    let placeholder = args.kind.placeholder();
    let named = |text: &str| text.replace(placeholder, name).replace(&snake(placeholder), &snake(name));
    write(&folder, "Cargo.toml", &manifest)?;
    for (file, text) in args.kind.files() {
        write(&folder, file, &named(text))?;
    }
    let member = match &workspace {
        Some(workspace) => workspace.add(&folder)?,
        None => {
            write(&folder, ".gitignore", GITIGNORE)?;
            None
        }
    };
    next(args, member, workspace.as_ref())
}

fn snake(name: &str) -> String {
    name.replace('-', "_")
}

/// Whether there is nothing at this place, or an empty folder.
fn is_free(folder: &Path) -> anyhow::Result<bool> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
            bail!("{} is a file, or below one; choose another name", folder.display())
        }
        Err(error) => Err(error).with_context(|| format!("{} cannot be looked at", folder.display())),
    }
}

fn write(folder: &Path, file: &str, text: &str) -> anyhow::Result<()> {
    let path = folder.join(file);
    let parent = path.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent).with_context(|| format!("{} cannot be made", parent.display()))?;
    std::fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))
}

/// What there is now, and what to do with it.
fn next(args: &Args, member: Option<PathBuf>, workspace: Option<&Workspace>) -> anyhow::Result<()> {
    let out = &mut anstream::stdout();
    let kind = match args.kind {
        Kind::Rules => "a policy of rules",
        Kind::Scoring => "a policy that gives a score",
    };
    let folder = args.folder.display();
    crate::say(out, format_args!("{folder}: {kind}"))?;
    if let Some(manifest) = member {
        crate::say(out, format_args!("added it to the members of {}", manifest.display()))?;
    }
    if workspace.is_some_and(|workspace| !workspace.checks_overflow()) {
        let mend = "set `overflow-checks = true` in its [profile.release], so that a sum that overflows is a fault";
        crate::say(out, format_args!("note: the workspace builds releases without checks for overflow; {mend}"))?;
    }
    crate::say(
        out,
        format_args!(
            "\nNext\n  cd {folder}\n  sandgate build    # makes the component, and says what a host sees of it\n  \
             sandgate test     # runs its cases in the real engine\n  \
             cargo test        # its function, and the component from Rust\n\n\
             Then make it yours: README.md says what is where, and src/lib.rs is the policy."
        ),
    )
}
