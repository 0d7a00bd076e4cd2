//! How a tenant returns to the policy set that it had before, where one of the policies
//! of the active one is hopeless: out of a lane, and every trial of it failed.
//!
//! The registry is asked by compare-and-set, so of several hosts that see it one moves
//! the pointer, and a change that somebody made meanwhile stays. It goes one step back
//! and never forth, and only where that policy is another there: else nothing would be
//! gained. What is not done is told.

use super::{Follower, now};
use crate::sets::stock::{Asked, Kept};
use sandgate_control::{Error, Pointer, Who};
use sandgate_engine::generation::Generation;
use sandgate_engine::{Engine, Out};
use serde_json::Value;

impl Follower {
    /// Brings tenants back whose policies are hopeless; whether it looked at one.
    ///
    /// # Errors
    /// Where the registry cannot be asked.
    pub(super) fn bring_back(&mut self, engine: &Engine) -> Result<bool, Error> {
        let mut looked = false;
        for out in engine.out().into_iter().filter(|out| out.hopeless) {
            // once for each generation, whatever came of it
            let seen = self.tenants.get(&*out.tenant).is_none_or(|followed| followed.hopeless == Some(out.generation));
            if seen {
                continue;
            }
            let Some(pointer) = self.registry.tenant(&out.tenant)? else { continue };
            // another host was faster, or somebody: this one comes along
            if pointer.active == out.generation {
                self.bring(&out, &pointer, engine)?;
            }
            looked = true;
            if let Some(followed) = self.tenants.get_mut(&*out.tenant) {
                followed.hopeless = Some(out.generation);
            }
        }
        Ok(looked)
    }

    fn bring(&self, out: &Out, pointer: &Pointer, engine: &Engine) -> Result<(), Error> {
        let Out { tenant, policy, partition, generation, failed, why, .. } = out;
        let before = match self.before(out, pointer, engine) {
            Ok(before) => before,
            Err(hindrance) => {
                tracing::error!(%tenant, %policy, generation, partition, %why, %hindrance, "a policy stays out; its fallback goes on to answer");
                return Ok(());
            }
        };
        let why = format!(
            "policy {policy} of generation {generation} is out of lane {partition}: {why}; {failed} trials in a row failed. \
             Back to generation {before}, which was active before"
        );
        let who = Who { actor: format!("host {}", self.control.host), origin: String::new(), why: why.clone() };
        match self.registry.rollback(tenant, Some(before), Some(pointer.revision), &who, now()) {
            Ok(_) => tracing::error!(%tenant, generation = before, %why, "rolled back"),
            Err(Error::Conflict { by, .. }) => tracing::info!(%tenant, %by, "somebody else has changed the tenant"),
            Err(error) if error.lasts() => tracing::error!(%tenant, %error, "the tenant is not rolled back"),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// The generation to go back to, or why there is none.
    fn before(&self, out: &Out, pointer: &Pointer, engine: &Engine) -> Result<u64, String> {
        if pointer.frozen {
            return Err("the tenant is frozen, so nothing changes by itself: `sandgate rollback` does it".to_owned());
        }
        let before = pointer.previous.filter(|before| *before < pointer.active);
        let before = before.ok_or("there is no earlier generation that was active before it")?;
        let followed = self.tenants.get(&*out.tenant).ok_or("this host does not have the tenant")?;
        let stock = Kept { asked: Asked { registry: &self.registry, local: &[] }, shelf: &self.shelf };
        let made = followed.ground.make(&out.tenant, before, &self.workshop, &stock);
        let made = made.map_err(|trouble| format!("generation {before} cannot judge here ({trouble})"))?;
        let generations = engine.generations();
        let active = generations.iter().find(|generation| generation.tenant == out.tenant);
        if active.is_some_and(|active| placed(active, &out.policy) == placed(&made, &out.policy)) {
            return Err(format!("generation {before}, which was active before, has the same policy"));
        }
        Ok(before)
    }
}

/// What of a policy in its place decides whether it faults.
fn placed(generation: &Generation, policy: &str) -> Option<[Value; 3]> {
    let document: Value = serde_json::from_str(&generation.document).ok()?;
    let stages = document["stages"].as_array()?.iter();
    let mut members = stages.flat_map(|stage| stage["policies"].as_array().into_iter().flatten());
    let member = members.find(|member| member["name"] == policy)?;
    Some(["digest", "fuel", "parameters"].map(|key| member[key].clone()))
}
