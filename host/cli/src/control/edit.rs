//! A change of a document by its keys: `account-risk.parameters.largest=5000`.

use anyhow::{Context as _, bail, ensure};
use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

/// The document with the changes, each as POLICY.KEY=VALUE; everything else stands as
/// it did. A value is TOML; what is none is a text.
///
/// # Errors
/// Where there is no such policy, or the change is malformed.
pub(super) fn edited(document: &str, changes: &[String]) -> anyhow::Result<String> {
    let mut edited: DocumentMut = document.parse().context("the document of the active generation is no TOML")?;
    for change in changes {
        let (path, value) =
            change.split_once('=').with_context(|| format!("--set {change}: write POLICY.KEY=VALUE"))?;
        let (policy, keys) = path.split_once('.').with_context(|| format!("--set {change}: write POLICY.KEY=VALUE"))?;
        let keys: Vec<&str> = keys.split('.').collect();
        ensure!(keys.iter().all(|key| !key.is_empty()), "--set {change}: a key is empty");
        let value: Value = value.trim().parse().unwrap_or_else(|_| Value::from(value.trim()));
        let known = policies(&edited);
        let Some(place) = find(&mut edited, policy) else {
            bail!("--set {change}: there is no policy `{policy}`; there are {}", known.join(", "));
        };
        put(place, &keys, value).with_context(|| format!("--set {change}"))?;
    }
    Ok(edited.to_string())
}

/// The document, which wishes that windows it adds get what was before them.
///
/// # Errors
/// Where it is no TOML.
pub(super) fn backfilled(document: &str) -> anyhow::Result<String> {
    let mut edited: DocumentMut = document.parse().context("the document is no TOML")?;
    edited.insert("backfill", Item::Value(Value::from(true)));
    Ok(edited.to_string())
}

/// The names of its policies.
fn policies(document: &DocumentMut) -> Vec<String> {
    let stages = document.get("stage").and_then(Item::as_array_of_tables);
    let members = stages.into_iter().flatten().filter_map(|stage| stage.get("policy")?.as_array_of_tables());
    members.flatten().filter_map(|member| Some(member.get("name")?.as_str()?.to_owned())).collect()
}

fn find<'d>(document: &'d mut DocumentMut, policy: &str) -> Option<&'d mut Table> {
    let stages = document.get_mut("stage")?.as_array_of_tables_mut()?;
    let members = stages.iter_mut().filter_map(|stage| stage.get_mut("policy")?.as_array_of_tables_mut());
    members
        .flat_map(|members| members.iter_mut())
        .find(|member| member.get("name").and_then(Item::as_str) == Some(policy))
}

/// Puts a value below a table; tables on the way are made.
fn put(table: &mut dyn TableLike, keys: &[&str], value: Value) -> anyhow::Result<()> {
    let Some((key, rest)) = keys.split_first() else { return Ok(()) };
    if rest.is_empty() {
        match table.get_mut(key).and_then(Item::as_value_mut) {
            // what is around it stays
            Some(old) => {
                let decor = old.decor().clone();
                *old = value;
                *old.decor_mut() = decor;
            }
            None => drop(table.insert(key, Item::Value(value))),
        }
        return Ok(());
    }
    if table.get(key).is_none() {
        let mut below = Table::new();
        below.set_dotted(true);
        table.insert(key, Item::Table(below));
    }
    match table.get_mut(key).and_then(Item::as_table_like_mut) {
        Some(below) => put(below, rest, value),
        None => bail!("`{key}` is no table"),
    }
}

#[cfg(test)]
mod tests {
    use super::{backfilled, edited};

    const DOCUMENT: &str = "name = \"payments\" # ours\n[[stage]]\nname = \"rules\"\n[[stage.policy]]\nname = \"limits\"\n\
                            component = \"sha256:aa\"\nparameters = { largest = \"100\", per_minute = 3 } # hm\n\
                            [[stage.policy]]\nname = \"other\"\ncomponent = \"sha256:bb\"\n";

    fn with(changes: &[&str]) -> anyhow::Result<String> {
        edited(DOCUMENT, &changes.iter().map(|change| change.to_string()).collect::<Vec<_>>())
    }

    #[test]
    fn the_wish_for_a_backfill_stands_above_the_stages_and_once() {
        let wished = backfilled(DOCUMENT).unwrap();
        assert_eq!(wished, DOCUMENT.replace("# ours\n", "# ours\nbackfill = true\n"));
        assert_eq!(backfilled(&wished).unwrap(), wished);
    }

    #[test]
    fn a_change_touches_nothing_else() {
        assert_eq!(with(&[]).unwrap(), DOCUMENT);
        let changed = with(&["limits.parameters.per_minute=5", "other.component=\"sha256:cc\""]).unwrap();
        assert_eq!(changed, DOCUMENT.replace("per_minute = 3", "per_minute = 5").replace("sha256:bb", "sha256:cc"));
    }

    #[test]
    fn what_is_not_there_is_made_and_what_is_no_toml_is_a_text() {
        let changed = with(&["other.fallback=block", "other.thresholds.review=0.5"]).unwrap();
        assert!(changed.contains("fallback = \"block\"") && changed.contains("thresholds.review = 0.5"), "{changed}");
        let read: toml::Table = changed.parse().unwrap();
        assert_eq!(read["stage"][0]["policy"][1]["thresholds"]["review"].as_float(), Some(0.5));
    }

    #[test]
    fn a_change_that_cannot_be_made_says_why() {
        for (change, told) in [
            ("limits", "POLICY.KEY=VALUE"),
            ("limits=3", "POLICY.KEY=VALUE"),
            ("limit.fallback=block", "there are limits, other"),
            ("limits.component.x=1", "`component` is no table"),
            ("limits.parameters.=1", "a key is empty"),
        ] {
            let error = format!("{:#}", with(&[change]).unwrap_err());
            assert!(error.contains(told), "{change}: {error}");
        }
    }
}
