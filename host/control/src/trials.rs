//! What a tenant has on trial: *shadows*, which judge beside the active set and decide
//! nothing, and at most one *canary*, which decides for a share of the accounts. Both are
//! generations that are not active. Starting and stopping one is a change of the tenant
//! like any other: by compare-and-set, and with an entry of the history.
//!
//! Whatever moves the active pointer ends the canary, because what it was measured
//! against is gone; shadows go on, beside the new one.

use crate::guards::Guards;
use sandgate_model::digest::Digest;
use serde_json::{Value, json};

/// All accounts, in hundredths of a percent.
pub(crate) const ALL: u64 = 10_000;

/// A generation on trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Its number.
    pub generation: u64,
    /// The revision that put it on trial: what was counted before is of another trial.
    pub since: u64,
    /// What ends it.
    pub guards: Guards,
}

/// A generation that decides for some of the accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canary {
    /// The generation.
    pub trial: Trial,
    /// How many of the accounts, in hundredths of a percent.
    pub share: u64,
}

/// What shall be on trial.
#[derive(Clone, Copy, Debug)]
pub enum Candidate<'a> {
    /// A document, which becomes the newest generation.
    New {
        /// The tenant's file with all that it refers to by digest.
        document: &'a str,
        /// The digest of the policy set that it makes.
        set: Digest,
    },
    /// A generation that there is.
    Known(u64),
}

impl Trial {
    fn told(&self) -> Value {
        json!({ "generation": self.generation, "since": self.since, "guards": self.guards.told() })
    }

    fn of_told(told: &Value) -> Option<Trial> {
        let guards = Guards::of_told(told["guards"].as_object()?).ok()?;
        Some(Trial { generation: told["generation"].as_u64()?, since: told["since"].as_u64()?, guards })
    }
}

/// What is on trial, as the history says it.
pub(crate) fn told(canary: Option<&Canary>, shadows: &[Trial]) -> (Value, Value) {
    let canary = canary.map(|canary| {
        let mut told = canary.trial.told();
        told["share"] = canary.share.into();
        told
    });
    (json!(canary), shadows.iter().map(Trial::told).collect())
}

/// The reverse; nothing where it makes no sense.
pub(crate) fn of_told(canary: &Value, shadows: &Value) -> Option<(Option<Canary>, Vec<Trial>)> {
    let canary = match canary {
        Value::Null => None,
        told => {
            Some(Canary { trial: Trial::of_told(told)?, share: told["share"].as_u64().filter(|share| *share <= ALL)? })
        }
    };
    Some((canary, shadows.as_array()?.iter().map(Trial::of_told).collect::<Option<_>>()?))
}
