//! `sandgate status`: what each tenant runs, and which host runs what since where.

use super::{Which, counted};
use crate::follow;
use sandgate_control::{Compared, Host, Managed, Pointer, State};
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
    let registry = args.which.registry()?;
    let (tenants, hosts, now) = (registry.tenants()?, registry.hosts()?, follow::now());
    let all = registry.compared()?;
    args.which.say(text(&tenants, &hosts, &all, now).trim_end(), &value(&tenants, &hosts, &all, now))?;
    match hosts.iter().filter(|host| !is_silent(host, now) && is_behind(host, &tenants)).count() {
        0 => Ok(()),
        behind => Err(Behind(behind).into()),
    }
}

pub(super) fn is_silent(host: &Host, now: i64) -> bool {
    now.saturating_sub(host.at) > SILENT
}

fn is_behind(host: &Host, tenants: &[Pointer]) -> bool {
    let active = tenants.iter().find(|tenant| tenant.tenant == host.runs.tenant).map(|tenant| tenant.active);
    host.runs.state == State::Refused || host.runs.generation != active
}

fn text(tenants: &[Pointer], hosts: &[Host], all: &[(String, Compared)], now: i64) -> String {
    let mut text = String::new();
    if tenants.is_empty() {
        text.push_str("the registry knows no tenant yet: start a host, or `sandgate activate` one\n");
    }
    for tenant in tenants {
        let frozen = if tenant.frozen { ", frozen" } else { "" };
        let previous = tenant.previous.map_or_else(String::new, |previous| format!(", before {previous}"));
        let managed = match tenant.managed {
            Managed::File => "its file",
            Managed::Registry => "the registry",
        };
        // writing into a String does not fail
        let _ = writeln!(
            text,
            "{}: generation {}{previous}, revision {}, managed by {managed}{frozen}",
            tenant.tenant, tenant.active, tenant.revision
        );
        trials(tenant, all, &mut text);
        for host in hosts.iter().filter(|host| host.runs.tenant == tenant.tenant) {
            let runs =
                host.runs.generation.map_or_else(|| "nothing".to_owned(), |number| format!("generation {number}"));
            let silent = match is_silent(host, now) {
                true => format!(", silent for {} s", now.saturating_sub(host.at) / 1_000),
                false => String::new(),
            };
            let _ =
                writeln!(text, "  {}: {runs}{}{silent}", host.host, since(host.runs.generation, &host.runs.positions));
            if let Some(problem) = &host.runs.problem {
                let _ = writeln!(text, "    could not follow: {problem}");
            }
        }
    }
    text
}

/// What a tenant has on trial.
fn trials(tenant: &Pointer, all: &[(String, Compared)], text: &mut String) {
    let canary = tenant
        .canary
        .iter()
        .map(|canary| (format!("canary for {} of the accounts", counted::percent(canary.share)), &canary.trial));
    for (what, trial) in canary.chain(tenant.shadows.iter().map(|trial| ("shadow".to_owned(), trial))) {
        let shown = counted::brief(&counted::sum(tenant, trial, all));
        let _ = writeln!(text, "  {what}: generation {}, {shown}; its guards hold", trial.generation);
    }
}

/// Since which positions a generation judges, as far as they are told.
fn since(generation: Option<u64>, positions: &str) -> String {
    let mut positions: Vec<Value> = serde_json::from_str(positions).unwrap_or_default();
    positions.retain(|position| position["generation"].as_u64() == generation);
    let of = |position: &Value| {
        let source = position["source"].as_str().unwrap_or("?");
        format!("{source}/{}/{}", position["partition"], position["offset"])
    };
    match positions.as_slice() {
        [] => String::new(),
        all => format!(", since {}", all.iter().map(of).collect::<Vec<_>>().join(" ")),
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
            "revision": tenant.revision, "frozen": tenant.frozen, "managed": tenant.managed.word(),
            "hosts": hosts.collect::<Vec<_>>(),
        })
    };
    json!({ "tenants": tenants.iter().map(of).collect::<Vec<_>>() })
}
