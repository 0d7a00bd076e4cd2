//! The windows of a family over one of its series, as a row reads them: the same
//! for whoever keeps the series, so that it answers the same wherever they are.

use crate::answered::Answered;
use crate::plan::{Family, Plan};
use crate::series::Series;
use crate::shape::{Event, Interval, Shape};
use sandgate_model::Kind;
use std::sync::Arc;

/// A declared window of a family.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// Its index among all of the plan.
    pub declared: usize,
    /// Its index in the family's shape.
    pub window: usize,
    /// The class of its events, as a bit.
    pub class: u64,
    /// Whether the row itself counts, if its event is of that class.
    pub own: bool,
    /// The kind of its operand.
    pub kind: Option<Kind>,
    /// The declared index of an earlier one that is alike in all.
    pub twin: Option<usize>,
}

/// From where a row looks at a series.
#[derive(Clone, Copy, Debug)]
pub struct View<'v> {
    /// The row's own event, if it is one.
    pub event: Option<Event<'v>>,
    /// The lane's clock before the row, less its lateness.
    pub horizon: Option<i64>,
    /// Whether the row is older than that.
    pub late: bool,
    /// What each declared window of the plan covers.
    pub intervals: &'v [Interval],
}

impl Plan {
    /// The windows of a family, as they were declared.
    pub fn readers(&self, family: usize) -> Vec<Reader> {
        let Some(shape) = self.families().get(family).map(Family::shape) else { return Vec::new() };
        let mut readers: Vec<Reader> = Vec::new();
        for (declared, place) in self.places().iter().enumerate().filter(|(_, place)| place.family == family) {
            let Some(window) = shape.windows().get(place.window) else { continue };
            let class = 1u64.checked_shl(window.class).unwrap_or(0);
            let alike = readers.iter().find(|other| other.window == place.window && other.own == place.own);
            let twin = alike.map(|other| other.declared);
            let (own, kind) = (place.own, window.kind);
            readers.push(Reader { declared, window: place.window, class, own, kind, twin });
        }
        readers
    }
}

/// Answers those windows of a family that are not answered yet.
pub fn read(
    plan: &Plan,
    readers: &[Reader],
    (series, shape): (&mut Series, &Shape),
    view: View<'_>,
    answers: &mut [Answered],
    text: impl Fn(u64) -> Option<Arc<str>>,
) {
    for reader in readers {
        let (Some(interval), Some(Answered::Absent)) =
            (view.intervals.get(reader.declared), answers.get(reader.declared))
        else {
            continue;
        };
        let answer = match reader.twin.and_then(|twin| answers.get(twin)) {
            Some(answer) => answer.clone(),
            None => {
                let interval = plan.clip(reader.declared, *interval, view.horizon, view.late);
                let answer = series.read(shape, reader.window, interval, view.event.filter(|_| reader.own));
                Answered::of(answer, reader.kind, &text)
            }
        };
        if let Some(place) = answers.get_mut(reader.declared) {
            *place = answer;
        }
    }
}
