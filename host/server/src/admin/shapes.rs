//! What the API answers, as types: the document of the API is made from them. Times
//! are milliseconds since 1970 in UTC, digests are `sha256:` and 64 hexadecimal digits.

use sandgate_control::{Compared, Entry, Generation, Host, Pointer, Proposal, State, Stored, Token, Trial};
use sandgate_model::comparison::Comparison;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// A silent host is one that gave no sign of life for so long, in milliseconds.
const SILENT: i64 = 15_000;

/// Whose token this is.
#[derive(Serialize, JsonSchema)]
pub(super) struct Whoami {
    /// The token's id, which is no secret.
    id: String,
    /// Whose it is: the actor in the history.
    name: String,
    /// `viewer`, `author`, `approver` or `operator`.
    role: &'static str,
    /// For which tenants; null for all.
    tenants: Option<Vec<String>>,
    /// When it ends; null for never.
    expires: Option<i64>,
}

/// A policy in the registry.
#[derive(Serialize, JsonSchema)]
pub(super) struct PolicyShape {
    digest: String,
    name: String,
    version: String,
    summary: String,
    /// The digest of its cases.
    cases: Option<String>,
    /// The digest of its page.
    readme: Option<String>,
    pushed_at: i64,
    pushed_by: String,
}

/// Policies in the order of their names.
#[derive(Serialize, JsonSchema)]
pub(super) struct Policies {
    pub(super) policies: Vec<PolicyShape>,
    /// Where the next page begins: `after` of the next request.
    pub(super) next: Option<String>,
}

/// A policy with all that it describes itself as.
#[derive(Serialize, JsonSchema)]
pub(super) struct WholePolicy {
    #[serde(flatten)]
    pub(super) policy: PolicyShape,
    /// What the component answered to `describe`.
    pub(super) manifest: Value,
}

/// What became of a push.
#[derive(Serialize, JsonSchema)]
pub(super) struct PushedShape {
    /// `pushed`, `changed` (cases or page) or `known`.
    pub(super) outcome: &'static str,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) digest: String,
}

/// What a tenant runs.
#[derive(Serialize, JsonSchema)]
pub(super) struct TenantShape {
    tenant: String,
    /// The generation that is active.
    active: u64,
    /// The newest generation.
    newest: u64,
    /// The one that was active before.
    previous: Option<u64>,
    /// What `expect` and `If-Match` are compared with.
    revision: u64,
    frozen: bool,
    /// Whether a change needs a second pair of eyes.
    four_eyes: bool,
    /// `file` or `registry`.
    managed: &'static str,
}

/// Tenants in the order of their names.
#[derive(Serialize, JsonSchema)]
pub(super) struct Tenants {
    pub(super) tenants: Vec<TenantShape>,
    /// Where the next page begins: `after` of the next request.
    pub(super) next: Option<String>,
}

/// A generation without its document.
#[derive(Serialize, JsonSchema)]
pub(super) struct GenerationShape {
    tenant: String,
    number: u64,
    set: String,
    /// The digest of its document.
    document_digest: String,
    made_at: i64,
    made_by: String,
    why: String,
}

/// Generations, the newest first.
#[derive(Serialize, JsonSchema)]
pub(super) struct Generations {
    pub(super) generations: Vec<GenerationShape>,
}

/// A generation with its document.
#[derive(Serialize, JsonSchema)]
pub(super) struct WholeGeneration {
    #[serde(flatten)]
    pub(super) generation: GenerationShape,
    /// The tenant's file with all that it refers to by digest.
    pub(super) document: String,
}

/// What became of a change.
#[derive(Serialize, JsonSchema)]
pub(super) struct Changed {
    /// `active`, `unchanged`, `checked` or `proposed`.
    pub(super) outcome: &'static str,
    pub(super) tenant: String,
    /// The generation that is active now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) generation: Option<u64>,
    /// The tenant's revision now, where it rose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) revision: Option<u64>,
    /// The policy set that was made ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) set: Option<String>,
    /// The proposal that waits for somebody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) proposal: Option<u64>,
    /// What an operator should know: what cases cost, which policies have none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(default)]
    pub(super) notes: Vec<String>,
}

/// A change that waits, or waited, for a second pair of eyes.
#[derive(Serialize, JsonSchema)]
pub(super) struct ProposalShape {
    tenant: String,
    number: u64,
    /// `open`, `overtaken`, `approved` or `rejected`.
    stands: &'static str,
    set: String,
    /// The tenant's revision that it was decided upon.
    on: u64,
    made_at: i64,
    made_by: String,
    why: String,
    decided_by: Option<String>,
    decided_at: Option<i64>,
}

/// Proposals, the newest first.
#[derive(Serialize, JsonSchema)]
pub(super) struct Proposals {
    pub(super) proposals: Vec<ProposalShape>,
}

/// A proposal with its document, and with the active one to compare it with.
#[derive(Serialize, JsonSchema)]
pub(super) struct WholeProposal {
    #[serde(flatten)]
    pub(super) proposal: ProposalShape,
    pub(super) document: String,
    /// The document that is active.
    pub(super) active: Option<String>,
}

/// What each tenant and each host runs.
#[derive(Serialize, JsonSchema)]
pub(super) struct Status {
    pub(super) tenants: Vec<Runs>,
}

/// A tenant and its hosts.
#[derive(Serialize, JsonSchema)]
pub(super) struct Runs {
    #[serde(flatten)]
    pub(super) tenant: TenantShape,
    /// The generation that decides for a share of the accounts.
    pub(super) canary: Option<TrialShape>,
    /// The generations that are judged beside the active one.
    pub(super) shadows: Vec<TrialShape>,
    pub(super) hosts: Vec<HostShape>,
}

/// A generation on trial, and what all hosts have counted of it.
#[derive(Serialize, JsonSchema)]
pub(super) struct TrialShape {
    generation: u64,
    /// The revision at which it began.
    since: u64,
    guards: String,
    compared: u64,
    agreed: u64,
    dropped: u64,
    /// Decisions that it made, or would have made.
    decisions: u64,
    /// Those of the active set beside it.
    active_decisions: u64,
    /// Of a canary: how many of the accounts, in hundredths of a percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    share: Option<u64>,
}

/// What a host runs for a tenant.
#[derive(Serialize, JsonSchema)]
pub(super) struct HostShape {
    host: String,
    generation: Option<u64>,
    /// `active`, or `refused` where it could not follow.
    state: &'static str,
    set: Option<String>,
    /// Why it could not follow.
    problem: Option<String>,
    /// Since which positions of which lanes.
    since: Value,
    /// Whether it gave no sign of life lately.
    silent: bool,
    at: i64,
}

/// An entry of the history.
#[derive(Serialize, JsonSchema)]
pub(super) struct EntryShape {
    number: u64,
    at: i64,
    actor: String,
    origin: String,
    /// Empty where the change is about none.
    tenant: String,
    action: String,
    why: String,
    hash: String,
    before: String,
    /// What exactly was changed.
    detail: Value,
}

/// Entries in their order.
#[derive(Serialize, JsonSchema)]
pub(super) struct History {
    pub(super) entries: Vec<EntryShape>,
    /// Where the next page begins: `after` of the next request.
    pub(super) next: Option<u64>,
}

/// What verifying the history found.
#[derive(Serialize, JsonSchema)]
pub(super) struct VerifiedShape {
    pub(super) sound: bool,
    /// The number of the last entry.
    pub(super) entries: Option<u64>,
    /// Its hash, to be kept elsewhere.
    pub(super) head: Option<String>,
    /// The first entry that does not fit.
    pub(super) entry: Option<u64>,
    pub(super) problem: Option<String>,
}

impl From<Token> for Whoami {
    fn from(token: Token) -> Whoami {
        let Token { id, name, role, tenants, expires, .. } = token;
        Whoami { id, name, role: role.word(), tenants, expires }
    }
}

impl From<&Stored> for PolicyShape {
    fn from(stored: &Stored) -> PolicyShape {
        PolicyShape {
            digest: stored.digest.to_string(),
            name: stored.name.clone(),
            version: stored.version.clone(),
            summary: stored.summary.clone(),
            cases: stored.cases.map(|digest| digest.to_string()),
            readme: stored.readme.map(|digest| digest.to_string()),
            pushed_at: stored.pushed_at,
            pushed_by: stored.pushed_by.clone(),
        }
    }
}

impl From<&Pointer> for TenantShape {
    fn from(pointer: &Pointer) -> TenantShape {
        TenantShape {
            tenant: pointer.tenant.clone(),
            active: pointer.active,
            newest: pointer.newest,
            previous: pointer.previous,
            revision: pointer.revision,
            frozen: pointer.frozen,
            four_eyes: pointer.four_eyes,
            managed: pointer.managed.word(),
        }
    }
}

impl From<&Generation> for GenerationShape {
    fn from(made: &Generation) -> GenerationShape {
        GenerationShape {
            tenant: made.tenant.clone(),
            number: made.number,
            set: made.set.to_string(),
            document_digest: made.document_digest.to_string(),
            made_at: made.made_at,
            made_by: made.made_by.clone(),
            why: made.why.clone(),
        }
    }
}

impl ProposalShape {
    /// With the tenant's revision now, which may have overtaken it.
    pub(super) fn of(proposal: &Proposal, now: Option<u64>) -> ProposalShape {
        let (by, at) = proposal.decided.clone().unzip();
        ProposalShape {
            tenant: proposal.tenant.clone(),
            number: proposal.number,
            stands: proposal.word(now),
            set: proposal.set.to_string(),
            on: proposal.on,
            made_at: proposal.made_at,
            made_by: proposal.made_by.clone(),
            why: proposal.why.clone(),
            decided_by: by,
            decided_at: at,
        }
    }
}

impl TrialShape {
    /// A trial of this tenant, of which hosts say what they have `counted`.
    pub(super) fn of(
        tenant: &Pointer,
        trial: &Trial,
        share: Option<u64>,
        counted: &[(String, Compared)],
    ) -> TrialShape {
        let mut sum = Comparison::default();
        tenant.compared(trial.generation, counted).into_iter().for_each(|(_, more)| sum.add(more));
        TrialShape {
            generation: trial.generation,
            since: trial.since,
            guards: trial.guards.to_string(),
            compared: sum.compared(),
            agreed: sum.agreed(),
            dropped: sum.dropped,
            decisions: sum.candidate.count(),
            active_decisions: sum.active.count(),
            share,
        }
    }
}

impl HostShape {
    /// At this time.
    pub(super) fn of(host: &Host, now: i64) -> HostShape {
        HostShape {
            host: host.host.clone(),
            generation: host.runs.generation,
            state: if host.runs.state == State::Active { "active" } else { "refused" },
            set: host.runs.set.map(|set| set.to_string()),
            problem: host.runs.problem.clone(),
            since: serde_json::from_str(&host.runs.positions).unwrap_or_default(),
            silent: now.saturating_sub(host.at) > SILENT,
            at: host.at,
        }
    }
}

impl From<&Entry> for EntryShape {
    fn from(entry: &Entry) -> EntryShape {
        EntryShape {
            number: entry.number,
            at: entry.at,
            actor: entry.actor.clone(),
            origin: entry.origin.clone(),
            tenant: entry.tenant.clone(),
            action: entry.action.clone(),
            why: entry.why.clone(),
            hash: entry.hash.clone(),
            before: entry.before.clone(),
            detail: serde_json::from_str(&entry.detail).unwrap_or_default(),
        }
    }
}
