//! All routes. To add one: an entry here, its shapes, and what it does. The tests of
//! the document and of the roles walk this table.

use super::route::{Answer, Body, Kind, Pace, Query, Route, Verb, of};
use super::sent::{Activate, NUMBER_MAX, Push, Rollback, Switch, Why};
use super::shapes::{
    Changed, Generations, History, Policies, Proposals, PushedShape, Status, TenantShape, Tenants, VerifiedShape,
    Whoami, WholeGeneration, WholePolicy, WholeProposal,
};
use super::{change, read};
use sandgate_control::Role;
use schemars::JsonSchema;

/// Most bytes of a body.
const BODY_MAX: usize = 1 << 20;
/// Most bytes of a policy that is pushed: a component in base64, and what belongs to it.
const PUSH_MAX: usize = 64 << 20;

const LIMIT: Query =
    Query { name: "limit", what: "The most rows [default: 100].", kind: Kind::Whole { least: 1, most: 1_000 } };
const AFTER_TENANT: Query = Query { name: "after", what: "Those behind this name.", kind: Kind::Name };
const AFTER_DIGEST: Query =
    Query { name: "after", what: "Those behind the policy of this digest.", kind: Kind::Digest };
const AFTER_NUMBER: Query = Query {
    name: "after",
    what: "Those behind this number, the oldest first; without it the newest ones.",
    kind: Kind::Whole { least: 0, most: NUMBER_MAX },
};
const OF_TENANT: Query = Query { name: "tenant", what: "Only of this tenant.", kind: Kind::Name };
const HEAD: Query = Query { name: "head", what: "The hash of an entry that was kept elsewhere.", kind: Kind::Digest };

/// A route that reads.
const fn get(path: &'static str, id: &'static str, summary: &'static str, answers: &'static [Answer]) -> Route {
    Route {
        method: Verb::Get,
        path,
        id,
        summary,
        role: Role::Viewer,
        all_tenants: false,
        pace: Pace::Quick,
        query: &[],
        body: None,
        matches: false,
        answers,
        problems: &[],
        handle: read::whoami,
    }
}

/// A route that changes what a tenant runs.
const fn post(path: &'static str, id: &'static str, summary: &'static str, role: Role, body: Body) -> Route {
    Route {
        method: Verb::Post,
        role,
        body: Some(body),
        matches: true,
        problems: &[404, 409, 412],
        ..get(path, id, summary, MOVED)
    }
}

const fn answer<T: JsonSchema>(what: &'static str) -> Answer {
    Answer { status: 200, what, schema: of::<T>, tagged: false }
}

const fn body<T: JsonSchema>(needed: bool) -> Body {
    Body { most: BODY_MAX, needed, schema: of::<T> }
}

const MOVED: &[Answer] = &[Answer { tagged: true, ..answer::<Changed>("It was done, or was so already.") }];

/// The table.
pub(super) static ROUTES: &[Route] = &[
    Route { handle: read::whoami, ..get("/v1/whoami", "whoami", "Whose token this is", &[answer::<Whoami>("Yours.")]) },
    Route {
        query: &[LIMIT, AFTER_DIGEST],
        problems: &[404],
        handle: read::policies,
        ..get("/v1/policies", "listPolicies", "What was pushed", &[answer::<Policies>("A page.")])
    },
    Route {
        method: Verb::Post,
        role: Role::Author,
        pace: Pace::Slow,
        body: Some(Body { most: PUSH_MAX, ..body::<Push>(true) }),
        problems: &[422],
        handle: change::push,
        ..get(
            "/v1/policies",
            "pushPolicy",
            "Keep a policy with its cases and its page; nothing judges by it yet",
            &[
                answer::<PushedShape>("It was there."),
                Answer { status: 201, ..answer::<PushedShape>("It is there now.") },
            ],
        )
    },
    Route {
        problems: &[404],
        handle: read::policy,
        ..get(
            "/v1/policies/{digest}",
            "getPolicy",
            "One policy, by its digest or the beginning of it",
            &[answer::<WholePolicy>("The policy.")],
        )
    },
    Route {
        query: &[LIMIT, AFTER_TENANT],
        handle: read::tenants,
        ..get("/v1/tenants", "listTenants", "What the tenants run", &[answer::<Tenants>("A page.")])
    },
    Route {
        problems: &[404],
        handle: read::tenant,
        ..get(
            "/v1/tenants/{tenant}",
            "getTenant",
            "What a tenant runs",
            &[Answer { tagged: true, ..answer::<TenantShape>("The tenant.") }],
        )
    },
    Route {
        query: &[LIMIT],
        problems: &[404],
        handle: read::generations,
        ..get(
            "/v1/tenants/{tenant}/generations",
            "listGenerations",
            "A tenant's generations, the newest first",
            &[answer::<Generations>("The generations.")],
        )
    },
    Route {
        problems: &[404],
        handle: read::generation,
        ..get(
            "/v1/tenants/{tenant}/generations/{number}",
            "getGeneration",
            "A generation with its document",
            &[answer::<WholeGeneration>("The generation.")],
        )
    },
    Route {
        pace: Pace::Slow,
        answers: &[
            Answer { tagged: true, ..answer::<Changed>("It is active, was so already, or was only checked.") },
            Answer { status: 202, ..answer::<Changed>("The tenant asks for four eyes: it is proposed.") },
        ],
        problems: &[404, 409, 412, 422],
        handle: change::activate,
        ..post(
            "/v1/tenants/{tenant}/activate",
            "activate",
            "Let a tenant run another policy set, or propose that where it asks for four eyes",
            Role::Author,
            body::<Activate>(true),
        )
    },
    Route {
        handle: change::rollback,
        ..post(
            "/v1/tenants/{tenant}/rollback",
            "rollback",
            "Let a tenant run what it ran before, at once",
            Role::Operator,
            body::<Rollback>(false),
        )
    },
    Route {
        handle: change::freeze,
        ..post(
            "/v1/tenants/{tenant}/freeze",
            "freeze",
            "Allow no changes of a tenant",
            Role::Operator,
            body::<Switch>(false),
        )
    },
    Route {
        handle: change::lift,
        ..post("/v1/tenants/{tenant}/lift", "lift", "Allow changes again", Role::Operator, body::<Switch>(false))
    },
    Route {
        method: Verb::Put,
        handle: change::four_eyes,
        ..post(
            "/v1/tenants/{tenant}/four-eyes",
            "askFourEyes",
            "Ask for a second pair of eyes on each change",
            Role::Operator,
            body::<Switch>(false),
        )
    },
    Route {
        method: Verb::Delete,
        body: None,
        handle: change::two_eyes,
        ..post(
            "/v1/tenants/{tenant}/four-eyes",
            "askTwoEyes",
            "Ask for it no more",
            Role::Operator,
            body::<Switch>(false),
        )
    },
    Route {
        query: &[LIMIT],
        problems: &[404],
        handle: read::proposals,
        ..get(
            "/v1/tenants/{tenant}/proposals",
            "listProposals",
            "A tenant's proposals, the newest first",
            &[answer::<Proposals>("The proposals.")],
        )
    },
    Route {
        problems: &[404],
        handle: read::proposal,
        ..get(
            "/v1/tenants/{tenant}/proposals/{number}",
            "getProposal",
            "A proposal with its document, and the active one",
            &[answer::<WholeProposal>("The proposal.")],
        )
    },
    Route {
        matches: false,
        problems: &[404, 409],
        handle: change::approve,
        ..post(
            "/v1/tenants/{tenant}/proposals/{number}/approve",
            "approve",
            "Activate what somebody else proposed",
            Role::Approver,
            body::<Why>(false),
        )
    },
    Route {
        matches: false,
        problems: &[404, 409],
        handle: change::reject,
        ..post(
            "/v1/tenants/{tenant}/proposals/{number}/reject",
            "reject",
            "Say no to what was proposed",
            Role::Approver,
            body::<Why>(false),
        )
    },
    Route {
        handle: read::status,
        ..get("/v1/status", "status", "What each tenant and each host runs", &[answer::<Status>("The state.")])
    },
    Route {
        query: &[LIMIT, AFTER_NUMBER, OF_TENANT],
        handle: read::history,
        ..get("/v1/history", "history", "Who changed what, when and why", &[answer::<History>("A page.")])
    },
    Route {
        query: &[HEAD],
        all_tenants: true,
        pace: Pace::Slow,
        handle: read::verify,
        ..get(
            "/v1/history/verify",
            "verifyHistory",
            "Check that nothing was changed by other means",
            &[answer::<VerifiedShape>("What was found.")],
        )
    },
];
