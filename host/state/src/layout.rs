//! What a lane is laid out by: its tenants with their plans and stored fields,
//! its sources, and the bounds that the operator sets.

use sandgate_model::Kind;
use sandgate_window::{Family, Plan, Reader, Shape};
use std::sync::Arc;

/// The tenants and sources of a lane. Entries name both by their index here.
#[derive(Debug, Default)]
pub struct Layout {
    /// The tenants; a tenant's index is part of every entry.
    pub tenants: Vec<Tenant>,
    /// The sources by name.
    pub sources: Vec<Arc<str>>,
}

/// What a lane knows of a tenant.
#[derive(Debug)]
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

/// The families of all tenants, numbered through, as the shards know them.
#[derive(Debug)]
pub(crate) struct Families {
    /// By tenant: the number of its first family.
    first: Vec<usize>,
    all: Vec<FamilyOf>,
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
        let (mut first, mut all) = (Vec::new(), Vec::new());
        for (tenant, Tenant { plan, .. }) in (0..).zip(&layout.tenants) {
            first.push(all.len());
            all.extend((0..).zip(plan.families()).map(|(family, _)| FamilyOf::new(tenant, family, plan)));
        }
        Families { first, all }
    }

    /// The number of a tenant's family; that of no family where there is none.
    pub(crate) fn number(&self, tenant: u32, family: u32) -> usize {
        self.first.get(tenant as usize).map_or(usize::MAX, |first| first.saturating_add(family as usize))
    }

    /// The family of a number.
    pub(crate) fn get(&self, number: usize) -> Option<&FamilyOf> {
        self.all.get(number)
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
