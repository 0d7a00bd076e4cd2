//! Policies by digest: component, cases and README, as they were pushed.

use crate::chain::{Action, append};
use crate::session::{Bind, Row};
use crate::work::Work;
use crate::{Error, Registry, Who, bounds};
use sandgate_model::digest::Digest;
use serde_json::{Value, json};

/// A policy on its way into the registry.
#[derive(Clone, Copy, Debug)]
pub struct Bundle<'a> {
    /// What the component describes itself as: JSON, kept as it is.
    pub manifest: &'a str,
    /// The policy's name.
    pub name: &'a str,
    /// The version that its author gave it.
    pub version: &'a str,
    /// What it is for, in one line. May be empty.
    pub summary: &'a str,
    /// The component. Its digest is the policy's.
    pub component: &'a [u8],
    /// Its page.
    pub readme: Option<&'a [u8]>,
    /// Its cases, all in one.
    pub cases: Option<&'a [u8]>,
}

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// The policy was not there.
    New(Digest),
    /// The component was there, with another page, other cases or another description:
    /// they are now these.
    Changed(Digest),
    /// All of it was there.
    Known(Digest),
}

/// A policy in the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The component's digest.
    pub digest: Digest,
    /// The policy's name.
    pub name: String,
    /// The version that its author gave it.
    pub version: String,
    /// What it is for; may be empty.
    pub summary: String,
    /// What the component describes itself as: JSON.
    pub manifest: String,
    /// The digest of its page.
    pub readme: Option<Digest>,
    /// The digest of its cases.
    pub cases: Option<Digest>,
    /// When it was pushed like this, in milliseconds since 1970.
    pub pushed_at: i64,
    /// By whom.
    pub pushed_by: String,
}

/// So many are named where the beginning of a digest is not enough.
const AMBIGUOUS_MAX: usize = 8;
/// A question for policies.
macro_rules! policies {
    ($rest:literal) => {
        concat!(
            "SELECT digest, name, version, summary, manifest, readme, cases, pushed_at, pushed_by FROM sandgate_policies ",
            $rest
        )
    };
}

impl Bundle<'_> {
    fn check(&self) -> Result<(), Error> {
        bounds::line("the policy's name", self.name, bounds::NAME_MAX)?;
        bounds::short("the policy's version", self.version, bounds::NAME_MAX)?;
        bounds::short("the policy's summary", self.summary, bounds::WHY_MAX)?;
        bounds::long("the manifest", self.manifest, bounds::DOCUMENT_MAX)?;
        bounds::size("the component", self.component.len(), bounds::BLOB_MAX)?;
        bounds::size("the README", self.readme.map_or(0, <[u8]>::len), bounds::BLOB_MAX)?;
        bounds::size("the cases", self.cases.map_or(0, <[u8]>::len), bounds::BLOB_MAX)
    }
}

impl Registry {
    /// Keeps a policy. Pushing the same again changes nothing, and mends what was
    /// damaged of it.
    ///
    /// # Errors
    /// Where a part is too large, or the registry does not take it.
    pub fn push(&self, bundle: &Bundle<'_>, who: &Who, at: i64) -> Result<Pushed, Error> {
        self.put(bundle, true, who, at)
    }

    /// Keeps a policy for somebody who may not change what others rely on: one that is
    /// there with another page, other cases or another description is left alone.
    ///
    /// # Errors
    /// As [`Registry::push`]; and where it would change something.
    pub fn push_new(&self, bundle: &Bundle<'_>, who: &Who, at: i64) -> Result<Pushed, Error> {
        self.put(bundle, false, who, at)
    }

    fn put(&self, bundle: &Bundle<'_>, may_change: bool, who: &Who, at: i64) -> Result<Pushed, Error> {
        bundle.check()?;
        who.check()?;
        let digest = Digest::of(bundle.component);
        let (readme, cases) = (bundle.readme.map(Digest::of), bundle.cases.map(Digest::of));
        let mut blobs = vec![(digest.hex(), bundle.component)];
        blobs.extend(readme.zip(bundle.readme).map(|(digest, bytes)| (digest.hex(), bytes)));
        blobs.extend(cases.zip(bundle.cases).map(|(digest, bytes)| (digest.hex(), bytes)));
        // in one order, so that two who push the same wait for each other in one direction only
        blobs.sort();
        blobs.dedup();
        let put = |work: &mut Work<'_>| blobs.iter().try_for_each(|(digest, bytes)| put_blob(work, digest, bytes));
        self.database.change(put, |work| {
            let known = policy(work, &digest)?;
            let pushed = Stored {
                digest,
                name: bundle.name.to_owned(),
                version: bundle.version.to_owned(),
                summary: bundle.summary.to_owned(),
                manifest: bundle.manifest.to_owned(),
                readme,
                cases,
                pushed_at: known.as_ref().map_or(at, |known| known.pushed_at),
                pushed_by: known.as_ref().map_or_else(|| who.actor.clone(), |known| known.pushed_by.clone()),
            };
            if known.as_ref() == Some(&pushed) {
                return Ok(Pushed::Known(digest));
            }
            if known.is_some() && !may_change {
                return Err(Error::Taken { digest });
            }
            let pushed = Stored { pushed_at: at, pushed_by: who.actor.clone(), ..pushed };
            put_policy(work, &pushed)?;
            append(work, who, at, "", Action::Push, &told(&pushed))?;
            Ok(if known.is_some() { Pushed::Changed(digest) } else { Pushed::New(digest) })
        })
    }

    /// All policies, in the order of their names, then from the newest push to the oldest.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn policies(&self) -> Result<Vec<Stored>, Error> {
        let mut policies = self.database.read(all)?;
        policies.sort_by(|a, b| a.name.cmp(&b.name).then(b.pushed_at.cmp(&a.pushed_at)).then(a.digest.cmp(&b.digest)));
        Ok(policies)
    }

    /// One policy.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn policy(&self, digest: &Digest) -> Result<Option<Stored>, Error> {
        self.database.read(|work| policy(work, digest))
    }

    /// The bytes of a component, a page or cases, if they are there. They are what
    /// their digest says.
    ///
    /// # Errors
    /// Where they cannot be read, or are damaged.
    pub fn blob(&self, digest: &Digest) -> Result<Option<Vec<u8>>, Error> {
        self.database.read(|work| {
            let Some(bytes) = blob(work, digest)? else { return Ok(None) };
            if Digest::of(&bytes) != *digest {
                return Err(Error::DamagedBlob { place: work.place(), digest: *digest });
            }
            Ok(Some(bytes))
        })
    }

    /// The policy whose digest begins like this, with or without `sha256:`.
    ///
    /// # Errors
    /// Where several do.
    pub fn find(&self, prefix: &str) -> Result<Option<Stored>, Error> {
        let digits = prefix.strip_prefix("sha256:").unwrap_or(prefix).to_ascii_lowercase();
        if digits.is_empty() || digits.len() > 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Ok(None);
        }
        // what begins with the digits stands between them and the same with a letter that is none
        let end = format!("{digits}g");
        self.database.read(|work| {
            let rows = work.rows(
                "SELECT digest FROM sandgate_policies WHERE digest >= $1 AND digest < $2 ORDER BY digest LIMIT $3",
                &[Bind::Text(&digits), Bind::Text(&end), Bind::Int(AMBIGUOUS_MAX as i64)],
            )?;
            let digests = rows.iter().map(|row| work.digest(row, 0)).collect::<Result<Vec<_>, _>>()?;
            match digests.as_slice() {
                [] => Ok(None),
                [digest] => policy(work, digest),
                _ => Err(Error::Ambiguous { prefix: prefix.to_owned(), digests }),
            }
        })
    }
}

fn put_blob(work: &mut Work<'_>, digest: &str, bytes: &[u8]) -> Result<(), Error> {
    work.rows(
        "INSERT INTO sandgate_blobs (digest, bytes) VALUES ($1, $2)
         ON CONFLICT (digest) DO UPDATE SET bytes = excluded.bytes WHERE sandgate_blobs.bytes <> excluded.bytes",
        &[Bind::Text(digest), Bind::Bytes(bytes)],
    )
    .map(drop)
}

fn put_policy(work: &mut Work<'_>, policy: &Stored) -> Result<(), Error> {
    let (readme, cases) = (policy.readme.map(|digest| digest.hex()), policy.cases.map(|digest| digest.hex()));
    work.rows(
        "INSERT INTO sandgate_policies
             (digest, name, version, summary, manifest, readme, cases, pushed_at, pushed_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (digest) DO UPDATE SET name = excluded.name, version = excluded.version,
             summary = excluded.summary, manifest = excluded.manifest, readme = excluded.readme,
             cases = excluded.cases, pushed_at = excluded.pushed_at, pushed_by = excluded.pushed_by",
        &[
            Bind::Text(&policy.digest.hex()),
            Bind::Text(&policy.name),
            Bind::Text(&policy.version),
            Bind::Text(&policy.summary),
            Bind::Text(&policy.manifest),
            Bind::MaybeText(readme.as_deref()),
            Bind::MaybeText(cases.as_deref()),
            Bind::Int(policy.pushed_at),
            Bind::Text(&policy.pushed_by),
        ],
    )
    .map(drop)
}

/// What the history says of a push.
pub(crate) fn told(policy: &Stored) -> Value {
    let text = |digest: Option<Digest>| digest.map(|digest| digest.to_string());
    json!({
        "policy": policy.digest.to_string(),
        "name": policy.name,
        "version": policy.version,
        "summary": policy.summary,
        "manifest": Digest::of(policy.manifest.as_bytes()).to_string(),
        "readme": text(policy.readme),
        "cases": text(policy.cases),
    })
}

/// The bytes of a digest, whatever they are.
pub(crate) fn blob(work: &mut Work<'_>, digest: &Digest) -> Result<Option<Vec<u8>>, Error> {
    let row = work.row("SELECT bytes FROM sandgate_blobs WHERE digest = $1", &[Bind::Text(&digest.hex())])?;
    row.map(|row| work.get(&row, 0)).transpose()
}

fn policy(work: &mut Work<'_>, digest: &Digest) -> Result<Option<Stored>, Error> {
    let row = work.row(policies!("WHERE digest = $1"), &[Bind::Text(&digest.hex())])?;
    row.map(|row| stored(work, &row)).transpose()
}

/// All policies in the order of their digests.
pub(crate) fn all(work: &mut Work<'_>) -> Result<Vec<Stored>, Error> {
    let rows = work.rows(policies!("ORDER BY digest"), &[])?;
    rows.iter().map(|row| stored(work, row)).collect()
}

fn stored(work: &Work<'_>, row: &Row) -> Result<Stored, Error> {
    Ok(Stored {
        digest: work.digest(row, 0)?,
        name: work.get(row, 1)?,
        version: work.get(row, 2)?,
        summary: work.get(row, 3)?,
        manifest: work.get(row, 4)?,
        readme: work.digest_maybe(row, 5)?,
        cases: work.digest_maybe(row, 6)?,
        pushed_at: work.get(row, 7)?,
        pushed_by: work.get(row, 8)?,
    })
}
