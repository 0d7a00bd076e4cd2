//! A tenant's file: its stages of policies and how their answers count.

use super::contained;
use super::host::{BUDGETS, fuel};
use super::workshop::{Components, Workshop};
use sandgate_engine::MissingState;
use sandgate_engine::breaker::Limits;
use sandgate_engine::document::{Document, Fallback, Member, MissingTag, Remap, Stage};
use sandgate_engine::standing::Band;
use sandgate_files::setup::{parameters, thresholds};
use sandgate_files::{Content, File, Node, Report, Section};
use sandgate_model::{Decimal, Effect, Kind, Outcome};
use sandgate_sandbox::Policy;
use std::cell::RefCell;

const OUTCOMES: [&str; 3] = ["allow", "review", "block"];
/// The largest weight, either way: a thousand of them still fit any sum.
const WEIGHT_MAX: i64 = 1_000_000_000;

/// What a tenant's file is read with.
#[derive(Clone, Copy)]
pub(super) struct Shop<'a>(pub(super) &'a Workshop, pub(super) &'a dyn Components);

/// Reads a tenant's file; the name is empty where it has no usable one.
pub(super) fn read(file: &File, shop: Shop<'_>, report: &RefCell<Report>) -> Document {
    let root = Section::root(file, report);
    let bands: Vec<Option<Band>> = root.sections("bands").into_iter().map(band).collect();
    let breaker = contained::breaker(&root, Some(Limits::default()));
    let document = Document {
        tenant: root.required("name", "the tenant's name").unwrap_or_default().to_owned(),
        deny: root.texts("deny"),
        keep: root.texts("keep"),
        backfill: root.flag("backfill", false),
        missing_tag: root.word("missing_tag", &["default", "fault"], missing_tag).unwrap_or_default(),
        missing_state: root.word("missing_state", &["wait", "decide"], MissingState::of_word).unwrap_or_default(),
        quota: contained::quota(&root),
        // their order is told once all of them can be read
        bands: bands.into_iter().collect::<Option<_>>().unwrap_or_default(),
        stages: root.sections("stage").into_iter().map(|section| stage(section, shop, breaker)).collect(),
    };
    root.done();
    document
}

fn missing_tag(word: &str) -> Option<MissingTag> {
    match word {
        "default" => Some(MissingTag::Default),
        "fault" => Some(MissingTag::Fault),
        _ => None,
    }
}

fn band(section: Section<'_>) -> Option<Band> {
    if !section.has("at") {
        section.problem("at", "is missing: the sum of weights from which on the band holds");
    }
    let at = section.node("at").and_then(weight);
    if section.has("at") && at.is_none() {
        section.problem("at", "must be a whole number");
    }
    let outcome = outcome(&section);
    section.done();
    Some(Band { at: at?, outcome: outcome? })
}

fn outcome(section: &Section<'_>) -> Option<Outcome> {
    section.required("outcome", "allow, review or block")?;
    section.word("outcome", &OUTCOMES, Outcome::of_word)
}

fn stage(section: Section<'_>, shop: Shop<'_>, breaker: Option<Limits>) -> Stage {
    let name = section.required("name", "the stage's name").unwrap_or_default().to_owned();
    let stop_at = section.word("stop_at", &OUTCOMES, Outcome::of_word);
    let members = section.sections("policy").into_iter().map(|section| member(section, shop, breaker)).collect();
    section.done();
    Stage { name, stop_at, members }
}

fn member(section: Section<'_>, shop: Shop<'_>, breaker: Option<Limits>) -> Member {
    let policy = component(&section, shop);
    let name = section.required("name", "the policy's name in this set").unwrap_or_default().to_owned();
    let fuel = budget(&section, shop.0);
    let member = Member {
        name,
        policy,
        fuel,
        fallback: fallback(&section, shop.0),
        parameters: parameters(&section),
        reasons: reasons(&section),
        thresholds: thresholds(&section),
        breaker: contained::breaker(&section, breaker),
    };
    section.done();
    member
}

/// Reads and loads the component; what refuses it is reported at its key.
fn component(section: &Section<'_>, Shop(workshop, components): Shop<'_>) -> Option<Policy> {
    let name = section.required("component", "the path of the policy's .wasm file, or its digest in the registry")?;
    let found = components.find(name, section.file);
    let bytes = found.map_err(|why| section.problem("component", why)).ok()?;
    match workshop.sandbox.load(&bytes) {
        Ok(policy) => {
            policy.warnings().iter().for_each(|warning| section.note_at("component", warning));
            Some(policy)
        }
        Err(what) => {
            section.problem("component", format!("{} is refused: {what}", components.place(name, section.file)));
            None
        }
    }
}

fn budget(section: &Section<'_>, workshop: &Workshop) -> u64 {
    if section.has("budget") && section.has("fuel") {
        section.problem("fuel", "says the same as `budget`; keep one of them");
    }
    let of_time = section.duration("budget", std::time::Duration::ZERO, BUDGETS);
    let default = if of_time.is_zero() { workshop.fuel } else { fuel(of_time, workshop.fuel_per_us) };
    section.whole("fuel", default, 1..=1_000_000_000_000)
}

/// One outcome, or outcomes by the amount with a last one for all the rest.
fn fallback(section: &Section<'_>, workshop: &Workshop) -> Fallback {
    let default = Fallback::always(Outcome::Review);
    match section.node("fallback").map(|node| &node.content) {
        None => default,
        Some(Content::Text(_)) => {
            section.word("fallback", &OUTCOMES, Outcome::of_word).map_or(default, Fallback::always)
        }
        Some(Content::List(_)) => {
            let bands = fallback_bands(section);
            if workshop.lacks_amount && bands.as_ref().is_none_or(|bands| !bands.below.is_empty()) {
                let what = "the source names no `amount`, so no band can apply; give the [[source]] the key `amount`, or write one outcome";
                section.problem("fallback", what);
            }
            bands.unwrap_or(default)
        }
        Some(_) => {
            section.problem("fallback", "must be an outcome, or a list such as [{ below = \"10\", outcome = \"allow\" }, { outcome = \"block\" }]");
            default
        }
    }
}

fn fallback_bands(section: &Section<'_>) -> Option<Fallback> {
    let bands = section.sections("fallback");
    let last = bands.len().checked_sub(1)?;
    let mut below: Vec<(Decimal, Outcome)> = Vec::new();
    let mut otherwise = None;
    for (at, band) in bands.into_iter().enumerate() {
        let bound = band.node("below").map(decimal);
        let outcome = outcome(&band);
        match bound {
            Some(None) => band.problem("below", "must be an amount such as \"10.50\""),
            Some(Some(bound)) if below.last().is_some_and(|(before, _)| bound <= *before) => {
                band.problem("below", "must be larger than in the band before");
            }
            Some(Some(_)) if at == last => {
                band.problem("below", "is in the last band, which holds for all other amounts; add a band without it");
            }
            Some(Some(bound)) => below.extend(outcome.map(|outcome| (bound, outcome))),
            None if at == last => otherwise = outcome,
            None => band.problem("below", "is missing: only the last band goes without"),
        }
        band.done();
    }
    otherwise.map(|otherwise| Fallback { below, otherwise })
}

fn reasons(section: &Section<'_>) -> Vec<(String, Remap)> {
    let Some(reasons) = section.section("reasons") else { return Vec::new() };
    let codes: Vec<&str> = reasons.names().collect();
    let mut all = Vec::new();
    for code in codes {
        let Some(mapped) = reasons.section(code) else { continue };
        let words: Vec<&str> = Effect::ALL.iter().map(|effect| effect.word()).collect();
        let effect = mapped.word("effect", &words, Effect::of_word);
        let weight = mapped.node("weight").and_then(|node| {
            let weight = weight(node);
            if weight.is_none() {
                mapped.problem("weight", format!("must be a whole number from -{WEIGHT_MAX} to {WEIGHT_MAX}"));
            }
            weight
        });
        mapped.done();
        all.push((code.to_owned(), Remap { effect, weight }));
    }
    reasons.done();
    all
}

fn weight(node: &Node) -> Option<i64> {
    match &node.content {
        Content::Number(digits) => digits.parse().ok().filter(|weight| (-WEIGHT_MAX..=WEIGHT_MAX).contains(weight)),
        _ => None,
    }
}

fn decimal(node: &Node) -> Option<Decimal> {
    match &node.content {
        Content::Number(text) | Content::Text(text) => Decimal::parse(text, Kind::SCALE_DEFAULT).ok(),
        _ => None,
    }
}
