//! A plan in two: the families that are kept in one place, and those in another.

use super::{Family, Place, Plan};

/// The two plans, and where the windows of the whole went.
#[derive(Clone, Debug)]
pub struct Split {
    /// The families that stay.
    pub here: Plan,
    /// Those that go.
    pub apart: Plan,
    /// By declared window of the whole: where it is declared now.
    pub parts: Vec<Part>,
}

/// Where a declared window of a plan is declared after it was split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// In [`Split::here`], with this index.
    Here(usize),
    /// In [`Split::apart`], with this index.
    Apart(usize),
}

impl Plan {
    /// Two plans whose windows answer what they answer in this one.
    pub fn split(&self, apart: impl Fn(usize, &Family) -> bool) -> Split {
        let goes: Vec<bool> = self.families.iter().enumerate().map(|(at, family)| apart(at, family)).collect();
        let mut split = Split { here: Plan::nothing(), apart: Plan::nothing(), parts: Vec::new() };
        // by family: its index in its half
        let mut numbers = Vec::with_capacity(goes.len());
        for (family, goes) in self.families.iter().zip(&goes) {
            let half = if *goes { &mut split.apart } else { &mut split.here };
            numbers.push(half.families.len());
            half.families.push(family.clone());
        }
        for (place, edges) in self.places.iter().zip(&self.edges) {
            let goes = goes.get(place.family).copied().unwrap_or(false);
            let half = if goes { &mut split.apart } else { &mut split.here };
            let number = half.places.len();
            split.parts.push(if goes { Part::Apart(number) } else { Part::Here(number) });
            let family = numbers.get(place.family).copied().unwrap_or(usize::MAX);
            half.places.push(Place { family, ..*place });
            half.edges.push(edges.clone());
        }
        let number = |window: usize| match split.parts.get(window) {
            Some(Part::Here(number) | Part::Apart(number)) => *number,
            None => window,
        };
        let families = split.here.families.iter_mut().chain(&mut split.apart.families);
        for reader in families.flat_map(|family| &mut family.readers).flatten() {
            *reader = number(*reader);
        }
        split
    }

    /// The plan of no windows.
    fn nothing() -> Plan {
        Plan { families: Vec::new(), places: Vec::new(), edges: Vec::new() }
    }
}
