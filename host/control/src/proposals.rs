//! Four eyes: where a tenant asks for them, a change is proposed by one, and made by
//! another.
//!
//! A proposal says upon which revision of the tenant it was decided. Approving is a
//! compare-and-set on that revision: what was changed meanwhile has to be proposed
//! anew. A proposal moves nothing, so it raises no tenant's revision; each step of it is
//! an entry of the history. Rolling back and freezing stay with one: an emergency brake
//! must not wait for a second hand.

use crate::activation;
use crate::chain::{Action, append};
use crate::session::{Bind, Row};
use crate::tenants::{Managed, Pointer, expect, froze, known, moved, pointer};
use crate::work::{Work, int};
use crate::{Error, Moved, New, Registry, Who};
use sandgate_model::digest::Digest;
use serde_json::{Value, json};

/// Most proposals of a tenant that wait for somebody.
const OPEN_MAX: i64 = 100;
/// Most that are answered at once.
const PROPOSALS_MAX: usize = 1_000;

/// Where a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// It waits for somebody.
    Open,
    /// It was made.
    Approved,
    /// Somebody said no.
    Rejected,
}

/// A change that waits, or waited, for a second pair of eyes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The tenant.
    pub tenant: String,
    /// Its number, from 1 and without gaps for each tenant.
    pub number: u64,
    /// The document that shall be active.
    pub document: String,
    /// The digest of the policy set that it makes.
    pub set: Digest,
    /// The digest of the tenant's own file, where the document is that.
    pub from_file: Option<Digest>,
    /// The tenant's revision that it was decided upon.
    pub on: u64,
    /// When, in milliseconds since 1970.
    pub made_at: i64,
    /// By whom.
    pub made_by: String,
    /// With which token; none through SQL.
    pub token: Option<String>,
    /// Why; may be empty.
    pub why: String,
    /// Where it stands.
    pub stands: Stands,
    /// Who approved or rejected it, and when.
    pub decided: Option<(String, i64)>,
}

/// What became of a change that may have to be seen by another first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// It was made, or there was nothing to make.
    Moved(Moved),
    /// It waits for somebody else.
    Proposed {
        /// Its number among the tenant's proposals.
        number: u64,
    },
}

/// A question for proposals.
macro_rules! proposals {
    ($rest:literal) => {
        concat!(
            "SELECT tenant, number, document, set_digest, from_file, made_on, made_at, made_by, token, why, stands,
                 decided_by, decided_at FROM sandgate_proposals ",
            $rest
        )
    };
}

impl Stands {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Stands::Open => "open",
            Stands::Approved => "approved",
            Stands::Rejected => "rejected",
        }
    }
}

impl Proposal {
    /// The word for where it stands, at this revision of its tenant.
    pub fn word(&self, now: Option<u64>) -> &'static str {
        match self.stands {
            Stands::Open if now != Some(self.on) => "overtaken",
            stands => stands.word(),
        }
    }
}

impl Registry {
    /// Activates as [`Registry::activate`], or proposes that where the tenant asks for
    /// four eyes. `token` is the author's, if they came with one.
    ///
    /// # Errors
    /// As [`Registry::activate`]; and where too many proposals wait.
    pub fn submit(
        &self,
        tenant: &str,
        new: &New<'_>,
        (who, token): (&Who, Option<&str>),
        at: i64,
    ) -> Result<Submitted, Error> {
        new.check(tenant, who)?;
        self.database.change(activation::nothing, |work| {
            let now = pointer(work, tenant)?;
            expect(work, tenant, now.as_ref(), new.expected)?;
            match now.filter(|now| now.four_eyes) {
                None => activation::activated(work, tenant, new, (who, at)).map(Submitted::Moved),
                Some(now) => propose(work, &now, new, (who, token), at),
            }
        })
    }

    /// Makes what somebody else proposed.
    ///
    /// # Errors
    /// Where there is no such proposal, it does not wait any more, is of the same
    /// hand, or the tenant was changed since.
    pub fn approve(
        &self,
        tenant: &str,
        number: u64,
        (who, token): (&Who, Option<&str>),
        at: i64,
    ) -> Result<Moved, Error> {
        who.check()?;
        self.database.change(activation::nothing, |work| {
            let proposal = open(work, tenant, number)?;
            let is_same = proposal.made_by == who.actor || (token.is_some() && proposal.token.as_deref() == token);
            if is_same {
                return Err(Error::SameHand { tenant: tenant.to_owned(), number, by: who.actor.clone() });
            }
            let now = known(work, tenant, Some(proposal.on))?;
            if now.frozen {
                let (by, why) = froze(work, &now)?;
                return Err(Error::Frozen { tenant: tenant.to_owned(), by, why });
            }
            let why = if who.why.is_empty() { proposal.why.clone() } else { who.why.clone() };
            let (who, imported) = (Who { why, ..who.clone() }, now.imported);
            let (managed, imported) = match proposal.from_file {
                Some(file) => (Managed::File, Some(file)),
                None => (Managed::Registry, imported),
            };
            let Proposal { document, set, from_file, .. } = &proposal;
            let new = New { document, set: *set, from_file: *from_file, expected: None };
            let change = (Action::Approve(number), &who, at);
            let moved = activation::put(work, tenant, Some(now), &new, (managed, imported), change)?;
            if let Moved::Unchanged { .. } = moved {
                // it was active by the time it was proposed: `submit` looks, so nobody comes here
                return Err(Error::NotOpen { tenant: tenant.to_owned(), number, stands: "active already" });
            }
            decide(work, &proposal, Stands::Approved, (&who, at))?;
            Ok(moved)
        })
    }

    /// Says no to what was proposed.
    ///
    /// # Errors
    /// Where there is no such proposal, or it does not wait any more.
    pub fn reject(&self, tenant: &str, number: u64, who: &Who, at: i64) -> Result<(), Error> {
        who.check()?;
        self.database.change(activation::nothing, |work| {
            let proposal = open(work, tenant, number)?;
            append(work, who, at, tenant, Action::Reject, &json!({ "proposal": number }))?;
            decide(work, &proposal, Stands::Rejected, (who, at))
        })
    }

    /// Says that changes of a tenant need a second pair of eyes, or no more.
    ///
    /// # Errors
    /// Where there is no such tenant, or it was changed since `expected`.
    pub fn four_eyes(
        &self,
        tenant: &str,
        asked: bool,
        expected: Option<u64>,
        who: &Who,
        at: i64,
    ) -> Result<Moved, Error> {
        who.check()?;
        self.database.change(activation::nothing, |work| {
            let now = known(work, tenant, expected)?;
            if now.four_eyes == asked {
                return Ok(Moved::Unchanged { number: now.active });
            }
            moved(work, Pointer { four_eyes: asked, ..now }, None, (Action::FourEyes, who, at))
        })
    }

    /// A tenant's proposals, the newest first.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn proposals(&self, tenant: &str, limit: usize) -> Result<Vec<Proposal>, Error> {
        let limit = int(limit.min(PROPOSALS_MAX) as u64);
        self.database.read(|work| {
            let statement = proposals!("WHERE tenant = $1 ORDER BY number DESC LIMIT $2");
            let rows = work.rows(statement, &[Bind::Text(tenant), Bind::Int(limit)])?;
            rows.iter().map(|row| read(work, row)).collect()
        })
    }

    /// One proposal.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn proposal(&self, tenant: &str, number: u64) -> Result<Option<Proposal>, Error> {
        self.database.read(|work| proposal(work, tenant, number))
    }
}

fn propose(
    work: &mut Work<'_>,
    now: &Pointer,
    new: &New<'_>,
    (who, token): (&Who, Option<&str>),
    at: i64,
) -> Result<Submitted, Error> {
    let tenant = &now.tenant;
    if now.frozen {
        let (by, why) = froze(work, now)?;
        return Err(Error::Frozen { tenant: tenant.clone(), by, why });
    }
    if activation::is_active(work, now, new)? && new.from_file.is_none() {
        return Ok(Submitted::Moved(Moved::Unchanged { number: now.active }));
    }
    // those that were overtaken wait for nobody
    let counted = "SELECT coalesce(max(number), 0),
         count(CASE WHEN stands = 'open' AND made_on = $2 THEN 1 END)
         FROM sandgate_proposals WHERE tenant = $1";
    let row = work.row(counted, &[Bind::Text(tenant), Bind::Int(int(now.revision))])?;
    let (last, waiting) =
        row.map(|row| Ok::<_, Error>((work.number(&row, 0)?, work.get(&row, 1)?))).transpose()?.unwrap_or((0, 0));
    if waiting >= OPEN_MAX {
        let problem = format!("are {waiting} already: approve or reject some first");
        return Err(Error::Unfit { what: "the proposals that wait", problem });
    }
    let number = last + 1;
    let proposal = Proposal {
        tenant: tenant.clone(),
        number,
        document: new.document.to_owned(),
        set: new.set,
        from_file: new.from_file,
        on: now.revision,
        made_at: at,
        made_by: who.actor.clone(),
        token: token.map(str::to_owned),
        why: who.why.clone(),
        stands: Stands::Open,
        decided: None,
    };
    append(work, who, at, tenant, Action::Propose, &told(&proposal))?;
    insert(work, &proposal)?;
    Ok(Submitted::Proposed { number })
}

/// A proposal that waits.
fn open(work: &mut Work<'_>, tenant: &str, number: u64) -> Result<Proposal, Error> {
    let found = proposal(work, tenant, number)?;
    let found = found.ok_or_else(|| Error::NoSuchProposal { tenant: tenant.to_owned(), number })?;
    match found.stands {
        Stands::Open => Ok(found),
        stands => Err(Error::NotOpen { tenant: tenant.to_owned(), number, stands: stands.word() }),
    }
}

/// What the history says of a new proposal.
pub(crate) fn told(proposal: &Proposal) -> Value {
    json!({
        "proposal": proposal.number,
        "document": Digest::of(proposal.document.as_bytes()).to_string(),
        "set": proposal.set.to_string(),
        "file": proposal.from_file.map(|digest| digest.to_string()),
        "on": proposal.on,
        "token": proposal.token,
    })
}

fn insert(work: &mut Work<'_>, proposal: &Proposal) -> Result<(), Error> {
    let file = proposal.from_file.map(|digest| digest.hex());
    work.rows(
        "INSERT INTO sandgate_proposals
             (tenant, number, document, set_digest, from_file, made_on, made_at, made_by, token, why, stands)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &[
            Bind::Text(&proposal.tenant),
            Bind::Int(int(proposal.number)),
            Bind::Text(&proposal.document),
            Bind::Text(&proposal.set.hex()),
            Bind::MaybeText(file.as_deref()),
            Bind::Int(int(proposal.on)),
            Bind::Int(proposal.made_at),
            Bind::Text(&proposal.made_by),
            Bind::MaybeText(proposal.token.as_deref()),
            Bind::Text(&proposal.why),
            Bind::Text(proposal.stands.word()),
        ],
    )
    .map(drop)
}

fn decide(work: &mut Work<'_>, proposal: &Proposal, stands: Stands, (who, at): (&Who, i64)) -> Result<(), Error> {
    work.rows(
        "UPDATE sandgate_proposals SET stands = $1, decided_by = $2, decided_at = $3 WHERE tenant = $4 AND number = $5",
        &[
            Bind::Text(stands.word()),
            Bind::Text(&who.actor),
            Bind::Int(at),
            Bind::Text(&proposal.tenant),
            Bind::Int(int(proposal.number)),
        ],
    )
    .map(drop)
}

fn proposal(work: &mut Work<'_>, tenant: &str, number: u64) -> Result<Option<Proposal>, Error> {
    let statement = proposals!("WHERE tenant = $1 AND number = $2");
    let row = work.row(statement, &[Bind::Text(tenant), Bind::Int(int(number))])?;
    row.map(|row| read(work, &row)).transpose()
}

/// Proposals behind one, in the order of tenants and numbers.
pub(crate) fn piece(work: &mut Work<'_>, (tenant, number): (&str, u64), limit: i64) -> Result<Vec<Proposal>, Error> {
    let rows = work.rows(
        proposals!("WHERE tenant > $1 OR (tenant = $1 AND number > $2) ORDER BY tenant, number LIMIT $3"),
        &[Bind::Text(tenant), Bind::Int(int(number)), Bind::Int(limit)],
    )?;
    rows.iter().map(|row| read(work, row)).collect()
}

fn read(work: &Work<'_>, row: &Row) -> Result<Proposal, Error> {
    let stands: String = work.get(row, 10)?;
    let words = [Stands::Open, Stands::Approved, Stands::Rejected];
    let stands = words.into_iter().find(|known| known.word() == stands);
    let (by, at): (Option<String>, Option<i64>) = (work.get(row, 11)?, work.get(row, 12)?);
    Ok(Proposal {
        tenant: work.get(row, 0)?,
        number: work.number(row, 1)?,
        document: work.get(row, 2)?,
        set: work.digest(row, 3)?,
        from_file: work.digest_maybe(row, 4)?,
        on: work.number(row, 5)?,
        made_at: work.get(row, 6)?,
        made_by: work.get(row, 7)?,
        token: work.get(row, 8)?,
        why: work.get(row, 9)?,
        stands: stands.ok_or_else(|| work.damaged("a proposal stands where none can".to_owned()))?,
        decided: by.zip(at),
    })
}
