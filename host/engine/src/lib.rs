//! From a batch of records to its decisions: decode, route, prepare the inputs,
//! judge, combine. File lanes and network doors call the same [`Engine`], each
//! lane through a [`LaneJudge`] of its own.
//!
//! Everything here is a function of the records, the generations, the tags and
//! the state of the lane: there is no clock and no I/O but the one look-up of
//! tags, so the bytes that come out do not depend on how a stream was cut into
//! batches.

mod batch;
mod cells;
pub mod circumstance;
mod dead_letter;
mod decision;
pub mod decode;
pub mod document;
mod fetch;
mod fingerprint;
pub mod generation;
pub mod json;
pub mod judged;
mod lane;
mod measured;
mod meters;
mod record;
mod repeat;
pub mod resolve;
mod shared;
pub mod sharing;
pub mod standing;
pub mod tally;
mod windows;

pub use document::MissingState;
pub use lane::LaneJudge;

use decode::{Cause, Decoder, Unusable};
use generation::{Generation, Keyed, SiteSource};
use meters::Meters;
use sandgate_metrics::Registry;
use sandgate_model::schema::TenantRole;
use sandgate_model::{Kind, Outcome};
use sandgate_state::{Layout, Tenant};
use std::collections::HashMap;
use std::sync::Arc;

/// What judges the records of all lanes of a host.
pub struct Engine {
    sources: Vec<EngineSource>,
    generations: Vec<Arc<Generation>>,
    by_tenant: HashMap<Arc<str>, usize>,
    /// Where each generation's reasons begin in a tally.
    first_reasons: Vec<usize>,
    tags: Option<Arc<dyn sandgate_tags::Store>>,
    reused_id: Outcome,
    layout: Arc<Layout>,
    /// Where the series are that lanes share, if some are.
    shared: Option<shared::Store>,
    /// The numbers it is measured by, where somebody measures.
    meters: Option<Meters>,
}

/// A source, ready to be read.
struct EngineSource {
    decoder: Decoder,
    observe: bool,
    /// The tenant of all its records, where it has only one.
    tenant: Option<usize>,
    /// Whether its ids are made of several fields.
    composed: bool,
    /// The field that keys its topic.
    keyed: Option<Keyed>,
}

impl Engine {
    /// An engine for the records of these sources, with a generation for each
    /// tenant, resolved for them. Without `tags` every tag is absent, for sets
    /// that read none. `reused_id` is decided about a record whose id was used
    /// before with another content.
    pub fn new(
        sources: &[SiteSource],
        generations: Vec<Generation>,
        tags: Option<Arc<dyn sandgate_tags::Store>>,
        reused_id: Outcome,
    ) -> Engine {
        let generations: Vec<Arc<Generation>> = generations.into_iter().map(Arc::new).collect();
        let by_tenant: HashMap<_, _> =
            generations.iter().enumerate().map(|(at, generation)| (Arc::clone(&generation.tenant), at)).collect();
        let first_reasons = generations
            .iter()
            .scan(0, |next, generation| Some(std::mem::replace(next, *next + generation.reasons().count())))
            .collect();
        let layout = Arc::new(Layout {
            tenants: generations.iter().map(|generation| tenant(generation)).collect(),
            sources: sources.iter().map(|source| Arc::clone(&source.schema.source)).collect(),
        });
        let sources = sources
            .iter()
            .map(|source| EngineSource {
                decoder: Decoder::new(Arc::clone(&source.schema)),
                observe: source.observe,
                tenant: match &source.schema.roles.tenant {
                    TenantRole::Fixed(tenant) => by_tenant.get(tenant).copied(),
                    TenantRole::Field(_) => None,
                },
                composed: source.schema.roles.id.len() > 1,
                keyed: source.keyed,
            })
            .collect();
        Engine { sources, generations, by_tenant, first_reasons, tags, reused_id, layout, shared: None, meters: None }
    }

    /// The same engine, measured: what batches took counts when they were judged,
    /// what they gave when they are committed.
    pub fn measured(mut self, registry: &Registry) -> Engine {
        self.meters = Some(Meters::new(registry, &self));
        self
    }

    /// The reasons in the order of a tally: tenant, policy and code of each.
    pub fn reasons(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.generations
            .iter()
            .flat_map(|generation| generation.reasons().map(|(policy, code)| (&*generation.tenant, policy, code)))
    }

    /// The generation of each tenant.
    pub fn generations(&self) -> &[Arc<Generation>] {
        &self.generations
    }

    /// What is decided about a record whose id was used before with another content.
    pub fn reused_id(&self) -> Outcome {
        self.reused_id
    }

    /// The scale of the amounts of each judged source that has amounts.
    pub fn amount_scales(&self) -> impl Iterator<Item = u8> {
        self.sources.iter().filter(|source| !source.observe).filter_map(|source| {
            let schema = source.decoder.schema();
            match schema.fields[schema.roles.amount?].kind {
                Kind::Decimal { scale } => Some(scale),
                _ => None,
            }
        })
    }

    /// What the state of a lane is laid out by.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Whose record it is, by its tenant's name.
    fn tenant(&self, source: &EngineSource, name: &str) -> Result<usize, Unusable> {
        source.tenant.or_else(|| self.by_tenant.get(name).copied()).ok_or_else(|| unknown_tenant(name))
    }
}

/// What the state of a lane knows of a tenant.
fn tenant(generation: &Generation) -> Tenant {
    Tenant {
        name: Arc::clone(&generation.tenant),
        plan: Arc::clone(generation.plan()),
        fields: generation.stored().to_vec(),
    }
}

#[cold]
fn unknown_tenant(tenant: &str) -> Unusable {
    let shown: String = tenant.chars().take(64).collect();
    Unusable::new(Cause::Tenant, format!("is of tenant {shown:?}, which this host does not have"))
}
