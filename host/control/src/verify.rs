//! Whether the registry still says what was done to it.
//!
//! The history is walked from its first entry on, in pieces, in one snapshot: each
//! entry has to be the next one, to name the hash of the one before, and to have the
//! hash of its own bytes. On the way it is written down what every tenant and every
//! policy should be by now, and each generation is compared with the entry that made
//! it. At the end the tables have to hold that, and nothing else.
//!
//! Who may write to the database can make a whole new history. Nothing in it tells
//! then, which is why a person keeps a [`crate::Head`] elsewhere: its hash has to be
//! in the chain.

mod grants;

use crate::chain::{Entry, NOTHING, entries};
use crate::generations::generation;
use crate::policies::{self, blob};
use crate::session::Bind;
use crate::tenants::pointers;
use crate::work::Work;
use crate::{Error, Head, Registry, schema};
use grants::Grants;
use sandgate_model::digest::Digest;
use serde_json::Value;
use std::collections::BTreeMap;

/// Entries, and tenants, that are read at once.
const PIECE: usize = 500;

/// What verifying found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// All of it fits.
    Sound {
        /// The last entry, to be kept elsewhere; none if nothing was ever changed.
        head: Option<Head>,
    },
    /// Something was changed by other means.
    Broken {
        /// The first entry of the history that does not fit, or whose change is not there.
        entry: Option<u64>,
        /// What was found.
        problem: String,
    },
}

/// What does not fit.
struct Broken {
    entry: Option<u64>,
    problem: String,
}

/// What everything should be after the entries so far.
#[derive(Default)]
struct Replay {
    number: u64,
    hash: String,
    tenants: BTreeMap<String, Tenant>,
    /// For each policy the entry of its last push.
    policies: BTreeMap<String, Push>,
    grants: Grants,
}

struct Tenant {
    /// The entry of its last change.
    revision: u64,
    /// The pointer as that entry says.
    told: Value,
    /// Its newest generation.
    newest: u64,
}

struct Push {
    entry: u64,
    at: i64,
    actor: String,
    told: Value,
}

/// Either the database fails, or what it says.
enum Stop {
    Error(Error),
    Broken(Broken),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        match error {
            Error::Damaged { what, .. } => Stop::Broken(Broken { entry: None, problem: what }),
            error => Stop::Error(error),
        }
    }
}

fn broken<T>(entry: impl Into<Option<u64>>, problem: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Broken(Broken { entry: entry.into(), problem: problem.into() }))
}

impl Registry {
    /// Checks the whole history, and everything that it tells of. `kept` is the hash
    /// of a head that somebody has kept: it has to be that of an entry.
    ///
    /// Each piece has the registry's deadline for itself.
    ///
    /// # Errors
    /// Where the registry cannot be read. What does not fit is no error: it is the answer.
    pub fn verify(&self, kept: Option<&Digest>) -> Result<Verified, Error> {
        let found = self.database.snapshot(|work| match all(work, kept) {
            Ok(head) => Ok(Some(Verified::Sound { head })),
            Err(Stop::Broken(Broken { entry, problem })) => Ok(Some(Verified::Broken { entry, problem })),
            Err(Stop::Error(error)) => Err(error),
        })?;
        Ok(found.unwrap_or_else(|| match kept {
            None => Verified::Sound { head: None },
            Some(_) => Verified::Broken { entry: None, problem: "there is no registry any more".to_owned() },
        }))
    }
}

fn all(work: &mut Work<'_>, kept: Option<&Digest>) -> Result<Option<Head>, Stop> {
    let revision = schema::revision(work, false)?;
    let kept = kept.map(Digest::hex);
    let mut found = kept.is_none();
    let mut replay = Replay { hash: NOTHING.to_owned(), ..Replay::default() };
    loop {
        work.renew();
        let piece = entries(work, replay.number, PIECE)?;
        for entry in &piece {
            work.renew();
            replay.step(work, entry)?;
            found = found || kept.as_ref() == Some(&entry.hash);
        }
        if piece.len() < PIECE {
            break;
        }
    }
    if replay.number != revision {
        let problem =
            format!("the registry stands at revision {revision}, its history ends with entry {}", replay.number);
        return broken(replay.number.min(revision) + 1, problem);
    }
    work.renew();
    let rows = work.row("SELECT count(*) FROM sandgate_history", &[])?;
    if rows.map(|row| work.number(&row, 0)).transpose()? != Some(revision) {
        return broken(None, "there are entries in the history that were never written: their numbers are below 1");
    }
    replay.check_tenants(work)?;
    replay.check_policies(work)?;
    replay.grants.check(work)?;
    if !found {
        return broken(None, "no entry has the hash that you have kept: the history was cut or made anew");
    }
    let hash = Digest::parse(&replay.hash);
    Ok(hash.filter(|_| revision > 0).map(|hash| Head { number: revision, hash }))
}

impl Replay {
    /// One entry more.
    fn step(&mut self, work: &mut Work<'_>, entry: &Entry) -> Result<(), Stop> {
        let number = self.number + 1;
        if entry.number != number {
            return broken(number, format!("entry {number} is missing, the next one is {}", entry.number));
        }
        if entry.before != self.hash {
            return broken(number, format!("entry {number} does not name the hash of the entry before"));
        }
        if entry.hash != entry.expected() {
            return broken(number, format!("entry {number} was changed: its hash is not that of its content"));
        }
        self.number = number;
        self.hash.clone_from(&entry.hash);
        let Ok(told) = serde_json::from_str::<Value>(&entry.detail) else {
            return broken(number, format!("entry {number} has a detail that is no JSON"));
        };
        if entry.tenant.is_empty() {
            if self.grants.token(entry, &told)? {
                return Ok(());
            }
            let Some(policy) = told["policy"].as_str().and_then(Digest::parse) else {
                return broken(number, format!("entry {number} names no policy"));
            };
            let push = Push { entry: number, at: entry.at, actor: entry.actor.clone(), told };
            self.policies.insert(policy.hex(), push);
            return Ok(());
        }
        if self.grants.proposal(entry, &told)? {
            return Ok(());
        }
        self.step_tenant(work, entry, told)
    }

    fn step_tenant(&mut self, work: &mut Work<'_>, entry: &Entry, mut told: Value) -> Result<(), Stop> {
        let mut taken = |key| told.as_object_mut().and_then(|told| told.remove(key));
        let (made, approved) = (taken("made"), taken("approved"));
        if let Some(number) = approved.as_ref().and_then(Value::as_u64) {
            self.grants.decided(entry, number, "approved")?;
        }
        let newest = self.tenants.get(&entry.tenant).map_or(0, |tenant| tenant.newest);
        let active = told["active"].as_u64().unwrap_or(0);
        let newest = newest + u64::from(made.is_some());
        if !(1..=newest).contains(&active) {
            return broken(entry.number, format!("entry {} activates generation {active} of {newest}", entry.number));
        }
        let on_trial = told["shadows"].as_array().into_iter().flatten().chain([&told["canary"]]);
        let on_trial: Vec<u64> = on_trial.filter_map(|trial| trial["generation"].as_u64()).collect();
        let is_there = |number: &u64| (1..=newest).contains(number);
        let is_used = made.is_none() || active == newest || on_trial.contains(&newest);
        if !on_trial.iter().all(is_there) || !is_used {
            let number = entry.number;
            return broken(number, format!("entry {number} has generations {on_trial:?} of {newest} on trial"));
        }
        if let Some(made) = made {
            check_generation(work, entry, newest, &made)?;
        }
        let tenant = Tenant { revision: entry.number, told, newest };
        self.tenants.insert(entry.tenant.clone(), tenant);
        Ok(())
    }

    /// Pointers are what the last entries say, and there are no other ones, nor
    /// other generations.
    fn check_tenants(&self, work: &mut Work<'_>) -> Result<(), Stop> {
        let mut after = String::new();
        let mut seen = 0;
        loop {
            work.renew();
            let piece = pointers(work, &after, PIECE as i64)?;
            for pointer in &piece {
                let name = &pointer.tenant;
                let Some(tenant) = self.tenants.get(name) else {
                    return broken(None, format!("the history knows no tenant {name:?}, but the registry does"));
                };
                if (pointer.revision, &pointer.told()) != (tenant.revision, &tenant.told) {
                    let problem = format!("what tenant {name:?} runs was changed since entry {}", tenant.revision);
                    return broken(tenant.revision, problem);
                }
                let counted = "SELECT count(*), coalesce(max(number), 0) FROM sandgate_generations WHERE tenant = $1";
                let row = work.row(counted, &[Bind::Text(name)])?;
                let counted =
                    row.map(|row| Ok::<_, Error>((work.number(&row, 0)?, work.number(&row, 1)?))).transpose()?;
                if counted != Some((tenant.newest, tenant.newest)) {
                    let problem = format!("tenant {name:?} has generations that the history does not know");
                    return broken(None, problem);
                }
                seen += 1;
            }
            let Some(last) = piece.last().filter(|_| piece.len() == PIECE) else { break };
            after.clone_from(&last.tenant);
        }
        if seen != self.tenants.len() {
            return broken(None, "a tenant that the history tells of is missing");
        }
        work.renew();
        let strangers = "SELECT count(*) FROM sandgate_generations
             WHERE NOT EXISTS (SELECT 1 FROM sandgate_tenants WHERE tenant = sandgate_generations.tenant)";
        let row = work.row(strangers, &[])?;
        match row.map(|row| work.number(&row, 0)).transpose()? {
            Some(0) => Ok(()),
            _ => broken(None, "there are generations of tenants that the history does not know"),
        }
    }

    /// Policies are what the last pushes say, with all their bytes.
    fn check_policies(&self, work: &mut Work<'_>) -> Result<(), Stop> {
        work.renew();
        let stored = policies::all(work)?;
        for policy in &stored {
            let digest = policy.digest;
            let Some(push) = self.policies.get(&digest.hex()) else {
                return broken(None, format!("the history knows no policy {digest}, but the registry does"));
            };
            let told = (policies::told(policy), policy.pushed_at, &policy.pushed_by);
            if told != (push.told.clone(), push.at, &push.actor) {
                return broken(push.entry, format!("policy {digest} was changed since it was pushed"));
            }
            for part in [Some(digest), policy.readme, policy.cases].into_iter().flatten() {
                work.renew();
                match blob(work, &part)? {
                    Some(bytes) if Digest::of(&bytes) == part => {}
                    Some(_) => return broken(push.entry, format!("the bytes of {part} are others than were pushed")),
                    None => return broken(push.entry, format!("the bytes of {part} are missing")),
                }
            }
        }
        if stored.len() != self.policies.len() {
            return broken(None, "a policy that the history tells of is missing");
        }
        Ok(())
    }
}

/// A generation is what the entry that made it says.
fn check_generation(work: &mut Work<'_>, entry: &Entry, number: u64, made: &Value) -> Result<(), Stop> {
    let (name, at) = (&entry.tenant, entry.number);
    let Some(stored) = generation(work, name, number)? else {
        return broken(at, format!("generation {number} of tenant {name:?} is missing"));
    };
    let digest = Digest::of(stored.document.as_bytes());
    let told = made["document"].as_str() == Some(digest.to_string().as_str())
        && stored.document_digest == digest
        && made["set"].as_str() == Some(stored.set.to_string().as_str())
        && (stored.made_at, &stored.made_by, &stored.why) == (entry.at, &entry.actor, &entry.why);
    if !told {
        return broken(at, format!("generation {number} of tenant {name:?} was changed since it was made"));
    }
    Ok(())
}
