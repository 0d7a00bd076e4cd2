//! The generation of each tenant at one time, with everything that follows from
//! them. It is swapped as a whole, and each lane takes the newest one at the beginning
//! of a batch: so a batch is judged by one roster from its first record to its last.

use crate::generation::{Generation, Windows};
use crate::meters::Meters;
use crate::team::{Party, Shadow, Split, Team};
use sandgate_metrics::Registry;
use sandgate_state::{Layout, Tenant};
use std::fmt;
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3;

/// The generations that judge, and what they are judged with.
#[derive(Clone)]
pub(crate) struct Roster {
    /// By tenant, the active one; the tenants of a host never change, nor does their order.
    pub(crate) generations: Vec<Arc<Generation>>,
    /// By tenant, how its accounts are split, where they are. What stands side by side
    /// for a tenant keeps the same, so the windows of the active one are those of all.
    pub(crate) splits: Vec<Option<Split>>,
    /// By tenant, what judges beside its active one.
    pub(crate) shadows: Vec<Arc<[Shadow]>>,
    /// What the state of a lane is laid out by, so that these can read it.
    pub(crate) layout: Arc<Layout>,
    /// The same for the series that lanes share, where some are.
    pub(crate) shared: Option<Arc<sandgate_shared::Layout>>,
    /// By tenant: where its reasons begin in a tally.
    pub(crate) first_reasons: Vec<usize>,
    /// What the reasons of a tally are.
    pub(crate) reasons_hash: u64,
    /// The numbers it is measured by, where somebody measures.
    pub(crate) meters: Option<Arc<Meters>>,
}

/// All reasons that were ever counted, in the order of a tally: each list of reasons
/// of a tenant has a stretch of its own, so that a count keeps its meaning when the
/// generation changes.
#[derive(Default)]
pub(crate) struct Counted {
    /// Tenant, policy and code.
    pub(crate) names: Vec<[Arc<str>; 3]>,
    /// Where the stretches begin, each with its tenant and its length.
    stretches: Vec<(usize, usize, usize)>,
}

impl Counted {
    /// A hash of the names in their order.
    fn hash(&self) -> u64 {
        let mut hasher = Xxh3::new();
        // no name holds a zero
        self.names.iter().flatten().for_each(|name| hasher.update(&[name.as_bytes(), &[0]].concat()));
        hasher.digest()
    }

    /// Where the reasons of a generation begin, which are added if they are new.
    fn first(&mut self, tenant: usize, generation: &Generation) -> usize {
        let wanted = || generation.reasons();
        let length = wanted().count();
        let is_same = |first: &usize| {
            let names = self.names[*first..*first + length].iter();
            names.zip(wanted()).all(|([_, policy, code], wanted)| (&**policy, &**code) == wanted)
        };
        let of_tenant = self.stretches.iter().filter(|(_, of, long)| *of == tenant && *long == length);
        if let Some(known) = of_tenant.map(|(first, ..)| *first).find(is_same) {
            return known;
        }
        let first = self.names.len();
        let named = |(policy, code): (&str, &str)| [Arc::clone(&generation.tenant), policy.into(), code.into()];
        self.names.extend(wanted().map(named));
        self.stretches.push((first, tenant, length));
        first
    }
}

impl Roster {
    /// The roster of these teams. What `before` has, and what is still right, is taken
    /// from there.
    pub(crate) fn new(
        teams: Vec<Team>,
        sources: &[Arc<str>],
        counted: &mut Counted,
        before: Option<&Roster>,
    ) -> Roster {
        let generations: Vec<_> = teams.iter().map(|team| Arc::clone(&team.active)).collect();
        let mut place = generations.len();
        let splits = teams.iter().enumerate().map(|(tenant, team)| {
            let canary = team.canary.as_ref()?;
            place += 1;
            Some(Split::new(canary, counted.first(tenant, &canary.generation), place - 1))
        });
        let splits = splits.collect();
        let shadows = teams.into_iter().map(|team| team.shadows.into()).collect();
        let first_reasons =
            generations.iter().enumerate().map(|(tenant, generation)| counted.first(tenant, generation)).collect();
        let as_before = before.filter(|before| {
            let mut pairs = before.generations.iter().zip(&generations);
            pairs.all(|(before, now)| before.windows.keeps_the_same(&now.windows))
        });
        let layout = match as_before {
            Some(before) => Arc::clone(&before.layout),
            None => {
                let tenants = generations.iter().map(|generation| tenant(generation)).collect();
                Arc::new(Layout { tenants, sources: sources.to_vec() })
            }
        };
        let reasons_hash = counted.hash();
        Roster { generations, splits, shadows, layout, shared: None, first_reasons, reasons_hash, meters: None }
    }

    /// Who judges for each tenant.
    pub(crate) fn teams(&self) -> Vec<Team> {
        let team = |tenant: usize| Team {
            active: Arc::clone(&self.generations[tenant]),
            canary: self.splits[tenant].as_ref().map(|split| split.canary.clone()),
            shadows: self.shadows[tenant].to_vec(),
        };
        (0..self.generations.len()).map(team).collect()
    }

    /// All that decide: the active ones in the order of the tenants, then the canaries.
    pub(crate) fn judging(&self) -> impl Iterator<Item = &Arc<Generation>> {
        self.generations.iter().chain(self.splits.iter().flatten().map(|split| &split.canary.generation))
    }

    /// By whom an account of a tenant is judged.
    pub(crate) fn party(&self, tenant: usize, account: &str) -> Party {
        self.splits[tenant].as_ref().map_or(Party::Active, |split| split.party(account))
    }

    /// The generation of a side, where its reasons begin in a tally, and its place among
    /// all that judge.
    pub(crate) fn side(&self, tenant: usize, party: Party) -> (&Arc<Generation>, usize, usize) {
        match &self.splits[tenant] {
            Some(split) if party == Party::Canary => (&split.canary.generation, split.first_reason, split.place),
            _ => (&self.generations[tenant], self.first_reasons[tenant], tenant),
        }
    }

    /// How many tenants have shadows.
    pub(crate) fn shadowed(&self) -> usize {
        self.shadows.iter().filter(|shadows| !shadows.is_empty()).count()
    }

    /// The same roster, with series that lanes share laid out so.
    pub(crate) fn sharing(self, layout: sandgate_shared::Layout) -> Roster {
        Roster { shared: Some(Arc::new(layout)), ..self }
    }

    /// The same roster, measured; `reasons` are those of a tally.
    pub(crate) fn measured(mut self, registry: &Registry, reasons: &[[Arc<str>; 3]]) -> Roster {
        let judging: Vec<_> = self.judging().cloned().collect();
        let tenants = self.generations.len();
        let meters = Meters::new(registry, (&judging, tenants), &self.layout.sources, reasons);
        self.meters = Some(Arc::new(meters));
        self
    }
}

impl fmt::Debug for Roster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = self.judging().map(|generation| (&generation.tenant, generation.number));
        f.debug_map().entries(numbers).finish()
    }
}

/// What the state of a lane knows of a tenant.
fn tenant(generation: &Generation) -> Tenant {
    let Windows { plan, base, .. } = &generation.windows;
    Tenant { name: Arc::clone(&generation.tenant), plan: Arc::clone(plan), fields: base.stored.clone() }
}
