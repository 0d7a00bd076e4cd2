//! A decision in words, for the message of an expectation that does not hold.

use serde_json::Value;
use std::fmt::Write as _;

/// An answer to a send: what was decided, why and on what, or why not.
pub(super) fn told(answer: &Value) -> String {
    let mut lines = String::new();
    let mut line = |what: &str, text: String| {
        if !text.is_empty() {
            // a text cannot refuse to grow
            let _ = writeln!(lines, "  {what:<10} {text}");
        }
    };
    if let Some(letter) = answer.get("dead_letter") {
        line("dead letter", format!("{}: {}", plain(&letter["cause"]), plain(&letter["detail"])));
        return lines;
    }
    let decision = &answer["decision"];
    let policy = &decision["policies"][0];
    line("judged", format!("{} at {}", plain(&decision["transaction"]), plain(&decision["time"])));
    line("outcome", plain(&decision["outcome"]));
    for reason in list(&decision["reasons"]) {
        line("reason", format!("{}: {}", plain(&reason["code"]), plain(&reason["message"])));
    }
    for score in list(&decision["scores"]) {
        line("score", plain(&score["value"]));
        line("moved by", members(&score["contributions"]));
    }
    for fault in list(&decision["faults"]) {
        line("fault", format!("{}: {}", plain(&fault["fault"]), plain(&fault["detail"])));
    }
    line("inputs", members(&policy["inputs"]));
    line("defaulted", list(&policy["defaulted"]).iter().map(plain).collect::<Vec<_>>().join(", "));
    for circumstance in list(&decision["circumstances"]) {
        line("but", format!("{}: {}", plain(&circumstance["what"]), plain(&circumstance["detail"])));
    }
    if !decision["repeat_of"].is_null() {
        line("repeat of", decision["repeat_of"].to_string());
    }
    lines
}

/// The elements of a list; none of anything else.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A value as a sentence shows it.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn members(object: &Value) -> String {
    let members = object.as_object().into_iter().flatten();
    members.map(|(name, value)| format!("{name} {}", plain(value))).collect::<Vec<_>>().join(", ")
}
