//! A plan that grows: what it has stays as it is, and more comes behind.
//!
//! A family is never widened by windows that come later, even where they have the
//! same key: its series hold what its windows asked of their events, and nobody can
//! ask those again. So windows that come later are families of their own.

use super::{Family, Place, Plan};

impl Plan {
    /// The plan of the windows of both. Those of this one keep their index and their
    /// family; those of `more` come behind, in their order. Both are over the same
    /// fields, of which this one may have been made for a beginning.
    pub fn and(&self, more: &Plan) -> Plan {
        let (families, windows) = (self.families.len(), self.places.len());
        let behind = more.families.iter().map(|family| {
            let mut family = family.clone();
            family.readers.iter_mut().flatten().for_each(|reader| *reader += windows);
            family
        });
        let places = more.places.iter().map(|place| Place { family: place.family + families, ..*place });
        Plan {
            families: self.families.iter().cloned().chain(behind).collect(),
            places: self.places.iter().copied().chain(places).collect(),
            edges: self.edges.iter().chain(&more.edges).cloned().collect(),
        }
    }

    /// The same plan, whose families are brought the events of before they were asked for.
    pub fn backfilled(mut self) -> Plan {
        self.families.iter_mut().for_each(|family| family.backfilled = true);
        self
    }

    /// Whether this plan is that one, or grew out of it: the first families and
    /// windows of it are those, and all others come behind.
    pub fn begins_with(&self, former: &Plan) -> bool {
        let families = self.families.iter().zip(&former.families);
        self.families.len() >= former.families.len()
            && families.into_iter().all(|(here, there)| here.is_alike(there))
            && self.places.starts_with(&former.places)
            && self.edges.starts_with(&former.edges)
            // a window that comes behind is none of a former family
            && self.places.iter().skip(former.places.len()).all(|place| place.family >= former.families.len())
    }
}

impl Family {
    /// Whether the two make the same of every record and answer the same.
    fn is_alike(&self, other: &Family) -> bool {
        let Family { by, kinds, shape, operands, conditions, of_source, readers, backfilled } = self;
        (by, kinds, operands, conditions) == (&other.by, &other.kinds, &other.operands, &other.conditions)
            && (of_source, readers, backfilled) == (&other.of_source, &other.readers, &other.backfilled)
            && shape.windows() == other.shape.windows()
    }
}
