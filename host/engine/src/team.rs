//! What judges for a tenant: its active set; beside it a canary, which judges a share of
//! the accounts in its place; and shadows, which judge what it has judged and decide nothing.
//!
//! On whose side an account is depends on nothing but its name, the tenant's and the
//! share: it is `xxh3_64(account, seed) mod 10,000`, where the seed is `xxh3_64(tenant)`
//! (both names as UTF-8). Below the share it is the canary's. So it is the same on every
//! host and for every canary, and a share that is raised only adds accounts.
//!
//! What the canary is measured against is as large: the accounts of the same share at
//! the other end are judged by the active set in calls of their own (the *control*), so
//! that what a call costs is compared between calls of one size.

use crate::generation::Generation;
use sandgate_model::comparison::Comparison;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// All that judges for a tenant.
#[derive(Clone, Debug)]
pub struct Team {
    /// The active set.
    pub active: Arc<Generation>,
    /// The set that judges some of the accounts in its place.
    pub canary: Option<Canary>,
    /// Those that judge beside it.
    pub shadows: Vec<Shadow>,
}

/// A set that judges a share of the accounts.
#[derive(Clone, Debug)]
pub struct Canary {
    /// The set.
    pub generation: Arc<Generation>,
    /// How many of the accounts.
    pub share: Share,
    /// What both sides did.
    pub counts: Counts,
}

/// A set that judges beside the active one.
#[derive(Clone, Debug)]
pub struct Shadow {
    /// The set.
    pub generation: Arc<Generation>,
    /// What it made of the same transactions.
    pub counts: Counts,
}

/// Counts that lanes add to and others read.
#[derive(Clone, Debug, Default)]
pub struct Counts(Arc<Mutex<Comparison>>);

/// A share of all accounts, in hundredths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u16);

/// By whom an account is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Party {
    /// By the active set.
    Active,
    /// Likewise, in calls that the canary's are compared with.
    Control,
    /// By the canary.
    Canary,
}

/// How the accounts of a tenant are split.
#[derive(Clone, Debug)]
pub(crate) struct Split {
    pub(crate) canary: Canary,
    /// Where its reasons begin in a tally.
    pub(crate) first_reason: usize,
    /// Its place among all that judge.
    pub(crate) place: usize,
    seed: u64,
}

impl From<Generation> for Team {
    fn from(active: Generation) -> Team {
        Team::of(Arc::new(active))
    }
}

impl Team {
    /// An active set alone.
    pub fn of(active: Arc<Generation>) -> Team {
        Team { active, canary: None, shadows: Vec::new() }
    }

    /// Its sets, the active one first.
    pub fn generations(&self) -> impl Iterator<Item = &Arc<Generation>> {
        let canary = self.canary.iter().map(|canary| &canary.generation);
        [&self.active].into_iter().chain(canary).chain(self.shadows.iter().map(|shadow| &shadow.generation))
    }
}

impl Share {
    /// All of them.
    pub const ALL: Share = Share(10_000);

    /// So many hundredths of a percent; what is more than all is all.
    pub fn of(hundredths: u64) -> Share {
        Share(u16::try_from(hundredths).unwrap_or(u16::MAX).min(Share::ALL.0))
    }

    /// Whether an account of a tenant is in it.
    pub fn has(self, tenant: &str, account: &str) -> bool {
        place(seed(tenant), account) < u64::from(self.0)
    }
}

fn seed(tenant: &str) -> u64 {
    xxh3_64(tenant.as_bytes())
}

/// Where an account stands between 0 and 9,999.
fn place(seed: u64, account: &str) -> u64 {
    xxh3_64_with_seed(account.as_bytes(), seed) % u64::from(Share::ALL.0)
}

impl Split {
    pub(crate) fn new(canary: &Canary, first_reason: usize, place: usize) -> Split {
        Split { seed: seed(&canary.generation.tenant), canary: canary.clone(), first_reason, place }
    }

    /// By whom an account is judged.
    pub(crate) fn party(&self, account: &str) -> Party {
        let (place, share) = (place(self.seed, account), u64::from(self.canary.share.0));
        if place < share {
            Party::Canary
        } else if place >= u64::from(Share::ALL.0) - share {
            Party::Control
        } else {
            Party::Active
        }
    }
}

impl Counts {
    /// Counts that go on from these.
    pub fn from(before: Comparison) -> Counts {
        Counts(Arc::new(Mutex::new(before)))
    }

    /// The counts so far.
    pub fn read(&self) -> Comparison {
        self.inside().clone()
    }

    /// Adds to them.
    pub(crate) fn add(&self, more: &Comparison) {
        self.inside().add(more);
    }

    /// So many transactions are not compared.
    pub(crate) fn drop(&self, transactions: u64) {
        self.inside().dropped += transactions;
    }

    fn inside(&self) -> MutexGuard<'_, Comparison> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Share, place, seed};

    #[test]
    fn a_share_that_rises_only_adds_accounts_and_is_about_what_it_says() {
        let accounts: Vec<String> = (0..20_000).map(|number| format!("account-{number}")).collect();
        let inside = |share: u64| {
            let share = Share::of(share);
            accounts.iter().filter(|account| share.has("payments", account)).collect::<Vec<_>>()
        };
        let mut before = inside(0);
        assert!(before.is_empty());
        for hundredths in [1, 50, 100, 1_000, 5_000, 9_999, 10_000, 70_000] {
            let now = inside(hundredths);
            assert!(before.iter().all(|account| now.contains(account)), "{hundredths}");
            let expected = hundredths.min(10_000) * 2;
            assert!((now.len() as u64).abs_diff(expected) < 6 + expected.isqrt() * 5, "{hundredths}: {}", now.len());
            before = now;
        }
        assert_eq!(before.len(), accounts.len());
        assert_ne!(inside(1_000), accounts.iter().filter(|one| Share::of(1_000).has("bank", one)).collect::<Vec<_>>());
    }

    #[test]
    fn the_place_of_an_account_is_the_documented_one() {
        // xxh3_64 of no bytes, and of "a" with seed 0: as its reference implementation says
        assert_eq!(seed(""), 0x2d06_8005_38d3_94c2);
        assert_eq!(place(0, "a"), 0xe6c6_32b6_1e96_4e1f % 10_000);
    }
}
