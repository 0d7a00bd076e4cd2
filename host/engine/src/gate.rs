//! What a lane lets the policies of a batch do: which of its rows are judged, and why
//! fallbacks answer for the others.

use crate::circumstance::Circumstance;

/// What a lane lets the policies of a set do with the transactions of a batch.
#[derive(Clone, Debug)]
pub(crate) struct Gates {
    /// By seat; one that is not there is open.
    pub(crate) seats: Vec<Gate>,
    /// The transactions behind so many are shed.
    pub(crate) admitted: usize,
    /// What those owe it to.
    pub(crate) shed: Option<Circumstance>,
    /// Fuel that was taken from the tenant's quota for them.
    pub(crate) fuel: u64,
}

/// What a lane lets one policy do.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    /// Which breaker it is of, and its epoch.
    pub(crate) breaker: (u64, u64),
    /// How many rows are judged of those that come to it.
    pub(crate) rows: u32,
    /// What the others owe it to; nothing where all are judged.
    pub(crate) out: Option<Circumstance>,
}

impl Default for Gates {
    fn default() -> Gates {
        Gates { seats: Vec::new(), admitted: usize::MAX, shed: None, fuel: 0 }
    }
}

impl Gates {
    /// How many of the rows that come to a seat are judged.
    pub(crate) fn rows(&self, seat: usize) -> u32 {
        match self.seats.get(seat) {
            Some(Gate { rows, out: Some(_), .. }) => *rows,
            _ => u32::MAX,
        }
    }

    /// What the others owe it to.
    pub(crate) fn out(&self, seat: usize) -> Option<&Circumstance> {
        self.seats.get(seat)?.out.as_ref()
    }
}
