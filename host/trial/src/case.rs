//! A case: a timeline of records with what is expected of each, as a policy's
//! author writes it down. One case is one file, `cases/NAME.toml` beside the
//! policy's `Cargo.toml`; docs/writing/cases.md has every key.

mod bless;
mod expect;
mod found;
mod read;
mod run;
mod values;
mod write;

pub use bless::{BlessError, bless};
pub use expect::{Difference, Expect, Score};
pub use found::found;
pub use read::{folder, parse, read, setup};
pub use run::{Came, Failure, Ran, run};
pub use values::{tag_value, values};
pub use write::{Draft, DraftStep, json_of};

use crate::send::Send;
use crate::trial::Setup;
use sandgate_tags::Tag;
use std::path::PathBuf;

/// A case, read and checked against the manifest of its policy.
#[derive(Clone, Debug)]
pub struct Case {
    /// The file's name without its ending.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// What it shows, if it says so.
    pub about: Option<String>,
    /// How the policy is set up.
    pub setup: Setup,
    /// Tags that are there from the start.
    pub tags: Vec<CaseTag>,
    /// The records in order.
    pub steps: Vec<Step>,
}

/// A tag as a case sets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseTag {
    /// What is tagged.
    pub entity: String,
    /// Which one.
    pub id: String,
    /// Which attribute of it.
    pub attribute: String,
    /// Its value.
    pub value: String,
}

/// A record of a timeline.
#[derive(Clone, Debug)]
pub struct Step {
    /// The line where it begins.
    pub line: usize,
    /// What is sent.
    pub send: Send,
    /// So many times.
    pub times: u32,
    /// So many milliseconds apart.
    pub every: i64,
    /// Tags that are set before it is sent.
    pub tags: Vec<CaseTag>,
    /// What is expected of it; of the last one where it is sent several times.
    pub expect: Option<Expect>,
}

impl CaseTag {
    /// Whether a store would take it.
    fn is_sound(&self) -> bool {
        let CaseTag { entity, id, attribute, value } = self;
        Tag { entity, id, attribute, value }.check().is_ok()
    }

    /// Whether another says something else of the same.
    fn contradicts(&self, other: &CaseTag) -> bool {
        (&self.entity, &self.id, &self.attribute) == (&other.entity, &other.id, &other.attribute)
            && self.value != other.value
    }
}

impl Case {
    /// Whether it expects anything: one that does not proves nothing.
    pub fn expects(&self) -> bool {
        self.steps.iter().any(|step| step.expect.is_some())
    }
}
