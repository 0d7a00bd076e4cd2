//! `sandgate push`: brings a policy into the registry, with its cases and its page.

use super::bundle::Cases;
use super::client::Client;
use super::{By, Which};
use crate::sets::document;
use crate::{build, component, follow};
use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sandgate_control::{Bundle, Pushed, Registry};
use sandgate_sandbox::{Config, Sandbox};
use serde_json::{Value, json};
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
    let to = match args.which.client()? {
        Some(api) => To::Api(api),
        None => To::Registry(args.which.registry()?),
    };
    let sandbox = Sandbox::new(Config { cache: None, ..Config::default() })?;
    for place in &args.policies {
        let (bytes, cases, readme) = match place.is_dir() {
            true => (build::compiled(place, true)?.bytes, Some(place.join("cases")), Some(place.join("README.md"))),
            false => (component::read(place)?, None, None),
        };
        let policy = component::load(&sandbox, &bytes, place)?;
        let cases = match args.cases.as_ref().or(cases.as_ref().filter(|folder| folder.is_dir())) {
            Some(folder) => Some(Cases::of_folder(folder)?),
            None => None,
        };
        let readme = args.readme.as_ref().or(readme.as_ref().filter(|file| file.is_file()));
        let readme =
            readme.map(|file| std::fs::read(file).with_context(|| format!("{} cannot be read", file.display())));
        let readme = readme.transpose()?;
        let done = match &to {
            To::Api(api) => {
                let readme = readme.map(String::from_utf8).transpose().context("its page is no text")?;
                over(api, &bytes, cases.as_ref(), readme.as_deref(), &args.by.why)?
            }
            To::Registry(registry) => {
                let cases = cases.map(|cases| cases.to_bytes());
                let parts =
                    Bundle { readme: readme.as_deref(), cases: cases.as_deref(), ..document::bundle(&policy, &bytes) };
                let (word, digest) = match registry.push(&parts, &args.by.who(), follow::now())? {
                    Pushed::New(digest) => ("pushed", digest),
                    Pushed::Changed(digest) => ("changed", digest),
                    Pushed::Known(digest) => ("known", digest),
                };
                let manifest = policy.manifest();
                let (name, version) = (&manifest.name, &manifest.version);
                json!({ "outcome": word, "name": name, "version": version, "digest": digest.to_string() })
            }
        };
        let word = |key: &str| done[key].as_str().unwrap_or("?");
        args.which
            .say(&format!("{}: {} {}, {}", word("outcome"), word("name"), word("version"), word("digest")), &done)?;
    }
    Ok(())
}

/// To where it is pushed.
enum To {
    Registry(Registry),
    Api(Client),
}

/// Pushes over the admin API.
///
/// # Errors
/// What that says instead.
pub(super) fn over(
    api: &Client,
    component: &[u8],
    cases: Option<&Cases>,
    readme: Option<&str>,
    why: &str,
) -> anyhow::Result<Value> {
    let mut body = json!({ "component": STANDARD.encode(component), "why": why });
    if let Some(cases) = cases {
        body["cases"] = json!(cases.cases);
    }
    if let Some(readme) = readme {
        body["readme"] = json!(readme);
    }
    api.send("POST", "/v1/policies", Some(&body))
}
