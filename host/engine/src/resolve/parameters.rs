//! The parameters of a policy: what the tenant gave, checked against what the
//! policy declared, and laid out as the one row that crosses the contract.

use super::{Problems, mend};
use crate::document::Given;
use sandgate_model::manifest::{Manifest, Parameter, Setting};
use sandgate_model::{Decimal, Instant, Kind, Value};
use sandgate_sandbox::Rows;

/// The resolved value of every declared parameter, in declared order. A
/// parameter with a problem takes its default, so that the rest can be checked.
pub(super) fn settings(
    manifest: &Manifest,
    given: &[(String, Given)],
    key: &str,
    problems: &mut Problems,
) -> Vec<Setting> {
    for (name, _) in given {
        if !manifest.parameters.iter().any(|parameter| parameter.name == *name) {
            let mend = mend(name, manifest.parameters.iter().map(|parameter| parameter.name.as_str()));
            let what = format!("policy `{}` has no parameter `{name}`; {mend}", manifest.name);
            problems.add(format!("{key}.{name}"), what);
        }
    }
    let empty = |parameter: &Parameter| {
        if parameter.list { Setting::List(Vec::new()) } else { Setting::One(Value::Integer(0)) }
    };
    manifest
        .parameters
        .iter()
        .map(|parameter| {
            let key = format!("{key}.{}", parameter.name);
            let default = || parameter.default.clone().unwrap_or_else(|| empty(parameter));
            match given.iter().find(|(name, _)| *name == parameter.name) {
                Some((_, given)) => match setting(parameter, given) {
                    Ok(setting) => setting,
                    Err(what) => {
                        problems.add(key, what);
                        default()
                    }
                },
                None => {
                    if parameter.default.is_none() {
                        problems.add(
                            key,
                            format!("the policy has no default for it; set it to {}", parameter.kind.with_article()),
                        );
                    }
                    default()
                }
            }
        })
        .collect()
}

fn setting(parameter: &Parameter, given: &Given) -> Result<Setting, String> {
    let setting = match (parameter.list, given) {
        (true, Given::List(elements)) => {
            Setting::List(elements.iter().map(|element| value(parameter.kind, element)).collect::<Result<_, _>>()?)
        }
        (true, _) => return Err(format!("must be a list of {} values, in brackets", parameter.kind)),
        (false, Given::List(_)) => return Err(format!("must be one {}, not a list", parameter.kind)),
        (false, given) => Setting::One(value(parameter.kind, given)?),
    };
    parameter.admits(&setting)?;
    Ok(setting)
}

/// A value as a kind reads it.
///
/// # Errors
/// What it must be instead.
pub fn value(kind: Kind, given: &Given) -> Result<Value, String> {
    let wrong = || format!("must be {}", kind.with_article());
    match (kind, given) {
        (Kind::Flag, Given::Flag(flag)) => Ok(Value::Flag(*flag)),
        (Kind::Integer, Given::Number(text)) => {
            text.parse().map(Value::Integer).map_err(|_| format!("must be a whole number of 64 bits, not {text}"))
        }
        (Kind::Number, Given::Number(text)) => text
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
            .map(Value::Number)
            .ok_or_else(|| format!("must be a finite number, not {text}")),
        (Kind::Decimal { scale }, Given::Number(text) | Given::Text(text)) => {
            Decimal::parse(text, scale).map(Value::Decimal).map_err(|error| format!("`{text}` {error}"))
        }
        (Kind::Text, Given::Text(text)) => Ok(Value::Text(text.clone())),
        (Kind::Instant, Given::Text(text)) => {
            Instant::parse_rfc3339(text).map(Value::Instant).map_err(|error| format!("`{text}` {error}"))
        }
        _ => Err(wrong()),
    }
}

/// The row of parameters, as it crosses the contract.
pub fn rows(manifest: &Manifest, settings: &[Setting]) -> Rows {
    let mut rows = Rows::new();
    for (parameter, setting) in manifest.parameters.iter().zip(settings) {
        match setting {
            Setting::One(value) => rows.push(value.borrowed()),
            Setting::List(values) => rows.push_list(values),
        }
        debug_assert_eq!(parameter.list, matches!(setting, Setting::List(_)));
    }
    rows.end_row();
    rows
}
