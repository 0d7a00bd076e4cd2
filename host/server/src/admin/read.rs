//! The routes that change nothing.

use super::Room;
use super::problem::Problem;
use super::route::{Asked, Reply};
use super::shapes::{
    EntryShape, GenerationShape, Generations, History, HostShape, Policies, PolicyShape, ProposalShape, Proposals,
    Runs, Status, TenantShape, Tenants, TrialShape, VerifiedShape, Whoami, WholeGeneration, WholePolicy, WholeProposal,
};
use sandgate_control::{Error, Pointer, Verified};
use sandgate_model::digest::Digest;

/// Rows of a page where nothing is said.
const PAGE: u64 = 100;

pub(super) fn whoami(_: &Room, asked: &Asked) -> Result<Reply, Problem> {
    Ok(Reply::ok(&Whoami::from(asked.token.clone())))
}

pub(super) fn policies(room: &Room, asked: &Asked) -> Result<Reply, Problem> {
    let all = room.registry.policies()?;
    let after = asked.query.get("after").and_then(|after| Digest::parse(after));
    let begin = after.and_then(|after| all.iter().position(|policy| policy.digest == after)).map_or(0, |at| at + 1);
    if after.is_some() && begin == 0 {
        return Err(Problem::unknown("there is no policy of the digest that `after` names"));
    }
    let limit = limit(asked);
    let page: Vec<_> = all[begin..].iter().take(limit).collect();
    let is_more = begin + page.len() < all.len();
    let next = page.last().filter(|_| is_more).map(|last| last.digest.to_string());
    Ok(Reply::ok(&Policies { policies: page.into_iter().map(PolicyShape::from).collect(), next }))
}

pub(super) fn policy(room: &Room, asked: &Asked) -> Result<Reply, Problem> {
    let prefix = asked.path.get("digest").map_or("", String::as_str);
    let found = room.registry.find(prefix)?;
    let stored =
        found.ok_or_else(|| Problem::unknown(format!("no policy has a digest that begins with {prefix:?}")))?;
    let manifest = serde_json::from_str(&stored.manifest).unwrap_or_default();
    Ok(Reply::ok(&WholePolicy { policy: PolicyShape::from(&stored), manifest }))
}

pub(super) fn tenants(room: &Room, asked: &Asked) -> Result<Reply, Problem> {
    let (mut own, limit) = (own(room, asked)?, limit(asked));
    if let Some(after) = asked.query.get("after") {
        own.retain(|pointer| pointer.tenant > *after);
    }
    let is_more = own.len() > limit;
    own.truncate(limit);
    let next = own.last().filter(|_| is_more).map(|last| last.tenant.clone());
    Ok(Reply::ok(&Tenants { tenants: own.iter().map(TenantShape::from).collect(), next }))
}

pub(super) fn tenant(room: &Room, asked: &Asked) -> Result<Reply, Problem> {
    let pointer = known(room, asked)?;
    Ok(Reply::ok(&TenantShape::from(&pointer)).tagged(pointer.revision))
}

pub(super) fn generations(room: &Room, asked: &Asked) -> Result<Reply, Problem> {
    known(room, asked)?;
    let generations = room.registry.generations(asked.tenant(), limit(asked))?;
    Ok(Reply::ok(&Generations { generations: generations.iter().map(GenerationShape::from).collect() }))
}

pub(super) fn generation(room: &Room, asked: &Asked) -> Result<Reply, Problem> {
    let number = asked.number()?;
    let last = known(room, asked)?.newest;
    let found = room.registry.generation(asked.tenant(), number)?;
    let none = || Error::NoSuchGeneration { tenant: asked.tenant().to_owned(), number, last };
    let found = found.ok_or_else(none)?;
    Ok(Reply::ok(&WholeGeneration { generation: GenerationShape::from(&found), document: found.document }))
}

pub(super) fn proposals(room: &Room, asked: &Asked) -> Result<Reply, Problem> {
    let now = Some(known(room, asked)?.revision);
    let proposals = room.registry.proposals(asked.tenant(), limit(asked))?;
    let proposals = proposals.iter().map(|proposal| ProposalShape::of(proposal, now)).collect();
    Ok(Reply::ok(&Proposals { proposals }))
}

pub(super) fn proposal(room: &Room, asked: &Asked) -> Result<Reply, Problem> {
    let number = asked.number()?;
    let pointer = known(room, asked)?;
    let found = room.registry.proposal(asked.tenant(), number)?;
    let found = found.ok_or_else(|| Error::NoSuchProposal { tenant: asked.tenant().to_owned(), number })?;
    let active = room.registry.generation(asked.tenant(), pointer.active)?.map(|active| active.document);
    let shape = ProposalShape::of(&found, Some(pointer.revision));
    Ok(Reply::ok(&WholeProposal { proposal: shape, document: found.document, active }))
}

pub(super) fn status(room: &Room, asked: &Asked) -> Result<Reply, Problem> {
    let (own, hosts, counted) = (own(room, asked)?, room.registry.hosts()?, room.registry.compared()?);
    let of = |pointer: &Pointer| {
        let hosts = hosts.iter().filter(|host| host.runs.tenant == pointer.tenant);
        let trial = |trial, share| TrialShape::of(pointer, trial, share, &counted);
        Runs {
            tenant: TenantShape::from(pointer),
            canary: pointer.canary.as_ref().map(|canary| trial(&canary.trial, Some(canary.share))),
            shadows: pointer.shadows.iter().map(|shadow| trial(shadow, None)).collect(),
            hosts: hosts.map(|host| HostShape::of(host, asked.at)).collect(),
        }
    };
    Ok(Reply::ok(&Status { tenants: own.iter().map(of).collect() }))
}

/// Of one tenant, or of all for who may see all; without `after` the newest entries.
pub(super) fn history(room: &Room, asked: &Asked) -> Result<Reply, Problem> {
    let tenant = asked.query.get("tenant").map(String::as_str);
    match tenant {
        None if asked.token.tenants.is_some() => {
            return Err(Problem::forbidden("this token is for some tenants only: name one of them with `tenant`"));
        }
        Some(tenant) if !asked.token.covers(tenant) => {
            return Err(Problem::forbidden(format!("this token is not for tenant {tenant:?}")));
        }
        _ => {}
    }
    let limit = limit(asked);
    let entries = match asked.whole("after") {
        Some(after) => room.registry.history(after, limit, tenant)?,
        None => room.registry.latest(limit, tenant)?,
    };
    let next = entries.last().filter(|_| entries.len() == limit).map(|last| last.number);
    Ok(Reply::ok(&History { entries: entries.iter().map(EntryShape::from).collect(), next }))
}

pub(super) fn verify(room: &Room, asked: &Asked) -> Result<Reply, Problem> {
    let kept = asked.query.get("head").and_then(|head| Digest::parse(head));
    let shape = match room.registry.verify(kept.as_ref())? {
        Verified::Sound { head } => VerifiedShape {
            sound: true,
            entries: Some(head.map_or(0, |head| head.number)),
            head: head.map(|head| head.hash.hex()),
            entry: None,
            problem: None,
        },
        Verified::Broken { entry, problem } => {
            VerifiedShape { sound: false, entries: None, head: None, entry, problem: Some(problem) }
        }
    };
    Ok(Reply::ok(&shape))
}

/// The tenants that the token is for.
fn own(room: &Room, asked: &Asked) -> Result<Vec<Pointer>, Problem> {
    let mut tenants = room.registry.tenants()?;
    tenants.retain(|pointer| asked.token.covers(&pointer.tenant));
    Ok(tenants)
}

/// The tenant of the path.
fn known(room: &Room, asked: &Asked) -> Result<Pointer, Problem> {
    let found = room.registry.tenant(asked.tenant())?;
    Ok(found.ok_or_else(|| Error::NoSuchTenant { tenant: asked.tenant().to_owned() })?)
}

fn limit(asked: &Asked) -> usize {
    asked.whole("limit").unwrap_or(PAGE) as usize
}
