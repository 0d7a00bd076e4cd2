//! `sandgate push`: brings a policy into the registry, with its cases and its page.

use super::bundle::Cases;
use super::{By, Which};
use crate::sets::document;
use crate::{build, component, follow};
use anyhow::Context as _;
use sandgate_control::{Bundle, Pushed};
use sandgate_sandbox::{Config, Sandbox};
use serde_json::json;
use std::path::PathBuf;

/// The command line of `sandgate push`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sandgate push --config sandgate.toml policies/limits --why \"larger limits for funds\"\n  \
    sandgate push --config sandgate.toml limits.wasm --cases cases\n\n\
    A folder is built, and its `cases` and `README.md` go with the component. Nothing judges by it yet: see \
    `sandgate activate`."
)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    /// Crates of policies, or components that are built
    #[arg(required = true)]
    policies: Vec<PathBuf>,
    /// The folder of the cases, for a component that is built
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
    /// Its page, for a component that is built
    #[arg(long, value_name = "FILE")]
    readme: Option<PathBuf>,
    #[command(flatten)]
    by: By,
}

/// Pushes.
///
/// # Errors
/// Where a policy is refused, or the registry does not take it.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let alone = args.cases.is_some() || args.readme.is_some();
    anyhow::ensure!(args.policies.len() == 1 || !alone, "--cases and --readme are of one policy: push one at a time");
    let registry = args.which.registry()?;
    let sandbox = Sandbox::new(Config { cache: None, ..Config::default() })?;
    for place in &args.policies {
        let (bytes, cases, readme) = match place.is_dir() {
            true => (build::compiled(place, true)?.bytes, Some(place.join("cases")), Some(place.join("README.md"))),
            false => (component::read(place)?, None, None),
        };
        let policy = component::load(&sandbox, &bytes, place)?;
        let cases = match args.cases.as_ref().or(cases.as_ref().filter(|folder| folder.is_dir())) {
            Some(folder) => Some(Cases::of_folder(folder)?.to_bytes()),
            None => None,
        };
        let readme = args.readme.as_ref().or(readme.as_ref().filter(|file| file.is_file()));
        let readme =
            readme.map(|file| std::fs::read(file).with_context(|| format!("{} cannot be read", file.display())));
        let readme = readme.transpose()?;
        let manifest = policy.manifest();
        let bundle = Bundle { readme: readme.as_deref(), cases: cases.as_deref(), ..document::bundle(&policy, &bytes) };
        let (word, digest) = match registry.push(&bundle, &args.by.who(), follow::now())? {
            Pushed::New(digest) => ("pushed", digest),
            Pushed::Changed(digest) => ("changed", digest),
            Pushed::Known(digest) => ("known", digest),
        };
        let (name, version) = (&manifest.name, &manifest.version);
        args.which.say(
            &format!("{word}: {name} {version}, {digest}"),
            &json!({ "outcome": word, "name": name, "version": version, "digest": digest.to_string() }),
        )?;
    }
    Ok(())
}
