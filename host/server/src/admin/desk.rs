//! What the host does for the API, and the verbs do as well: making policies and policy
//! sets ready. The API knows neither components nor documents; it hands over texts and
//! bytes, and tells what became of them.

use sandgate_control::{Error, Moved, Pushed, Who};
use sandgate_model::digest::Digest;

/// Whoever makes things ready. Its calls take as long as they take: the API calls them
/// on threads that are there for that.
pub trait Desk: Send + Sync {
    /// Loads a component and keeps it, with what belongs to it.
    ///
    /// # Errors
    /// Where the component is refused, or the registry does not take it.
    fn push(&self, policy: &Policy<'_>, who: &Who) -> Result<Kept, Refusal>;

    /// Makes a tenant's next policy set ready; then activates or proposes it, unless it
    /// is only looked at. `token` is the author's.
    ///
    /// # Errors
    /// Where a step refuses it, or the registry does not take it.
    fn change(&self, tenant: &str, change: &Change<'_>, who: &Who, token: &str) -> Result<Done, Refusal>;
}

/// A policy on its way into the registry.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    /// The component.
    pub component: &'a [u8],
    /// Its cases: the name and the text of each.
    pub cases: &'a [(String, String)],
    /// Its page.
    pub readme: Option<&'a str>,
    /// Whether cases and page of a policy that is there may be replaced.
    pub may_change: bool,
}

/// A policy that was kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// What became of it.
    pub pushed: Pushed,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What a tenant shall run.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// From where it is made.
    pub next: Next<'a>,
    /// The tenant's revision that it was decided upon; none for the one there is.
    pub expected: Option<u64>,
    /// Whether it is only looked at.
    pub check: bool,
    /// Whether windows that it adds get what was before them.
    pub backfill: bool,
}

/// Where a tenant's next document comes from.
#[derive(Clone, Copy, Debug)]
pub enum Next<'a> {
    /// The active one with these changes, each as POLICY.KEY=VALUE.
    Edited(&'a [String]),
    /// This one.
    Document(&'a str),
}

/// What became of a change.
#[derive(Clone, Debug)]
pub struct Done {
    /// The policy set that was made ready.
    pub set: Digest,
    /// What an operator should know of it.
    pub notes: Vec<String>,
    /// How it ended.
    pub end: End,
}

/// How a change ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing stands in its way, and nothing was changed.
    Checked,
    /// The pointer moved, or stood there.
    Moved(Moved),
    /// It waits for somebody else, under this number.
    Proposed(u64),
}

/// Why something was not done.
#[derive(Debug)]
pub enum Refusal {
    /// The registry says no.
    Registry(Error),
    /// A step says no: its word, and why.
    Step {
        /// The step.
        step: &'static str,
        /// Why, and the mend.
        why: String,
    },
    /// What was sent cannot be used.
    Unfit(String),
    /// What is named is not there.
    Unknown(String),
    /// The host itself is in the way.
    Broken(String),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal::Registry(error)
    }
}
