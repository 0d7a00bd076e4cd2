//! What is let into the registry: how long each text may be, and that nothing in it
//! can disturb a terminal or a log.

use crate::Error;

/// Most bytes of a component, its cases or its README, each.
pub const BLOB_MAX: usize = 64 << 20;
/// Most bytes of a generation's document and of a manifest.
pub const DOCUMENT_MAX: usize = 1 << 20;
/// Most bytes of who, of where from, and of a name.
pub const NAME_MAX: usize = 256;
/// Most bytes of a reason and of a summary.
pub const WHY_MAX: usize = 2 << 10;
/// Most bytes of what a host tells of one tenant.
pub const TOLD_MAX: usize = 64 << 10;
/// Most bytes of what a host has counted of one trial.
pub const COMPARED_MAX: usize = 256 << 10;
/// Most tenants that a host tells of.
pub const ROWS_MAX: usize = 100_000;

/// A text of one line, which has to be there.
pub(crate) fn line(what: &'static str, text: &str, most: usize) -> Result<(), Error> {
    if text.is_empty() {
        return Err(Error::Unfit { what, problem: "is empty: give it".to_owned() });
    }
    short(what, text, most)
}

/// A text of one line, or none.
pub(crate) fn short(what: &'static str, text: &str, most: usize) -> Result<(), Error> {
    size(what, text.len(), most)?;
    match text.chars().find(|c| c.is_control() || is_invisible(*c)) {
        Some(c) => Err(Error::Unfit { what, problem: format!("has the character {c:?} in it: leave it out") }),
        None => Ok(()),
    }
}

/// A text of several lines.
pub(crate) fn long(what: &'static str, text: &str, most: usize) -> Result<(), Error> {
    size(what, text.len(), most)?;
    match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        Some(c) => Err(Error::Unfit { what, problem: format!("has the character {c:?} in it: leave it out") }),
        None => Ok(()),
    }
}

/// Something of so many bytes.
pub(crate) fn size(what: &'static str, bytes: usize, most: usize) -> Result<(), Error> {
    if bytes > most {
        let problem = format!("has {bytes} bytes, the most is {most}: make it smaller");
        return Err(Error::Unfit { what, problem });
    }
    Ok(())
}

/// Characters that turn or hide what stands beside them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::{line, long, short};

    #[test]
    fn each_text_has_its_bounds() {
        assert!(line("name", "客户 1", 16).is_ok());
        assert!(short("why", "", 16).is_ok());
        assert!(long("document", "a = 1\r\n\tb", 16).is_ok());
        let problem = |result: Result<(), crate::Error>| result.unwrap_err().to_string();
        assert_eq!(problem(line("actor", "", 16)), "actor is empty: give it");
        assert_eq!(problem(short("why", "abc", 2)), "why has 3 bytes, the most is 2: make it smaller");
        assert_eq!(problem(short("why", "a\nb", 16)), "why has the character '\\n' in it: leave it out");
        assert_eq!(problem(short("why", "a\u{202e}b", 16)), "why has the character '\\u{202e}' in it: leave it out");
        assert_eq!(problem(long("document", "a\0b", 16)), "document has the character '\\0' in it: leave it out");
    }
}
