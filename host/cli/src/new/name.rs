//! Which names a policy may have: they become a function's and a crate's too.

use anyhow::bail;

/// The most characters of a policy's name.
const LONGEST: usize = 64;

/// Words that no function can be called.
const KEYWORDS: [&str; 52] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "union",
];

/// Names of crates, modules and types that its own would stand in the way of.
const TAKEN: [&str; 30] = [
    "alloc",
    "bool",
    "build",
    "char",
    "core",
    "expand",
    "f32",
    "f64",
    "i128",
    "i16",
    "i32",
    "i64",
    "i8",
    "isize",
    "main",
    "proc-macro",
    "sandgate",
    "sandgate-harness",
    "sandgate-sdk",
    "sandgate-sdk-build",
    "std",
    "str",
    "test",
    "tests",
    "u128",
    "u16",
    "u32",
    "u64",
    "u8",
    "usize",
];

/// Checks a name.
///
/// # Errors
/// What is wrong with it, and a name that would do.
pub(super) fn check(name: &str) -> anyhow::Result<()> {
    if KEYWORDS.contains(&name) {
        bail!("{name:?} is a word of Rust, and the name becomes a function's; choose another, such as {name}-limits");
    }
    if TAKEN.contains(&name) {
        bail!("{name:?} is the name of something that a policy's crate uses; choose another, such as {name}-limits");
    }
    if is_name(name) {
        return Ok(());
    }
    let near: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect::<String>()
        .split('-')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-");
    let hint = if is_name(&near) { format!("did you mean {near}?") } else { "such as night-limits".to_owned() };
    bail!(
        "{name:?} cannot be a policy's name, which is lower-case words of letters and digits joined by hyphens, \
         begins with a letter and has at most {LONGEST} characters; {hint}"
    );
}

fn is_name(name: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    name.len() <= LONGEST && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.split('-').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_name_is_lower_case_words_joined_by_hyphens() {
        for name in ["a", "night-limits", "psd2-limits", "rules", "card-3ds"] {
            assert!(check(name).is_ok(), "{name}");
        }
        let said = |name: &str| check(name).err().map_or(String::new(), |error| error.to_string());
        let table = [
            ("", "such as night-limits"),
            ("Night_Limits", "did you mean night-limits?"),
            ("night limits", "did you mean night-limits?"),
            ("night--limits", "did you mean night-limits?"),
            ("3ds", "such as night-limits"),
            ("限额", "such as night-limits"),
            ("match", "is a word of Rust"),
            ("union", "is a word of Rust"),
            ("tests", "is the name of something that a policy's crate uses"),
            ("u64", "such as u64-limits"),
            ("sandgate-sdk", "such as sandgate-sdk-limits"),
        ];
        for (name, expected) in table {
            assert!(said(name).contains(expected), "{name}: {}", said(name));
        }
        assert!(said(&"a".repeat(65)).contains("at most 64"));
    }
}
