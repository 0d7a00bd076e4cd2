//! The message of a reason: text with placeholders, taken apart once at load
//! and filled in once per hit.
//!
//! What is filled in comes from whoever sends transactions, so it is never
//! expanded again, never long, and never able to change how the line around it
//! is shown.

use crate::Value;

/// A message, ready to be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The pieces in order.
    pub pieces: Vec<Piece>,
}

/// A piece of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text as it stands; `{{` and `}}` are already braces.
    Text(String),
    /// The place of a value.
    Value(Placeholder),
}

/// Which value a placeholder shows, by its index in the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// An input.
    Input(usize),
    /// A parameter that is not a list.
    Parameter(usize),
}

impl Message {
    /// Bytes of an expanded message, and of a template, at most.
    pub const BYTES_MAX: usize = 512;
    /// Characters of a text that are shown.
    pub const TEXT_CHARS_MAX: usize = 64;

    /// Takes a template apart. `find` gives the value of a name, or what is
    /// wrong with it.
    ///
    /// # Errors
    /// All problems, each a clause that fits behind the place of the message.
    pub(super) fn parse(
        template: &str,
        find: impl Fn(&str) -> Result<Placeholder, String>,
    ) -> Result<Message, Vec<String>> {
        if template.len() > Message::BYTES_MAX {
            return Err(vec![format!("has {} bytes; at most {} are allowed", template.len(), Message::BYTES_MAX)]);
        }
        let mut pieces = Vec::new();
        let mut problems = Vec::new();
        if let Some(hidden) = template.chars().find(|c| is_deceptive(*c)) {
            problems.push(format!("has the invisible character {}; take it out", hidden.escape_unicode()));
        }
        let mut text = String::new();
        let mut rest = template;
        while let Some(at) = rest.find(['{', '}']) {
            text.push_str(&rest[..at]);
            let from_brace = &rest[at..];
            if let Some(after) = from_brace.strip_prefix("{{").or_else(|| from_brace.strip_prefix("}}")) {
                text.push_str(&from_brace[..1]);
                rest = after;
                continue;
            }
            let inside = from_brace.strip_prefix('{').and_then(|inside| inside.split_once('}'));
            let Some((name, after)) = inside else {
                problems.push(format!("has a single `{}`; write it twice to show one", &from_brace[..1]));
                rest = &from_brace[1..];
                continue;
            };
            match find(name) {
                Ok(placeholder) => {
                    if !text.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut text)));
                    }
                    pieces.push(Piece::Value(placeholder));
                }
                Err(problem) => problems.push(problem),
            }
            rest = after;
        }
        text.push_str(rest);
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        if problems.is_empty() { Ok(Message { pieces }) } else { Err(problems) }
    }

    /// Appends the message as UTF-8 text, filled in; `None` prints `–`. What is
    /// longer than [`Message::BYTES_MAX`] ends in `…` at that length.
    pub fn write<'v>(&self, values: impl Fn(Placeholder) -> Option<Value<&'v str>>, out: &mut Vec<u8>) {
        let start = out.len();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Value(placeholder) => write_value(values(*placeholder), out),
            }
            if out.len() - start > Message::BYTES_MAX {
                cut(start, out);
                return;
            }
        }
    }
}

/// Appends one value as a message shows it.
fn write_value(value: Option<Value<&str>>, out: &mut Vec<u8>) {
    match value {
        None => out.extend_from_slice("–".as_bytes()),
        Some(Value::Flag(flag)) => out.extend_from_slice(if flag { b"true" } else { b"false" }),
        Some(Value::Integer(integer)) => out.extend_from_slice(itoa::Buffer::new().format(integer).as_bytes()),
        Some(Value::Number(number)) => out.extend_from_slice(zmij::Buffer::new().format(number).as_bytes()),
        Some(Value::Decimal(decimal)) => decimal.write(out),
        Some(Value::Instant(instant)) => instant.write(out),
        Some(Value::Text(text)) => write_text(text, out),
    }
}

/// Appends the beginning of a text, what would deceive a reader escaped.
fn write_text(text: &str, out: &mut Vec<u8>) {
    // Most texts are short words: nothing to escape, nothing to cut.
    if text.len() <= Message::TEXT_CHARS_MAX && text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    for (at, c) in text.chars().enumerate() {
        if at == Message::TEXT_CHARS_MAX {
            out.extend_from_slice("…".as_bytes());
            return;
        }
        if is_deceptive(c) {
            out.extend(c.escape_unicode().map(|ascii| ascii as u8));
        } else {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// Cuts what was written since `start` to its bound, at a character.
fn cut(start: usize, out: &mut Vec<u8>) {
    let ellipsis = "…".as_bytes();
    let mut end = start + Message::BYTES_MAX - ellipsis.len();
    // a byte 10xxxxxx continues a character
    while out.get(end).is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000) {
        end -= 1;
    }
    out.truncate(end);
    out.extend_from_slice(ellipsis);
}

/// Characters that are not seen or that change how those around them are
/// shown: controls, line separators, bidirectional marks, zero-width ones, tags.
pub(super) fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::{Message, Piece, Placeholder};
    use crate::{Decimal, Instant, Value};

    fn find(name: &str) -> Result<Placeholder, String> {
        match name {
            "amount" => Ok(Placeholder::Input(0)),
            "kind" => Ok(Placeholder::Input(1)),
            "largest" => Ok(Placeholder::Parameter(0)),
            _ => Err(format!("names {name:?}")),
        }
    }

    fn expand(template: &str, kind: &str) -> String {
        let message = Message::parse(template, find).unwrap();
        let mut out = b"before ".to_vec();
        let value = |placeholder| match placeholder {
            Placeholder::Input(0) => Some(Value::Decimal(Decimal { units: 1_200_010, scale: 2 })),
            Placeholder::Input(_) => Some(Value::Text(kind)),
            Placeholder::Parameter(_) => None,
        };
        message.write(value, &mut out);
        String::from_utf8(out).unwrap().strip_prefix("before ").unwrap().to_owned()
    }

    #[test]
    fn templates_are_filled_in_once() {
        let table = [
            ("plain", "", "plain"),
            ("", "", ""),
            ("amount {amount} is over {largest}", "", "amount 12000.10 is over –"),
            ("{kind}{kind}", "a", "aa"),
            ("{kind}", "{amount}{{", "{amount}{{"),
            ("{{kind}} is {{{kind}}}", "x", "{kind} is {x}"),
            ("}}{{", "", "}{"),
            ("{kind}", "申购", "申购"),
            ("{kind}", "tab\tline\nbell\u{7}", "tab\\u{9}line\\u{a}bell\\u{7}"),
            ("{kind}!", "a\u{202e}lla", "a\\u{202e}lla!"),
            ("{kind}", "\u{2066}\u{200b}\u{feff}\u{85}\u{2028}", "\\u{2066}\\u{200b}\\u{feff}\\u{85}\\u{2028}"),
        ];
        for (template, kind, expected) in table {
            assert_eq!(expand(template, kind), expected, "{template} with {kind:?}");
        }
    }

    #[test]
    fn texts_are_cut_at_sixty_four_characters() {
        assert_eq!(expand("<{kind}>", &"x".repeat(64)), format!("<{}>", "x".repeat(64)));
        assert_eq!(expand("<{kind}>", &"x".repeat(65)), format!("<{}…>", "x".repeat(64)));
        assert_eq!(expand("<{kind}>", &"é".repeat(65)), format!("<{}…>", "é".repeat(64)));
    }

    #[test]
    fn messages_are_cut_at_a_character() {
        for padding in 0..8 {
            let template = format!("{}{}", "-".repeat(padding), "{kind}".repeat(12));
            let long = expand(&template, &"購".repeat(64));
            assert!(long.len() <= Message::BYTES_MAX && long.len() > Message::BYTES_MAX - 6, "{}", long.len());
            assert!(long.ends_with('…'));
        }
        let exact = "y".repeat(Message::BYTES_MAX);
        assert_eq!(expand(&exact, ""), exact);
    }

    #[test]
    fn every_kind_prints() {
        let message = Message { pieces: vec![Piece::Value(Placeholder::Input(0))] };
        let table = [
            (Value::Flag(true), "true"),
            (Value::Integer(i64::MIN), "-9223372036854775808"),
            (Value::Number(0.1), "0.1"),
            (Value::Instant(Instant::from_millis(0).unwrap()), "1970-01-01T00:00:00.000Z"),
        ];
        for (value, expected) in table {
            let mut out = Vec::new();
            message.write(|_| Some(value), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn wrong_templates_are_told_whole() {
        let table: [(&str, &[&str]); 4] = [
            ("{amuont} {x}", &["names \"amuont\"", "names \"x\""]),
            ("{", &["has a single `{`; write it twice to show one"]),
            ("50} of {kind}", &["has a single `}`; write it twice to show one"]),
            ("a\u{202e}b", &["has the invisible character \\u{202e}; take it out"]),
        ];
        for (template, expected) in table {
            assert_eq!(Message::parse(template, find).unwrap_err(), expected, "{template}");
        }
    }
}
