//! The verbs that change what tenants run, and show it: `push`, `policies`,
//! `activate`, `approve`, `shadow`, `canary`, `promote`, `rollback`, `freeze`, `status`,
//! `history`; and those of the admin API: `token` and `admin`. All of them work on the
//! registry that a host's `[control]` names; hosts that run follow it by themselves.

pub(crate) mod activate;
pub(crate) mod admin;
mod bundle;
pub(crate) mod canary;
mod candidate;
mod cases;
mod change;
mod client;
mod counted;
pub(crate) mod desk;
mod edit;
pub(crate) mod eyes;
pub(crate) mod history;
pub(crate) mod pointer;
pub(crate) mod policies;
pub(crate) mod promote;
pub(crate) mod push;
pub(crate) mod shadow;
pub(crate) mod status;
pub(crate) mod token;

use crate::config::control::Control;
use crate::config::{self, secret};
use anyhow::Context as _;
use client::Client;
use sandgate_control::{Canary, Moved, Registry, Who};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Who changes something, and why.
#[derive(Debug, clap::Args)]
pub(crate) struct By {
    /// Why it is done; it stands in the history
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
    /// Who does it [default: the user who is logged in]
    #[arg(long = "as", value_name = "NAME")]
    actor: Option<String>,
}

/// Which registry, and how to answer.
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// The configuration whose `[control]` says where the registry is
    #[arg(long, value_name = "FILE", required_unless_present = "api")]
    config: Option<PathBuf>,
    /// The admin API in place of the registry; its token is in SANDGATE_TOKEN or in --token-file
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    api: Option<String>,
    /// A file with the token
    #[arg(long, value_name = "FILE", requires = "api")]
    token_file: Option<PathBuf>,
    /// The certificates that the API is trusted by, PEM [default: those of public authorities]
    #[arg(long, value_name = "FILE", requires = "api")]
    ca: Option<PathBuf>,
    /// Print JSON for programs
    #[arg(long)]
    json: bool,
}

/// A change was refused; what stands in the history is what it was.
#[derive(Debug, thiserror::Error)]
#[error("refused at the step {step}: {why}")]
pub(crate) struct Refused {
    step: &'static str,
    why: String,
}

impl By {
    fn who(&self) -> Who {
        let known = |name: &str| secret::environment(name).ok().filter(|value| !value.is_empty());
        let actor = self.actor.clone().or_else(|| known("USER")).or_else(|| known("LOGNAME"));
        Who {
            actor: actor.unwrap_or_else(|| "unknown".to_owned()),
            origin: secret::machine().unwrap_or_default(),
            why: self.why.clone(),
        }
    }
}

impl Which {
    /// The configuration's file.
    fn config(&self) -> anyhow::Result<&Path> {
        self.config
            .as_deref()
            .context("this speaks to the registry itself, which the admin API does not do: give --config")
    }

    /// The admin API, where that is asked.
    fn client(&self) -> anyhow::Result<Option<Client>> {
        let client = |url: &String| Client::of(url, self.token_file.as_deref(), self.ca.as_deref());
        self.api.as_ref().map(client).transpose()
    }

    /// The registry of the configuration, whatever else is wrong with that.
    fn registry(&self) -> anyhow::Result<Registry> {
        config::load_control(self.config()?).map_err(crate::check::Problems)?.registry()
    }

    fn say(&self, text: &str, value: &Value) -> anyhow::Result<()> {
        let out = &mut anstream::stdout();
        if self.json { crate::say(out, value) } else { crate::say(out, text) }
    }

    /// Says what became of a change of a tenant.
    fn say_moved(&self, tenant: &str, moved: Moved) -> anyhow::Result<()> {
        self.say_done(&match moved {
            Moved::Active { number, revision } => {
                json!({ "outcome": "active", "tenant": tenant, "generation": number, "revision": revision })
            }
            Moved::Unchanged { number } => json!({ "outcome": "unchanged", "tenant": tenant, "generation": number }),
        })
    }

    /// The same of what the verbs and the API tell alike.
    fn say_done(&self, done: &Value) -> anyhow::Result<()> {
        let word = |key: &str| done[key].as_str().unwrap_or("?");
        let (tenant, generation, revision) = (word("tenant"), &done["generation"], &done["revision"]);
        let text = match word("outcome") {
            "active" => format!("Active: tenant {tenant} runs generation {generation} (revision {revision})"),
            "unchanged" => format!("Unchanged: tenant {tenant} runs generation {generation}, as before"),
            "checked" => {
                format!("nothing stands in the way of tenant {tenant} as {}; nothing was changed", word("set"))
            }
            "proposed" => format!(
                "Proposed: change {} of tenant {tenant}, which somebody else approves with `sandgate approve`",
                done["proposal"]
            ),
            "rejected" => format!("rejected: proposal {} of tenant {tenant}", done["proposal"]),
            other => format!("{other}: tenant {tenant}"),
        };
        self.say(&text, done)
    }
}

/// Says that a canary has ended with a change, where it has.
fn ended(canary: Option<Canary>, moved: Moved) {
    if let (Some(canary), Moved::Active { .. }) = (canary, moved) {
        crate::note(format!("the canary, generation {}, has ended with it", canary.trial.generation));
    }
}

/// The registry of a host's configuration that was read as a whole.
fn of_host(control: Option<&Control>, path: &Path) -> anyhow::Result<Registry> {
    match control {
        Some(control) => control.registry(),
        None => anyhow::bail!("{} names no registry: write [control] with sql = \"sqlite:control.db\"", path.display()),
    }
}
