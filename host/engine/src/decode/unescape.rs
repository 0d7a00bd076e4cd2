//! What a JSON string says, where it is not what is written.

/// A surrogate without its other half: not a character, so no text at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LoneSurrogate;

/// The text of a string with escapes; the scanner has checked how they are written.
pub(super) fn unescape(inner: &str) -> Result<String, LoneSurrogate> {
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        let mut chars = escape.chars();
        let (character, taken) = match chars.next() {
            Some('b') => ('\u{8}', 1),
            Some('f') => ('\u{c}', 1),
            Some('n') => ('\n', 1),
            Some('r') => ('\r', 1),
            Some('t') => ('\t', 1),
            Some('u') => coded(escape)?,
            Some(itself) => (itself, itself.len_utf8()),
            None => return Err(LoneSurrogate),
        };
        text.push(character);
        rest = &escape[taken..];
    }
    text.push_str(rest);
    Ok(text)
}

/// The character of `uXXXX`, or of the pair `uXXXX\uXXXX`, and its length.
fn coded(escape: &str) -> Result<(char, usize), LoneSurrogate> {
    let unit = |from: usize| escape.get(from..from + 4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let first = unit(1).ok_or(LoneSurrogate)?;
    if !(0xD800..0xE000).contains(&first) {
        return char::from_u32(first).map(|character| (character, 5)).ok_or(LoneSurrogate);
    }
    let second = escape.get(5..7).filter(|next| *next == "\\u").and_then(|_| unit(7));
    match second {
        Some(second) if first < 0xDC00 && (0xDC00..0xE000).contains(&second) => {
            let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            char::from_u32(code).map(|character| (character, 11)).ok_or(LoneSurrogate)
        }
        _ => Err(LoneSurrogate),
    }
}

#[cfg(test)]
mod tests {
    use super::{LoneSurrogate, unescape};

    #[test]
    fn escapes_say_what_serde_json_reads() {
        let table = [
            r#"plain"#,
            r#"\"\\\/\b\f\n\r\t"#,
            r#"\u00e4\u7533"#,
            r#"\ud83d\udcb6!"#,
            r#"a\u0000b"#,
            r#"ä\u00E4申"#,
            r#"\\u0041"#,
            r#"\uffff\ud7ff\ue000"#,
        ];
        for inner in table {
            assert_eq!(unescape(inner).ok(), serde_json::from_str(&format!("\"{inner}\"")).ok(), "{inner}");
        }
    }

    #[test]
    fn half_a_character_is_no_text() {
        for inner in [
            r#"\ud800"#,
            r#"\udc00"#,
            r#"\ud800x"#,
            r#"\ud800\n"#,
            r#"\ud800\ud800"#,
            r#"\udc00\ud800"#,
            r#"a\ud83d\u0041"#,
        ] {
            assert_eq!(unescape(inner), Err(LoneSurrogate), "{inner}");
        }
    }
}
