//! From declared windows to families, classes and shapes.

use super::check::Check;
use super::refusal::{CLASSES_MAX, Flaw, PlanError};
use super::{Condition, Declared, Family, Operand, Place, Plan};
use crate::shape::{Shape, Window};
use crate::span::{Edges, Unsound};
use sandgate_model::Kind;
use sandgate_model::manifest::{Aggregate, Span};

/// The most sources: a window has a word of bits for them.
const SOURCES_MAX: usize = 64;

impl Plan {
    /// The plan of windows over fields of these kinds.
    ///
    /// # Errors
    /// Where a window cannot be kept as it is declared; the first such is told.
    pub fn new(fields: &[Kind], declared: &[Declared]) -> Result<Plan, PlanError> {
        let mut draft = Draft::default();
        for (window, declared) in declared.iter().enumerate() {
            draft.add(window, Reading { fields, declared }).map_err(|flaw| PlanError { window, flaw })?;
        }
        let families = draft.families.into_iter().map(FamilyDraft::finish).collect();
        Ok(Plan { families, places: draft.places, edges: draft.edges })
    }
}

/// A plan that is being built.
#[derive(Default)]
struct Draft {
    families: Vec<FamilyDraft>,
    places: Vec<Place>,
    edges: Vec<Edges>,
}

impl Draft {
    fn add(&mut self, window: usize, read: Reading<'_>) -> Result<(), Flaw> {
        let declared = read.declared;
        let (by, kinds) = read.key()?;
        let of = read.operand()?;
        let edges = read.edges()?;
        let family = self.families.iter().position(|family| family.by == by);
        let number = family.unwrap_or(self.families.len());
        if family.is_none() {
            self.families.push(FamilyDraft { by, kinds, ..FamilyDraft::default() });
        }
        let Some(family) = self.families.get_mut(number) else { return Ok(()) };
        let operand = of.map(|(field, kind)| family.operand(field, kind));
        let asked = family.conditions(&read)?;
        let class = family.class(Class { asked, sources: declared.sources, operand }, window)?;
        let shaped = Window {
            aggregate: declared.aggregate,
            operand,
            kind: of.map(|(_, kind)| kind),
            class,
            gap: edges.gap(),
            resolution: edges.resolution(),
            reach: edges.reach(),
        };
        self.places.push(Place {
            family: number,
            window: family.window(shaped, &declared.span),
            own: declared.current && edges.covers_itself(),
        });
        self.edges.push(edges);
        Ok(())
    }
}

/// A declared window that is being read.
struct Reading<'a> {
    fields: &'a [Kind],
    declared: &'a Declared,
}

impl Reading<'_> {
    fn kind(&self, field: usize) -> Result<Kind, Flaw> {
        self.fields.get(field).copied().ok_or(Flaw::Field { field })
    }

    fn operand(&self) -> Result<Option<(usize, Kind)>, Flaw> {
        use Aggregate::{Count, Deviation, Distinct, FirstSeen, LastSeen, Latest, Maximum, Mean, Minimum, Sum};
        let aggregate = self.declared.aggregate;
        let of_events = matches!(aggregate, Count | FirstSeen | LastSeen);
        let Some(field) = self.declared.of else {
            return if of_events { Ok(None) } else { Err(Flaw::Operandless { aggregate }) };
        };
        let kind = self.kind(field)?;
        let suits = match aggregate {
            Count | FirstSeen | LastSeen => return Err(Flaw::NeedlessOperand { aggregate }),
            Sum | Mean | Deviation => matches!(kind, Kind::Integer | Kind::Decimal { .. }),
            Minimum | Maximum => !matches!(kind, Kind::Flag | Kind::Text),
            Distinct | Latest => true,
        };
        if suits { Ok(Some((field, kind))) } else { Err(Flaw::Operand { aggregate, kind }) }
    }

    fn edges(&self) -> Result<Edges, Flaw> {
        Edges::of(&self.declared.span).map_err(|unsound| match (unsound, &self.declared.span) {
            (Unsound::Zone, Span::Calendar { zone, .. }) => Flaw::Zone { zone: zone.clone() },
            _ => Flaw::Span,
        })
    }

    /// The fields of the key and their kinds, in the order of the fields: two windows
    /// that name the same fields in another order read the same series.
    fn key(&self) -> Result<(Vec<usize>, Vec<Kind>), Flaw> {
        let mut by = self.declared.by.clone();
        by.sort_unstable();
        by.dedup();
        if by.is_empty() {
            return Err(Flaw::Keyless);
        }
        let kinds = by.iter().map(|&field| match self.kind(field)? {
            Kind::Number => Err(Flaw::NumberKey { field }),
            kind => Ok(kind),
        });
        let kinds = kinds.collect::<Result<_, _>>()?;
        Ok((by, kinds))
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
struct FamilyDraft {
    by: Vec<usize>,
    kinds: Vec<Kind>,
    operands: Vec<Operand>,
    conditions: Vec<Condition>,
    classes: Vec<Class>,
    readers: Vec<Vec<usize>>,
    windows: Vec<(Window, Span)>,
}

impl FamilyDraft {
    fn operand(&mut self, field: usize, kind: Kind) -> usize {
        let known = self.operands.iter().position(|operand| operand.field == field);
        known.unwrap_or_else(|| {
            self.operands.push(Operand { field, kind, classes: 0 });
            self.operands.len() - 1
        })
    }

    fn conditions(&mut self, read: &Reading<'_>) -> Result<Vec<usize>, Flaw> {
        let mut asked = Vec::new();
        for (field, test) in &read.declared.only {
            let (field, kind) = (*field, read.kind(*field)?);
            let unsuited = Flaw::Condition { field, kind };
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

    /// The bit of a class, which this declared window counts.
    fn class(&mut self, class: Class, reader: usize) -> Result<u32, Flaw> {
        let bit = match self.classes.iter().position(|known| *known == class) {
            Some(known) => known,
            None if self.classes.len() == CLASSES_MAX => return Err(Flaw::Classes),
            None => {
                self.classes.push(class);
                self.readers.push(Vec::new());
                self.classes.len() - 1
            }
        };
        if let Some(readers) = self.readers.get_mut(bit) {
            readers.push(reader);
        }
        Ok(bit as u32)
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
            backfilled: false,
        }
    }
}
