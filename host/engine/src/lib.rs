//! From a batch of records to its decisions: decode, route, prepare the inputs,
//! judge, combine. File lanes and network doors call the same [`Engine`], each
//! lane through a [`LaneJudge`] of its own.
//!
//! Everything here is a function of the records, the generations, the tags and
//! the state of the lane: there is no clock and no I/O but the one look-up of
//! tags, so the bytes that come out do not depend on how a stream was cut into
//! batches.

mod batch;
pub mod breaker;
mod cells;
pub mod circumstance;
mod contained;
mod dead_letter;
mod decision;
pub mod decode;
pub mod document;
mod fetch;
mod fingerprint;
mod gate;
pub mod generation;
pub mod json;
pub mod judged;
mod keyed;
mod lane;
mod measured;
mod meters;
mod outs;
pub mod quota;
mod record;
mod repeat;
pub mod resolve;
mod roster;
mod sample;
mod shade;
mod shared;
pub mod sharing;
pub mod standing;
mod swap;
pub mod tally;
pub mod team;
mod terms;
mod trials;
mod warm;
mod watched;
mod windows;

pub use document::MissingState;
pub use lane::LaneJudge;
pub use outs::Out;
pub use shade::Room;
pub use team::{Canary, Counts, Shadow, Share, Team};

use decode::{Cause, Decoder, Unusable};
use generation::{Generation, Keyed, SiteSource};
use outs::Outs;
use roster::{Counted, Roster};
use sample::Sample;
use sandgate_metrics::Registry;
use sandgate_model::schema::TenantRole;
use sandgate_model::{Kind, Outcome};
use sandgate_shared::{LayoutError, Shared};
use sandgate_state::Layout;
use shade::Shade;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// What judges the records of all lanes of a host. The generations of its tenants may
/// be swapped while it does.
pub struct Engine {
    sources: Vec<EngineSource>,
    names: Vec<Arc<str>>,
    by_tenant: HashMap<Arc<str>, usize>,
    tags: Option<Arc<dyn sandgate_tags::Store>>,
    reused_id: Outcome,
    /// Where the series are that lanes share, if some are, and how late a lane may be.
    shared: Option<(Arc<Shared>, i64)>,
    /// Where the numbers are that it is measured by, where somebody measures.
    registry: Option<Registry>,
    /// What judges the next batches.
    roster: RwLock<Arc<Roster>>,
    counted: Mutex<Counted>,
    past: RwLock<Past>,
    begun: Mutex<BTreeMap<Where, Begun>>,
    /// What is on its way to the shadows.
    shade: Arc<Shade>,
    /// The policies that are out of some lane.
    outs: Outs,
    sample: Sample,
}

/// Where a generation began in a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Its number.
    pub generation: u64,
    /// The source of the first record of its first batch.
    pub source: Arc<str>,
    /// The offset of that record.
    pub offset: u64,
}

/// A tenant, a lane, and the number of a generation.
type Where = (Arc<str>, u32, u64);

/// By tenant and number of a generation: what stands for it in a decision.
type Past = HashMap<(usize, u64), Arc<[u8]>>;

/// Why a generation cannot take the place of another.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The host has no such tenant.
    #[error("this host has no tenant {0}: name its file under `tenants`, and start the host again")]
    Tenant(String),
    /// It reads tags, and the host has none.
    #[error("its policies read tags, and this host was started without: give it a [tags] `sql`, and start it again")]
    Tags,
    /// It was resolved on another ground than that of the generation which it follows.
    #[error("lanes keep other windows by now than it was prepared for: prepare it again")]
    Base,
    /// Series that lanes share cannot be told apart.
    #[error(transparent)]
    Shared(#[from] LayoutError),
    /// It shares series, and the host has no place for them.
    #[error(
        "its windows are shared between lanes, and this host was started without: see `shared` under [state], and start it again"
    )]
    Unshared,
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
        let names: Vec<Arc<str>> = sources.iter().map(|source| Arc::clone(&source.schema.source)).collect();
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
        let past = generations.iter().enumerate().map(|(at, one)| ((at, one.number), one.named())).collect();
        let mut counted = Counted::default();
        let teams = generations.into_iter().map(Team::of).collect();
        let roster = Roster::new(teams, &names, &mut counted, None);
        Engine {
            sources,
            names,
            by_tenant,
            tags,
            reused_id,
            shared: None,
            registry: None,
            roster: RwLock::new(Arc::new(roster)),
            counted: Mutex::new(counted),
            past: RwLock::new(past),
            begun: Mutex::default(),
            shade: Arc::default(),
            outs: Outs::default(),
            sample: Sample::default(),
        }
    }

    /// The same engine, which judges one transaction of so many again, to see whether its
    /// policies are pure; 0 for none.
    pub fn sampling(self, of: u64) -> Engine {
        Engine { sample: Sample::one_of(of), ..self }
    }

    /// The policies that are out of some lane of this host.
    pub fn out(&self) -> Vec<Out> {
        self.outs.all()
    }

    /// The same engine, measured: what batches took counts when they were judged,
    /// what they gave when they are committed.
    pub fn measured(mut self, registry: &Registry) -> Engine {
        self.registry = Some(registry.clone());
        let roster = Roster::clone(&self.roster()).measured(registry, &self.reasons());
        self.roster = RwLock::new(Arc::new(roster));
        self
    }

    /// The reasons in the order of a tally: tenant, policy and code of each.
    pub fn reasons(&self) -> Vec<[Arc<str>; 3]> {
        self.counted().names.clone()
    }

    /// A hash of the reasons: counts by reason mean the same where it is the same.
    pub fn reasons_hash(&self) -> u64 {
        self.roster().reasons_hash
    }

    /// The active generation of each tenant.
    pub fn generations(&self) -> Vec<Arc<Generation>> {
        self.roster().generations.clone()
    }

    fn roster(&self) -> Arc<Roster> {
        Arc::clone(&self.roster.read().unwrap_or_else(PoisonError::into_inner))
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
    pub fn layout(&self) -> Arc<Layout> {
        Arc::clone(&self.roster().layout)
    }

    /// The sources by name.
    pub fn source_names(&self) -> &[Arc<str>] {
        &self.names
    }

    /// Whose record it is, by its tenant's name.
    fn tenant(&self, source: &EngineSource, name: &str) -> Result<usize, Unusable> {
        source.tenant.or_else(|| self.by_tenant.get(name).copied()).ok_or_else(|| unknown_tenant(name))
    }
}

#[cold]
fn unknown_tenant(tenant: &str) -> Unusable {
    let shown: String = tenant.chars().take(64).collect();
    Unusable::new(Cause::Tenant, format!("is of tenant {shown:?}, which this host does not have"))
}
