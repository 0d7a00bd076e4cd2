//! The records of a trial: which fields a policy reads, and as what.
//!
//! A policy does not say what kind a field has, only as what it reads it; the
//! schema of a real source says the rest. So the kind is the narrowest that
//! serves every use: what reads as a decimal with two digits reads as one with
//! four. Where the uses leave it open, a case says it.
//!
//! A record of a trial is `{"id", "time", "fields": {…}, "inputs": {…}, "absent":
//! {…}}`: what a case sends stands apart from what it sets directly.

use sandgate_engine::generation::{SiteSource, given_fields};
use sandgate_model::instant::Unit;
use sandgate_model::manifest::{Aggregate, Input, Origin, Relation, Test, Window};
use sandgate_model::schema::{Draft, Field, Schema, TenantDraft};
use sandgate_model::{Instant, Kind, Manifest, Value};
use std::sync::Arc;

/// The tenant of a trial.
pub const TENANT: &str = "trial";
/// The judged source of a trial.
pub const SOURCE: &str = "transactions";

/// Why no records can be made for a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldsError {
    /// Two uses of a field exclude each other, in every host.
    #[error(
        "field `{field}` is read as {one} and as {other}; no record can be both, so no host can use this policy: read \
         it as one kind"
    )]
    Kinds {
        /// The field.
        field: String,
        /// One kind.
        one: String,
        /// The other.
        other: String,
    },
    /// The schema is refused.
    #[error("{0}")]
    Schema(String),
}

/// What is known of a field.
struct Use {
    name: String,
    /// The kinds that it is read as.
    read: Vec<Kind>,
    /// What it seems to be where nobody reads it as anything.
    guess: Kind,
}

/// The sources of a trial: the judged one first, then those that the policy's
/// windows name. `declared` says what fields are where the uses leave it open.
///
/// # Errors
/// Where no record could serve the policy.
pub fn sources(manifest: &Manifest, declared: &[Field]) -> Result<Vec<SiteSource>, FieldsError> {
    let fields = fields(manifest, declared)?;
    let mut names = vec![SOURCE.to_owned()];
    for window in manifest.inputs.iter().filter_map(Input::window) {
        names.extend(window.sources.iter().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>());
    }
    let source = |(at, name): (usize, String)| {
        let schema = schema(name, fields.clone(), manifest).map_err(FieldsError::Schema)?;
        Ok(SiteSource { schema: Arc::new(schema), observe: at > 0, keyed: None })
    };
    names.into_iter().enumerate().map(source).collect()
}

fn fields(manifest: &Manifest, declared: &[Field]) -> Result<Vec<(String, Kind)>, FieldsError> {
    let mut uses: Vec<Use> = Vec::new();
    for input in &manifest.inputs {
        match &input.from {
            Origin::Field(name) => add(&mut uses, name, Some(input.kind), Kind::Text),
            Origin::Tag(tag) => add(&mut uses, &tag.by, None, Kind::Text),
            Origin::Window(window) => window_fields(window, input.kind, manifest, &mut uses),
        }
    }
    let mut fields = Vec::new();
    for one in uses {
        let said = declared.iter().find(|field| field.name == one.name).map(|field| field.kind);
        let kind = match (said, narrowest(&one.read)) {
            (Some(said), _) => said,
            (None, Ok(kind)) => kind.unwrap_or(one.guess),
            (None, Err((a, b))) => {
                let [first, second] = [a, b].map(Kind::with_article);
                return Err(FieldsError::Kinds { field: one.name, one: first, other: second });
            }
        };
        fields.push((one.name, kind));
    }
    let more = declared.iter().filter(|field| !fields.iter().any(|(name, _)| *name == field.name));
    let more: Vec<_> = more.map(|field| (field.name.clone(), field.kind)).collect();
    fields.extend(more);
    Ok(fields)
}

fn window_fields(window: &Window, kind: Kind, manifest: &Manifest, uses: &mut Vec<Use>) {
    for name in &window.by {
        add(uses, name, None, Kind::Text);
    }
    if let Some(of) = &window.of {
        match window.aggregate {
            Aggregate::Sum | Aggregate::Minimum | Aggregate::Maximum | Aggregate::Latest => {
                add(uses, of, Some(kind), Kind::Text);
            }
            Aggregate::Mean | Aggregate::Deviation => {
                add(uses, of, None, Kind::Decimal { scale: Kind::SCALE_DEFAULT });
            }
            _ => add(uses, of, None, Kind::Text),
        }
    }
    for condition in &window.only {
        let (values, ordered) = match &condition.test {
            Test::AnyOf(values) | Test::NoneOf(values) => (values.as_slice(), false),
            Test::AtLeast(value) | Test::Below(value) => (std::slice::from_ref(value), true),
            Test::Set(relation, parameter) => {
                // what it is compared with has a kind of its own
                let parameter = manifest.parameters.iter().find(|known| known.name == *parameter);
                let guess = match (parameter.map_or(Kind::Text, |known| known.kind), relation) {
                    (Kind::Number, _) | (Kind::Integer, Relation::AtLeast | Relation::Below) => {
                        Kind::Decimal { scale: Kind::SCALE_DEFAULT }
                    }
                    (kind, _) => kind,
                };
                add(uses, &condition.field, None, guess);
                continue;
            }
        };
        add(uses, &condition.field, None, compared(values, ordered));
    }
}

/// What a field seems to be that is compared with these.
fn compared(values: &[Value], ordered: bool) -> Kind {
    let decimal = Kind::Decimal { scale: Kind::SCALE_DEFAULT };
    match values.first() {
        Some(Value::Flag(_)) => Kind::Flag,
        Some(Value::Integer(_)) if !ordered => Kind::Integer,
        Some(Value::Integer(_) | Value::Number(_) | Value::Decimal(_)) => decimal,
        Some(Value::Text(text)) if ordered && Instant::parse_rfc3339(text).is_ok() => Kind::Instant,
        Some(Value::Text(_)) if ordered => decimal,
        _ => Kind::Text,
    }
}

fn add(uses: &mut Vec<Use>, name: &str, read: Option<Kind>, guess: Kind) {
    match uses.iter_mut().find(|one| one.name == name) {
        Some(one) => {
            one.read.extend(read);
            // a text is what everything seems to be
            if one.guess == Kind::Text {
                one.guess = guess;
            }
        }
        None => uses.push(Use { name: name.to_owned(), read: read.into_iter().collect(), guess }),
    }
}

/// The kind among these that reads as each of them, or two that exclude each other.
fn narrowest(kinds: &[Kind]) -> Result<Option<Kind>, (Kind, Kind)> {
    let Some(first) = kinds.first() else { return Ok(None) };
    let narrowest = kinds.iter().fold(*first, |so_far, kind| if kind.reads_as(so_far) { *kind } else { so_far });
    match kinds.iter().find(|kind| !narrowest.reads_as(**kind)) {
        None => Ok(Some(narrowest)),
        Some(other) => Err((narrowest, *other)),
    }
}

fn schema(source: String, fields: Vec<(String, Kind)>, manifest: &Manifest) -> Result<Schema, String> {
    let field = |name: String, path: [&str; 2], kind: Kind| Field {
        name,
        path: path.map(str::to_owned).to_vec(),
        kind,
        unit: (kind == Kind::Instant).then_some(Unit::Rfc3339),
    };
    let of_case = |(name, kind): &(String, Kind)| field(name.clone(), ["fields", name], *kind);
    let mut all: Vec<Field> = fields.iter().map(of_case).collect();
    for input in &manifest.inputs {
        let [value, absent] = given_fields(&input.name);
        all.push(field(value, ["inputs", &input.name], input.kind));
        all.push(field(absent, ["absent", &input.name], Kind::Flag));
    }
    let names = |kind: Kind| matches!(kind, Kind::Text | Kind::Integer);
    // the policy's own field where it has a fitting one of that name, else one beside it
    let mut role = |name: &str, kind: Kind, fits: &dyn Fn(Kind) -> bool| {
        match all.iter().find(|field| field.name == name).map(|field| fits(field.kind)) {
            Some(true) => return name.to_owned(),
            Some(false) => all.push(field(format!("role {name}"), ["role", name], kind)),
            None => all.push(field(name.to_owned(), ["fields", name], kind)),
        }
        all.last().map_or_else(String::new, |field| field.name.clone())
    };
    let id = role("id", Kind::Text, &names);
    let account = role("account", Kind::Text, &names);
    let time = role("time", Kind::Instant, &|kind| kind == Kind::Instant);
    let money = |kind: Kind| matches!(kind, Kind::Decimal { .. } | Kind::Integer);
    let amount = fields.iter().find(|(name, kind)| name == "amount" && money(*kind)).map(|(name, _)| name.clone());
    let draft = Draft {
        source,
        fields: all,
        id: vec![id],
        account,
        time,
        amount,
        tenant: TenantDraft::Fixed(TENANT.to_owned()),
        earliest: Instant::MIN,
        latest: Instant::MAX,
        size_max: 16 << 20,
    };
    let told = |problems: Vec<sandgate_model::schema::Problem>| {
        let told: Vec<String> = problems.iter().map(|problem| format!("{}: {}", problem.key, problem.flaw)).collect();
        told.join("; ")
    };
    Schema::check(draft).map_err(told)
}
