//! `sandgate status`: what each tenant runs, and which host runs what since where.

use super::{Which, counted};
use crate::follow;
use sandgate_control::{Compared, Host, Pointer};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// A host that was silent for longer is told as such, in milliseconds.
const SILENT: i64 = 15_000;

/// The command line of `sandgate status`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sandgate status --config sandgate.toml\n\n\
    Exit status: 1 where a host does not run what is active.")]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
}

/// Some host does not run what is active.
#[derive(Debug, thiserror::Error)]
#[error("{0} of the hosts that gave a sign of life lately do not run what is active")]
pub(crate) struct Behind(usize);

/// Shows it.
///
/// # Errors
/// Where the registry cannot be asked, or a host is behind.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let status = match args.which.client()? {
        Some(api) => api.get("/v1/status")?,
        None => {
            let registry = args.which.registry()?;
            value(&registry.tenants()?, &registry.hosts()?, &registry.compared()?, follow::now())
        }
    };
    args.which.say(text(&status, follow::now()).trim_end(), &status)?;
    let behind = |tenant: &Value| {
        let is_behind = |host: &&Value| {
            host["silent"] == false && (host["state"] == "refused" || host["generation"] != tenant["active"])
        };
        rows(tenant, "hosts").iter().filter(is_behind).count()
    };
    match rows(&status, "tenants").iter().map(behind).sum() {
        0 => Ok(()),
        behind => Err(Behind(behind).into()),
    }
}

fn rows<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

pub(super) fn is_silent(host: &Host, now: i64) -> bool {
    now.saturating_sub(host.at) > SILENT
}

fn text(status: &Value, now: i64) -> String {
    let mut text = String::new();
    let tenants = rows(status, "tenants");
    if tenants.is_empty() {
        text.push_str("the registry knows no tenant yet: start a host, or `sandgate activate` one\n");
    }
    for tenant in tenants {
        let frozen = if tenant["frozen"] == true { ", frozen" } else { "" };
        let eyes = if tenant["four_eyes"] == true { ", four eyes" } else { "" };
        let previous = tenant["previous"].as_u64().map_or_else(String::new, |previous| format!(", before {previous}"));
        let managed = if tenant["managed"] == "file" { "its file" } else { "the registry" };
        let name = tenant["tenant"].as_str().unwrap_or_default();
        // writing into a String does not fail
        let _ = writeln!(
            text,
            "{name}: generation {}{previous}, revision {}, managed by {managed}{frozen}{eyes}",
            tenant["active"], tenant["revision"]
        );
        trials(tenant, &mut text);
        for host in rows(tenant, "hosts") {
            let runs = host["generation"].as_u64();
            let runs = runs.map_or_else(|| "nothing".to_owned(), |number| format!("generation {number}"));
            let silent = match host["silent"] == true {
                true => format!(", silent for {} s", now.saturating_sub(host["at"].as_i64().unwrap_or(now)) / 1_000),
                false => String::new(),
            };
            let name = host["host"].as_str().unwrap_or_default();
            let _ = writeln!(text, "  {name}: {runs}{}{silent}", since(&host["generation"], &host["since"]));
            if let Some(problem) = host["problem"].as_str() {
                let _ = writeln!(text, "    could not follow: {problem}");
            }
        }
    }
    text
}

/// What a tenant has on trial.
fn trials(tenant: &Value, text: &mut String) {
    let canary = tenant.get("canary").filter(|canary| !canary.is_null()).map(|canary| {
        let share = counted::percent(canary["share"].as_u64().unwrap_or_default());
        (format!("canary for {share} of the accounts"), canary)
    });
    let shadows = rows(tenant, "shadows").iter().map(|shadow| ("shadow".to_owned(), shadow));
    for (what, trial) in canary.into_iter().chain(shadows) {
        let _ =
            writeln!(text, "  {what}: generation {}, {}; its guards hold", trial["generation"], counted::brief(trial));
    }
}

/// Since which positions a generation judges, as far as they are told.
fn since(generation: &Value, positions: &Value) -> String {
    let of = |position: &Value| {
        let source = position["source"].as_str().unwrap_or("?");
        format!("{source}/{}/{}", position["partition"], position["offset"])
    };
    let own = positions.as_array().into_iter().flatten().filter(|position| position["generation"] == *generation);
    match own.map(of).collect::<Vec<_>>() {
        all if all.is_empty() => String::new(),
        all => format!(", since {}", all.join(" ")),
    }
}

fn value(tenants: &[Pointer], hosts: &[Host], all: &[(String, Compared)], now: i64) -> Value {
    let of = |tenant: &Pointer| {
        let hosts = hosts.iter().filter(|host| host.runs.tenant == tenant.tenant).map(|host| {
            json!({
                "host": host.host, "generation": host.runs.generation, "state": host.runs.state.word(),
                "set": host.runs.set.map(|set| set.to_string()), "problem": host.runs.problem,
                "since": serde_json::from_str::<Value>(&host.runs.positions).unwrap_or_default(),
                "silent": is_silent(host, now), "at": host.at,
            })
        });
        let (canary, shadows) = counted::value(tenant, all);
        json!({
            "canary": canary, "shadows": shadows,
            "tenant": tenant.tenant, "active": tenant.active, "previous": tenant.previous,
            "revision": tenant.revision, "frozen": tenant.frozen, "four_eyes": tenant.four_eyes,
            "managed": tenant.managed.word(),
            "hosts": hosts.collect::<Vec<_>>(),
        })
    };
    json!({ "tenants": tenants.iter().map(of).collect::<Vec<_>>() })
}
