//! From the JSON of a component to a sound [`Manifest`].

use super::json::{Json, Node, Problems};
use super::typed::{Bounds, one_of, outside_name, own_name, text, value};
use super::window::{check_parameters, window};
use super::{Input, Manifest, Message, Origin, Parameter, Placeholder, Reason, Risky, Score, Setting, Tag};
use crate::nearest::nearest;
use crate::{Effect, Kind, Value};

/// Everything that is wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .problems.join("; "))]
pub struct ManifestError {
    /// One sentence for each problem: where, what, and the mend.
    pub problems: Vec<String>,
}

/// Inputs of a policy, and parameters, at most.
const VALUES_MAX: usize = 256;
/// Reasons of a policy, at most.
const REASONS_MAX: usize = 128;
/// Elements of a list parameter, and allowed values, at most.
const LIST_MAX: usize = 4_096;
/// What a weight is at most, in either direction: a decision adds up many.
const WEIGHT_MAX: i64 = 1_000_000;
/// Bytes of a summary, at most.
const SUMMARY_BYTES_MAX: usize = 4_096;

impl Manifest {
    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// All problems at once, each with its place in the document.
    pub fn read(json: &str) -> Result<Manifest, ManifestError> {
        let json: Json = serde_json::from_str(json)
            .map_err(|error| ManifestError { problems: vec![format!("the manifest is not JSON: {error}")] })?;
        let mut problems = Problems::default();
        let read = manifest(&Node { json: &json, place: String::new() }, &mut problems);
        let problems = problems.into_told();
        match read {
            Some(manifest) if problems.is_empty() => Ok(manifest),
            _ => Err(ManifestError { problems }),
        }
    }
}

fn manifest(node: &Node<'_>, problems: &mut Problems) -> Option<Manifest> {
    const WORDS: [&str; 8] = ["schema", "name", "version", "summary", "inputs", "parameters", "reasons", "score"];
    let object = node.object(&WORDS, problems)?;
    if let Some(schema) = object.need("schema", problems)
        && schema.integer(problems).is_some_and(|schema| schema != 1)
    {
        problems.at(&schema.place, "is not 1, the only one that this host knows; use a newer host");
    }
    let lower = |c: char| c.is_ascii_lowercase();
    let name =
        object.need("name", problems).and_then(|node| own_name(&node, lower, '-', "\"subscription-limits\"", problems));
    let version = object.need("version", problems).and_then(|node| outside_name(&node, problems));
    let summary = object.get("summary").map_or(Some(""), |node| text(&node, SUMMARY_BYTES_MAX, problems));
    let nodes = |word, most, problems: &mut Problems| {
        object.get(word).map_or(Some(Vec::new()), |node| node.list(most, problems)).unwrap_or_default()
    };
    let inputs = nodes("inputs", VALUES_MAX, problems);
    let inputs: Vec<_> = inputs.iter().map(|node| input(node, problems)).collect();
    let parameters = nodes("parameters", VALUES_MAX, problems);
    let parameters: Vec<_> = parameters.iter().map(|node| parameter(node, problems)).collect();
    // A name stays usable in messages where the rest of its entry is wrong:
    // one mistake is told once.
    let names = Names {
        inputs: inputs.iter().map(|(name, _)| name.as_deref()).collect(),
        parameters: parameters
            .iter()
            .map(|(name, parameter)| (name.as_deref(), parameter.as_ref().is_some_and(|known| known.list)))
            .collect(),
    };
    names.check_unique(problems);
    let own: Vec<_> = names.parameters.iter().map(|(name, _)| *name).collect();
    let read: Vec<_> = parameters.iter().map(|(_, parameter)| parameter.clone()).collect();
    for (at, (_, input)) in inputs.iter().enumerate() {
        if let Some(input) = input {
            check_parameters(at, &input.from, &own, &read, problems);
        }
    }
    let reasons = nodes("reasons", REASONS_MAX, problems);
    let reasons: Vec<_> = reasons.iter().map(|node| reason(node, &names, problems)).collect();
    for (at, reason) in reasons.iter().enumerate() {
        let Some(reason) = reason else { continue };
        if reasons[..at].iter().flatten().any(|other| other.code == reason.code) {
            problems.at(&format!("reasons[{at}].code"), format_args!("is {:?} again; give each its own", reason.code));
        }
    }
    let score = object.get("score").map(|node| score(&node, problems));
    if reasons.is_empty() && score.is_none() {
        problems.at("", "has neither reasons nor a score: such a policy could say nothing");
    }
    Some(Manifest {
        name: name?,
        version: version?,
        summary: summary?.to_owned(),
        inputs: inputs.into_iter().map(|(_, input)| input).collect::<Option<_>>()?,
        parameters: parameters.into_iter().map(|(_, parameter)| parameter).collect::<Option<_>>()?,
        reasons: reasons.into_iter().collect::<Option<_>>()?,
        score: match score {
            Some(score) => Some(score?),
            None => None,
        },
    })
}

/// The names that messages may use.
struct Names<'a> {
    inputs: Vec<Option<&'a str>>,
    /// And whether it is a list.
    parameters: Vec<(Option<&'a str>, bool)>,
}

impl Names<'_> {
    fn check_unique(&self, problems: &mut Problems) {
        let inputs = self.inputs.iter().enumerate().map(|(at, name)| (format!("inputs[{at}].name"), *name));
        let parameters =
            self.parameters.iter().enumerate().map(|(at, (name, _))| (format!("parameters[{at}].name"), *name));
        let all: Vec<_> = inputs.chain(parameters).collect();
        for (at, (place, name)) in all.iter().enumerate() {
            let Some(name) = name else { continue };
            if let Some((first, _)) = all[..at].iter().find(|(_, other)| *other == Some(name)) {
                problems.at(place, format_args!("is {name:?}, as {first} is; a name is unique over both lists"));
            }
        }
    }

    fn find(&self, name: &str) -> Result<Placeholder, String> {
        if let Some(at) = self.inputs.iter().position(|other| *other == Some(name)) {
            return Ok(Placeholder::Input(at));
        }
        match self.parameters.iter().position(|(other, _)| *other == Some(name)) {
            Some(at) if self.parameters[at].1 => {
                Err(format!("shows {name:?}, which is a list; lists have no place in a message"))
            }
            Some(at) => Ok(Placeholder::Parameter(at)),
            None => {
                let known = self.inputs.iter().copied().chain(self.parameters.iter().map(|(name, _)| *name)).flatten();
                Err(match nearest(name, known) {
                    Some(near) => format!("shows {name:?}, which is not declared; did you mean {near:?}?"),
                    None => format!("shows {name:?}, which is neither an input nor a parameter; declare it"),
                })
            }
        }
    }
}

/// Reads the words `name`, `kind` and `scale`.
fn named_kind(object: &super::json::Object<'_>, problems: &mut Problems) -> (Option<String>, Option<Kind>) {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    let name = object.need("name", problems).and_then(|node| own_name(&node, letter, '_', "\"per_minute\"", problems));
    let words = Kind::WORDS.map(|word| (word, word));
    let word = object.need("kind", problems).and_then(|node| one_of(&node, &words, problems));
    let mut scale = Kind::SCALE_DEFAULT;
    if let Some(node) = object.get("scale") {
        if word.is_some_and(|word| word != "decimal") {
            problems.at(&node.place, "belongs to the kind decimal only; take it out");
        }
        match node.integer(problems).map(u8::try_from) {
            Some(Ok(given)) if given <= Kind::SCALE_MAX => scale = given,
            Some(_) => problems.at(&node.place, format_args!("must be from 0 to {}", Kind::SCALE_MAX)),
            None => {}
        }
    }
    (name, word.and_then(|word| Kind::of_word(word, scale)))
}

fn input(node: &Node<'_>, problems: &mut Problems) -> (Option<String>, Option<Input>) {
    const WORDS: [&str; 8] = ["name", "kind", "scale", "from", "default", "optional", "minimum", "maximum"];
    let Some(object) = node.object(&WORDS, problems) else { return (None, None) };
    let (name, kind) = named_kind(&object, problems);
    let from = object.need("from", problems).and_then(|node| origin(&node, kind, problems));
    let optional = object.get("optional").map_or(Some(false), |node| node.flag(problems));
    let mut read = |kind| {
        let bounds = Bounds::read(&object, kind, problems);
        let default = object.get("default").map(|node| {
            let default = value(&node, kind, problems)?;
            bounds.check(&default, &node.place, problems);
            if optional == Some(true) {
                problems.at(&node.place, "fills in for an input that may be absent; say one of default and optional");
            }
            Some(default)
        });
        (bounds, default)
    };
    let Some((bounds, default)) = kind.map(&mut read) else { return (name, None) };
    let input = (|| {
        Some(Input {
            name: name.clone()?,
            kind: kind?,
            optional: optional?,
            default: match default {
                Some(default) => Some(default?),
                None => None,
            },
            minimum: bounds.minimum,
            maximum: bounds.maximum,
            from: from?,
        })
    })();
    (name, input)
}

fn origin(node: &Node<'_>, kind: Option<Kind>, problems: &mut Problems) -> Option<Origin> {
    const FORMS: [&str; 3] = ["field", "tag", "window"];
    let object = node.object(&FORMS, problems)?;
    let forms: Vec<_> = FORMS.into_iter().filter_map(|form| object.get(form).map(|node| (form, node))).collect();
    let [(form, node)] = forms.as_slice() else {
        problems.at(&node.place, format_args!("must say exactly one of {}", FORMS.join(", ")));
        return None;
    };
    match *form {
        "field" => outside_name(node, problems).map(Origin::Field),
        "window" => window(node, kind, problems).map(Origin::Window),
        _ => {
            let object = node.object(&["entity", "by", "attribute"], problems)?;
            let [entity, by, attribute] = ["entity", "by", "attribute"]
                .map(|word| object.need(word, problems).and_then(|node| outside_name(&node, problems)));
            Some(Origin::Tag(Tag { entity: entity?, by: by?, attribute: attribute? }))
        }
    }
}

fn parameter(node: &Node<'_>, problems: &mut Problems) -> (Option<String>, Option<Parameter>) {
    const WORDS: [&str; 9] = ["name", "kind", "scale", "list", "default", "minimum", "maximum", "any_of", "longest"];
    let Some(object) = node.object(&WORDS, problems) else { return (None, None) };
    let (name, kind) = named_kind(&object, problems);
    let list = object.get("list").map_or(Some(false), |node| node.flag(problems));
    let longest = object.get("longest").map(|node| {
        if list == Some(false) {
            problems.at(&node.place, "bounds a list, but this parameter is none; add \"list\": true or take it out");
        }
        let longest = node.integer(problems)?;
        let within = usize::try_from(longest).is_ok_and(|longest| (1..=LIST_MAX).contains(&longest));
        if !within {
            problems.at(&node.place, format_args!("must be from 1 to {LIST_MAX}"));
        }
        u32::try_from(longest).ok().filter(|_| within)
    });
    let (Some(kind), Some(list)) = (kind, list) else { return (name, None) };
    let bounds = Bounds::read(&object, kind, problems);
    let any_of = object.get("any_of").map_or(Some(Vec::new()), |node| {
        let values = values(&node, kind, problems)?;
        if values.is_empty() {
            problems.at(&node.place, "is empty, so that no value would do; take it out or fill it");
        }
        Some(values)
    });
    let default = object.get("default").map(|node| {
        let most = longest.flatten().map_or(LIST_MAX, |longest| longest as usize);
        let elements =
            if list { node.list(most, problems)? } else { vec![Node { json: node.json, place: node.place }] };
        let mut read = Vec::with_capacity(elements.len());
        for element in elements {
            let value = value(&element, kind, problems)?;
            bounds.check(&value, &element.place, problems);
            if any_of.as_ref().is_some_and(|allowed| !allowed.is_empty() && !allowed.contains(&value)) {
                problems.at(&element.place, "is not one of any_of; add it there or change it");
            }
            read.push(value);
        }
        Some(if list { Setting::List(read) } else { Setting::One(read.pop()?) })
    });
    let parameter = (|| {
        Some(Parameter {
            name: name.clone()?,
            kind,
            list,
            default: match default {
                Some(default) => Some(default?),
                None => None,
            },
            minimum: bounds.minimum,
            maximum: bounds.maximum,
            any_of: any_of?,
            longest: match longest {
                Some(longest) => Some(longest?),
                None => None,
            },
        })
    })();
    (name, parameter)
}

fn values(node: &Node<'_>, kind: Kind, problems: &mut Problems) -> Option<Vec<Value>> {
    let read: Vec<_> = node.list(LIST_MAX, problems)?.iter().map(|node| value(node, kind, problems)).collect();
    read.into_iter().collect()
}

fn reason(node: &Node<'_>, names: &Names<'_>, problems: &mut Problems) -> Option<Reason> {
    let object = node.object(&["code", "effect", "weight", "final", "message"], problems)?;
    let upper = |c: char| c.is_ascii_uppercase();
    let code = object.need("code", problems).and_then(|node| own_name(&node, upper, '_', "\"LARGE_AMOUNT\"", problems));
    let effects = Effect::ALL.map(|effect| (effect.word(), effect));
    let effect = object.need("effect", problems).and_then(|node| one_of(&node, &effects, problems));
    let weight = object.get("weight").map_or(Some(0), |node| {
        let weight = node.integer(problems)?;
        if !(-WEIGHT_MAX..=WEIGHT_MAX).contains(&weight) {
            problems.at(&node.place, format_args!("must be from -{WEIGHT_MAX} to {WEIGHT_MAX}"));
        }
        Some(weight)
    });
    let is_final = object.get("final").map_or(Some(false), |node| node.flag(problems));
    let message = object.need("message", problems).and_then(|node| {
        let parsed = Message::parse(node.text(problems)?, |name| names.find(name));
        parsed.map_err(|told| told.iter().for_each(|problem| problems.at(&node.place, problem))).ok()
    });
    Some(Reason { code: code?, effect: effect?, weight: weight?, is_final: is_final?, message: message? })
}

fn score(node: &Node<'_>, problems: &mut Problems) -> Option<Score> {
    let object = node.object(&["minimum", "maximum", "risky", "contributions", "summary"], problems)?;
    let minimum = object.need("minimum", problems).and_then(|node| node.number(problems));
    let maximum = object.need("maximum", problems).and_then(|node| node.number(problems));
    if let (Some(minimum), Some(maximum)) = (minimum, maximum)
        && minimum >= maximum
    {
        problems.at(&object.place, "has a minimum that is not below its maximum");
    }
    let ends = [("high", Risky::High), ("low", Risky::Low)];
    let risky = object.need("risky", problems).and_then(|node| one_of(&node, &ends, problems));
    let contributions = object.get("contributions").map_or(Some(false), |node| node.flag(problems));
    let summary = object.get("summary").map_or(Some(""), |node| text(&node, SUMMARY_BYTES_MAX, problems));
    Some(Score {
        minimum: minimum?,
        maximum: maximum?,
        risky: risky?,
        contributions: contributions?,
        summary: summary?.to_owned(),
    })
}
