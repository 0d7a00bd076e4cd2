//! Which generation each tenant runs: a pointer for each, whose every move is told
//! in the history within the same commit.

use crate::chain::{Action, append};
use crate::compared::{self, Compared};
use crate::generations::Generation;
use crate::session::{Bind, Row};
use crate::trials::{self, Canary, Trial};
use crate::work::{Work, int};
use crate::{Error, Registry, Who};
use sandgate_model::comparison::Comparison;
use sandgate_model::digest::Digest;
use serde_json::{Value, json};

/// Who has the say about a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Managed {
    /// Its file: the next start of a host with another file activates that.
    File,
    /// The registry.
    Registry,
}

/// What a tenant runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// The tenant.
    pub tenant: String,
    /// The number of the generation that is active.
    pub active: u64,
    /// The number of the newest generation, active or not.
    pub newest: u64,
    /// The one that was active before it.
    pub previous: Option<u64>,
    /// The number of the tenant's last change, in the history.
    pub revision: u64,
    /// Whether nothing new may be activated.
    pub frozen: bool,
    /// Whether a change needs a second pair of eyes.
    pub four_eyes: bool,
    /// Who has the say.
    pub managed: Managed,
    /// What was last taken from its file.
    pub imported: Option<Digest>,
    /// What decides for some of the accounts in its place.
    pub canary: Option<Canary>,
    /// What judges beside it, and decides nothing.
    pub shadows: Vec<Trial>,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// It was made.
    Active {
        /// The generation that is active now.
        number: u64,
        /// The tenant's revision now.
        revision: u64,
    },
    /// It was like that.
    Unchanged {
        /// The generation that is active.
        number: u64,
    },
}

/// A question for pointers.
macro_rules! tenants {
    ($rest:literal) => {
        concat!(
            "SELECT tenant, active, previous, revision, frozen, managed, imported, four_eyes, canary, shadows,
                 (SELECT MAX(number) FROM sandgate_generations AS made WHERE made.tenant = sandgate_tenants.tenant)
             FROM sandgate_tenants ",
            $rest
        )
    };
}

impl Moved {
    /// The tenant's revision, where there is a new one.
    pub(crate) fn revision(self) -> Option<u64> {
        match self {
            Moved::Active { revision, .. } => Some(revision),
            Moved::Unchanged { .. } => None,
        }
    }
}

impl Managed {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Managed::File => "file",
            Managed::Registry => "registry",
        }
    }
}

impl Pointer {
    /// The trial of a generation, if it is on one.
    pub fn trial(&self, generation: u64) -> Option<&Trial> {
        let canary = self.canary.iter().map(|canary| &canary.trial);
        canary.chain(&self.shadows).find(|trial| trial.generation == generation)
    }

    /// The same tenant with another generation active: its canary ends.
    pub(crate) fn turned_to(&self, active: u64) -> Pointer {
        let mut next = Pointer { active, previous: Some(self.active), canary: None, ..self.clone() };
        next.shadows.retain(|shadow| shadow.generation != active);
        next
    }

    /// What hosts have counted of a trial as it stands: against what is active now.
    pub fn compared<'c>(&self, generation: u64, all: &'c [(String, Compared)]) -> Vec<(&'c str, &'c Comparison)> {
        let Some(trial) = self.trial(generation) else { return Vec::new() };
        let wanted = (&self.tenant, generation, trial.since, self.active);
        let of_trial = all.iter().filter(|(_, one)| (&one.tenant, one.generation, one.since, one.against) == wanted);
        of_trial.map(|(host, one)| (host.as_str(), &one.comparison)).collect()
    }

    /// What the history says of a change of it, but for the revision.
    pub(crate) fn told(&self) -> Value {
        let (canary, shadows) = trials::told(self.canary.as_ref(), &self.shadows);
        json!({
            "active": self.active,
            "previous": self.previous,
            "frozen": self.frozen,
            "four_eyes": self.four_eyes,
            "managed": self.managed.word(),
            "imported": self.imported.map(|digest| digest.to_string()),
            "canary": canary,
            "shadows": shadows,
        })
    }
}

impl Registry {
    /// Every tenant there is, in the order of their names.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn tenants(&self) -> Result<Vec<Pointer>, Error> {
        self.database.read(|work| {
            let rows = work.rows(tenants!("ORDER BY tenant"), &[])?;
            rows.iter().map(|row| read_pointer(work, row)).collect()
        })
    }

    /// What one tenant runs.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn tenant(&self, tenant: &str) -> Result<Option<Pointer>, Error> {
        self.database.read(|work| pointer(work, tenant))
    }
}

/// Moves the pointer, and says so in the history.
pub(crate) fn moved(
    work: &mut Work<'_>,
    next: Pointer,
    made: Option<&Generation>,
    (action, who, at): (Action, &Who, i64),
) -> Result<Moved, Error> {
    let mut detail = next.told();
    if let Action::Approve(proposal) = action {
        detail["approved"] = proposal.into();
    }
    if let Some(made) = made {
        detail["made"] = json!({
            "document": made.document_digest.to_string(),
            "set": made.set.to_string(),
        });
    }
    let revision = append(work, who, at, &next.tenant, action, &detail)?;
    let (canary, shadows) = trials::told(next.canary.as_ref(), &next.shadows);
    let imported = next.imported.map(|digest| digest.hex());
    work.rows(
        "INSERT INTO sandgate_tenants (tenant, active, previous, revision, frozen, managed, imported, four_eyes,
             canary, shadows)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (tenant) DO UPDATE SET active = excluded.active, previous = excluded.previous,
             revision = excluded.revision, frozen = excluded.frozen, managed = excluded.managed,
             imported = excluded.imported, four_eyes = excluded.four_eyes,
             canary = excluded.canary, shadows = excluded.shadows",
        &[
            Bind::Text(&next.tenant),
            Bind::Int(int(next.active)),
            Bind::MaybeInt(next.previous.map(int)),
            Bind::Int(int(revision)),
            Bind::Int(i64::from(next.frozen)),
            Bind::Text(next.managed.word()),
            Bind::MaybeText(imported.as_deref()),
            Bind::Int(i64::from(next.four_eyes)),
            Bind::Text(&canary.to_string()),
            Bind::Text(&shadows.to_string()),
        ],
    )?;
    compared::forget(work, &next.tenant, |generation| next.trial(generation).is_some())?;
    Ok(Moved::Active { number: next.active, revision })
}

/// Refuses whoever has not seen the last change of a tenant.
pub(crate) fn expect(
    work: &mut Work<'_>,
    tenant: &str,
    now: Option<&Pointer>,
    expected: Option<u64>,
) -> Result<(), Error> {
    let revision = now.map_or(0, |now| now.revision);
    let Some(expected) = expected.filter(|expected| *expected != revision) else { return Ok(()) };
    let row = work.row("SELECT actor FROM sandgate_history WHERE number = $1", &[Bind::Int(int(revision))])?;
    let by = row.map(|row| work.get(&row, 0)).transpose()?.unwrap_or_else(|| "nobody".to_owned());
    Err(Error::Conflict { tenant: tenant.to_owned(), expected, now: revision, by })
}

/// A tenant that has to be there.
pub(crate) fn known(work: &mut Work<'_>, tenant: &str, expected: Option<u64>) -> Result<Pointer, Error> {
    let now = pointer(work, tenant)?.ok_or_else(|| Error::NoSuchTenant { tenant: tenant.to_owned() })?;
    expect(work, tenant, Some(&now), expected)?;
    Ok(now)
}

/// Who froze a tenant, and why.
pub(crate) fn froze(work: &mut Work<'_>, now: &Pointer) -> Result<(String, String), Error> {
    let row = work.row(
        "SELECT actor, why FROM sandgate_history WHERE tenant = $1 AND action = 'freeze' ORDER BY number DESC LIMIT 1",
        &[Bind::Text(&now.tenant)],
    )?;
    let Some(row) = row else { return Ok(("nobody".to_owned(), String::new())) };
    Ok((work.get(&row, 0)?, work.get(&row, 1)?))
}

/// A tenant's pointer.
pub(crate) fn pointer(work: &mut Work<'_>, tenant: &str) -> Result<Option<Pointer>, Error> {
    let row = work.row(tenants!("WHERE tenant = $1"), &[Bind::Text(tenant)])?;
    row.map(|row| read_pointer(work, &row)).transpose()
}

/// Pointers behind a tenant's name, in the order of the names.
pub(crate) fn pointers(work: &mut Work<'_>, after: &str, limit: i64) -> Result<Vec<Pointer>, Error> {
    let rows =
        work.rows(tenants!("WHERE tenant > $1 ORDER BY tenant LIMIT $2"), &[Bind::Text(after), Bind::Int(limit)])?;
    rows.iter().map(|row| read_pointer(work, row)).collect()
}

fn read_pointer(work: &Work<'_>, row: &Row) -> Result<Pointer, Error> {
    let tenant: String = work.get(row, 0)?;
    let (frozen, managed): (i64, String) = (work.get(row, 4)?, work.get(row, 5)?);
    let four_eyes: i64 = work.get(row, 7)?;
    let managed = match (frozen, four_eyes, managed.as_str()) {
        (0 | 1, 0 | 1, "file") => Managed::File,
        (0 | 1, 0 | 1, "registry") => Managed::Registry,
        _ => {
            let what =
                format!("tenant {tenant:?} is {managed:?} managed, {frozen} frozen and asks {four_eyes} four eyes");
            return Err(work.damaged(what));
        }
    };
    let (canary, shadows): (String, String) = (work.get(row, 8)?, work.get(row, 9)?);
    let json = |text: &str| serde_json::from_str(text).ok();
    let on_trial = json(&canary).zip(json(&shadows)).and_then(|(canary, shadows)| trials::of_told(&canary, &shadows));
    let (canary, shadows) =
        on_trial.ok_or_else(|| work.damaged(format!("what tenant {tenant:?} has on trial makes no sense")))?;
    Ok(Pointer {
        tenant,
        active: work.number(row, 1)?,
        newest: work.number_maybe(row, 10)?.unwrap_or(0),
        previous: work.number_maybe(row, 2)?,
        revision: work.number(row, 3)?,
        frozen: frozen == 1,
        four_eyes: four_eyes == 1,
        managed,
        imported: work.digest_maybe(row, 6)?,
        canary,
        shadows,
    })
}
