//! Decisions that are kept as files and compared, apart from what every build
//! and every host changes.

use super::told::plain;
use crate::program::word;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// The word of the environment that has snapshots written anew.
const BLESS: &str = "SANDGATE_BLESS";
/// What a snapshot leaves out: of a decision, and of its policies.
const CHANGING: [&str; 3] = ["generation", "set", "position"];
const CHANGING_OF_POLICY: [&str; 2] = ["version", "digest"];

/// Whether snapshots are to be written anew.
pub(super) fn blessed() -> bool {
    word(BLESS).is_some()
}

/// Compares a decision with `snapshots/NAME.json` below a folder, or writes it.
///
/// # Errors
/// What differs and how it is accepted, or that there was nothing to compare with.
pub(super) fn compare(folder: &Path, name: &str, decision: &Value, bless: bool) -> Result<(), String> {
    let sound = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    if !sound {
        return Err(format!("the snapshot {name:?} needs a name of letters, digits, `-` and `_`: it names a file"));
    }
    let path = folder.join("snapshots").join(name).with_extension("json");
    let decision = lasting(decision);
    if !bless && path.exists() {
        let kept = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let kept: Value = serde_json::from_str(&kept).map_err(|error| format!("{}: {error}", path.display()))?;
        return differences(&kept, &decision).map_err(|differences| {
            format!(
                "the decision is not the one in {}; if it should be: {BLESS}=1 cargo test\n{differences}",
                path.display()
            )
        });
    }
    let written = std::fs::create_dir_all(folder.join("snapshots"))
        .and_then(|()| std::fs::write(&path, format!("{decision:#}\n")));
    written.map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    if bless {
        return Ok(());
    }
    // where nothing was kept nothing is proven, least of all where nobody looks
    Err(format!("{} was not there; it has been written: look at it, keep it, and run again", path.display()))
}

/// A decision without what another build or another host changes.
fn lasting(decision: &Value) -> Value {
    let mut decision = decision.clone();
    let drop = |object: &mut Value, names: &[&str]| {
        if let Value::Object(members) = object {
            members.retain(|name, _| !names.contains(&name.as_str()));
        }
    };
    drop(&mut decision, &CHANGING);
    if let Some(Value::Array(policies)) = decision.get_mut("policies") {
        policies.iter_mut().for_each(|policy| drop(policy, &CHANGING_OF_POLICY));
    }
    decision
}

/// What differs, a line each: where, what was kept, and what there is now.
fn differences(kept: &Value, now: &Value) -> Result<(), String> {
    let (kept, now) = (leaves(kept), leaves(now));
    let places: BTreeMap<&String, ()> = kept.keys().chain(now.keys()).map(|place| (place, ())).collect();
    let show = |leaf: Option<&Value>| leaf.map_or("nothing".to_owned(), plain);
    let lines: Vec<String> = places
        .into_keys()
        .filter(|place| kept.get(*place) != now.get(*place))
        .map(|place| format!("  {place}: was {}, is {}", show(kept.get(place)), show(now.get(place))))
        .collect();
    if lines.is_empty() { Ok(()) } else { Err(lines.join("\n")) }
}

/// Every value that holds no others, by its place: `policies[0].inputs.recent`.
fn leaves(value: &Value) -> BTreeMap<String, Value> {
    let mut leaves = BTreeMap::new();
    let mut waiting = vec![(String::new(), value)];
    while let Some((place, value)) = waiting.pop() {
        match value {
            Value::Object(members) if !members.is_empty() => {
                let dot = if place.is_empty() { "" } else { "." };
                waiting.extend(members.iter().map(|(name, value)| (format!("{place}{dot}{name}"), value)));
            }
            Value::Array(elements) if !elements.is_empty() => {
                waiting.extend(elements.iter().enumerate().map(|(at, value)| (format!("{place}[{at}]"), value)));
            }
            leaf => drop(leaves.insert(place, leaf.clone())),
        }
    }
    leaves
}

#[cfg(test)]
mod tests {
    use super::{compare, differences, lasting};
    use serde_json::json;

    #[test]
    fn a_snapshot_is_written_where_it_is_missing_or_blessed() {
        let folder = tempfile::tempdir().unwrap();
        let compare = |outcome: &str, bless| compare(folder.path(), "it", &json!({ "outcome": outcome }), bless);
        let told = compare("allow", false).unwrap_err();
        assert!(told.ends_with("it has been written: look at it, keep it, and run again"), "{told}");
        assert_eq!(compare("allow", false), Ok(()));
        let told = compare("block", false).unwrap_err();
        assert!(told.contains("SANDGATE_BLESS=1 cargo test\n  outcome: was allow, is block"), "{told}");
        assert_eq!(compare("allow", false), Ok(()), "what differed was not written");
        assert_eq!(compare("block", true), Ok(()));
        assert_eq!(compare("block", false), Ok(()));
    }

    #[test]
    fn a_new_build_of_the_same_policy_has_the_same_snapshot() {
        let built = |digest, offset| {
            json!({ "outcome": "allow", "policies": [{ "name": "p", "version": "1.0.0", "digest": digest }],
                "generation": 1, "set": digest, "position": { "offset": offset } })
        };
        let expected = json!({ "outcome": "allow", "policies": [{ "name": "p" }] });
        assert_eq!(lasting(&built("sha256:1f", 0)), expected);
        assert_eq!(lasting(&built("sha256:20", 97)), expected);
    }

    #[test]
    fn a_difference_says_where_it_is() {
        let kept = json!({ "outcome": "allow", "reasons": [], "policies": [{ "inputs": { "recent": 3, "risk": 1 } }] });
        let now =
            json!({ "outcome": "block", "reasons": ["A"], "policies": [{ "inputs": { "recent": 4, "risk": 1 } }] });
        assert_eq!(differences(&kept, &kept), Ok(()));
        let told = differences(&kept, &now).unwrap_err();
        let expected = [
            "  outcome: was allow, is block",
            "  policies[0].inputs.recent: was 3, is 4",
            "  reasons: was [], is nothing",
            "  reasons[0]: was nothing, is A",
        ];
        assert_eq!(told.lines().collect::<Vec<_>>(), expected);
    }
}
