//! The policy sets of tenants as their registry has them, made ready for this host.
//!
//! A set is made on the *ground* of its tenant: what lanes keep for all generations so
//! far. All hosts fold the generations in the order of their numbers, so all of them
//! keep the same, in the same places, whichever of them is active.

pub(crate) mod document;
pub(crate) mod shelf;
pub(crate) mod stock;

use crate::config;
use crate::config::workshop::Workshop;
use document::Found;
use sandgate_engine::generation::{Base, Generation};
use sandgate_files::{File, Report};
use sandgate_model::Digest;
use std::cell::RefCell;
use std::fmt;
use std::path::Path;

/// Where documents and components come from.
pub(crate) trait Stock {
    /// The document of a generation.
    ///
    /// # Errors
    /// Why it is not to be had.
    fn document(&self, tenant: &str, number: u64) -> Result<String, String>;

    /// A component by its digest.
    ///
    /// # Errors
    /// Why it is not to be had.
    fn component(&self, digest: &Digest) -> Result<Vec<u8>, String>;
}

/// What a host keeps for a tenant, and how far it has folded its generations.
#[derive(Default)]
pub(crate) struct Ground {
    base: Option<Base>,
    /// Of the generations that it has folded, from the first one on.
    sets: Vec<Digest>,
}

/// Why a generation was not made: at which step, and what to do.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) step: Step,
    pub(crate) why: String,
}

/// The steps to a generation that may judge, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The document and its components are brought.
    Fetch,
    /// The components are verified, compiled and asked what they are; names, fields,
    /// parameters and windows are looked up.
    Resolve,
    /// The policies' own cases are replayed, and cost no more than the budget.
    Cases,
    /// The host takes it.
    Switch,
}

impl Step {
    /// The word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Step::Fetch => "fetch",
            Step::Resolve => "resolve",
            Step::Cases => "cases",
            Step::Switch => "switch",
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.step.word(), self.why)
    }
}

impl std::error::Error for Trouble {}

impl Ground {
    /// Folds the generations up to and with this one; answers the last that it made.
    ///
    /// # Errors
    /// Where one of them cannot be made; those before it are folded.
    pub(crate) fn fold(
        &mut self,
        tenant: &str,
        through: u64,
        workshop: &Workshop,
        stock: &dyn Stock,
    ) -> Result<Option<Generation>, Trouble> {
        let mut last = None;
        while self.folded() < through {
            let generation = self.make(tenant, self.folded() + 1, workshop, stock)?;
            self.base = Some(generation.base().clone());
            self.sets.push(generation.set);
            last = Some(generation);
        }
        Ok(last)
    }

    /// The number of the last generation that was folded.
    pub(crate) fn folded(&self) -> u64 {
        self.sets.len() as u64
    }

    /// The generations that were folded, with their sets: any of them may have decided,
    /// here or on another host.
    pub(crate) fn sets(&self) -> impl Iterator<Item = (u64, Digest)> {
        (1..).zip(self.sets.iter().copied())
    }

    /// Makes a generation on this ground.
    ///
    /// # Errors
    /// Why it cannot be made.
    pub(crate) fn make(
        &self,
        tenant: &str,
        number: u64,
        workshop: &Workshop,
        stock: &dyn Stock,
    ) -> Result<Generation, Trouble> {
        let text = stock.document(tenant, number).map_err(|why| Trouble { step: Step::Fetch, why })?;
        self.make_of(&format!("{tenant}, generation {number}"), &text, number, workshop, stock)
    }

    /// Makes a generation of a document that stands in no registry yet.
    ///
    /// # Errors
    /// Why it cannot be made.
    pub(crate) fn make_of(
        &self,
        name: &str,
        text: &str,
        number: u64,
        workshop: &Workshop,
        stock: &dyn Stock,
    ) -> Result<Generation, Trouble> {
        let report = RefCell::default();
        let components = Found::in_stock(stock);
        let made = File::of(Path::new(name), text, &report).and_then(|file| {
            let document = config::document(workshop, &file, &components, &report);
            let sound = report.borrow().problems.is_empty();
            if sound { workshop.resolve((&file, &document), number, self.base.as_ref(), &report) } else { None }
        });
        if let Some(why) = components.missing() {
            return Err(Trouble { step: Step::Fetch, why });
        }
        made.filter(|_| report.borrow().problems.is_empty())
            .ok_or_else(|| Trouble { step: Step::Resolve, why: told(&report.into_inner()) })
    }
}

/// All problems of a document in one text.
pub(crate) fn told(report: &Report) -> String {
    let problems = report.problems.iter().map(|problem| match problem.key.is_empty() {
        true => format!("line {}: {}", problem.line, problem.what),
        false => format!("line {}, {}: {}", problem.line, problem.key, problem.what),
    });
    problems.collect::<Vec<_>>().join("; ")
}
