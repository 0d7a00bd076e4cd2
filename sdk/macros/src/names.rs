//! Names: what the manifest allows, and how Rust's become the manifest's.

use crate::errors::Errors;
use crate::literal::Literal;
use syn::ext::IdentExt;
use syn::{Ident, LitStr};

/// The most bytes of a name.
const LONGEST: usize = 64;
/// The most bytes of a name of the host's.
const LONGEST_OF_HOST: usize = 128;

/// The name of an input or parameter, which is its field's.
pub(crate) fn of_field(field: &Ident, errors: &mut Errors) -> String {
    let name = field.unraw().to_string();
    let sound = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !sound || name.len() > LONGEST {
        errors.at(field, format!("a name has lower-case letters, digits and _, at most {LONGEST}, a letter first"));
    }
    name
}

/// The name of something of the host: a field, entity, attribute or source.
pub(crate) fn of_host(text: &LitStr, errors: &mut Errors) -> String {
    let name = text.value();
    if name.is_empty() || name.len() > LONGEST_OF_HOST || name.chars().any(char::is_control) {
        errors.at(text, format!("a name has 1 to {LONGEST_OF_HOST} bytes and no control characters"));
    }
    name
}

/// `LargeAmount`, `TopUp2`, `ATMLimit` with a separator between their words.
pub(crate) fn split(name: &str, separator: char) -> String {
    let characters: Vec<char> = name.chars().collect();
    let mut words = String::new();
    for (at, character) in characters.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| characters[before]);
        let after = characters.get(at + 1);
        let begins = character.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_ascii_uppercase() && after.is_some_and(char::is_ascii_lowercase))
            });
        if begins {
            words.push(separator);
        }
        words.push(*character);
    }
    words
}

/// A name of the host's, in quotes.
pub(crate) fn quoted_of_host(literal: &Literal, errors: &mut Errors) -> String {
    match literal.text() {
        Ok(text) => of_host(text, errors),
        Err(error) => {
            errors.add(error);
            String::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn words_of_a_variant_are_told_apart() {
        let table = [
            ("LargeAmount", "LARGE_AMOUNT"),
            ("Burst", "BURST"),
            ("ATMLimit", "ATM_LIMIT"),
            ("Level3Hit", "LEVEL3_HIT"),
        ];
        for (variant, code) in table {
            assert_eq!(split(variant, '_').to_uppercase(), code);
        }
    }
}
