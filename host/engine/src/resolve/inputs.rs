//! The inputs of all policies of a set, bound to the fields of one source.

use super::{Problems, mend};
use crate::document::Document;
use crate::generation::{Binding, Column, Columns, Given, Site, SiteSource, TagColumn, given_fields};
use sandgate_model::Kind;
use sandgate_model::manifest::{Input, Manifest, Origin, Tag};
use sandgate_model::schema::Schema;

/// Binds the inputs of `seats` (each with its key in the document) for every
/// source whose records this tenant's policies judge. `windows` says which window
/// each input is.
pub(super) fn columns(
    seats: &[(&str, &Manifest)],
    windows: &[Vec<Option<usize>>],
    document: &Document,
    site: &Site,
    problems: &mut Problems,
) -> Vec<Columns> {
    let mut all = vec![Columns::default(); site.sources.len()];
    for (source, SiteSource { schema, .. }) in
        site.of_tenant(&document.tenant).into_iter().filter(|(_, source)| !source.observe)
    {
        let columns = &mut all[source];
        for (seat, (key, manifest)) in seats.iter().enumerate() {
            let mut bindings = Vec::with_capacity(manifest.inputs.len());
            for (at, input) in manifest.inputs.iter().enumerate() {
                let window = windows.get(seat).and_then(|of_seat| of_seat[at]);
                let policy = &manifest.name;
                let given = site.given;
                let mut work = Work { key, policy, input, window, document, schema, given, problems, columns };
                bindings.extend(work.bind());
            }
            columns.seats.push(bindings);
        }
    }
    all
}

/// Checks the fields that the tenant's own lists name.
pub(super) fn check_lists(document: &Document, site: &Site, problems: &mut Problems) {
    let sources: Vec<&SiteSource> = site.of_tenant(&document.tenant).into_iter().map(|(_, source)| source).collect();
    if sources.is_empty() {
        // nothing is known of them, which was told already
        return;
    }
    let names = || sources.iter().flat_map(|source| &source.schema.fields).map(|field| field.name.as_str());
    let mut known = |list: &str, at: usize, field: &str| {
        if !names().any(|name| name == field) {
            let from: Vec<String> = sources.iter().map(|source| format!("`{}`", source.schema.source)).collect();
            let (who, no) = if from.len() == 1 { ("source", "no") } else { ("none of the sources", "a") };
            let what = format!("{who} {} declares {no} field `{field}`; {}", from.join(", "), mend(field, names()));
            problems.add(format!("{list}[{at}]"), what);
        }
    };
    document.deny.iter().enumerate().for_each(|(at, field)| known("deny", at, field));
    document.keep.iter().enumerate().for_each(|(at, field)| known("keep", at, field));
    for (at, field) in document.keep.iter().enumerate().filter(|(_, field)| document.deny.contains(field)) {
        problems.add(
            format!("keep[{at}]"),
            format!("field `{field}` is denied to this tenant; remove it here or in `deny`"),
        );
    }
}

/// What is needed to bind one input.
struct Work<'a> {
    key: &'a str,
    policy: &'a str,
    input: &'a Input,
    window: Option<usize>,
    document: &'a Document,
    schema: &'a Schema,
    given: bool,
    problems: &'a mut Problems,
    columns: &'a mut Columns,
}

impl Work<'_> {
    fn bind(&mut self) -> Option<Binding> {
        let column = match &self.input.from {
            Origin::Field(name) => {
                let field = self.field(name)?;
                let kind = self.schema.fields[field].kind;
                if !kind.reads_as(self.input.kind) {
                    self.problem(format!(
                        "reads field `{name}` as {}, but the source declares it as {kind}",
                        self.input.kind
                    ));
                    return None;
                }
                Column::Field(self.columns.field(field, self.input.kind))
            }
            Origin::Tag(tag) => self.tag(tag)?,
            // one that cannot be answered was told already
            Origin::Window(_) => Column::Window(self.window?),
        };
        Some(Binding {
            given: self.given(),
            column,
            kind: self.input.kind,
            optional: self.input.optional,
            default: self.input.default.clone(),
            minimum: self.input.minimum.clone(),
            maximum: self.input.maximum.clone(),
        })
    }

    /// The fields that set the input directly, where that is allowed.
    fn given(&mut self) -> Option<Given> {
        let [value, absent] = given_fields(&self.input.name);
        let value = self.schema.field(&value).filter(|_| self.given)?;
        let absent = self.schema.field(&absent)?;
        Some(Given {
            value: self.columns.field(value, self.input.kind),
            absent: self.columns.field(absent, Kind::Flag),
        })
    }

    fn tag(&mut self, tag: &Tag) -> Option<Column> {
        let field = self.field(&tag.by)?;
        let kind = self.schema.fields[field].kind;
        if !matches!(kind, Kind::Text | Kind::Integer) {
            self.problem(format!(
                "looks a tag up by field `{}`, which is a {kind}; an id is a text or an integer",
                tag.by
            ));
            return None;
        }
        let by = self.columns.field(field, kind);
        let wanted = TagColumn { entity: tag.entity.clone(), attribute: tag.attribute.clone(), by };
        Some(Column::Tag(self.columns.tag(wanted)))
    }

    /// The field of that name, if the source has it and the tenant may use it.
    fn field(&mut self, name: &str) -> Option<usize> {
        if self.document.deny.iter().any(|denied| denied == name) {
            self.problem(format!("reads field `{name}`, which is denied to this tenant"));
            return None;
        }
        let field = self.schema.field(name);
        if field.is_none() {
            let mend = mend(name, self.schema.fields.iter().map(|field| field.name.as_str()));
            self.problem(format!(
                "reads field `{name}`, which source `{}` does not declare; {mend}",
                self.schema.source
            ));
        }
        field
    }

    fn problem(&mut self, what: String) {
        self.problems.add(self.key, format!("input `{}` of policy `{}` {what}", self.input.name, self.policy));
    }
}
