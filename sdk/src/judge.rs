//! From the rows of a call to the function that the author wrote, and back.

use crate::bindings::exports::sandgate::policy::policy::{Guest, Hit, Rows, Verdicts};
use crate::cursor::{Batch, Columns, Cursor};
use crate::{Hits, Reasons};

/// A policy as `#[rules]` and `#[scoring]` make it of a function: a type with
/// the function's name.
///
/// ```
/// # use sandgate_sdk::prelude::*;
/// # #[derive(Inputs)] struct Seen { #[field] amount: Decimal }
/// # #[derive(Reasons)] enum Reason { #[reason(block, "{amount}")] LargeAmount }
/// # /// Stops oversized amounts.
/// # #[rules] fn large_amounts(seen: &Seen, hits: &mut Hits<Reason>) { hits.when(seen.amount > 5, Reason::LargeAmount) }
/// assert!(large_amounts::MANIFEST.contains(r#""name":"large-amounts""#));
/// ```
pub trait Policy: 'static {
    /// What the policy says about itself: JSON after `wit/manifest.schema.json`.
    const MANIFEST: &'static str;

    /// Judges a batch as the contract asks for it.
    #[doc(hidden)]
    fn judge(rows: &Rows, parameters: &Rows) -> Verdicts;
}

/// A policy is what the world exports.
impl<P: Policy> Guest for P {
    fn describe() -> String {
        P::MANIFEST.to_owned()
    }

    fn judge(rows: Rows, parameters: Rows) -> Verdicts {
        P::judge(&rows, &parameters)
    }
}

/// The values of a transaction; `#[derive(Inputs)]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of inputs",
    note = "put #[derive(Inputs)] above the struct"
)]
pub trait Inputs<'a>: Sized {
    /// What a row of them takes of each column.
    const COLUMNS: Columns;
    /// Reads the row at the cursor.
    fn read(cursor: &mut Cursor<'a>) -> Self;
}

/// The knobs of a tenant; `#[derive(Parameters)]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of parameters",
    note = "put #[derive(Parameters)] above the struct"
)]
pub trait Parameters<'a>: Sized {
    /// Reads them.
    fn read(cursor: &mut Cursor<'a>) -> Self;
}

/// Inputs with a number for each: how much it moved the score.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of inputs",
    note = "put #[derive(Inputs)] above the struct"
)]
pub trait Explained {
    /// A struct with a field for each input.
    type Contributions: Default + Moved;
}

/// The contributions of one row.
pub trait Moved {
    /// Appends them in declared order.
    fn put(&self, contributions: &mut Vec<f64>);
}

/// Judges a batch with a function that gives reasons.
#[inline(always)]
pub fn rules<'a, I, P, R>(rows: &'a Rows, parameters: &'a Rows, one: impl Fn(&I, &P, &mut Hits<R>)) -> Verdicts
where
    I: Inputs<'a>,
    P: Parameters<'a>,
    R: Reasons,
{
    let parameters = P::read(&mut Cursor::of_parameters(parameters));
    let mut batch = Batch::new(rows, I::COLUMNS);
    let mut all = Vec::new();
    for row in 0..rows.count {
        let inputs = I::read(&mut batch.row());
        let mut hits = Hits::new();
        one(&inputs, &parameters, &mut hits);
        put(&mut all, row, hits.bits());
    }
    Verdicts { hits: all, scores: Vec::new(), contributions: Vec::new() }
}

/// Judges a batch with a function that gives a score, and reasons if it wants.
#[inline(always)]
pub fn scoring<'a, I, P, R>(
    rows: &'a Rows,
    parameters: &'a Rows,
    explained: bool,
    one: impl Fn(&I, &P, &mut Hits<R>, &mut I::Contributions) -> f64,
) -> Verdicts
where
    I: Inputs<'a> + Explained,
    P: Parameters<'a>,
    R: Reasons,
{
    let parameters = P::read(&mut Cursor::of_parameters(parameters));
    let mut batch = Batch::new(rows, I::COLUMNS);
    let (mut all, mut contributions) = (Vec::new(), Vec::new());
    let mut scores = Vec::with_capacity(rows.count as usize);
    for row in 0..rows.count {
        let inputs = I::read(&mut batch.row());
        let mut hits = Hits::new();
        let mut moved = I::Contributions::default();
        scores.push(one(&inputs, &parameters, &mut hits, &mut moved));
        put(&mut all, row, hits.bits());
        if explained {
            moved.put(&mut contributions);
        }
    }
    Verdicts { hits: all, scores, contributions }
}

/// Appends the hits of a row: few rows have one, so they are looked for bit by bit.
#[inline(always)]
fn put(all: &mut Vec<Hit>, row: u32, mut bits: u64) {
    while bits != 0 {
        all.push(Hit { row, reason: bits.trailing_zeros() });
        bits &= bits - 1;
    }
}
