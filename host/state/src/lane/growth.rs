//! A lane whose layout grows while it goes on.
//!
//! What the lane keeps more of begins with a row: the first one of a batch of the
//! longer layout that changes anything. From there on all batches feed it, those too
//! that were made with the shorter layout and were on their way, if their records
//! bring the fields that it takes. Where they do not, it is not fed by them and begins
//! again behind them, so that nothing is missing unsaid. These rows' places in the
//! order of the lane are journalled, so a replay feeds exactly the same.
//!
//! What came before that row is not in the new series, so windows over them tell a
//! row that reaches back behind that beginning: see [`Warming`].

use super::order::Order;
use super::{Known, Lane, lock};
use crate::bound::Since;
use crate::entry::Growth;
use crate::front::{Front, Step};
use crate::ids::Ids;
use crate::layout::{Families, GrowthError, Layout};
use crate::pass::{Grown, Pass, Row, Warm, Warming};
use sandgate_window::{Interval, Plan};
use std::sync::Arc;

impl Lane {
    /// Lets the lane keep what this layout has more than its own: from the first
    /// batch on that passes with it. Any thread may say it at any moment, also again;
    /// of a layout that the lane has grown out of nothing is taken.
    ///
    /// # Errors
    /// Where neither of the two grew out of the other; nothing is changed then.
    pub fn grow(&self, layout: &Arc<Layout>) -> Result<(), GrowthError> {
        self.learn(layout).map(drop)
    }

    /// What the lane knows, this layout with it.
    pub(super) fn learn(&self, layout: &Arc<Layout>) -> Result<Arc<Layout>, GrowthError> {
        let mut known = lock(&self.known);
        let joined = Layout::joined(&known.layout, layout)?;
        if !Arc::ptr_eq(&joined, &known.layout) {
            *known = Known { families: Arc::new(Families::new(&joined)), layout: joined };
        }
        Ok(known.layout.clone())
    }
}

impl Order {
    /// Whether a batch is of the layout of the one before it.
    pub(super) fn is_laid(&self, pass: &Pass<'_>) -> bool {
        self.laid.as_ref().is_some_and(|laid| Arc::ptr_eq(laid, &pass.layout))
    }

    /// Finds out what a batch brings that the lane has not kept so far, and reads its
    /// records again where it lacks what the lane keeps by now; says whether it did.
    /// `known` has all of both.
    #[cold]
    pub(super) fn lay(&mut self, known: &Arc<Layout>, pass: &mut Pass<'_>) -> bool {
        let own = pass.layout.clone();
        let (mut lacks, mut fed, mut fills) = (false, Vec::new(), Vec::new());
        for tenant in 0..own.tenants.len() {
            // what a restore has found for families is gone by from the next row on
            let (here, due) = (own.families(tenant), self.front.due(tenant));
            let short = here < due && own.has_fields_of(known, tenant, here..due);
            lacks |= short;
            let (families, fields) = (if short { due } else { here }, own.fields(tenant));
            if (families, fields) != (self.front.fed(tenant), self.front.held(tenant)) {
                // as many as fit into memory
                let (tenant, families, fields) = (tenant as u32, families as u32, fields as u32);
                fed.push(Growth { tenant, families, fields });
            }
            let found = self.front.found.iter().map(|(fill, _)| *fill);
            fills.extend(found.filter(|fill| fill.tenant as usize == tenant && (fill.family as usize) < families));
        }
        if lacks {
            pass.widen(known);
        }
        self.laid = (!lacks && fed.is_empty() && fills.is_empty()).then_some(own);
        pass.grown = Grown { families: fed, fills, row: None };
        self.ids.resize_with(known.tenants.len() * self.sources, Ids::default);
        lacks
    }

    pub(super) fn step(&mut self, step: Step, layout: &Layout) {
        self.steps.push_back(step);
        self.front.take(step, layout);
    }

    /// The first row of the lane begins it, and the first one of a batch that brings
    /// something new begins that.
    pub(super) fn begin(&mut self, at: usize, grown: &mut Grown, layout: &Layout) {
        if grown.row.is_none() && !(grown.families.is_empty() && grown.fills.is_empty()) {
            grown.row = Some(at);
            grown.families.iter().for_each(|growth| self.step(Step::Feed(*growth), layout));
            grown.fills.iter().for_each(|fill| self.step(Step::Fill(*fill), layout));
        }
        if !self.front.begun {
            self.step(Step::Begin, layout);
        }
    }

    /// Which windows of a row reach behind the beginning of their series, or of a state
    /// that began midway; of all beginnings the latest.
    pub(super) fn warming(
        &self,
        at: usize,
        row: &Row,
        plan: &Plan,
        intervals: &[Interval],
        all: &mut Vec<Warm>,
    ) -> Option<Warming> {
        let Front { began, midway, .. } = self.front;
        let bound = self.front.bounds.get(row.entry.tenant as usize).filter(|bound| bound.is_warming());
        if !midway && bound.is_none() {
            return None;
        }
        let from = all.len();
        for ((window, place), interval) in plan.places().iter().enumerate().zip(intervals) {
            let reaches = |since: Option<i64>, after: i64| since.is_none_or(|since| after < since);
            let whole = Some(Warming { since: began }).filter(|_| midway && reaches(began, interval.after));
            let since = bound.and_then(|bound| bound.since(place.family)).and_then(Since::beginning);
            // no further than it is read, so that it does not matter when a beginning is forgotten
            let clipped = || plan.clip(window, *interval, row.horizon, row.is_late());
            let own = since.filter(|since| reaches(*since, clipped().after)).map(|since| Warming { since });
            let warming = [whole, own].into_iter().flatten().reduce(Warming::later);
            all.extend(warming.map(|warming| Warm { row: at, window, warming }));
        }
        all.iter().skip(from).map(|warm| warm.warming).reduce(Warming::later)
    }
}
