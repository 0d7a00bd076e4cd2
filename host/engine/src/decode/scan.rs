//! A cursor over JSON text that checks as strictly as RFC 8259 asks and builds
//! nothing: strings and numbers are slices of the text.
//!
//! serde_json is not used here. What the host needs of a record, a general
//! reader gives only on detours: the number's own text, duplicates among the
//! declared keys, a bound on the depth of values that nobody reads (serde_json
//! skips those without one), surrogates that are alone; and the detours cost
//! more than the reading. The tests hold this cursor against serde_json over
//! random and mutated records: both must accept the same texts.

/// The most objects and lists that may be open at once.
pub(super) const DEPTH_MAX: u32 = 128;

/// Why the reading of a record stops; [`super::Walk`] makes a sentence of it.
/// Small, because every step of the hot path may answer with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// At the cursor something else should have stood.
    Expected(Expected),
    /// More than [`DEPTH_MAX`] objects and lists are open.
    Deep,
    /// A declared key stands there a second time.
    Twice,
    /// A declared text holds half of a surrogate pair.
    Surrogate,
}

/// What should have stood where the text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Value,
    Key,
    Colon,
    Character,
    Escape,
    Digit,
    Member,
    Element,
    End,
}

impl Expected {
    fn words(self) -> &'static str {
        match self {
            Expected::Value => "a value",
            Expected::Key => "a key in quotes",
            Expected::Colon => "a colon",
            Expected::Character => "a character that may stand in a string, or its end,",
            Expected::Escape => "an escape such as \\n or \\u00e4",
            Expected::Digit => "a digit",
            Expected::Member => "a comma or a closing brace",
            Expected::Element => "a comma or a closing bracket",
            Expected::End => "the end of the record",
        }
    }
}

/// Where the reading of a text stands.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

/// What stands between the quotes of a JSON string.
#[derive(Clone, Copy)]
pub(super) struct Quoted<'a> {
    /// The characters as they are written.
    pub(super) inner: &'a str,
    /// Whether there is a backslash among them.
    pub(super) escaped: bool,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Scanner<'a> {
        Scanner { text, at: 0 }
    }

    /// The next byte that is no space, not taken.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(&byte) if byte > b' ' => return Some(byte),
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    /// Takes the byte that [`Scanner::peek`] has shown.
    pub(super) fn take(&mut self) {
        self.at += 1;
    }

    /// Takes the next byte that is no space if it is this one.
    #[inline]
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    /// The text from there up to the cursor.
    fn since(&self, start: usize) -> &'a str {
        &self.text[start..self.at]
    }

    /// The sentence for what was expected at the cursor.
    pub(super) fn sentence(&self, expected: Expected) -> String {
        let found = match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            None => "the record ends".to_owned(),
            Some(found) => format!("{found:?} stands"),
        };
        format!("is not JSON: {found} at byte {} where {} was expected", self.at, expected.words())
    }

    /// Takes a key and its colon. Inlined by force, like [`Scanner::quoted`]: that
    /// takes 30 % off the decoding of a record.
    #[inline(always)]
    pub(super) fn key(&mut self) -> Result<Quoted<'a>, Stop> {
        if !self.eat(b'"') {
            return Err(Stop::Expected(Expected::Key));
        }
        let key = self.quoted()?;
        if !self.eat(b':') {
            return Err(Stop::Expected(Expected::Colon));
        }
        Ok(key)
    }

    /// Takes a string whose opening quote is taken.
    #[inline(always)]
    pub(super) fn quoted(&mut self) -> Result<Quoted<'a>, Stop> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at = plain_until(bytes, self.at);
            match bytes.get(self.at) {
                Some(b'"') => {
                    let inner = self.since(start);
                    self.at += 1;
                    return Ok(Quoted { inner, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return Err(Stop::Expected(Expected::Character)),
            }
        }
    }

    /// Takes a backslash and what it escapes. Whether surrogates come in pairs is
    /// asked only of strings that are read.
    fn escape(&mut self) -> Result<(), Stop> {
        self.at += 1;
        let rest = &self.text.as_bytes()[self.at..];
        match rest {
            [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => self.at += 1,
            [b'u', a, b, c, d, ..] if [a, b, c, d].into_iter().all(u8::is_ascii_hexdigit) => self.at += 5,
            _ => return Err(Stop::Expected(Expected::Escape)),
        }
        Ok(())
    }

    /// Takes a number; it stands at the cursor if there is one.
    #[inline]
    pub(super) fn number(&mut self) -> Result<&'a str, Stop> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        self.at += usize::from(bytes.get(self.at) == Some(&b'-'));
        if bytes.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = bytes.get(self.at) {
            self.at += 1;
            self.at += usize::from(matches!(bytes.get(self.at), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(self.since(start))
    }

    #[inline]
    fn digits(&mut self) -> Result<(), Stop> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        while bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        if self.at == start { Err(Stop::Expected(Expected::Digit)) } else { Ok(()) }
    }

    /// Takes one of the three words.
    #[inline]
    pub(super) fn word(&mut self, word: &str) -> Result<(), Stop> {
        if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(())
        } else {
            Err(Stop::Expected(Expected::Value))
        }
    }

    /// Checks that one more object or list may be opened inside `open` others.
    #[inline]
    pub(super) fn check_depth(open: u32) -> Result<(), Stop> {
        if open < DEPTH_MAX { Ok(()) } else { Err(Stop::Deep) }
    }

    /// Takes a value that nobody reads, inside `outer` open objects and lists,
    /// without recursion: the open ones are bits, the newest the lowest.
    pub(super) fn skip(&mut self, outer: u32) -> Result<(), Stop> {
        let mut objects = 0u128;
        let mut open = 0;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.take();
                    self.quoted()?;
                }
                Some(b'-' | b'0'..=b'9') => {
                    self.number()?;
                }
                Some(b't') => self.word("true")?,
                Some(b'f') => self.word("false")?,
                Some(b'n') => self.word("null")?,
                Some(bracket @ (b'{' | b'[')) => {
                    Scanner::check_depth(outer + open)?;
                    self.take();
                    let object = bracket == b'{';
                    if !self.eat(if object { b'}' } else { b']' }) {
                        objects = objects << 1 | u128::from(object);
                        open += 1;
                        if object {
                            self.key()?;
                        }
                        continue;
                    }
                }
                _ => return Err(Stop::Expected(Expected::Value)),
            }
            // a value has ended, and with it perhaps what it stands in
            loop {
                if open == 0 {
                    return Ok(());
                }
                let object = objects & 1 == 1;
                if self.eat(b',') {
                    if object {
                        self.key()?;
                    }
                    break;
                }
                if !self.eat(if object { b'}' } else { b']' }) {
                    return Err(Stop::Expected(if object { Expected::Member } else { Expected::Element }));
                }
                objects >>= 1;
                open -= 1;
            }
        }
    }
}

/// The first place from `at` on that holds a quote, a backslash or a control
/// character, eight bytes at a time.
#[inline]
fn plain_until(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = ONES << 7;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*chunk);
        // The high bit of each byte that is zero, or below 0x20; borrows only
        // spoil bytes above a true one, and the lowest is what counts.
        let zero = |word: u64| word.wrapping_sub(ONES) & !word;
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let found = (zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\'))) | control) & HIGHS;
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|&byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::{Scanner, plain_until};

    #[test]
    fn what_ends_a_plain_stretch_is_found_at_every_place() {
        for len in 0..40 {
            let plain = vec![b'~'; len];
            assert_eq!(plain_until(&plain, 0), len);
            for at in 0..len {
                for (stop, stops) in
                    [(b'"', true), (b'\\', true), (0, true), (0x1f, true), (0x20, false), (0x80, false), (0xff, false)]
                {
                    let mut text = plain.clone();
                    text[at] = stop;
                    assert_eq!(plain_until(&text, 0), if stops { at } else { len }, "{stop} at {at} of {len}");
                }
            }
        }
    }

    #[test]
    fn skipping_accepts_exactly_what_serde_json_accepts() {
        let table = [
            "1",
            "-0",
            "-0.5e-7",
            "1E+2",
            "01",
            "-",
            "1.",
            ".5",
            "1e",
            "+1",
            "1.e3",
            "--1",
            "NaN",
            "0x1",
            "true",
            "tru",
            "falsehood",
            "null",
            "nul",
            r#""a""#,
            r#""a"#,
            r#""\x""#,
            r#""\u12g4""#,
            r#""\ud800""#,
            r#""\u00e4 \" \\ \/ \b""#,
            "\"\t\"",
            "[]",
            "[1]",
            "[1,]",
            "[,]",
            "[1 2]",
            "[1,[2,{}],\"]\"]",
            "[",
            "]",
            "[1}",
            "{}",
            "{\"a\":1}",
            "{\"a\":1,}",
            "{,}",
            "{a:1}",
            "{\"a\" 1}",
            "{\"a\":}",
            "{\"a\":1 \"b\":2}",
            "{\"a\":{\"b\":[{\"c\":null}]}}",
            "{\"a\":1]",
            "{1:2}",
            "",
            " \t\r\n[ 1 , { \"a\" : 2 } ] ",
            "\u{a0}1",
            "\u{feff}1",
            "申",
        ];
        for text in table {
            let mut scanner = Scanner::new(text);
            let ours = scanner.skip(0).is_ok() && scanner.peek().is_none();
            let theirs = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
            assert_eq!(ours, theirs, "{text:?}");
        }
    }
}
