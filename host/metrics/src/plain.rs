//! From the OpenMetrics text to the older one, which more programs read. They
//! differ in three lines only: a counter's description carries the `_total` of
//! its sample, there are no units, and there is no end mark.

/// The plain form of an OpenMetrics text, with its descriptions as the registry writes them: help, then type.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line == "# EOF" || line.starts_with("# UNIT ") {
            continue;
        }
        let named = line.strip_prefix("# HELP ").or(line.strip_prefix("# TYPE ")).and_then(|rest| rest.split_once(' '));
        let Some((name, rest)) = named else {
            out.extend([line, "\n"]);
            continue;
        };
        let is_counter = |line: &str| line.strip_prefix("# TYPE ").is_some_and(|line| line.ends_with(" counter"));
        let suffix = if is_counter(line) || lines.peek().is_some_and(|next| is_counter(next)) { "_total" } else { "" };
        out.extend([&line[..7], name, suffix, " ", rest, "\n"]);
    }
    out
}
