//! The windows of all policies of a set, as one plan over the fields that events
//! must hold.
//!
//! A window may read several sources, so a field has one kind for all of them:
//! the widest that they declare. Which fields that are must be known before
//! conditions can be read as their kinds, so windows are looked at twice.

use super::kinds::of_kind;
use super::{Problems, mend};
use crate::document::Document;
use crate::generation::{Base, Site, SiteSource, Windows};
use sandgate_model::manifest::{Aggregate, Input, Manifest, Relation, Setting, Test, Window};
use sandgate_model::schema::TenantRole;
use sandgate_model::{Kind, Value};
use sandgate_window::{Declared, Plan, PlanError};
use std::sync::Arc;

/// For each seat and each of its inputs, which window of the plan it is.
pub(super) type Places = Vec<Vec<Option<usize>>>;

/// Resolves the windows of `seats` (each with its key in the document), whose
/// parameters are set to `settings`, on what is kept for the tenant already.
pub(super) fn windows(
    seats: &[(&str, &Manifest)],
    settings: &[&[Setting]],
    document: &Document,
    (site, base): (&Site, Option<&Base>),
    problems: &mut Problems,
) -> Option<(Places, Windows)> {
    let before = problems.0.len();
    let mut work = Work::on(base, document, site, problems);
    let places = || {
        seats.iter().zip(settings).map(|((key, manifest), settings)| {
            manifest.inputs.iter().map(move |input| Place { key, manifest, settings, input })
        })
    };
    for place in places().flatten() {
        if let Some(window) = place.input.window() {
            work.fields(window, &place);
        }
    }
    work.kept();
    if work.problems.0.len() > before {
        return None;
    }
    let (mut declared, mut kinds) =
        base.map_or_else(Default::default, |base| (base.declared.clone(), base.kinds.clone()));
    let mut of_seats = Vec::with_capacity(seats.len());
    for of_manifest in places() {
        let mut of_seat = Vec::new();
        for place in of_manifest {
            let Some(window) = place.input.window() else {
                of_seat.push(None);
                continue;
            };
            of_seat.push(work.declared(window, &place).map(|(one, kind)| {
                declared.iter().position(|other| *other == one).unwrap_or_else(|| {
                    declared.push(one);
                    kinds.push(kind);
                    declared.len() - 1
                })
            }));
        }
        of_seats.push(of_seat);
    }
    let stored = work.stored;
    if problems.0.len() > before {
        return None;
    }
    let of_fields: Vec<Kind> = stored.iter().map(|field| field.kind).collect();
    let plan = match plan(&of_fields, &declared, base, document.backfill) {
        Ok(plan) => plan,
        Err(error) => {
            problems.add("stage", error);
            return None;
        }
    };
    let fields = site
        .sources
        .iter()
        .map(|source| {
            let known = |field: &Stored| {
                let at = source.schema.field(&field.name)?;
                source.schema.fields[at].kind.reads_as(field.kind).then_some(at)
            };
            stored.iter().map(known).collect()
        })
        .collect();
    let kept = stored.iter().enumerate().filter(|(_, field)| document.keep.contains(&field.name)).map(|(at, _)| at);
    let kept = kept.collect();
    let stored = stored.into_iter().map(|field| (field.name, field.kind)).collect();
    let base = Base { stored, declared, kinds, plan: Arc::clone(&plan) };
    let mut read: Vec<usize> = of_seats.iter().flatten().copied().flatten().collect();
    read.sort_unstable();
    read.dedup();
    Some((of_seats, Windows { base, plan, fields, read, kept, apart: None }))
}

/// The plan of these windows: that of the ground, with the others behind it, which get
/// what was before them where the set says so.
fn plan(fields: &[Kind], declared: &[Declared], base: Option<&Base>, backfill: bool) -> Result<Arc<Plan>, PlanError> {
    let known = base.map_or(0, |base| base.declared.len());
    let more = declared.get(known..).unwrap_or_default();
    match base {
        Some(base) if more.is_empty() => Ok(Arc::clone(&base.plan)),
        Some(base) => {
            let more = Plan::new(fields, more)?;
            Ok(Arc::new(base.plan.and(&if backfill { more.backfilled() } else { more })))
        }
        None => Ok(Arc::new(Plan::new(fields, more)?)),
    }
}

/// A field that events hold.
struct Stored {
    name: String,
    kind: Kind,
}

/// Which input of which policy.
#[derive(Clone, Copy)]
struct Place<'a> {
    key: &'a str,
    manifest: &'a Manifest,
    settings: &'a [Setting],
    input: &'a Input,
}

struct Work<'a> {
    document: &'a Document,
    site: &'a Site,
    problems: &'a mut Problems,
    stored: Vec<Stored>,
    /// How many of them were stored before, and keep their kind.
    settled: usize,
}

impl<'a> Work<'a> {
    fn on(base: Option<&Base>, document: &'a Document, site: &'a Site, problems: &'a mut Problems) -> Work<'a> {
        let stored = base.map_or(&[][..], |base| &base.stored).iter();
        let stored: Vec<Stored> = stored.map(|(name, kind)| Stored { name: name.clone(), kind: *kind }).collect();
        Work { document, site, problems, settled: stored.len(), stored }
    }

    /// The place of a stored field: of one that is stored in two kinds the later, wider one.
    fn place(&self, name: &str) -> Option<usize> {
        self.stored.iter().rposition(|stored| stored.name == name)
    }

    /// Lets a stored field be of this wider kind; one that was stored before stays, and
    /// is stored a second time.
    fn widen(&mut self, place: usize, kind: Kind) {
        match self.stored.get_mut(place) {
            Some(stored) if place >= self.settled => stored.kind = kind,
            Some(stored) => {
                let name = stored.name.clone();
                self.stored.push(Stored { name, kind });
            }
            None => {}
        }
    }

    /// Notes the fields that a window needs.
    fn fields(&mut self, window: &Window, place: &Place<'_>) {
        let Some(sources) = self.sources(window, place) else { return };
        let only = window.only.iter().map(|condition| &condition.field);
        for name in window.by.iter().chain(&window.of).chain(only) {
            if self.document.deny.contains(name) {
                self.problem(place, format!("reads field `{name}`, which is denied to this tenant"));
                continue;
            }
            for (at, source) in self.site.of_tenant(&self.document.tenant) {
                // every transaction that is judged must have a key to look with
                let looks = window.by.contains(name) && !source.observe;
                if looks || sources >> at & 1 == 1 {
                    self.field(name, source, place);
                }
            }
        }
    }

    /// Notes that events hold this field of this source.
    fn field(&mut self, name: &str, source: &SiteSource, place: &Place<'_>) {
        let schema = &source.schema;
        let Some(at) = schema.field(name) else {
            let mend = mend(name, schema.fields.iter().map(|field| field.name.as_str()));
            self.problem(
                place,
                format!("reads field `{name}`, which source `{}` does not declare; {mend}", schema.source),
            );
            return;
        };
        let kind = schema.fields[at].kind;
        let Some(known) = self.place(name) else {
            self.stored.push(Stored { name: name.to_owned(), kind });
            return;
        };
        let other = self.stored[known].kind;
        match (kind.reads_as(other), other.reads_as(kind)) {
            (true, _) => {}
            (false, true) => self.widen(known, kind),
            (false, false) => {
                let what = format!(
                    "reads field `{name}`, which is {} in source `{}` and {} in another; declare one kind",
                    kind.with_article(),
                    schema.source,
                    other.with_article()
                );
                self.problem(place, what);
            }
        }
    }

    /// Notes the fields that the tenant keeps for windows to come.
    fn kept(&mut self) {
        for name in &self.document.keep {
            let kinds = self.site.of_tenant(&self.document.tenant).into_iter().filter_map(|(_, source)| {
                let field = source.schema.field(name)?;
                Some(source.schema.fields[field].kind)
            });
            for kind in kinds {
                match self.place(name) {
                    None => self.stored.push(Stored { name: name.clone(), kind }),
                    Some(known) if self.stored[known].kind == kind => {}
                    Some(known) if self.stored[known].kind.reads_as(kind) => self.widen(known, kind),
                    Some(_) => {}
                }
            }
        }
    }

    /// The sources that a window reads, one bit each.
    fn sources(&mut self, window: &Window, place: &Place<'_>) -> Option<u64> {
        let own = self.site.of_tenant(&self.document.tenant);
        if window.sources.is_empty() {
            return Some(own.iter().filter(|(_, source)| !source.observe).map(|(at, _)| 1 << at).sum());
        }
        let mut bits = 0;
        for name in &window.sources {
            match own.iter().find(|(_, source)| *source.schema.source == **name) {
                Some((at, _)) => bits |= 1 << at,
                None => {
                    let mend = mend(name, own.iter().map(|(_, source)| &*source.schema.source));
                    self.problem(place, format!("reads source `{name}`, which this tenant does not have; {mend}"));
                    return None;
                }
            }
        }
        Some(bits)
    }

    /// The window over stored fields, and the kind of its answers.
    fn declared(&mut self, window: &Window, place: &Place<'_>) -> Option<(Declared, Kind)> {
        let by: Option<Vec<usize>> = window.by.iter().map(|name| self.place(name)).collect();
        let by = by?;
        for &field in &by {
            if self.stored[field].kind == Kind::Number {
                let what = format!(
                    "counts by field `{}`, which is a number; a key is a text, integer, decimal, instant or flag",
                    self.stored[field].name
                );
                self.problem(place, what);
            }
        }
        let of = window.of.as_ref().map(|name| self.place(name));
        let kind = self.answer(window.aggregate, of.flatten(), place)?;
        let mut only = Vec::with_capacity(window.only.len());
        for condition in &window.only {
            let field = self.place(&condition.field)?;
            only.push((field, self.test(&condition.test, field, place)?));
        }
        let declared = Declared {
            by,
            aggregate: window.aggregate,
            of: of.flatten(),
            span: window.span.clone(),
            current: window.current,
            only,
            sources: self.sources(window, place)?,
        };
        Some((declared, kind))
    }

    /// The kind of an aggregate's answers, if the input can read it.
    fn answer(&mut self, aggregate: Aggregate, of: Option<usize>, place: &Place<'_>) -> Option<Kind> {
        let operand = of.map(|of| (self.stored[of].name.clone(), self.stored[of].kind));
        let wanted = place.input.kind;
        let (kind, refused) = match (aggregate, &operand) {
            (Aggregate::Count | Aggregate::Distinct, _) => (Kind::Integer, None),
            (Aggregate::FirstSeen | Aggregate::LastSeen, _) => (Kind::Instant, None),
            (_, None) => return None,
            (Aggregate::Latest, Some((_, kind))) => (*kind, None),
            (Aggregate::Sum, Some((_, kind @ (Kind::Integer | Kind::Decimal { .. })))) => (*kind, None),
            (Aggregate::Mean | Aggregate::Deviation, Some((_, Kind::Integer | Kind::Decimal { .. }))) => {
                (Kind::Number, None)
            }
            (Aggregate::Minimum | Aggregate::Maximum, Some((_, kind))) if !matches!(kind, Kind::Flag | Kind::Text) => {
                (*kind, None)
            }
            (Aggregate::Minimum | Aggregate::Maximum, Some((_, kind))) => (*kind, Some("that has no order")),
            (_, Some((_, kind @ Kind::Number))) => {
                (*kind, Some("and a sum of floats would depend on their order; declare the field as a decimal"))
            }
            (_, Some((_, kind))) => (*kind, Some("that cannot be added up")),
        };
        let (name, of_kind) = operand.unwrap_or((String::new(), kind));
        if let Some(why) = refused {
            self.problem(place, format!("is computed of field `{name}`, which is {}, {why}", of_kind.with_article()));
            return None;
        }
        if !kind.reads_as(wanted) {
            self.problem(
                place,
                format!(
                    "is {}, but the window over field `{name}` gives {}; change the kind",
                    wanted.with_article(),
                    kind.with_article()
                ),
            );
            return None;
        }
        Some(kind)
    }

    /// A test whose values are of the field's kind.
    fn test(&mut self, test: &Test, field: usize, place: &Place<'_>) -> Option<Test> {
        let Stored { name, kind } = &self.stored[field];
        let (name, kind) = (name.clone(), *kind);
        let asked;
        let (test, parameter) = match test {
            Test::Set(relation, parameter) => {
                asked = place.set(*relation, parameter)?;
                (&asked, Some(parameter))
            }
            test => (test, None),
        };
        let mut typed = |value: &Value| {
            let typed = of_kind(value, kind);
            if let (None, Some(parameter)) = (&typed, parameter) {
                let what = format!("{value} cannot be compared with field `{name}`, which is {}", kind.with_article());
                self.problems.add_once(format!("{}.parameters.{parameter}", place.key), what);
            } else if typed.is_none() {
                self.problem(place, format!("compares field `{name}`, which is {}, with {value}", kind.with_article()));
            }
            typed
        };
        let test = match test {
            Test::AnyOf(values) => Test::AnyOf(values.iter().map(&mut typed).collect::<Option<_>>()?),
            Test::NoneOf(values) => Test::NoneOf(values.iter().map(&mut typed).collect::<Option<_>>()?),
            Test::AtLeast(value) => Test::AtLeast(typed(value)?),
            Test::Below(value) => Test::Below(typed(value)?),
            Test::Set(..) => return None,
        };
        if matches!(test, Test::AtLeast(_) | Test::Below(_)) && matches!(kind, Kind::Flag | Kind::Text) {
            self.problem(
                place,
                format!(
                    "asks whether field `{name}`, which is {}, is more or less; it has no order",
                    kind.with_article()
                ),
            );
            return None;
        }
        Some(test)
    }

    fn problem(&mut self, place: &Place<'_>, what: String) {
        let (input, policy) = (&place.input.name, &place.manifest.name);
        self.problems.add(place.key, format!("input `{input}` of policy `{policy}` {what}"));
    }
}

impl Place<'_> {
    /// The test that the setting of a parameter makes.
    fn set(&self, relation: Relation, parameter: &str) -> Option<Test> {
        let at = self.manifest.parameters.iter().position(|known| known.name == *parameter)?;
        relation.with(self.settings.get(at)?)
    }
}

impl Site {
    /// The sources whose records may be of this tenant, with their places; where
    /// none is, all of them: a name may be wrong, and the rest of a set still be
    /// checked.
    pub(crate) fn of_tenant(&self, tenant: &str) -> Vec<(usize, &SiteSource)> {
        let of_tenant = |source: &SiteSource| match &source.schema.roles.tenant {
            TenantRole::Fixed(name) => **name == *tenant,
            TenantRole::Field(_) => true,
        };
        let any = self.sources.iter().any(of_tenant);
        self.sources.iter().enumerate().filter(|(_, source)| !any || of_tenant(source)).collect()
    }
}
