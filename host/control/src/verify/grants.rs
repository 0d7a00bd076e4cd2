//! Tokens, and what waits for a second pair of eyes: as the history tells of them, and
//! as they are stored.

use super::{PIECE, Stop, broken};
use crate::chain::Entry;
use crate::proposals::{self, Proposal};
use crate::tokens;
use crate::work::Work;
use serde_json::Value;
use std::collections::BTreeMap;

/// What all tokens and proposals should be after the entries so far.
#[derive(Default)]
pub(super) struct Grants {
    tokens: BTreeMap<String, Made>,
    proposals: BTreeMap<(String, u64), Made>,
}

/// What was made by one entry, and changed by at most one other.
struct Made {
    entry: u64,
    at: i64,
    actor: String,
    why: String,
    told: Value,
    /// What another entry said: its word, who, and when.
    then: Option<(&'static str, String, i64)>,
}

impl Made {
    fn by(entry: &Entry, told: Value) -> Made {
        let Entry { number, at, actor, why, .. } = entry.clone();
        Made { entry: number, at, actor, why, told, then: None }
    }
}

impl Grants {
    /// An entry about a token; whether it is one.
    pub(super) fn token(&mut self, entry: &Entry, told: &Value) -> Result<bool, Stop> {
        let Some(id) = told["token"].as_str() else { return Ok(false) };
        match told["revoked"].as_i64() {
            None => drop(self.tokens.insert(id.to_owned(), Made::by(entry, told.clone()))),
            Some(at) => match self.tokens.get_mut(id) {
                Some(made) if made.then.is_none() => made.then = Some(("revoked", entry.actor.clone(), at)),
                _ => return broken(entry.number, format!("entry {} revokes a token that was not there", entry.number)),
            },
        }
        Ok(true)
    }

    /// An entry about a proposal that moves nothing; whether it is one.
    pub(super) fn proposal(&mut self, entry: &Entry, told: &Value) -> Result<bool, Stop> {
        let Some(number) = told["proposal"].as_u64() else { return Ok(false) };
        if told["document"].is_null() {
            self.decided(entry, number, "rejected")?;
        } else {
            self.proposals.insert((entry.tenant.clone(), number), Made::by(entry, told.clone()));
        }
        Ok(true)
    }

    /// An entry that decides about a proposal.
    pub(super) fn decided(&mut self, entry: &Entry, number: u64, word: &'static str) -> Result<(), Stop> {
        match self.proposals.get_mut(&(entry.tenant.clone(), number)) {
            Some(made) if made.then.is_none() => {
                made.then = Some((word, entry.actor.clone(), entry.at));
                Ok(())
            }
            _ => broken(entry.number, format!("entry {} decides about a proposal that did not wait", entry.number)),
        }
    }

    /// What is stored is what was told, and there is nothing else.
    pub(super) fn check(&self, work: &mut Work<'_>) -> Result<(), Stop> {
        work.renew();
        let stored = tokens::all(work)?;
        for (token, hash) in &stored {
            let id = &token.id;
            let Some(made) = self.tokens.get(id) else {
                return broken(None, format!("the history knows no token {id:?}, but the registry does"));
            };
            let revoked = made.then.as_ref().map(|(.., at)| *at);
            let now = (tokens::told(token, hash), token.made_at, &token.made_by, token.revoked);
            if now != (made.told.clone(), made.at, &made.actor, revoked) {
                return broken(made.entry, format!("token {id:?} was changed since it was made"));
            }
        }
        if stored.len() != self.tokens.len() {
            return broken(None, "a token that the history tells of is missing");
        }
        self.check_proposals(work)
    }

    fn check_proposals(&self, work: &mut Work<'_>) -> Result<(), Stop> {
        let (mut after, mut seen) = ((String::new(), 0), 0);
        loop {
            work.renew();
            let piece = proposals::piece(work, (&after.0, after.1), PIECE as i64)?;
            for proposal in &piece {
                self.check_proposal(proposal)?;
                seen += 1;
            }
            let Some(last) = piece.last().filter(|_| piece.len() == PIECE) else { break };
            after = (last.tenant.clone(), last.number);
        }
        if seen != self.proposals.len() {
            return broken(None, "a proposal that the history tells of is missing");
        }
        Ok(())
    }

    fn check_proposal(&self, proposal: &Proposal) -> Result<(), Stop> {
        let Proposal { tenant, number, made_at, made_by, why, stands, decided, .. } = proposal;
        let Some(made) = self.proposals.get(&(tenant.clone(), *number)) else {
            return broken(None, format!("the history knows no proposal {number} of tenant {tenant:?}"));
        };
        let then = match &made.then {
            None => ("open", None),
            Some((word, by, at)) => (*word, Some((by.clone(), *at))),
        };
        let told = (proposals::told(proposal), *made_at, made_by, why, (stands.word(), decided.clone()));
        if told != (made.told.clone(), made.at, &made.actor, &made.why, then) {
            return broken(made.entry, format!("proposal {number} of tenant {tenant:?} was changed by other means"));
        }
        Ok(())
    }
}
