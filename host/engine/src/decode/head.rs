//! What the host itself reads of a transaction: the roles.

use super::slot::{Misread, Slot};
use super::unusable::{Cause, Unusable};
use sandgate_model::instant::InstantError;
use sandgate_model::schema::{Schema, TenantRole};
use sandgate_model::{Decimal, Instant, Value};
use std::borrow::Cow;

/// The roles of one record. Names borrow from it wherever they stand there as
/// they are.
#[derive(Debug)]
pub(super) struct Head<'a> {
    pub(super) id: Cow<'a, str>,
    pub(super) account: Cow<'a, str>,
    /// `None`: the tenant that the schema fixes.
    pub(super) tenant: Option<Cow<'a, str>>,
    pub(super) time: Instant,
    pub(super) amount: Option<Decimal>,
}

impl<'a> Head<'a> {
    /// Reads the roles; the first that cannot be used decides the cause.
    pub(super) fn read(schema: &Schema, slots: &[Slot<'a>]) -> Result<Head<'a>, Unusable> {
        let roles = &schema.roles;
        let id = match roles.id.as_slice() {
            [field] => name(schema, slots, *field, Cause::Id)?,
            fields => Cow::Owned(composed(schema, slots, fields)?),
        };
        let account = name(schema, slots, roles.account, Cause::Account)?;
        let time = time(schema, slots)?;
        let amount = roles.amount.map_or(Ok(None), |field| amount(schema, slots, field))?;
        let tenant = match &roles.tenant {
            TenantRole::Fixed(_) => None,
            TenantRole::Field(field) => Some(name(schema, slots, *field, Cause::Tenant)?),
        };
        Ok(Head { id, account, tenant, time, amount })
    }
}

/// A text or whole number that must be there and say something.
fn name<'a>(schema: &Schema, slots: &[Slot<'a>], field: usize, cause: Cause) -> Result<Cow<'a, str>, Unusable> {
    match slots[field].name(schema.fields[field].kind) {
        Ok(Some(name)) if !name.is_empty() => Ok(name),
        Ok(Some(_)) => Err(wrong(schema, field, cause, "is empty")),
        Ok(None) => Err(wrong(schema, field, cause, "is missing")),
        Err(misread) => Err(wrong(schema, field, cause, misread)),
    }
}

/// The id that several fields make: their canonical texts with `|` between them.
/// A `|` or `\` inside a text gets a `\` before it, so that no two different
/// rows of fields make the same id.
fn composed(schema: &Schema, slots: &[Slot<'_>], fields: &[usize]) -> Result<String, Unusable> {
    let mut id = Vec::with_capacity(64);
    for (at, &field) in fields.iter().enumerate() {
        if at > 0 {
            id.push(b'|');
        }
        let declared = &schema.fields[field];
        match slots[field].read(declared.kind, declared.unit) {
            Ok(Some(Value::Text(""))) => return Err(wrong(schema, field, Cause::Id, "is empty")),
            Ok(Some(Value::Text(text))) => {
                for byte in text.bytes() {
                    if byte == b'|' || byte == b'\\' {
                        id.push(b'\\');
                    }
                    id.push(byte);
                }
            }
            Ok(Some(Value::Integer(integer))) => id.extend_from_slice(integer.to_string().as_bytes()),
            Ok(Some(Value::Decimal(decimal))) => decimal.write(&mut id),
            Ok(Some(Value::Instant(instant))) => instant.write(&mut id),
            Ok(Some(Value::Flag(_) | Value::Number(_))) => {
                return Err(wrong(schema, field, Cause::Id, "cannot be a part of an id"));
            }
            Ok(None) => return Err(wrong(schema, field, Cause::Id, "is missing")),
            Err(misread) => return Err(wrong(schema, field, Cause::Id, misread)),
        }
    }
    String::from_utf8(id).map_err(|error| Unusable::new(Cause::Id, error.to_string()))
}

fn time(schema: &Schema, slots: &[Slot<'_>]) -> Result<Instant, Unusable> {
    let field = schema.roles.time;
    let declared = &schema.fields[field];
    let time = match slots[field].read(declared.kind, declared.unit) {
        Ok(Some(Value::Instant(time))) => time,
        Ok(Some(_)) => return Err(wrong(schema, field, Cause::Time, "is not an instant")),
        Ok(None) => return Err(wrong(schema, field, Cause::Time, "is missing")),
        Err(misread @ Misread::Instant(InstantError::OutOfRange)) => {
            return Err(wrong(schema, field, Cause::Time, format!("{misread}; does its unit fit?")));
        }
        Err(misread) => return Err(wrong(schema, field, Cause::Time, misread)),
    };
    if time < schema.earliest || time > schema.latest {
        let bounds = format!("is {time}, outside {} to {}; does its unit fit?", schema.earliest, schema.latest);
        return Err(wrong(schema, field, Cause::Time, bounds));
    }
    Ok(time)
}

/// A transaction may have no amount; one that is there must be exact.
fn amount(schema: &Schema, slots: &[Slot<'_>], field: usize) -> Result<Option<Decimal>, Unusable> {
    let read = slots[field].read(schema.fields[field].kind, None);
    match read {
        Ok(None) => Ok(None),
        Ok(Some(Value::Decimal(amount))) => Ok(Some(amount)),
        Ok(Some(Value::Integer(units))) => Ok(Some(Decimal { units, scale: 0 })),
        Ok(Some(_)) => Err(wrong(schema, field, Cause::Amount, Misread::Integer)),
        Err(misread) => Err(wrong(schema, field, Cause::Amount, misread)),
    }
}

#[cold]
fn wrong(schema: &Schema, field: usize, cause: Cause, what: impl std::fmt::Display) -> Unusable {
    let declared = &schema.fields[field];
    Unusable::new(
        cause,
        format!("has no usable {cause}: field `{}` ({}) {what}", declared.name, declared.path.join(".")),
    )
}
