//! What hosts have counted of the generations on trial. It is told, not decided, as what
//! they run: a host overwrites its own rows, and whoever looks adds up those of all.

use crate::session::{Bind, Row};
use crate::work::{Work, int};
use crate::{Error, Registry, bounds};
use sandgate_model::comparison::Comparison;
use std::collections::BTreeSet;

/// What a host has counted of one trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// The tenant.
    pub tenant: String,
    /// The generation on trial.
    pub generation: u64,
    /// The revision that put it there.
    pub since: u64,
    /// The generation that was active beside it.
    pub against: u64,
    /// The counts.
    pub comparison: Comparison,
}

impl Registry {
    /// Keeps what a host has counted, in place of all that it said before.
    ///
    /// # Errors
    /// Where something is unfit, or the registry does not take it.
    pub fn count(&self, host: &str, all: &[Compared], at: i64) -> Result<(), Error> {
        bounds::line("the host's name", host, bounds::NAME_MAX)?;
        bounds::size("what a host compares (in candidates)", all.len(), bounds::ROWS_MAX)?;
        let mut rows = Vec::new();
        for one in all {
            bounds::line("the tenant's name", &one.tenant, bounds::NAME_MAX)?;
            let told = serde_json::json!(one.comparison).to_string();
            bounds::size("what a host has counted", told.len(), bounds::COMPARED_MAX)?;
            rows.push((one, told));
        }
        self.database.tell(|work| {
            work.rows("DELETE FROM sandgate_compared WHERE host = $1", &[Bind::Text(host)])?;
            for (one, told) in &rows {
                work.rows(
                    "INSERT INTO sandgate_compared (host, tenant, generation, since, against, told, at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7)
                     ON CONFLICT (host, tenant, generation) DO UPDATE SET since = excluded.since,
                         against = excluded.against, told = excluded.told, at = excluded.at",
                    &[
                        Bind::Text(host),
                        Bind::Text(&one.tenant),
                        Bind::Int(int(one.generation)),
                        Bind::Int(int(one.since)),
                        Bind::Int(int(one.against)),
                        Bind::Text(told),
                        Bind::Int(at),
                    ],
                )?;
            }
            Ok(())
        })
    }

    /// What all hosts have counted, each with its host, in the order of hosts, tenants and
    /// generations. A row that this version cannot read is left out.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn compared(&self) -> Result<Vec<(String, Compared)>, Error> {
        self.database.read(|work| {
            let rows = work.rows(
                "SELECT host, tenant, generation, since, against, told FROM sandgate_compared
                 ORDER BY host, tenant, generation",
                &[],
            )?;
            let read = rows.iter().map(|row| read(work, row)).collect::<Result<Vec<_>, _>>();
            Ok(read?.into_iter().flatten().collect())
        })
    }
}

fn read(work: &Work<'_>, row: &Row) -> Result<Option<(String, Compared)>, Error> {
    let told: String = work.get(row, 5)?;
    let Ok(comparison) = serde_json::from_str(&told) else { return Ok(None) };
    let (generation, since, against) = (work.number(row, 2)?, work.number(row, 3)?, work.number(row, 4)?);
    let compared = Compared { tenant: work.get(row, 1)?, generation, since, against, comparison };
    Ok(Some((work.get(row, 0)?, compared)))
}

/// Forgets what was counted of trials of a tenant that have ended.
pub(crate) fn forget(work: &mut Work<'_>, tenant: &str, is_on_trial: impl Fn(u64) -> bool) -> Result<(), Error> {
    let counted = "SELECT DISTINCT generation FROM sandgate_compared WHERE tenant = $1";
    let rows = work.rows(counted, &[Bind::Text(tenant)])?;
    let counted = rows.iter().map(|row| work.number(row, 0)).collect::<Result<BTreeSet<_>, _>>()?;
    for generation in counted.into_iter().filter(|generation| !is_on_trial(*generation)) {
        let ended = "DELETE FROM sandgate_compared WHERE tenant = $1 AND generation = $2";
        work.rows(ended, &[Bind::Text(tenant), Bind::Int(int(generation))])?;
    }
    Ok(())
}
