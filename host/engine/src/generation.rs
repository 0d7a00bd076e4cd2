//! A tenant's policy set, resolved and immutable: everything that a batch needs,
//! in one place, so that it can be shared and swapped as a whole.

use crate::breaker::Limits;
use crate::document::{Document, Fallback, MissingState, MissingTag, Thresholds};
use crate::quota::Quota;
use crate::standing::Band;
use sandgate_model::manifest::Setting;
use sandgate_model::schema::Schema;
use sandgate_model::{Digest, Effect, Kind, Outcome, Value};
use sandgate_sandbox::{Policy, Rows};
use sandgate_window::{Declared, Part, Plan};
use std::ops::Range;
use std::sync::Arc;

mod canonical;
mod fixed;

use fixed::Fixed;

/// What a host brings to every policy set.
#[derive(Clone, Debug)]
pub struct Site {
    /// The sources, in the order of the configuration.
    pub sources: Vec<SiteSource>,
    /// The memory of a guest, in bytes.
    pub memory: u64,
    /// What a call of a guest may return, in bytes.
    pub result: u64,
    /// The version of wasmtime, because the cost of an instruction in fuel is tied to it.
    pub wasmtime: String,
    /// The version of the bundled zone database.
    pub zones: String,
    /// Whether records may set inputs directly, for a policy on trial: where a
    /// source has the fields of [`given_fields`], they stand before the origin
    /// that the manifest names. Never of a host that decides for real.
    pub given: bool,
}

/// The names of the fields that set an input directly: its value, and a flag
/// that it is absent.
pub fn given_fields(input: &str) -> [String; 2] {
    [format!("inputs.{input}"), format!("absent.{input}")]
}

/// A source of a host.
#[derive(Clone, Debug)]
pub struct SiteSource {
    /// What its records look like.
    pub schema: Arc<Schema>,
    /// Whether its records only feed windows, and are not judged.
    pub observe: bool,
    /// What the keys of its records are checked against, where they have keys.
    pub keyed: Option<Keyed>,
}

/// The field that keys a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keyed {
    /// The field, by its index in the schema.
    pub field: usize,
    /// What becomes of a record whose key says otherwise; it is counted in any case.
    pub wrong: WrongKey,
}

/// What becomes of a record whose key says otherwise than its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongKey {
    /// It is a dead letter.
    DeadLetter,
    /// It is judged all the same.
    Judge,
}

/// A policy set with its number.
#[derive(Debug)]
pub struct Generation {
    /// The number, rising by one for each change of a tenant's set.
    pub number: u64,
    /// The tenant.
    pub tenant: Arc<str>,
    /// The sha-256 of `document`: two generations with one digest decide alike.
    pub set: Digest,
    /// The canonical document: digests, resolved parameters and everything else
    /// that a decision of this generation depends on.
    pub document: String,
    pub(crate) missing_tag: MissingTag,
    pub(crate) bands: Vec<Band>,
    pub(crate) stages: Vec<SeatStage>,
    pub(crate) seats: Vec<Seat>,
    /// By source, in the order of [`Site::sources`]; empty where it is not judged.
    pub(crate) columns: Vec<Columns>,
    pub(crate) windows: Windows,
    pub(crate) fixed: Fixed,
    /// What its tenant wants while shared series cannot be asked.
    pub(crate) missing_state: MissingState,
    /// What its tenant may take of each lane.
    pub(crate) quota: Quota,
}

/// The windows of a set, and what events must hold for them.
#[derive(Clone, Debug)]
pub(crate) struct Windows {
    /// All windows that are kept for the tenant, those of this set among them.
    pub(crate) base: Base,
    /// The windows that lanes keep: all of them, but for those of `apart`.
    pub(crate) plan: Arc<Plan>,
    /// By source, where each stored field stands in its schema, if it is there.
    pub(crate) fields: Vec<Vec<Option<usize>>>,
    /// The windows that its policies read, by their index in `base`.
    pub(crate) read: Vec<usize>,
    /// The stored fields that the tenant keeps for windows to come.
    pub(crate) kept: Vec<usize>,
    /// The windows that are kept apart from lanes, if some are; `plan` has the others.
    pub(crate) apart: Option<Apart>,
}

/// What is kept for a tenant, whichever of its generations brought it: windows and the
/// fields of events are only ever added behind, so that the series of a lane stay what
/// they are when the generation changes, and are there for one that comes back.
#[derive(Clone, Debug)]
pub struct Base {
    /// The fields of an event, with the kind that they are stored as.
    pub(crate) stored: Vec<(String, Kind)>,
    pub(crate) declared: Vec<Declared>,
    /// By window, the kind of its answers.
    pub(crate) kinds: Vec<Kind>,
    pub(crate) plan: Arc<Plan>,
}

/// The windows of a set that are kept apart from its lanes.
#[derive(Clone, Debug)]
pub(crate) struct Apart {
    pub(crate) plan: Arc<Plan>,
    /// By window of the set, where it is.
    pub(crate) parts: Vec<Part>,
}

/// A stage and the seats that belong to it.
#[derive(Clone, Debug)]
pub(crate) struct SeatStage {
    pub(crate) name: String,
    pub(crate) stop_at: Option<Outcome>,
    pub(crate) seats: Range<usize>,
}

/// A policy in its place, ready to judge.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) name: String,
    pub(crate) stage: String,
    pub(crate) policy: Policy,
    pub(crate) fuel: u64,
    pub(crate) fallback: Fallback,
    pub(crate) settings: Vec<Setting>,
    pub(crate) rows: Rows,
    pub(crate) reasons: Vec<SeatReason>,
    pub(crate) can_block_finally: bool,
    pub(crate) thresholds: Thresholds,
    /// When it is taken out of a lane, if ever.
    pub(crate) breaker: Option<Limits>,
}

/// A policy of a set, for those who look at it.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'g> {
    /// Its name in the set.
    pub name: &'g str,
    /// The component.
    pub policy: &'g Policy,
    /// The budget of one transaction, in units of fuel.
    pub fuel: u64,
}

/// A reason as it counts for this tenant.
#[derive(Clone, Debug)]
pub(crate) struct SeatReason {
    pub(crate) code: String,
    pub(crate) effect: Effect,
    pub(crate) weight: i64,
    pub(crate) is_final: bool,
}

/// What the policies of a set read of one source, each thing once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Columns {
    /// Fields, by their index in the schema, each at a kind that somebody reads.
    pub(crate) fields: Vec<(usize, Kind)>,
    /// Tags.
    pub(crate) tags: Vec<TagColumn>,
    /// For each seat, where its inputs come from.
    pub(crate) seats: Vec<Vec<Binding>>,
}

/// A tag that some policy reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TagColumn {
    pub(crate) entity: String,
    pub(crate) attribute: String,
    /// The column of [`Columns::fields`] that holds the entity's id.
    pub(crate) by: usize,
}

/// Where an input comes from, and what it must fulfil.
#[derive(Clone, Debug)]
pub(crate) struct Binding {
    pub(crate) column: Column,
    pub(crate) kind: Kind,
    pub(crate) optional: bool,
    pub(crate) default: Option<Value>,
    pub(crate) minimum: Option<Value>,
    pub(crate) maximum: Option<Value>,
    /// What stands before the column, for a policy on trial.
    pub(crate) given: Option<Given>,
}

/// The columns of [`Columns::fields`] that set an input directly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given {
    pub(crate) value: usize,
    pub(crate) absent: usize,
}

/// A column of [`Columns`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Column {
    Field(usize),
    Tag(usize),
    Window(usize),
}

// === impl Columns ===

impl Columns {
    /// The column of this field at this kind, made if there is none.
    pub(crate) fn field(&mut self, field: usize, kind: Kind) -> usize {
        place(&mut self.fields, (field, kind))
    }

    /// The column of this tag, made if there is none.
    pub(crate) fn tag(&mut self, tag: TagColumn) -> usize {
        place(&mut self.tags, tag)
    }
}

/// Where `wanted` stands, put at the end if it does not stand there yet.
fn place<T: PartialEq>(all: &mut Vec<T>, wanted: T) -> usize {
    all.iter().position(|one| *one == wanted).unwrap_or_else(|| {
        all.push(wanted);
        all.len() - 1
    })
}

// === impl Windows ===

impl Windows {
    /// Whether others, for which these are the ground, keep nothing that these do not.
    pub(crate) fn keeps_the_same(&self, others: &Windows) -> bool {
        let sizes = |windows: &Windows| {
            let Base { stored, declared, .. } = &windows.base;
            (stored.len(), declared.len(), windows.apart.is_some(), windows.kept.clone())
        };
        sizes(self) == sizes(others)
    }
}

// === impl Base ===

impl Base {
    /// Whether the other keeps all that this does, and in the same places.
    pub(crate) fn is_ground_of(&self, other: &Base) -> bool {
        other.stored.starts_with(&self.stored) && other.declared.starts_with(&self.declared)
    }

    /// What is kept, one line for each field and window, in order: equal lines are kept
    /// alike, and what is added is added behind.
    pub fn lines(&self) -> Vec<String> {
        let name = |field: &usize| self.stored.get(*field).map_or("", |(name, _)| name.as_str());
        let fields = self.stored.iter().map(|(name, kind)| format!("field {name}: {kind}"));
        let windows = self.declared.iter().map(|declared| {
            let by: Vec<&str> = declared.by.iter().map(name).collect();
            format!("window by {}: {declared:?}", by.join(", "))
        });
        fields.chain(windows).collect()
    }
}

// === impl Generation ===

/// What stands for a generation in its decisions.
pub(crate) fn named(number: u64, set: &Digest) -> Arc<[u8]> {
    format!(",\"generation\":{number},\"set\":\"{set}\"").into_bytes().into()
}

impl Generation {
    pub(crate) fn new(
        document: &Document,
        number: u64,
        stages: Vec<SeatStage>,
        seats: Vec<Seat>,
        columns: Vec<Columns>,
        windows: Windows,
        site: &Site,
    ) -> Generation {
        let canonical = canonical::document(document, &stages, &seats, site).to_string();
        let mut generation = Generation {
            number,
            tenant: document.tenant.as_str().into(),
            set: Digest::of(canonical.as_bytes()),
            document: canonical,
            missing_tag: document.missing_tag,
            bands: document.bands.clone(),
            stages,
            seats,
            columns,
            windows,
            fixed: Fixed::default(),
            missing_state: document.missing_state,
            quota: document.quota,
        };
        generation.fixed = Fixed::of(&generation);
        generation
    }

    /// The reasons that its decisions can give, as (policy, code), in the order
    /// in which a tally counts them.
    pub fn reasons(&self) -> impl Iterator<Item = (&str, &str)> {
        self.seats.iter().flat_map(|seat| seat.reasons.iter().map(|reason| (seat.name.as_str(), reason.code.as_str())))
    }

    /// Its policies in their places.
    pub fn policies(&self) -> impl Iterator<Item = Placed<'_>> {
        self.seats.iter().map(|seat| Placed { name: &seat.name, policy: &seat.policy, fuel: seat.fuel })
    }

    /// Whether one of its policies reads a tag.
    pub fn reads_tags(&self) -> bool {
        self.columns.iter().any(|columns| !columns.tags.is_empty())
    }

    /// The fields that its events hold, with the kind of each.
    pub fn stored(&self) -> &[(String, Kind)] {
        &self.windows.base.stored
    }

    /// Its windows.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.windows.plan
    }

    /// What is kept for the tenant as of this generation: the ground of the next one.
    pub fn base(&self) -> &Base {
        &self.windows.base
    }

    pub(crate) fn named(&self) -> Arc<[u8]> {
        Arc::clone(&self.fixed.generation)
    }

    /// The line that is written for it beside the decisions.
    pub fn line(&self) -> String {
        // the document is put in as it stands, so that its digest can be checked
        format!(
            "{{\"tenant\":{},\"generation\":{},\"set\":\"{}\",\"document\":{}}}\n",
            serde_json::Value::from(&*self.tenant),
            self.number,
            self.set,
            self.document
        )
    }

    /// What it is made of, for people: the tenant and the policies of each stage.
    pub fn summary(&self) -> String {
        let stages = self.stages.iter().map(|stage| {
            let policies = self.seats[stage.seats.clone()]
                .iter()
                .map(|seat| format!("{} {}", seat.name, seat.policy.manifest().version));
            format!("{}: {}", stage.name, policies.collect::<Vec<_>>().join(", "))
        });
        format!("tenant {}, set {}\n  {}", self.tenant, self.set, stages.collect::<Vec<_>>().join("\n  "))
    }
}
