//! What a lane holds, for people.

use super::{Known, Lane};
use crate::bound::Bound;
use crate::ids::Ids;
use crate::layout::Families;
use crate::pass::{hash, shard_of};
use crate::shard::{KeptSeries, Name};

/// What a lane holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The lane's clock, in milliseconds.
    pub clock: Option<i64>,
    /// By tenant, as the layout counts them.
    pub tenants: Vec<TenantReport>,
    /// Ids that are remembered.
    pub ids: u64,
    /// Bytes of memory of series, keys, texts and ids.
    pub bytes: u64,
}

/// What a lane holds of a tenant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TenantReport {
    /// Its name.
    pub name: String,
    /// Events as its bound counts them.
    pub counted: u64,
    /// Records whose events the bound has refused.
    pub refused: u64,
    /// By family, as its plan counts them.
    pub families: Vec<FamilyReport>,
}

/// What a lane holds of a family.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FamilyReport {
    /// The fields of its key.
    pub by: Vec<String>,
    /// How many series there are.
    pub series: u64,
    /// How many events they hold as such; those in sums only come beside them.
    pub events: u64,
    /// Bytes of memory of its series and keys.
    pub bytes: u64,
}

/// How much a lane holds, as far as this is known without a look at its series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// By tenant: events, as its bound counts them.
    pub events: Vec<u64>,
    /// Ids that are remembered.
    pub ids: u64,
}

impl Lane {
    /// How much the lane holds, open batches included.
    pub fn size(&self) -> Size {
        let order = self.order.lock();
        Size {
            events: order.front.bounds.iter().map(|bound| bound.total()).collect(),
            ids: order.ids.iter().map(Ids::len).sum(),
        }
    }

    /// What the lane holds, open batches included. It looks at every series.
    pub fn report(&self) -> Report {
        let (mut report, Known { layout, families }) = (Report::default(), self.known());
        let nothing = Bound::default();
        {
            let order = self.order.lock();
            report.clock = order.front.clock.now();
            let bounds = order.front.bounds.iter().chain(std::iter::repeat(&nothing));
            for (tenant, bound) in layout.tenants.iter().zip(bounds) {
                let families = tenant.plan.families().iter().map(|family| {
                    let name = |field: &usize| tenant.fields.get(*field).map(|(name, _)| name.clone());
                    FamilyReport { by: family.by().iter().filter_map(name).collect(), ..FamilyReport::default() }
                });
                report.tenants.push(TenantReport {
                    name: tenant.name.to_string(),
                    counted: bound.total(),
                    refused: bound.refused,
                    families: families.collect(),
                });
            }
            report.ids = order.ids.iter().map(Ids::len).sum();
            report.bytes = order.ids.iter().map(|ids| ids.heap_bytes() as u64).sum();
        }
        for shard in &self.shards {
            let shard = shard.lock();
            report.bytes += shard.own_bytes() as u64;
            for (number, bytes, events) in shard.sizes() {
                let Some(family) = families.get(number) else { continue };
                let tenant = report.tenants.get_mut(family.tenant as usize);
                if let Some(found) = tenant.and_then(|tenant| tenant.families.get_mut(family.family as usize)) {
                    found.series += 1;
                    found.events += events as u64;
                    found.bytes += bytes as u64;
                    report.bytes += bytes as u64;
                }
            }
        }
        report
    }

    /// What is kept of one series; `key` as [`sandgate_window::key`] writes it,
    /// `family` counts as the tenant's plan does.
    pub fn series(&self, tenant: u32, family: u32, key: &[u8]) -> KeptSeries {
        let families = self.known().families;
        let family = Families::number(tenant, family);
        let name = Name { family, key, hash: hash(family, key) };
        let shard = self.shards.get(shard_of(name.hash, self.shards.len()));
        let found = shard.zip(families.get(family));
        found.map(|(shard, family)| shard.lock().kept(name, family)).unwrap_or_default()
    }
}
