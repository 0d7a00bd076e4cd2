//! The policies that are out of some lane of this host: for those who look at it, and
//! for who may bring the tenant back to the set that it had before.

use crate::breaker::State;
use crate::watched;
use sandgate_metrics::Registry;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A policy that is out of a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Out {
    /// The tenant.
    pub tenant: Arc<str>,
    /// The policy's name in the tenant's set.
    pub policy: Arc<str>,
    /// The partition of the lane.
    pub partition: u32,
    /// The generation that judges there.
    pub generation: u64,
    /// Open, or half-open.
    pub state: State,
    /// Trials in a row that failed.
    pub failed: u32,
    /// Whether these are as many as the tenant puts up with.
    pub hopeless: bool,
    /// Why it is out.
    pub why: Arc<str>,
}

/// Those of all lanes of a host.
#[derive(Debug, Default)]
pub(crate) struct Outs(Mutex<BTreeMap<Place, Out>>);

/// Tenant, policy and partition.
type Place = (Arc<str>, Arc<str>, u32);

impl Outs {
    /// A policy stands otherwise than before.
    pub(crate) fn set(&self, out: Out, registry: Option<&Registry>) {
        let (tenant, policy) = (Arc::clone(&out.tenant), Arc::clone(&out.policy));
        let place = (Arc::clone(&tenant), Arc::clone(&policy), out.partition);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if out.state == State::Closed {
            all.remove(&place);
        } else {
            all.insert(place, out);
        }
        show(&all, (&tenant, &policy), registry);
    }

    /// The lane of this partition has no policies out any more.
    pub(crate) fn leave(&self, partition: u32, registry: Option<&Registry>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let gone: Vec<Place> = all.keys().filter(|(.., of)| *of == partition).cloned().collect();
        for place in gone {
            all.remove(&place);
            show(&all, (&place.0, &place.1), registry);
        }
    }

    pub(crate) fn all(&self) -> Vec<Out> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

/// Tells of how many lanes a policy is out.
fn show(all: &BTreeMap<Place, Out>, (tenant, policy): (&str, &str), registry: Option<&Registry>) {
    let Some(registry) = registry else { return };
    let lanes = all.keys().filter(|(of, named, _)| (&**of, &**named) == (tenant, policy)).count();
    watched::lanes(registry, tenant, policy).set_whole(lanes as u64);
}
