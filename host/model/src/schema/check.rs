//! Everything that can be wrong with a schema, found in one pass.

use super::{Draft, Field, Roles, Schema, TenantDraft, TenantRole};
use crate::Kind;
use crate::nearest::nearest;

/// Something wrong with a schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {flaw}")]
pub struct Problem {
    /// Where, below the source: `fields.amount.path`, `id[1]`, `tenant.field`.
    pub key: String,
    /// What is wrong there, and the mend.
    pub flaw: Flaw,
}

/// What can be wrong with a schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the sentences say what each value is")]
pub enum Flaw {
    #[error("is empty; write a name")]
    NameEmpty,
    #[error("there are two fields `{name}`; rename one")]
    NameTwice { name: String },
    #[error("there is no field; declare those that the roles and the policies read")]
    NoField,
    #[error("there are {fields} fields, at most {} are allowed", Schema::FIELDS_MAX)]
    ManyFields { fields: usize },
    #[error("has an empty key; write the keys of the record with one dot between them")]
    PathEmpty,
    #[error("has {keys} keys, at most {} are allowed", Schema::PATH_MAX)]
    PathLong { keys: usize },
    #[error("leads to the same value as field `{other}`; declare it once")]
    PathTwice { other: String },
    #[error("leads through the value of field `{other}`, which would have to be an object; declare only one of them")]
    PathThrough { other: String },
    #[error("is {scale}, at most {} digits are allowed", Kind::SCALE_MAX)]
    Scale { scale: u8 },
    #[error("is missing: say how the time is written, \"s\", \"ms\" or \"rfc3339\"")]
    UnitMissing,
    #[error("is only for instants, and this is of kind {kind}; remove it")]
    UnitNeedless { kind: Kind },
    #[error("names field `{name}`, which is not declared; {mend}")]
    Unknown { name: String, mend: String },
    #[error("is of kind {kind}, and {role} must be {wanted}")]
    RoleKind { role: &'static str, kind: Kind, wanted: &'static str },
    #[error("names no field; name the one that holds the id, or several that make one together")]
    IdEmpty,
    #[error("names field `{name}` a second time; remove it")]
    IdTwice { name: String },
    #[error("is not before `latest`")]
    Bounds,
    #[error("is {size} bytes, and must be from 1 byte to {} MiB", Schema::SIZE_MAX >> 20)]
    Size { size: u64 },
}

/// What a role asks of the kind of its field.
struct Demand {
    role: &'static str,
    wanted: &'static str,
    fits: fn(Kind) -> bool,
}

const ID: Demand = Demand { role: "the id", wanted: "text or integer", fits: names };
/// Never a number: two floats that print alike need not be equal.
const ID_PART: Demand = Demand {
    role: "a part of the id",
    wanted: "text, integer, decimal or instant",
    fits: |kind| names(kind) || matches!(kind, Kind::Decimal { .. } | Kind::Instant),
};
const ACCOUNT: Demand = Demand { role: "the account", wanted: "text or integer", fits: names };
const TENANT: Demand = Demand { role: "the tenant", wanted: "text or integer", fits: names };
const TIME: Demand = Demand { role: "the time", wanted: "instant", fits: |kind| kind == Kind::Instant };
const AMOUNT: Demand = Demand {
    role: "the amount",
    wanted: "decimal or integer, because money is never a float",
    fits: |kind| matches!(kind, Kind::Decimal { .. } | Kind::Integer),
};

fn names(kind: Kind) -> bool {
    matches!(kind, Kind::Text | Kind::Integer)
}

/// The work: the fields, and the problems found so far.
struct Check<'a> {
    fields: &'a [Field],
    problems: Vec<Problem>,
}

pub(super) fn check(draft: Draft) -> Result<Schema, Vec<Problem>> {
    let mut check = Check { fields: &draft.fields, problems: Vec::new() };
    check.names(&draft);
    check.each_field();
    check.paths();
    let roles = check.roles(&draft);
    if draft.earliest >= draft.latest {
        check.problem("earliest", Flaw::Bounds);
    }
    if draft.size_max == 0 || draft.size_max > Schema::SIZE_MAX {
        check.problem("size", Flaw::Size { size: draft.size_max });
    }
    let problems = check.problems;
    match roles {
        Some(roles) if problems.is_empty() => Ok(Schema {
            source: draft.source.into(),
            roles,
            earliest: draft.earliest,
            latest: draft.latest,
            size_max: draft.size_max,
            fields: draft.fields,
        }),
        _ => Err(problems),
    }
}

impl Check<'_> {
    fn problem(&mut self, key: impl Into<String>, flaw: Flaw) {
        self.problems.push(Problem { key: key.into(), flaw });
    }

    fn names(&mut self, draft: &Draft) {
        if draft.source.is_empty() {
            self.problem("name", Flaw::NameEmpty);
        }
        if self.fields.is_empty() {
            self.problem("fields", Flaw::NoField);
        }
        if self.fields.len() > Schema::FIELDS_MAX {
            self.problem("fields", Flaw::ManyFields { fields: self.fields.len() });
        }
        for (at, field) in self.fields.iter().enumerate() {
            if field.name.is_empty() {
                self.problem("fields", Flaw::NameEmpty);
            } else if self.fields[..at].iter().any(|other| other.name == field.name) {
                self.problem(format!("fields.{}", field.name), Flaw::NameTwice { name: field.name.clone() });
            }
        }
    }

    fn each_field(&mut self) {
        for field in self.fields {
            let key = |part: &str| format!("fields.{}.{part}", field.name);
            if field.path.is_empty() || field.path.iter().any(String::is_empty) {
                self.problem(key("path"), Flaw::PathEmpty);
            } else if field.path.len() > Schema::PATH_MAX {
                self.problem(key("path"), Flaw::PathLong { keys: field.path.len() });
            }
            match (field.kind, field.unit) {
                (Kind::Instant, None) => self.problem(key("unit"), Flaw::UnitMissing),
                (Kind::Instant, Some(_)) | (_, None) => {}
                (kind, Some(_)) => self.problem(key("unit"), Flaw::UnitNeedless { kind }),
            }
            if let Kind::Decimal { scale } = field.kind
                && scale > Kind::SCALE_MAX
            {
                self.problem(key("scale"), Flaw::Scale { scale });
            }
        }
    }

    /// A value is read for one field: no path may be another's, or lead through it.
    fn paths(&mut self) {
        for (at, field) in self.fields.iter().enumerate() {
            for (other_at, other) in self.fields.iter().enumerate() {
                let key = format!("fields.{}.path", field.name);
                let other_name = other.name.clone();
                if at == other_at || field.path.is_empty() || other.path.is_empty() {
                    continue;
                } else if field.path == other.path {
                    if other_at < at {
                        self.problem(key, Flaw::PathTwice { other: other_name });
                    }
                } else if field.path.starts_with(&other.path) {
                    self.problem(key, Flaw::PathThrough { other: other_name });
                }
            }
        }
    }

    fn roles(&mut self, draft: &Draft) -> Option<Roles> {
        let id = self.id(&draft.id);
        let account = self.role("account", &draft.account, &ACCOUNT);
        let time = self.role("time", &draft.time, &TIME);
        let amount = draft.amount.as_ref().map(|name| self.role("amount", name, &AMOUNT));
        let tenant = match &draft.tenant {
            TenantDraft::Field(name) => self.role("tenant.field", name, &TENANT).map(TenantRole::Field),
            TenantDraft::Fixed(name) => {
                if name.is_empty() {
                    self.problem("tenant.name", Flaw::NameEmpty);
                }
                Some(TenantRole::Fixed(name.as_str().into()))
            }
        };
        let amount = match amount {
            None => None,
            Some(found) => Some(found?),
        };
        Some(Roles { id: id?, account: account?, time: time?, amount, tenant: tenant? })
    }

    fn id(&mut self, names: &[String]) -> Option<Vec<usize>> {
        if let [name] = names {
            return self.role("id", name, &ID).map(|field| vec![field]);
        }
        if names.is_empty() {
            self.problem("id", Flaw::IdEmpty);
        }
        let mut fields = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let key = format!("id[{at}]");
            if names[..at].contains(name) {
                self.problem(key, Flaw::IdTwice { name: name.clone() });
            } else {
                fields.extend(self.role(&key, name, &ID_PART));
            }
        }
        (fields.len() == names.len()).then_some(fields)
    }

    fn role(&mut self, key: &str, name: &str, demand: &Demand) -> Option<usize> {
        let Some(index) = self.fields.iter().position(|field| field.name == name) else {
            let known = self.fields.iter().map(|field| field.name.as_str());
            let mend = match nearest(name, known.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", known.collect::<Vec<_>>().join(", ")),
            };
            self.problem(key, Flaw::Unknown { name: name.to_owned(), mend });
            return None;
        };
        let kind = self.fields[index].kind;
        if !(demand.fits)(kind) {
            self.problem(key, Flaw::RoleKind { role: demand.role, kind, wanted: demand.wanted });
            return None;
        }
        Some(index)
    }
}
