//! What the hosts of a fleet say that they run. It is told, not decided: no revision
//! rises and no history is written. A host says all of it again now and then, so that
//! its time is also its last sign of life.

use crate::session::{Bind, Both, Row};
use crate::work::{Work, int};
use crate::{Error, Registry, bounds};
use sandgate_model::digest::Digest;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How a host stands to what is active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It runs it.
    Active,
    /// It could not, and goes on with what it runs.
    Refused,
}

/// What a host runs for one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runs {
    /// The tenant.
    pub tenant: String,
    /// The generation that it judges with; none if it never had one.
    pub generation: Option<u64>,
    /// That generation's policy set.
    pub set: Option<Digest>,
    /// How it stands to what is active.
    pub state: State,
    /// Why it could not follow. Cut where it is too long.
    pub problem: Option<String>,
    /// Since which position of which lane: JSON, kept as it is.
    pub positions: String,
}

/// A host and what it runs for one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its name.
    pub host: String,
    /// When it said so, in milliseconds since 1970, by its own clock.
    pub at: i64,
    /// What it runs.
    pub runs: Runs,
}

const INSERT: Both = Both {
    sqlite: "INSERT INTO sandgate_hosts (host, at, tenant, generation, set_digest, state, problem, positions)
        SELECT $1, $2, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5
        FROM json_each($3) WHERE true
        ON CONFLICT (host, tenant) DO UPDATE SET at = excluded.at, generation = excluded.generation,
            set_digest = excluded.set_digest, state = excluded.state, problem = excluded.problem,
            positions = excluded.positions",
    postgres: "INSERT INTO sandgate_hosts (host, at, tenant, generation, set_digest, state, problem, positions)
        SELECT $1, $2, told ->> 0, CAST(told ->> 1 AS BIGINT), told ->> 2, told ->> 3, told ->> 4, told ->> 5
        FROM json_array_elements(CAST($3 AS JSON)) AS rows (told)
        ON CONFLICT (host, tenant) DO UPDATE SET at = excluded.at, generation = excluded.generation,
            set_digest = excluded.set_digest, state = excluded.state, problem = excluded.problem,
            positions = excluded.positions",
};

impl State {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            State::Active => "active",
            State::Refused => "refused",
        }
    }
}

impl Registry {
    /// Keeps what a host says that it runs, in place of all that it said before.
    /// Nothing at all forgets the host.
    ///
    /// # Errors
    /// Where something is unfit, or the registry does not take it.
    pub fn report(&self, host: &str, runs: &[Runs], at: i64) -> Result<(), Error> {
        bounds::line("the host's name", host, bounds::NAME_MAX)?;
        bounds::size("what a host runs (in tenants)", runs.len(), bounds::ROWS_MAX)?;
        for runs in runs {
            bounds::line("the tenant's name", &runs.tenant, bounds::NAME_MAX)?;
            bounds::long("a tenant's positions", &runs.positions, bounds::TOLD_MAX)?;
        }
        // in one order, so that two of one name wait for each other in one direction only
        let mut rows = BTreeMap::new();
        for runs in runs {
            let set = runs.set.map(|set| set.hex());
            let problem = runs.problem.as_deref().map(printable);
            let row = json!([runs.tenant, runs.generation.map(int), set, runs.state.word(), problem, runs.positions]);
            if rows.insert(&runs.tenant, row).is_some() {
                let problem = format!("names tenant {:?} twice: name it once", runs.tenant);
                return Err(Error::Unfit { what: "what a host runs", problem });
            }
        }
        let rows = Value::Array(rows.into_values().collect()).to_string();
        bounds::size("what a host runs", rows.len(), bounds::BLOB_MAX)?;
        let told = |work: &mut Work<'_>| {
            work.rows("DELETE FROM sandgate_hosts WHERE host = $1", &[Bind::Text(host)])?;
            work.rows(INSERT, &[Bind::Text(host), Bind::Int(at), Bind::Text(&rows)]).map(drop)
        };
        self.database.tell(told)
    }

    /// What all hosts said last, in the order of hosts and tenants.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn hosts(&self) -> Result<Vec<Host>, Error> {
        self.database.read(|work| {
            let rows = work.rows(
                "SELECT host, at, tenant, generation, set_digest, state, problem, positions FROM sandgate_hosts
                 ORDER BY host, tenant",
                &[],
            )?;
            rows.iter().map(|row| read(work, row)).collect()
        })
    }
}

fn read(work: &Work<'_>, row: &Row) -> Result<Host, Error> {
    let state: String = work.get(row, 5)?;
    let runs = Runs {
        tenant: work.get(row, 2)?,
        generation: work.number_maybe(row, 3)?,
        set: work.digest_maybe(row, 4)?,
        state: if state == State::Active.word() { State::Active } else { State::Refused },
        problem: work.get(row, 6)?,
        positions: work.get(row, 7)?,
    };
    Ok(Host { host: work.get(row, 0)?, at: work.get(row, 1)?, runs })
}

/// A message of any length, as one line that fits.
fn printable(text: &str) -> String {
    let mut line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.len() > bounds::WHY_MAX {
        line.truncate(line.floor_char_boundary(bounds::WHY_MAX));
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::printable;
    use crate::bounds::WHY_MAX;

    #[test]
    fn a_problem_becomes_one_line_that_fits() {
        assert_eq!(printable("step 3:\n\tno fuel\0"), "step 3:  no fuel ");
        let cut = printable(&"é".repeat(WHY_MAX));
        assert_eq!(cut.len(), WHY_MAX + "…".len());
    }
}
