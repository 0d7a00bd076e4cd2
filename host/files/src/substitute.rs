//! Puts other texts into a file, where it stands as its author wrote it: comments,
//! order and spaces stay.

use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The text of a file with other texts at a place: `path` is the key, through tables and
/// every element of lists (`stage`, `policy`, `component`). What `with` gives nothing
/// for stays. A text that is no TOML comes back as it is.
pub fn substitute(text: &str, path: &[&str], mut with: impl FnMut(&str) -> Option<String>) -> String {
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return text.to_owned();
    }
    let mut places = Vec::new();
    if let Some((first, rest)) = path.split_first() {
        let member = table.get_ref().iter().find(|(name, _)| name.get_ref() == first);
        member.into_iter().for_each(|(_, value)| find(value, rest, &mut places));
    }
    let mut whole = text.to_owned();
    places.sort_by_key(|(place, _)| place.start);
    for (place, old) in places.into_iter().rev() {
        if let Some(new) = with(&old) {
            whole.replace_range(place, &quoted(&new));
        }
    }
    whole
}

/// Finds the texts behind a value, each with its place in the file.
fn find(value: &Spanned<DeValue<'_>>, path: &[&str], out: &mut Vec<(Range<usize>, String)>) {
    match (value.get_ref(), path.split_first()) {
        (DeValue::String(text), None) => out.push((value.span(), text.to_string())),
        (DeValue::Array(elements), _) => elements.iter().for_each(|element| find(element, path, out)),
        (DeValue::Table(table), Some((first, rest))) => {
            let member = table.iter().find(|(name, _)| name.get_ref() == first);
            member.into_iter().for_each(|(_, value)| find(value, rest, out));
        }
        _ => {}
    }
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::substitute;

    #[test]
    fn only_the_texts_at_the_place_are_others() {
        let text = "# ours\nname = 'a'\n[[stage]]\nname = \"rules\"\n[[stage.policy]]\ncomponent = 'a.wasm' # first\n\
                    [[stage.policy]]\nname = \"component\"\ncomponent = \"b.wasm\"\n[[stage]]\npolicy = [{ component = \"c.wasm\" }]\n";
        let mut seen = Vec::new();
        let put = substitute(text, &["stage", "policy", "component"], |old| {
            seen.push(old.to_owned());
            (old != "b.wasm").then(|| format!("sha256:{}", &old[..1]))
        });
        seen.sort();
        assert_eq!(seen, ["a.wasm", "b.wasm", "c.wasm"]);
        assert_eq!(put, text.replace("'a.wasm'", "\"sha256:a\"").replace("\"c.wasm\"", "\"sha256:c\""));
    }

    #[test]
    fn what_is_no_toml_or_has_no_such_place_stays() {
        for text in ["= what", "", "stage = 3", "[stage]\npolicy = []"] {
            assert_eq!(substitute(text, &["stage", "policy", "component"], |_| Some("x".to_owned())), text);
        }
    }
}
