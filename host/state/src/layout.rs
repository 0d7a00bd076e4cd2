//! What a lane is laid out by: its tenants with their plans and stored fields,
//! its sources, and the bounds that the operator sets.

use sandgate_model::Kind;
use sandgate_window::{Family, Plan, Reader, Shape};
use std::sync::Arc;

/// The tenants and sources of a lane. Entries name both by their index here.
///
/// A layout grows: of each tenant fields and families are only ever added behind
/// those that are there, and tenants behind tenants.
#[derive(Debug, Default)]
pub struct Layout {
    /// The tenants; a tenant's index is part of every entry.
    pub tenants: Vec<Tenant>,
    /// The sources by name.
    pub sources: Vec<Arc<str>>,
}

/// What a lane knows of a tenant.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// The tenant's name.
    pub name: Arc<str>,
    /// What its windows make of a record; its fields are the first of [`Tenant::fields`].
    pub plan: Arc<Plan>,
    /// The fields stored with each of its events: what its windows need, and what it keeps for windows to come.
    pub fields: Vec<(String, Kind)>,
}

/// What bounds the state of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How far behind the lane's clock a transaction is late, in milliseconds.
    pub lateness: i64,
    /// How long an id is remembered by the lane's clock, in milliseconds.
    pub repeats: i64,
    /// Most ids that are remembered for a tenant and source.
    pub ids: u64,
    /// Most events of a tenant; an event in two families counts twice.
    pub events: u64,
}

/// Why a layout is no growth of another.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrowthError {
    /// Another tenant is in its place.
    #[error("tenant {given} has the place of tenant {known}: tenants are added behind those that are there")]
    Tenant {
        /// Who is there.
        known: Arc<str>,
        /// Who is given.
        given: Arc<str>,
    },
    /// Its windows are others.
    #[error("the windows of tenant {0} changed: a lane goes on with those that it has, and more behind them")]
    Windows(Arc<str>),
    /// Its stored fields are others.
    #[error("the stored fields of tenant {0} changed: a lane goes on with those that it has, and more behind them")]
    Fields(Arc<str>),
    /// The sources are others.
    #[error("the sources changed: entries of a lane name them by their place")]
    Sources,
}

impl Layout {
    /// The longer of two of which one grew out of the other; tenant by tenant.
    pub(crate) fn joined(one: &Arc<Layout>, other: &Arc<Layout>) -> Result<Arc<Layout>, GrowthError> {
        if Arc::ptr_eq(one, other) {
            return Ok(one.clone());
        }
        if one.sources != other.sources {
            return Err(GrowthError::Sources);
        }
        let (mut all, mut is_one, mut is_other) = (Vec::new(), true, true);
        for at in 0..one.tenants.len().max(other.tenants.len()) {
            let (here, there) = (one.tenants.get(at), other.tenants.get(at));
            let joined = match (here, there) {
                (Some(here), Some(there)) => here.joined(there)?,
                (Some(only), None) | (None, Some(only)) => only.clone(),
                (None, None) => break,
            };
            is_one &= here.is_some_and(|here| here.is_as_long_as(&joined));
            is_other &= there.is_some_and(|there| there.is_as_long_as(&joined));
            all.push(joined);
        }
        Ok(match (is_one, is_other) {
            (true, _) => one.clone(),
            (false, true) => other.clone(),
            (false, false) => Arc::new(Layout { tenants: all, sources: one.sources.clone() }),
        })
    }

    /// By tenant: the kinds of its stored fields.
    pub(crate) fn kinds(&self) -> Vec<Vec<Kind>> {
        self.tenants.iter().map(|tenant| tenant.fields.iter().map(|(_, kind)| *kind).collect()).collect()
    }

    /// Whether records of this layout bring all fields that these families of a tenant
    /// of a longer one take.
    pub(crate) fn has_fields_of(&self, longer: &Layout, tenant: usize, families: std::ops::Range<usize>) -> bool {
        let fields = self.fields(tenant);
        let all = longer.tenants.get(tenant).and_then(|tenant| tenant.plan.families().get(families));
        let mut taken = all.into_iter().flatten().flat_map(|family| family.by().iter().copied().chain(family.needs()));
        taken.all(|field| field < fields)
    }

    /// How many fields are stored of a tenant's records.
    pub(crate) fn fields(&self, tenant: usize) -> usize {
        self.tenants.get(tenant).map_or(0, |tenant| tenant.fields.len())
    }

    /// How many families a tenant has.
    pub(crate) fn families(&self, tenant: usize) -> usize {
        self.tenants.get(tenant).map_or(0, |tenant| tenant.plan.families().len())
    }
}

impl Tenant {
    fn joined(&self, other: &Tenant) -> Result<Tenant, GrowthError> {
        if self.name != other.name {
            return Err(GrowthError::Tenant { known: self.name.clone(), given: other.name.clone() });
        }
        let fields = if other.fields.len() > self.fields.len() { &other.fields } else { &self.fields };
        if !(fields.starts_with(&self.fields) && fields.starts_with(&other.fields)) {
            return Err(GrowthError::Fields(self.name.clone()));
        }
        let plan = if other.plan.places().len() > self.plan.places().len() { &other.plan } else { &self.plan };
        if ![&self.plan, &other.plan].into_iter().all(|part| Arc::ptr_eq(part, plan) || plan.begins_with(part)) {
            return Err(GrowthError::Windows(self.name.clone()));
        }
        Ok(Tenant { name: self.name.clone(), plan: plan.clone(), fields: fields.clone() })
    }

    fn is_as_long_as(&self, joined: &Tenant) -> bool {
        let long = |tenant: &Tenant| (tenant.plan.places().len(), tenant.fields.len());
        long(self) == long(joined)
    }
}

/// The families of all tenants, as the shards know them.
#[derive(Debug)]
pub(crate) struct Families {
    by_tenant: Vec<Vec<FamilyOf>>,
}

/// A family of a tenant.
#[derive(Debug)]
pub(crate) struct FamilyOf {
    pub(crate) tenant: u32,
    pub(crate) family: u32,
    pub(crate) plan: Arc<Plan>,
    /// Its windows, as they were declared.
    pub(crate) windows: Vec<Reader>,
    /// How far behind the horizon its windows reach, in milliseconds.
    pub(crate) reach: i64,
    /// The words of its events.
    pub(crate) operands: Vec<OperandOf>,
}

/// A word of the events of a family.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OperandOf {
    pub(crate) kind: Option<Kind>,
    /// The classes whose windows read it.
    pub(crate) classes: u64,
}

impl Families {
    pub(crate) fn new(layout: &Layout) -> Families {
        let of = |(tenant, Tenant { plan, .. }): (u32, &Tenant)| {
            (0..).zip(plan.families()).map(|(family, _)| FamilyOf::new(tenant, family, plan)).collect()
        };
        Families { by_tenant: (0..).zip(&layout.tenants).map(of).collect() }
    }

    /// The number of a tenant's family: the same in every layout that grew out of
    /// another.
    pub(crate) fn number(tenant: u32, family: u32) -> u64 {
        u64::from(tenant) << 32 | u64::from(family)
    }

    /// The family of a number.
    pub(crate) fn get(&self, number: u64) -> Option<&FamilyOf> {
        // the lower half of a number is its family
        self.by_tenant.get((number >> 32) as usize)?.get(number as u32 as usize)
    }
}

impl FamilyOf {
    fn new(tenant: u32, family: u32, plan: &Arc<Plan>) -> FamilyOf {
        let (windows, operands) = (plan.readers(family as usize), Vec::new());
        let mut here = FamilyOf { tenant, family, plan: plan.clone(), windows, reach: 0, operands };
        let Some(shape) = plan.families().get(family as usize).map(Family::shape) else { return here };
        here.reach = shape.reach();
        here.operands.resize(shape.words(), OperandOf::default());
        for reader in &here.windows {
            let operand = shape.windows().get(reader.window).and_then(|window| window.operand);
            if let Some(operand) = operand.and_then(|operand| here.operands.get_mut(operand)) {
                operand.kind = reader.kind;
                operand.classes |= reader.class;
            }
        }
        here
    }

    /// What its series have in common.
    pub(crate) fn shape(&self) -> Option<&Shape> {
        self.plan.families().get(self.family as usize).map(Family::shape)
    }
}
