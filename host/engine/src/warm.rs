//! Warming a policy set up before it judges: code is in memory when the first rows come
//! that count, and guests have been made of it.

use crate::cells::Cell;
use crate::generation::Generation;
use sandgate_sandbox::{Rows, Verdicts};

impl Generation {
    /// Lets each of its policies judge a row without values, whose verdict is nobody's.
    pub fn warm(&self) {
        let mut verdicts = Verdicts::default();
        for seat in &self.seats {
            let mut row = Rows::new();
            seat.policy.manifest().inputs.iter().for_each(|input| Cell::Absent.push(input.kind, &mut row));
            row.end_row();
            seat.policy.judge(&row, &seat.rows, seat.fuel, &mut verdicts);
        }
    }
}
