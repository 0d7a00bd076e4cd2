//! The history: entries, each of which bears the hash of the one before.
//!
//! An entry's hash is the sha-256 of its *canonical form*: the line
//! `sandgate-history-1`, a line feed, then nine texts in this order, each as the
//! decimal number of its bytes, a colon, the bytes in UTF-8, and a comma:
//!
//! 1. `before`: the hash of the entry before as 64 lower hexadecimal digits, of the
//!    first entry 64 zeros
//! 2. `number`, decimal, from 1
//! 3. `at`: milliseconds since 1970 in UTC, decimal
//! 4. `actor`, 5. `origin`: who, and from where
//! 6. `tenant`: empty where the change is about none
//! 7. `action`: `push`, `activate`, `import`, `rollback`, `freeze`, `lift`, `propose`,
//!    `approve`, `reject`, `four-eyes`, `token` (one was made), `revoke`, `shadow`, `shadow-stop`, `canary`,
//!    `canary-share`, `canary-stop`, `promote`
//! 8. `detail`: a JSON text, byte for byte as it is stored
//! 9. `why`: may be empty
//!
//! Lengths before the texts: no text can be read as the end of another. Whoever
//! keeps one hash elsewhere can tell whether anything before it was changed,
//! taken out or put in, with nothing but this page and a sha-256.

use crate::session::{Bind, Row};
use crate::wake::NOTIFY;
use crate::work::{Work, int};
use crate::{Error, Registry};
use sandgate_model::digest::Digest;
use serde_json::Value;

/// A question for entries.
macro_rules! history {
    ($rest:literal) => {
        concat!(
            "SELECT number, at, actor, origin, tenant, action, detail, why, before, hash FROM sandgate_history ",
            $rest
        )
    };
}

/// Before the first entry.
pub(crate) const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// Most entries that are answered at once.
const ENTRIES_MAX: usize = 10_000;

/// Who changes something, from where, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// A person or a program.
    pub actor: String,
    /// Where they are: a machine's name, the address of a client. May be empty.
    pub origin: String,
    /// The reason they give. May be empty.
    pub why: String,
}

/// What was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Push,
    Activate,
    Import,
    Rollback,
    Freeze,
    Lift,
    Shadow,
    ShadowStop,
    Canary,
    CanaryShare,
    CanaryStop,
    Promote,
    Propose,
    /// Of the proposal with this number.
    Approve(u64),
    Reject,
    FourEyes,
    Token,
    Revoke,
}

/// An entry of the history, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1 and without gaps.
    pub number: u64,
    /// When, in milliseconds since 1970 (UTC), by the clock of whoever made the change.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// From where.
    pub origin: String,
    /// The tenant; empty where the change is about none.
    pub tenant: String,
    /// What: `push`, `activate`, and the other words of this page.
    pub action: String,
    /// What exactly, as JSON.
    pub detail: String,
    /// Why; may be empty.
    pub why: String,
    /// The hash of the entry before, in 64 hexadecimal digits.
    pub before: String,
    /// Its own.
    pub hash: String,
}

/// The end of the history: what a person keeps elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of the last entry.
    pub number: u64,
    /// Its hash.
    pub hash: Digest,
}

impl Who {
    pub(crate) fn check(&self) -> Result<(), Error> {
        crate::bounds::line("the actor", &self.actor, crate::bounds::NAME_MAX)?;
        crate::bounds::short("the origin", &self.origin, crate::bounds::NAME_MAX)?;
        crate::bounds::short("the reason", &self.why, crate::bounds::WHY_MAX)
    }
}

impl Action {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Action::Push => "push",
            Action::Activate => "activate",
            Action::Import => "import",
            Action::Rollback => "rollback",
            Action::Freeze => "freeze",
            Action::Lift => "lift",
            Action::Shadow => "shadow",
            Action::ShadowStop => "shadow-stop",
            Action::Canary => "canary",
            Action::CanaryShare => "canary-share",
            Action::CanaryStop => "canary-stop",
            Action::Promote => "promote",
            Action::Propose => "propose",
            Action::Approve(_) => "approve",
            Action::Reject => "reject",
            Action::FourEyes => "four-eyes",
            Action::Token => "token",
            Action::Revoke => "revoke",
        }
    }
}

impl Entry {
    /// The bytes that are hashed.
    pub fn canonical(&self) -> Vec<u8> {
        let mut bytes = b"sandgate-history-1\n".to_vec();
        let (number, at) = (self.number.to_string(), self.at.to_string());
        let Entry { actor, origin, tenant, action, detail, why, before, .. } = self;
        for text in [before, &number, &at, actor, origin, tenant, action, detail, why] {
            bytes.extend_from_slice(text.len().to_string().as_bytes());
            bytes.push(b':');
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(b',');
        }
        bytes
    }

    /// The hash that it should have, in 64 hexadecimal digits.
    pub fn expected(&self) -> String {
        Digest::of(&self.canonical()).hex()
    }
}

/// Appends the entry of a change within its commit, and raises the revision.
pub(crate) fn append(
    work: &mut Work<'_>,
    who: &Who,
    at: i64,
    tenant: &str,
    action: Action,
    detail: &Value,
) -> Result<u64, Error> {
    let last = work.revision;
    let before = match last {
        0 => NOTHING.to_owned(),
        _ => {
            let row = work.row("SELECT hash FROM sandgate_history WHERE number = $1", &[Bind::Int(int(last))])?;
            let row = row.ok_or_else(|| work.damaged(format!("entry {last} of its history is missing")))?;
            work.get(&row, 0)?
        }
    };
    let Who { actor, origin, why } = who.clone();
    let (tenant, action) = (tenant.to_owned(), action.word().to_owned());
    let (number, detail, hash) = (last + 1, detail.to_string(), String::new());
    let mut entry = Entry { number, at, actor, origin, tenant, action, detail, why, before, hash };
    entry.hash = entry.expected();
    let texts = [&entry.actor, &entry.origin, &entry.tenant, &entry.action];
    let texts = texts.into_iter().chain([&entry.detail, &entry.why, &entry.before, &entry.hash]);
    let binds: Vec<Bind<'_>> =
        [Bind::Int(int(number)), Bind::Int(at)].into_iter().chain(texts.map(|text| Bind::Text(text))).collect();
    work.rows(
        "INSERT INTO sandgate_history (number, at, actor, origin, tenant, action, detail, why, before, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &binds,
    )?;
    work.rows("UPDATE sandgate_control SET revision = $1 WHERE id = 1", &[Bind::Int(int(number))])?;
    if !work.is_file() {
        // is heard when this is committed, and not if it is not
        work.run(NOTIFY.into())?;
    }
    work.revision = number;
    Ok(number)
}

/// Entries behind a number, in order.
pub(crate) fn entries(work: &mut Work<'_>, after: u64, limit: usize) -> Result<Vec<Entry>, Error> {
    let rows = work.rows(
        history!("WHERE number > $1 ORDER BY number LIMIT $2"),
        &[Bind::Int(int(after)), Bind::Int(int(limit as u64))],
    )?;
    rows.iter().map(|row| entry(work, row)).collect()
}

fn entry(work: &Work<'_>, row: &Row) -> Result<Entry, Error> {
    Ok(Entry {
        number: work.number(row, 0)?,
        at: work.get(row, 1)?,
        actor: work.get(row, 2)?,
        origin: work.get(row, 3)?,
        tenant: work.get(row, 4)?,
        action: work.get(row, 5)?,
        detail: work.get(row, 6)?,
        why: work.get(row, 7)?,
        before: work.get(row, 8)?,
        hash: work.get(row, 9)?,
    })
}

impl Registry {
    /// Entries behind a number, in their order; of one tenant, or of all.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn history(&self, after: u64, limit: usize, tenant: Option<&str>) -> Result<Vec<Entry>, Error> {
        let limit = limit.min(ENTRIES_MAX);
        self.database.read(|work| match tenant {
            None => entries(work, after, limit),
            Some(tenant) => {
                let rows = work.rows(
                    history!("WHERE tenant = $1 AND number > $2 ORDER BY number LIMIT $3"),
                    &[Bind::Text(tenant), Bind::Int(int(after)), Bind::Int(int(limit as u64))],
                )?;
                rows.iter().map(|row| entry(work, row)).collect()
            }
        })
    }

    /// The last entries, in their order; of one tenant, or of all.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn latest(&self, limit: usize, tenant: Option<&str>) -> Result<Vec<Entry>, Error> {
        let limit = limit.min(ENTRIES_MAX);
        self.database.read(|work| {
            let rows = work.rows(
                history!("WHERE (CAST($1 AS TEXT) IS NULL OR tenant = $1) ORDER BY number DESC LIMIT $2"),
                &[Bind::MaybeText(tenant), Bind::Int(int(limit as u64))],
            )?;
            rows.iter().rev().map(|row| entry(work, row)).collect()
        })
    }

    /// The end of the history, if anything was ever changed.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn head(&self) -> Result<Option<Head>, Error> {
        self.database.read(|work| {
            let row = work.row("SELECT number, hash FROM sandgate_history ORDER BY number DESC LIMIT 1", &[])?;
            row.map(|row| Ok(Head { number: work.number(&row, 0)?, hash: work.digest(&row, 1)? })).transpose()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, NOTHING};

    fn entry() -> Entry {
        let text = str::to_owned;
        Entry {
            number: 1,
            at: 1_750_000_000_000,
            actor: text("ann"),
            origin: text("laptop"),
            tenant: text("shop"),
            action: text("freeze"),
            detail: text("{}"),
            why: text("zu früh"),
            before: text(NOTHING),
            hash: String::new(),
        }
    }

    #[test]
    fn the_canonical_form_is_the_documented_one() {
        let form = String::from_utf8(entry().canonical()).unwrap();
        let expected = format!(
            "sandgate-history-1\n64:{NOTHING},1:1,13:1750000000000,3:ann,6:laptop,4:shop,6:freeze,2:{{}},8:zu früh,"
        );
        assert_eq!(form, expected);
        // as `printf … | sha256sum` says
        assert_eq!(entry().expected(), "947df359d663874f731b8e04351508689098bb3550ee28a42b29129a064baf7f");
    }

    #[test]
    fn a_change_of_any_part_is_another_hash() {
        let changes: [fn(&mut Entry); 9] = [
            |entry| entry.number = 2,
            |entry| entry.at += 1,
            |entry| entry.actor.push('x'),
            |entry| entry.origin.push('x'),
            |entry| entry.tenant.push('x'),
            |entry| entry.action.push('x'),
            |entry| entry.detail.push(' '),
            |entry| entry.why.clear(),
            |entry| entry.before = entry.before.replacen('0', "1", 1),
        ];
        for (index, change) in changes.iter().enumerate() {
            let mut changed = entry();
            change(&mut changed);
            assert_ne!(changed.expected(), entry().expected(), "change {index}");
        }
        // a part that moves from one text to the next
        let moved = Entry { actor: "annl".to_owned(), origin: "aptop".to_owned(), ..entry() };
        assert_ne!(moved.expected(), entry().expected());
    }
}
