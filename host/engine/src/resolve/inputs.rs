//! The inputs of all policies of a set, bound to the fields of one source.

use super::{Problems, mend};
use crate::document::Document;
use crate::generation::{Binding, Column, Columns, TagColumn};
use sandgate_model::Kind;
use sandgate_model::manifest::{Input, Manifest, Origin, Tag};
use sandgate_model::schema::Schema;

/// Binds the inputs of `seats` (each with its key in the document).
pub(super) fn columns(
    seats: &[(&str, &Manifest)],
    document: &Document,
    schema: &Schema,
    problems: &mut Problems,
) -> Columns {
    for (at, field) in document.deny.iter().enumerate() {
        known(schema, field, &format!("deny[{at}]"), problems);
    }
    for (at, field) in document.keep.iter().enumerate() {
        known(schema, field, &format!("keep[{at}]"), problems);
        if document.deny.contains(field) {
            problems.add(
                format!("keep[{at}]"),
                format!("field `{field}` is denied to this tenant; remove it here or in `deny`"),
            );
        }
    }
    let mut columns = Columns::default();
    for (key, manifest) in seats {
        let mut bindings = Vec::with_capacity(manifest.inputs.len());
        for input in &manifest.inputs {
            let mut work =
                Work { key, policy: &manifest.name, input, document, schema, problems, columns: &mut columns };
            bindings.extend(work.bind());
        }
        columns.seats.push(bindings);
    }
    columns
}

/// What is needed to bind one input.
struct Work<'a> {
    key: &'a str,
    policy: &'a str,
    input: &'a Input,
    document: &'a Document,
    schema: &'a Schema,
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
            Origin::Window(_) => {
                self.problem(
                    "is a window, and this version does not answer windows yet; use fields and tags".to_owned(),
                );
                return None;
            }
        };
        Some(Binding {
            column,
            kind: self.input.kind,
            optional: self.input.optional,
            default: self.input.default.clone(),
            minimum: self.input.minimum.clone(),
            maximum: self.input.maximum.clone(),
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

fn known(schema: &Schema, name: &str, key: &str, problems: &mut Problems) {
    if schema.field(name).is_none() {
        let mend = mend(name, schema.fields.iter().map(|field| field.name.as_str()));
        problems.add(key, format!("source `{}` declares no field `{name}`; {mend}", schema.source));
    }
}
