//! The message of a reason: which names it shows.

use crate::errors::Errors;
use syn::LitStr;

/// The most bytes of a message as it is written.
const LONGEST: usize = 512;

/// The names in braces.
pub(crate) fn placeholders(message: &LitStr, errors: &mut Errors) -> Vec<String> {
    let text = message.value();
    if text.trim().is_empty() {
        errors.at(message, "a message says in words what was found: people read it");
    }
    if text.len() > LONGEST {
        errors.at(message, format!("a message has at most {LONGEST} bytes, this has {}", text.len()));
    }
    if text.chars().any(char::is_control) {
        errors.at(message, "a message is one line without control characters");
    }
    names(&text).unwrap_or_else(|wrong| {
        errors.at(message, wrong);
        Vec::new()
    })
}

fn names(text: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (brace, after) = (&rest[at..=at], &rest[at + 1..]);
        if let Some(after) = after.strip_prefix(brace) {
            rest = after;
            continue;
        }
        let Some(end) = (brace == "{").then(|| after.find('}')).flatten() else {
            return Err(format!("a single `{brace}`: write it twice for a brace, or put a name between two of them"));
        };
        let name = &after[..end];
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(format!("`{{{name}}}`: only the name of an input or parameter stands in braces"));
        }
        names.push(name.to_owned());
        rest = &after[end + 1..];
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn names_stand_in_single_braces() {
        assert_eq!(names("{a} of {{b}} and {c_1}"), Ok(vec!["a".to_owned(), "c_1".to_owned()]));
        assert_eq!(names("no names"), Ok(Vec::new()));
        for text in ["{", "}", "{}", "{a", "a}", "{a b}", "{a:>3}", "{{{"] {
            assert!(names(text).is_err(), "{text}");
        }
    }
}
