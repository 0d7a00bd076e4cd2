//! From declared windows to families, classes and shapes, or why not.

use super::check::Check;
use super::{Condition, Declared, Family, Operand, Place, Plan};
use crate::shape::{Shape, Window};
use crate::span::{Edges, Unsound};
use sandgate_model::Kind;
use sandgate_model::manifest::{Aggregate, Span};

/// The most classes of a family: an event has a word of bits for them.
const CLASSES_MAX: usize = 64;
/// The most sources: a window has a word of bits for them.
const SOURCES_MAX: usize = 64;

/// Why windows cannot be kept. Each names the declared window by its index.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// It names a field that does not exist.
    #[error("window {window} names field {field}, and there is none such")]
    Field {
        /// The declared window.
        window: usize,
        /// The field that it names.
        field: usize,
    },
    /// It has no key.
    #[error("window {window} has no field in `by`; name at least one")]
    Keyless {
        /// The declared window.
        window: usize,
    },
    /// Its key would have a float.
    #[error(
        "window {window} has field {field} in `by`, which is a number: floats that print alike may differ, \
         so they make no key; declare the field as an integer, a decimal or a text"
    )]
    NumberKey {
        /// The declared window.
        window: usize,
        /// The field.
        field: usize,
    },
    /// Its aggregate is computed of a field, and it names none.
    #[error("window {window} does not say what its {aggregate:?} is computed of; name a field in `of`")]
    Operandless {
        /// The declared window.
        window: usize,
        /// What it computes.
        aggregate: Aggregate,
    },
    /// Its aggregate is of the events themselves, and it names a field.
    #[error("window {window} names a field in `of`, but its {aggregate:?} is of the events themselves; take it out")]
    NeedlessOperand {
        /// The declared window.
        window: usize,
        /// What it computes.
        aggregate: Aggregate,
    },
    /// Its aggregate cannot take values of this kind.
    #[error("window {window} computes {aggregate:?} of a {kind}: {}", why(*aggregate, *kind))]
    Operand {
        /// The declared window.
        window: usize,
        /// What it computes.
        aggregate: Aggregate,
        /// The kind of what it computes it of.
        kind: Kind,
    },
    /// A condition compares a field with a value of another kind, or asks an order of what has none.
    #[error("window {window} has a condition on field {field} that does not suit a {kind}")]
    Condition {
        /// The declared window.
        window: usize,
        /// The field.
        field: usize,
        /// Its kind.
        kind: Kind,
    },
    /// The bundled zone database lacks its zone.
    #[error("window {window} names the zone {zone:?}, which the bundled zone database does not know")]
    Zone {
        /// The declared window.
        window: usize,
        /// The zone.
        zone: String,
    },
    /// A length of its span makes no sense.
    #[error(
        "window {window} has a span with a length out of bounds: lengths are 1 ms to 3660 days, \
         an offset is less than its length, a gap is at most its session"
    )]
    Span {
        /// The declared window.
        window: usize,
    },
    /// Its family asks too many different things of events.
    #[error(
        "window {window} is one too many: the windows with its `by` ask {CLASSES_MAX} different things of an event \
         (`only`, `sources`, a present `of`) already; let some of them ask the same"
    )]
    Classes {
        /// The declared window.
        window: usize,
    },
}

/// Why an aggregate does not take a kind.
fn why(aggregate: Aggregate, kind: Kind) -> &'static str {
    match (aggregate, kind) {
        (Aggregate::Minimum | Aggregate::Maximum, _) => "it has no order; use an integer, number, decimal or instant",
        (_, Kind::Number) => {
            "a running sum of floats depends on the order of events and on those that have left; \
             declare the field as a decimal"
        }
        _ => "it takes integers and decimals",
    }
}

impl Plan {
    /// The plan of windows over fields of these kinds.
    ///
    /// # Errors
    /// Where a window cannot be kept as it is declared; the first such is told.
    pub fn new(fields: &[Kind], declared: &[Declared]) -> Result<Plan, PlanError> {
        let mut drafts: Vec<Draft> = Vec::new();
        let mut places = Vec::with_capacity(declared.len());
        let mut edges = Vec::with_capacity(declared.len());
        for (window, declaration) in declared.iter().enumerate() {
            let read = Reading { fields, window, declared: declaration };
            let of = read.operand()?;
            let own_edges = read.edges()?;
            let family = match drafts.iter().position(|draft| draft.by == declaration.by) {
                Some(family) => family,
                None => {
                    drafts.push(Draft { by: declaration.by.clone(), kinds: read.key()?, ..Draft::default() });
                    drafts.len() - 1
                }
            };
            let Some(draft) = drafts.get_mut(family) else { continue };
            let operand = of.map(|(field, kind)| draft.operand(field, kind));
            let asked = draft.conditions(&read)?;
            let class = draft.class(Class { asked, sources: declaration.sources, operand });
            let class = class.ok_or(PlanError::Classes { window })?;
            let own = declaration.current && own_edges.covers_itself();
            let shaped = Window {
                aggregate: declaration.aggregate,
                operand,
                kind: of.map(|(_, kind)| kind),
                class: class as u32,
                gap: own_edges.gap(),
                resolution: own_edges.resolution(),
                reach: own_edges.reach(),
            };
            let place = draft.window(shaped, &declaration.span);
            if let Some(readers) = draft.readers.get_mut(class) {
                readers.push(window);
            }
            places.push(Place { family, window: place, own });
            edges.push(own_edges);
        }
        Ok(Plan { families: drafts.into_iter().map(Draft::finish).collect(), places, edges })
    }
}

/// A declared window that is being read.
struct Reading<'a> {
    fields: &'a [Kind],
    window: usize,
    declared: &'a Declared,
}

impl Reading<'_> {
    fn kind(&self, field: usize) -> Result<Kind, PlanError> {
        self.fields.get(field).copied().ok_or(PlanError::Field { window: self.window, field })
    }

    fn operand(&self) -> Result<Option<(usize, Kind)>, PlanError> {
        use Aggregate::{Count, Deviation, Distinct, FirstSeen, LastSeen, Latest, Maximum, Mean, Minimum, Sum};
        let (window, aggregate) = (self.window, self.declared.aggregate);
        let of_events = matches!(aggregate, Count | FirstSeen | LastSeen);
        let Some(field) = self.declared.of else {
            return if of_events { Ok(None) } else { Err(PlanError::Operandless { window, aggregate }) };
        };
        let kind = self.kind(field)?;
        let suits = match aggregate {
            Count | FirstSeen | LastSeen => return Err(PlanError::NeedlessOperand { window, aggregate }),
            Sum | Mean | Deviation => matches!(kind, Kind::Integer | Kind::Decimal { .. }),
            Minimum | Maximum => !matches!(kind, Kind::Flag | Kind::Text),
            Distinct | Latest => true,
        };
        if suits { Ok(Some((field, kind))) } else { Err(PlanError::Operand { window, aggregate, kind }) }
    }

    fn edges(&self) -> Result<Edges, PlanError> {
        Edges::of(&self.declared.span).map_err(|unsound| match (unsound, &self.declared.span) {
            (Unsound::Zone, Span::Calendar { zone, .. }) => PlanError::Zone { window: self.window, zone: zone.clone() },
            _ => PlanError::Span { window: self.window },
        })
    }

    fn key(&self) -> Result<Vec<Kind>, PlanError> {
        if self.declared.by.is_empty() {
            return Err(PlanError::Keyless { window: self.window });
        }
        let kinds = self.declared.by.iter().map(|&field| match self.kind(field)? {
            Kind::Number => Err(PlanError::NumberKey { window: self.window, field }),
            kind => Ok(kind),
        });
        kinds.collect()
    }
}

/// What a window asks of an event; the conditions by index, sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Class {
    asked: Vec<usize>,
    sources: u64,
    operand: Option<usize>,
}

/// A family that is being built.
#[derive(Default)]
struct Draft {
    by: Vec<usize>,
    kinds: Vec<Kind>,
    operands: Vec<Operand>,
    conditions: Vec<Condition>,
    classes: Vec<Class>,
    readers: Vec<Vec<usize>>,
    windows: Vec<(Window, Span)>,
}

impl Draft {
    fn operand(&mut self, field: usize, kind: Kind) -> usize {
        let known = self.operands.iter().position(|operand| operand.field == field);
        known.unwrap_or_else(|| {
            self.operands.push(Operand { field, kind, classes: 0 });
            self.operands.len() - 1
        })
    }

    fn conditions(&mut self, read: &Reading<'_>) -> Result<Vec<usize>, PlanError> {
        let mut asked = Vec::new();
        for (field, test) in &read.declared.only {
            let (field, kind) = (*field, read.kind(*field)?);
            let unsuited = PlanError::Condition { window: read.window, field, kind };
            let check = Check::of(test, kind).ok_or(unsuited)?;
            let known = self.conditions.iter().position(|it| it.field == field && it.check == check);
            asked.push(known.unwrap_or_else(|| {
                self.conditions.push(Condition { field, kind, check, classes: 0 });
                self.conditions.len() - 1
            }));
        }
        asked.sort_unstable();
        asked.dedup();
        Ok(asked)
    }

    /// The index of a class, unless it would be one too many.
    fn class(&mut self, class: Class) -> Option<usize> {
        if let Some(known) = self.classes.iter().position(|known| *known == class) {
            return Some(known);
        }
        if self.classes.len() == CLASSES_MAX {
            return None;
        }
        self.classes.push(class);
        self.readers.push(Vec::new());
        Some(self.classes.len() - 1)
    }

    /// The index of a window; one that is alike in all is the same.
    fn window(&mut self, window: Window, span: &Span) -> usize {
        let known = self.windows.iter().position(|(known, covers)| *known == window && covers == span);
        known.unwrap_or_else(|| {
            self.windows.push((window, span.clone()));
            self.windows.len() - 1
        })
    }

    fn finish(mut self) -> Family {
        let mut of_source = vec![0; SOURCES_MAX];
        for (number, class) in self.classes.iter().enumerate() {
            let bit = 1u64 << number;
            for (source, classes) in of_source.iter_mut().enumerate() {
                *classes |= if class.sources >> source & 1 == 1 { bit } else { 0 };
            }
            for &asked in &class.asked {
                if let Some(condition) = self.conditions.get_mut(asked) {
                    condition.classes |= bit;
                }
            }
            if let Some(operand) = class.operand.and_then(|at| self.operands.get_mut(at)) {
                operand.classes |= bit;
            }
        }
        let texts = (0..).zip(&self.operands).filter(|(_, operand)| operand.kind == Kind::Text);
        let texts = texts.fold(0, |texts: u64, (word, _): (u32, _)| texts | 1 << word);
        let windows = self.windows.into_iter().map(|(window, _)| window).collect();
        Family {
            shape: Shape::new(self.operands.len(), texts, windows),
            by: self.by,
            kinds: self.kinds,
            operands: self.operands,
            conditions: self.conditions,
            of_source,
            readers: self.readers,
        }
    }
}
