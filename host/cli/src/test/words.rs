//! How good and bad look, and how many there are.

/// What is as it should be.
pub(super) const OK: anstyle::Style = anstyle::AnsiColor::Green.on_default();
/// What is not.
pub(super) const BAD: anstyle::Style = anstyle::AnsiColor::Red.on_default();

/// `1 case`, `2 cases`.
pub(super) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
