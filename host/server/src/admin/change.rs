//! The routes that change something. Each says who, from where and why to the registry,
//! which tells all of it in its history.

use super::Room;
use super::desk::{Change, End, Next, Policy};
use super::problem::Problem;
use super::route::{Asked, Reply};
use super::sent::{Activate, FourEyes, Push, Rollback, Switch, Why};
use super::shapes::{Changed, PushedShape};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sandgate_control::{Error, Moved, Pushed};

pub(super) fn push(room: &Room, asked: &Asked) -> Result<Reply, Problem> {
    let sent: Push = asked.read()?;
    let who = asked.who(&sent.why)?;
    let component = STANDARD.decode(&sent.component);
    let component = component.map_err(|error| Problem::malformed(format!("component is not base64: {error}")))?;
    let cases: Vec<_> = sent.cases.into_iter().map(|case| (case.name, case.text)).collect();
    let policy = Policy {
        component: &component,
        cases: &cases,
        readme: sent.readme.as_deref(),
        // cases and page belong to a policy, which is everybody's
        may_change: asked.token.tenants.is_none(),
    };
    let kept = room.desk.push(&policy, &who)?;
    let (status, outcome, digest) = match kept.pushed {
        Pushed::New(digest) => (201, "pushed", digest),
        Pushed::Changed(digest) => (200, "changed", digest),
        Pushed::Known(digest) => (200, "known", digest),
    };
    let shape = PushedShape { outcome, name: kept.name, version: kept.version, digest: digest.to_string() };
    Ok(Reply::new(status, &shape))
}

pub(super) fn activate(room: &Room, asked: &Asked) -> Result<Reply, Problem> {
    let sent: Activate = asked.read()?;
    let (who, expected) = (asked.who(&sent.why)?, asked.expected(sent.expect)?);
    let changes: Option<Vec<String>> = sent.changes.map(|changes| changes.into_iter().map(|change| change.0).collect());
    let next = match (&changes, &sent.document) {
        (Some(changes), None) if !changes.is_empty() => Next::Edited(changes),
        (None, Some(document)) if !document.is_empty() => Next::Document(document),
        _ => return Err(Problem::malformed("the body needs either `changes` or a `document`")),
    };
    let change = Change { next, expected, check: sent.check, backfill: sent.backfill };
    let done = room.desk.change(asked.tenant(), &change, &who, &asked.token.id);
    let done = done.map_err(|refusal| matched(asked, refusal.into()))?;
    let tenant = asked.tenant().to_owned();
    let (set, notes) = (Some(done.set.to_string()), done.notes);
    Ok(match done.end {
        End::Checked => Reply::ok(&Changed { set, notes, ..outcome("checked", tenant) }),
        End::Proposed(number) => {
            Reply::new(202, &Changed { set, notes, proposal: Some(number), ..outcome("proposed", tenant) })
        }
        End::Moved(moved) => {
            let (shape, tag) = shape(tenant, moved);
            reply(&Changed { set, notes, ..shape }, tag)
        }
    })
}

pub(super) fn rollback(room: &Room, asked: &Asked) -> Result<Reply, Problem> {
    let sent: Rollback = asked.read_or_default()?;
    let (who, expected) = (asked.who(&sent.why)?, asked.expected(sent.expect)?);
    if sent.to == Some(0) || sent.to > Some(super::sent::NUMBER_MAX) {
        return Err(Problem::malformed("to is no number of a generation: they begin with 1"));
    }
    moved(asked, room.registry.rollback(asked.tenant(), sent.to, expected, &who, asked.at))
}

pub(super) fn freeze(room: &Room, asked: &Asked) -> Result<Reply, Problem> {
    switch(asked, |expected, who| room.registry.freeze(asked.tenant(), true, expected, who, asked.at))
}

pub(super) fn lift(room: &Room, asked: &Asked) -> Result<Reply, Problem> {
    switch(asked, |expected, who| room.registry.freeze(asked.tenant(), false, expected, who, asked.at))
}

pub(super) fn four_eyes(room: &Room, asked: &Asked) -> Result<Reply, Problem> {
    let sent: FourEyes = asked.read()?;
    let (who, expected) = (asked.who(&sent.why)?, asked.expected(sent.expect)?);
    moved(asked, room.registry.four_eyes(asked.tenant(), sent.asked, expected, &who, asked.at))
}

pub(super) fn approve(room: &Room, asked: &Asked) -> Result<Reply, Problem> {
    let sent: Why = asked.read_or_default()?;
    let (who, number) = (asked.who(&sent.why)?, asked.number()?);
    moved(asked, room.registry.approve(asked.tenant(), number, (&who, Some(&asked.token.id)), asked.at))
}

pub(super) fn reject(room: &Room, asked: &Asked) -> Result<Reply, Problem> {
    let sent: Why = asked.read_or_default()?;
    let (who, number) = (asked.who(&sent.why)?, asked.number()?);
    room.registry.reject(asked.tenant(), number, &who, asked.at)?;
    let tenant = asked.tenant().to_owned();
    Ok(Reply::ok(&Changed { proposal: Some(number), ..outcome("rejected", tenant) }))
}

fn switch(
    asked: &Asked,
    change: impl FnOnce(Option<u64>, &sandgate_control::Who) -> Result<Moved, Error>,
) -> Result<Reply, Problem> {
    let sent: Switch = asked.read_or_default()?;
    let (who, expected) = (asked.who(&sent.why)?, asked.expected(sent.expect)?);
    moved(asked, change(expected, &who))
}

/// What became of a move of the pointer.
fn moved(asked: &Asked, done: Result<Moved, Error>) -> Result<Reply, Problem> {
    let done = done.map_err(|error| matched(asked, error.into()))?;
    let (shape, tag) = shape(asked.tenant().to_owned(), done);
    Ok(reply(&shape, tag))
}

fn shape(tenant: String, moved: Moved) -> (Changed, Option<u64>) {
    match moved {
        Moved::Active { number, revision } => {
            let shape = outcome("active", tenant);
            (Changed { generation: Some(number), revision: Some(revision), ..shape }, Some(revision))
        }
        Moved::Unchanged { number } => (Changed { generation: Some(number), ..outcome("unchanged", tenant) }, None),
    }
}

fn reply(shape: &Changed, tag: Option<u64>) -> Reply {
    Reply { tag, ..Reply::ok(shape) }
}

fn outcome(outcome: &'static str, tenant: String) -> Changed {
    Changed { outcome, tenant, generation: None, revision: None, set: None, proposal: None, notes: Vec::new() }
}

/// Who came with `If-Match` and was overtaken is told in the words of HTTP.
fn matched(asked: &Asked, problem: Problem) -> Problem {
    if asked.if_match.is_some() && problem.revision.is_some() {
        return Problem { status: StatusCode::PRECONDITION_FAILED.as_u16(), ..problem };
    }
    problem
}
