//! Generations: documents of tenants, which never change once they are made.

use crate::session::{Bind, Row};
use crate::work::{Work, int};
use crate::{Error, Registry};
use sandgate_model::digest::Digest;

/// Most generations that are answered at once.
const GENERATIONS_MAX: usize = 1_000;

/// A generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// The tenant.
    pub tenant: String,
    /// Its number, from 1 and without gaps.
    pub number: u64,
    /// The tenant's file with all that it refers to by digest.
    pub document: String,
    /// The digest of that text.
    pub document_digest: Digest,
    /// The digest of the policy set that it makes.
    pub set: Digest,
    /// When it was made, in milliseconds since 1970.
    pub made_at: i64,
    /// By whom.
    pub made_by: String,
    /// Why; may be empty.
    pub why: String,
}

/// A question for generations.
macro_rules! generations {
    ($rest:literal) => {
        concat!(
            "SELECT tenant, number, document, document_digest, set_digest, made_at, made_by, why
             FROM sandgate_generations ",
            $rest
        )
    };
}

impl Registry {
    /// One generation; its document is what its digest says.
    ///
    /// # Errors
    /// Where it cannot be read, or is damaged.
    pub fn generation(&self, tenant: &str, number: u64) -> Result<Option<Generation>, Error> {
        self.database.read(|work| {
            let Some(found) = generation(work, tenant, number)? else { return Ok(None) };
            if Digest::of(found.document.as_bytes()) != found.document_digest {
                let what = format!("the document of generation {number} of tenant {tenant:?} is another than was made");
                return Err(work.damaged(what));
            }
            Ok(Some(found))
        })
    }

    /// A tenant's generations, the newest first.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn generations(&self, tenant: &str, limit: usize) -> Result<Vec<Generation>, Error> {
        let limit = int(limit.min(GENERATIONS_MAX) as u64);
        self.database.read(|work| {
            let statement = generations!("WHERE tenant = $1 ORDER BY number DESC LIMIT $2");
            let rows = work.rows(statement, &[Bind::Text(tenant), Bind::Int(limit)])?;
            rows.iter().map(|row| read_generation(work, row)).collect()
        })
    }
}

/// Keeps a generation.
pub(crate) fn insert(work: &mut Work<'_>, made: &Generation) -> Result<(), Error> {
    work.rows(
        "INSERT INTO sandgate_generations
             (tenant, number, document, document_digest, set_digest, made_at, made_by, why)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            Bind::Text(&made.tenant),
            Bind::Int(int(made.number)),
            Bind::Text(&made.document),
            Bind::Text(&made.document_digest.hex()),
            Bind::Text(&made.set.hex()),
            Bind::Int(made.made_at),
            Bind::Text(&made.made_by),
            Bind::Text(&made.why),
        ],
    )
    .map(drop)
}

/// A generation as it is stored.
pub(crate) fn generation(work: &mut Work<'_>, tenant: &str, number: u64) -> Result<Option<Generation>, Error> {
    let row =
        work.row(generations!("WHERE tenant = $1 AND number = $2"), &[Bind::Text(tenant), Bind::Int(int(number))])?;
    row.map(|row| read_generation(work, &row)).transpose()
}

fn read_generation(work: &Work<'_>, row: &Row) -> Result<Generation, Error> {
    Ok(Generation {
        tenant: work.get(row, 0)?,
        number: work.number(row, 1)?,
        document: work.get(row, 2)?,
        document_digest: work.digest(row, 3)?,
        set: work.digest(row, 4)?,
        made_at: work.get(row, 5)?,
        made_by: work.get(row, 6)?,
        why: work.get(row, 7)?,
    })
}
