//! What was done to fleets, counted by name.

use crate::blow::Blow;
use crate::condition::Kind;
use crate::outage::Outage;
use std::collections::BTreeMap;
use std::fmt;

pub(crate) const QUIET: &str = "partitions that were quiet for long";
pub(crate) const EMPTY: &str = "partitions without a record";
pub(crate) const OWING: &str = "decisions that owe something to a server that was gone";

/// Counts by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Struck(BTreeMap<&'static str, u64>);

impl Struck {
    /// Counts one.
    pub(crate) fn count(&mut self, name: &'static str) {
        self.add_some(name, 1);
    }

    /// Counts so many.
    pub(crate) fn add_some(&mut self, name: &'static str, many: u64) {
        if many > 0 {
            *self.0.entry(name).or_default() += many;
        }
    }

    /// Counts all of another.
    pub(crate) fn add(&mut self, other: &Struck) {
        other.0.iter().for_each(|(name, many)| self.add_some(name, *many));
    }

    /// What has not happened.
    pub(crate) fn missing(&self) -> Vec<&'static str> {
        let blows = Blow::ALL.iter().map(|blow| blow.words());
        let outages = Outage::ALL.iter().map(|outage| outage.words());
        let kinds = Kind::ALL.iter().map(|kind| kind.words());
        let all = blows.chain(outages).chain(kinds).chain([QUIET, EMPTY, OWING]);
        all.filter(|name| !self.0.contains_key(name)).collect()
    }
}

impl fmt::Display for Struck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut apart = "";
        for (name, many) in &self.0 {
            write!(f, "{apart}{many} {name}")?;
            apart = ", ";
        }
        Ok(())
    }
}
