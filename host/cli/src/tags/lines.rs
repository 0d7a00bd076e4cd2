//! Tags as lines of text: CSV with a header, or JSON lines.
//!
//! Which of the two is told by the first character, not by the file's name: so
//! standard input works too. A bad line is a sentence with its number (from 1),
//! and reading goes on behind it.
//!
//! The CSV is read here and not by a library, because a tag never has a line
//! break in it: so each line stands for itself, a quote that is never closed
//! spoils its own line and not the rest of the file, and numbers are right.

use anyhow::bail;
use sandgate_tags::Tag;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::io::{BufRead, Read as _};

/// What is done with each line: its number, and its tag or what is wrong.
pub(super) type Each<'f> = &'f mut dyn FnMut(u64, Result<Tag<'_>, String>) -> anyhow::Result<()>;

/// The columns of the header, in the order of [`Tag`].
const COLUMNS: [&str; 4] = ["entity", "id", "attribute", "value"];
/// Longest line in bytes; far more than the longest tag takes with escapes.
const LINE_MAX: u64 = 64 << 10;
/// What some programs put before the first character of a file.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What the lines are.
enum Form {
    /// One JSON object each.
    Json,
    /// Where each of [`COLUMNS`] stands in a line.
    Csv([usize; 4]),
}

/// Reads all lines.
///
/// # Errors
/// Where the input cannot be read, or is neither form; and what `each` gives.
pub(super) fn read(mut input: impl BufRead, each: Each<'_>) -> anyhow::Result<()> {
    let mut form = None;
    let mut bytes = Vec::new();
    for number in 1.. {
        bytes.clear();
        if (&mut input).take(LINE_MAX).read_until(b'\n', &mut bytes)? == 0 {
            break;
        }
        if bytes.len() as u64 == LINE_MAX && !bytes.ends_with(b"\n") {
            input.skip_until(b'\n')?;
            each(number, Err(format!("is longer than {LINE_MAX} bytes")))?;
            continue;
        }
        let line = if number == 1 { bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes) } else { &bytes };
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.trim_ascii().is_empty() {
            continue;
        }
        match &form {
            None if line.trim_ascii().starts_with(b"{") => {
                form = Some(Form::Json);
                json(line, number, each)?;
            }
            None => form = Some(Form::Csv(header(line)?)),
            Some(Form::Json) => json(line, number, each)?,
            Some(Form::Csv(places)) => csv(line, places, number, each)?,
        }
    }
    if form.is_none() {
        bail!("there is nothing in it: its first line should be `{}` or a JSON object", COLUMNS.join(","));
    }
    Ok(())
}

/// Where each of [`COLUMNS`] stands.
fn header(line: &[u8]) -> anyhow::Result<[usize; 4]> {
    let names = fields(line).unwrap_or_default();
    let place = |column: &str| names.iter().position(|name| name.trim() == column);
    match COLUMNS.map(place) {
        [Some(entity), Some(id), Some(attribute), Some(value)] if names.len() == COLUMNS.len() => {
            Ok([entity, id, attribute, value])
        }
        _ => {
            let found = String::from_utf8_lossy(&line[..line.len().min(200)]);
            bail!("its header is `{}`, it should be `{}` (in any order)", found.escape_debug(), COLUMNS.join(","))
        }
    }
}

fn csv(line: &[u8], places: &[usize; 4], number: u64, each: Each<'_>) -> anyhow::Result<()> {
    match fields(line) {
        Err(problem) => each(number, Err(problem)),
        Ok(fields) if fields.len() != COLUMNS.len() => {
            each(number, Err(format!("has {} fields, the header has {}", fields.len(), COLUMNS.len())))
        }
        Ok(fields) => {
            let [entity, id, attribute, value] = places.map(|place| &*fields[place]);
            each(number, checked(Tag { entity, id, attribute, value }))
        }
    }
}

/// The fields of a line of CSV.
fn fields(line: &[u8]) -> Result<Vec<Cow<'_, str>>, String> {
    let mut rest = std::str::from_utf8(line).map_err(|_| "is not UTF-8".to_owned())?;
    let mut fields = Vec::with_capacity(COLUMNS.len());
    loop {
        let (field, behind) = match rest.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let (field, behind) = rest.split_at(rest.find(',').unwrap_or(rest.len()));
                (Cow::Borrowed(field), behind)
            }
        };
        fields.push(field);
        match behind.strip_prefix(',') {
            Some(next) => rest = next,
            None if behind.is_empty() => return Ok(fields),
            None => return Err("has text behind a closing quote".to_owned()),
        }
    }
}

/// A field up to its closing quote, and what is behind it; a doubled quote is one.
fn unquoted(quoted: &str) -> Result<(Cow<'_, str>, &str), String> {
    let mut from = 0;
    while let Some(at) = quoted[from..].find('"') {
        let (field, behind) = (&quoted[..from + at], &quoted[from + at + 1..]);
        if !behind.starts_with('"') {
            let field = if from == 0 { Cow::Borrowed(field) } else { Cow::Owned(field.replace("\"\"", "\"")) };
            return Ok((field, behind));
        }
        from += at + 2;
    }
    Err("has a quote that is not closed on its line".to_owned())
}

/// A line of JSON; a value or an id that is no text is taken as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    entity: Cow<'a, str>,
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow)]
    attribute: Cow<'a, str>,
    #[serde(borrow)]
    value: &'a RawValue,
}

fn json(line: &[u8], number: u64, each: Each<'_>) -> anyhow::Result<()> {
    let parts = object(line).and_then(|line| Ok((scalar(line.id, "id")?, scalar(line.value, "value")?, line)));
    match parts {
        Err(problem) => each(number, Err(problem)),
        Ok((id, value, Line { entity, attribute, .. })) => {
            each(number, checked(Tag { entity: &entity, id: &id, attribute: &attribute, value: &value }))
        }
    }
}

fn object(line: &[u8]) -> Result<Line<'_>, String> {
    // the library would take a list for an object without names
    if !line.trim_ascii_start().starts_with(b"{") {
        return Err("is not a JSON object".to_owned());
    }
    serde_json::from_slice(line).map_err(|error| {
        let what = told(&error);
        if error.is_data() { what } else { format!("is not a JSON object: {what}") }
    })
}

/// What the library says, without its place: it knows one line only, and the
/// number of ours is told beside it.
fn told(error: &serde_json::Error) -> String {
    let told = error.to_string();
    told.rsplit_once(" at line ").map_or(told.as_str(), |(what, _)| what).to_owned()
}

fn scalar(raw: &RawValue, column: &str) -> Result<String, String> {
    match raw.get().as_bytes().first() {
        Some(b'"') => serde_json::from_str(raw.get()).map_err(|error| format!("{column}: {}", told(&error))),
        Some(b'{' | b'[' | b'n') | None => Err(format!("{column} is neither a text nor a number, true or false")),
        Some(_) => Ok(raw.get().to_owned()),
    }
}

fn checked(tag: Tag<'_>) -> Result<Tag<'_>, String> {
    tag.check().map(|()| tag).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::{LINE_MAX, read};

    fn lines(text: &[u8]) -> Vec<String> {
        let mut told = Vec::new();
        let done = read(text, &mut |number, line| {
            told.push(match line {
                Ok(tag) => format!("{number}: {}/{}/{}={}", tag.entity, tag.id, tag.attribute, tag.value),
                Err(problem) => format!("{number}: {problem}"),
            });
            Ok(())
        });
        told.extend(done.err().map(|error| error.to_string()));
        told
    }

    #[test]
    fn csv_is_read_with_the_numbers_of_its_lines() {
        let table: &[(&[u8], &[&str])] = &[
            (b"entity,id,attribute,value\naccount,a,level,3\n", &["2: account/a/level=3"]),
            (b"\xef\xbb\xbfvalue,id,attribute,entity\r\n3,a,level,account\r\n", &["2: account/a/level=3"]),
            (
                b"entity,id,attribute,value\n\naccount,\"a,\"\"b\"\"\",level,\"\"\"\"\naccount,c,level,\"3\n\"\naccount,d,level,\"4\"",
                &[
                    "3: account/a,\"b\"/level=\"",
                    "4: has a quote that is not closed on its line",
                    "5: has a quote that is not closed on its line",
                    "6: account/d/level=4",
                ],
            ),
            (
                b"entity,id,attribute,value\r\n\r\na,b,c\r\na,b,c,d,e\r\na,\xff,c,d\r\na,\"b\"b,c,d\r\na,b,c,\r\na,b,c,d\r\n",
                &[
                    "3: has 3 fields, the header has 4",
                    "4: has 5 fields, the header has 4",
                    "5: is not UTF-8",
                    "6: has text behind a closing quote",
                    "7: value is empty",
                    "8: a/b/c=d",
                ],
            ),
            (
                b"id,attribute,value\n",
                &["its header is `id,attribute,value`, it should be `entity,id,attribute,value` (in any order)"],
            ),
            (
                b" \n",
                &["there is nothing in it: its first line should be `entity,id,attribute,value` or a JSON object"],
            ),
        ];
        for (text, expected) in table {
            assert_eq!(lines(text), *expected, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn json_lines_are_read_with_the_numbers_of_their_lines() {
        let text = br#"
{"entity":"account","id":"a","attribute":"level","value":"3"}
{"value":2.50,"id":17,"attribute":"level","entity":"\u5ba2"}

{"entity":"account","id":"a","attribute":"blocked","value":true}
{"entity":"account","id":"a","attribute":"level","value":null}
{"entity":"account","id":"a","attribute":"level"}
{"entity":"account","id":"a","attribute":"level","value":"3","note":"x"}
{"entity":"account","id":"","attribute":"level","value":"3"}
{"entity":
nonsense
["account","a","level","3"]
{"entity":"account","id":"\ud800","attribute":"level","value":"3"}
{"entity":"account","id":"a","attribute":"level","value":"3" at line 7}
{"entity":"account","id":"z","attribute":"level","value":1}"#;
        let expected = [
            "2: account/a/level=3",
            "3: 客/17/level=2.50",
            "5: account/a/blocked=true",
            "6: value is neither a text nor a number, true or false",
            "7: missing field `value`",
            "8: unknown field `note`, expected one of `entity`, `id`, `attribute`, `value`",
            "9: id is empty",
            "10: is not a JSON object: EOF while parsing a value",
            "11: is not a JSON object",
            "12: is not a JSON object",
            "13: id: unexpected end of hex escape",
            "14: is not a JSON object: expected `,` or `}`",
            "15: account/z/level=1",
        ];
        assert_eq!(lines(text), expected);
    }

    #[test]
    fn an_endless_line_is_bad_and_the_next_one_is_read() {
        let endless = format!("{{\"entity\":\"{}\"}}\n", "x".repeat(3 * LINE_MAX as usize));
        let text = endless + r#"{"entity":"account","id":"z","attribute":"level","value":1}"#;
        assert_eq!(lines(text.as_bytes()), ["1: is longer than 65536 bytes", "2: account/z/level=1"]);
    }
}
