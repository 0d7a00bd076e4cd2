//! The page that people read: what the component is, then a table for each list
//! of its manifest.

use super::{kind, words};
use sandgate_model::Manifest;
use sandgate_model::digits::grouped;
use sandgate_model::manifest::{Message, Piece, Placeholder, Risky, Score};
use sandgate_sandbox::{INTERFACE, Policy};
use std::fmt::Write as _;

const HEAD: anstyle::Style = anstyle::Style::new().bold();
const FAINT: anstyle::Style = anstyle::Style::new().dimmed();
const WARNING: anstyle::Style = anstyle::AnsiColor::Yellow.on_default();

/// Tells of a policy whose component has so many bytes.
pub(super) fn of(policy: &Policy, size: usize) -> String {
    let manifest = policy.manifest();
    let mut out = format!("{HEAD}{} {}{HEAD:#}: {}\n\n", manifest.name, manifest.version, manifest.summary);
    let kind = match kind(manifest) {
        "both" => "rules and a score",
        "scoring" => "a score",
        kind => kind,
    };
    let memory = grouped(policy.memory() / 1024);
    let facts = [
        ("answers with", kind.to_owned()),
        ("digest", policy.digest().to_string()),
        ("world", INTERFACE.to_owned()),
        ("size", format!("{} bytes; a sandbox starts with {memory} KiB of memory", grouped(size as u64))),
    ];
    for (name, fact) in facts {
        let _ = writeln!(out, "  {FAINT}{name:<13}{FAINT:#} {fact}");
    }
    lists(manifest, &mut out);
    if let Some(told) = &manifest.score {
        score(told, &mut out);
    }
    for warning in policy.warnings() {
        let _ = writeln!(out, "\n{WARNING}warning:{WARNING:#} {warning}");
    }
    out
}

fn lists(manifest: &Manifest, out: &mut String) {
    let inputs = manifest.inputs.iter().map(|input| {
        let bounds = words::bounds(input.minimum.as_ref(), input.maximum.as_ref());
        [input.name.clone(), words::kind(input.kind), bounds, words::absent(input), words::source(&input.from)]
    });
    table(["inputs", "kind", "allowed", "if absent", "from"], inputs.collect(), out);
    let parameters = manifest.parameters.iter().map(|parameter| {
        let list = if parameter.list { "list of " } else { "" };
        let kind = format!("{list}{}", words::kind(parameter.kind));
        [parameter.name.clone(), kind, words::allowed(parameter), words::default(parameter)]
    });
    table(["parameters", "kind", "allowed", "default"], parameters.collect(), out);
    let reasons = manifest.reasons.iter().map(|reason| {
        let last = if reason.is_final { ", final" } else { "" };
        let effect = format!("{}{last}", reason.effect);
        [reason.code.clone(), effect, reason.weight.to_string(), template(&reason.message, manifest)]
    });
    table(["reasons", "effect", "weight", "message"], reasons.collect(), out);
}

/// Columns as wide as their widest cell; nothing where there are no rows.
fn table<const COLUMNS: usize>(head: [&str; COLUMNS], rows: Vec<[String; COLUMNS]>, out: &mut String) {
    if rows.is_empty() {
        return;
    }
    let mut widths = head.map(|cell| cell.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: [&str; COLUMNS]| {
        let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let head_line = line(head);
    let (name, rest) = head_line.split_at(head[0].len());
    let _ = writeln!(out, "\n{HEAD}{name}{HEAD:#}{FAINT}{rest}{FAINT:#}");
    for row in &rows {
        let _ = writeln!(out, "{}", line(row.each_ref().map(String::as_str)));
    }
}

fn score(score: &Score, out: &mut String) {
    let risky = match score.risky {
        Risky::High => "high",
        Risky::Low => "low",
    };
    let contributions = if score.contributions { ", and what each input moved it by" } else { "" };
    let summary = if score.summary.is_empty() { String::new() } else { format!("\n       {}", score.summary) };
    let _ = writeln!(
        out,
        "\n{HEAD}score{HEAD:#}  {} to {}, {risky} is risky{contributions}{summary}",
        score.minimum, score.maximum
    );
}

/// A message as its author wrote it.
fn template(message: &Message, manifest: &Manifest) -> String {
    let pieces = message.pieces.iter().map(|piece| match piece {
        Piece::Text(text) => text.replace('{', "{{").replace('}', "}}"),
        Piece::Value(Placeholder::Input(at)) => format!("{{{}}}", manifest.inputs[*at].name),
        Piece::Value(Placeholder::Parameter(at)) => format!("{{{}}}", manifest.parameters[*at].name),
    });
    pieces.collect()
}
