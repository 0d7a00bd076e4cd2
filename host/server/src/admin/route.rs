//! What a route is: one entry of a table says how it is reached, who may, what it
//! takes, what it answers, and who does it. The router and the document of the API are
//! both made from the table, so neither can know a route that the other does not.

use super::Room;
use super::problem::Problem;
use axum::routing::MethodFilter;
use sandgate_control::{Role, Token, Who};
use schemars::generate::SchemaGenerator;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// A route.
pub(super) struct Route {
    pub(super) method: Verb,
    /// With its parameters in braces.
    pub(super) path: &'static str,
    /// Its name, for clients that are generated and for the metrics.
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    /// Who may: whoever has this role or a higher one.
    pub(super) role: Role,
    /// Whether it is for tokens of all tenants only.
    pub(super) all_tenants: bool,
    pub(super) pace: Pace,
    pub(super) query: &'static [Query],
    pub(super) body: Option<Body>,
    /// Whether `If-Match` is looked at.
    pub(super) matches: bool,
    pub(super) answers: &'static [Answer],
    /// The problems of its own, beside those that each route may have.
    pub(super) problems: &'static [u16],
    pub(super) handle: fn(&Room, &Asked) -> Result<Reply, Problem>,
}

/// What is done with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
    Put,
    Delete,
}

/// How long a route may take, and how many at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// Some questions to the registry.
    Quick,
    /// Compiles, replays cases, or walks the whole history.
    Slow,
}

/// A parameter behind the `?`.
pub(super) struct Query {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) kind: Kind,
}

/// What a parameter may be.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// A whole number from `least` to `most`.
    Whole { least: u64, most: u64 },
    /// The name of a tenant.
    Name,
    /// 64 hexadecimal digits, with or without `sha256:` before them.
    Digest,
}

/// What a route takes.
pub(super) struct Body {
    /// Most bytes.
    pub(super) most: usize,
    /// Whether there has to be one.
    pub(super) needed: bool,
    pub(super) schema: fn(&mut SchemaGenerator) -> Schema,
}

/// What a route answers.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) what: &'static str,
    pub(super) schema: fn(&mut SchemaGenerator) -> Schema,
    /// Whether it says the tenant's revision in `ETag`.
    pub(super) tagged: bool,
}

/// A request that was let in.
pub(super) struct Asked {
    pub(super) token: Token,
    pub(super) from: IpAddr,
    pub(super) path: BTreeMap<String, String>,
    pub(super) query: BTreeMap<&'static str, String>,
    /// The revision in `If-Match`.
    pub(super) if_match: Option<u64>,
    pub(super) body: Vec<u8>,
    /// Now, in milliseconds since 1970.
    pub(super) at: i64,
}

/// An answer.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
    pub(super) tag: Option<u64>,
}

/// The schema of a type.
pub(super) fn of<T: JsonSchema>(schemas: &mut SchemaGenerator) -> Schema {
    schemas.subschema_for::<T>()
}

impl Verb {
    /// The word for it, as the document of the API has it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Verb::Get => "get",
            Verb::Post => "post",
            Verb::Put => "put",
            Verb::Delete => "delete",
        }
    }

    /// The requests of it.
    pub(super) fn filter(self) -> MethodFilter {
        match self {
            Verb::Get => MethodFilter::GET,
            Verb::Post => MethodFilter::POST,
            Verb::Put => MethodFilter::PUT,
            Verb::Delete => MethodFilter::DELETE,
        }
    }
}

impl Reply {
    /// An answer with this body.
    pub(super) fn new(status: u16, body: &impl Serialize) -> Reply {
        Reply { status, body: serde_json::json!(body).to_string(), tag: None }
    }

    /// 200 with this body.
    pub(super) fn ok(body: &impl Serialize) -> Reply {
        Reply::new(200, body)
    }

    /// The same with the revision of the tenant.
    pub(super) fn tagged(self, revision: u64) -> Reply {
        Reply { tag: Some(revision), ..self }
    }
}

impl Asked {
    /// The tenant of the path.
    pub(super) fn tenant(&self) -> &str {
        self.path.get("tenant").map_or("", String::as_str)
    }

    /// The number at the end of the path.
    pub(super) fn number(&self) -> Result<u64, Problem> {
        let text = self.path.get("number").map_or("", String::as_str);
        let number = text.parse().ok().filter(|number| (1..=super::sent::NUMBER_MAX).contains(number));
        number.ok_or_else(|| Problem::malformed(format!("{text:?} is no number from 1 on")))
    }

    /// A number behind the `?`.
    pub(super) fn whole(&self, name: &str) -> Option<u64> {
        // it was checked when it came in
        self.query.get(name)?.parse().ok()
    }

    /// The body as what it should be.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice(&self.body).map_err(|error| Problem::malformed(format!("the body: {error}")))
    }

    /// The same where there may be none.
    pub(super) fn read_or_default<T: DeserializeOwned + Default>(&self) -> Result<T, Problem> {
        if self.body.is_empty() { Ok(T::default()) } else { self.read() }
    }

    /// Who does it.
    pub(super) fn who(&self, why: &str) -> Result<Who, Problem> {
        if why.chars().count() > super::sent::WHY_MAX {
            return Err(Problem::malformed(format!("why has more than {} characters", super::sent::WHY_MAX)));
        }
        Ok(Who { actor: self.token.name.clone(), origin: self.from.to_canonical().to_string(), why: why.to_owned() })
    }

    /// The revision that the client has seen: in the body, in `If-Match`, or nowhere.
    pub(super) fn expected(&self, expect: Option<u64>) -> Result<Option<u64>, Problem> {
        if expect.is_some_and(|expect| expect > super::sent::NUMBER_MAX) {
            return Err(Problem::malformed("expect is larger than any revision"));
        }
        match (expect, self.if_match) {
            (Some(expect), Some(tag)) if expect != tag => {
                Err(Problem::malformed(format!("expect is {expect} and If-Match {tag}: send one of them")))
            }
            (expect, tag) => Ok(expect.or(tag)),
        }
    }
}
