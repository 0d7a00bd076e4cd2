//! `sandgate effectiveness`: what a run was worth, from labels that tell
//! afterwards which transactions were fraud.
//!
//! A decision says where its record stands, so records and decisions are walked
//! side by side: nothing is kept but the counts, whatever their number, and
//! nothing is guessed from ids that may be composed or repeated.

mod lines;
mod money;
mod record;
mod table;
mod tally;
mod walk;

use anyhow::Context as _;
use std::io::Write as _;
use std::path::PathBuf;

/// The command line of `sandgate effectiveness`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    sandgate run --config sandgate.toml --from records.jsonl --to decisions.jsonl\n  \
    sandgate effectiveness decisions.jsonl --labels records.jsonl\n\n\
    A label of null, false, 0 or none at all means honest; true or 1 means fraud; a text names the fraud.\n\
    precision: of what was stopped, the share that was fraud. recall: of the fraud, the share that was stopped.\n\n\
    Exit status: 0 done; 1 a file cannot be read, or the two do not belong together.")]
pub(crate) struct Args {
    /// The decisions of a run: JSON lines, also .gz
    decisions: PathBuf,
    /// The records that were judged, with a label in each: JSON lines, also .gz
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// The key of the label in a record
    #[arg(long, value_name = "KEY", default_value = "label")]
    label: String,
    /// The key of the amount in a record
    #[arg(long, value_name = "KEY", default_value = "amount")]
    amount: String,
    /// Print one JSON object for programs
    #[arg(long)]
    json: bool,
}

/// Compares decisions with labels, and says what it found.
///
/// # Errors
/// Where a file cannot be read, or the two do not belong together.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let keys = record::Keys { label: &args.label, amount: &args.amount };
    let tally = walk::compare(&args.decisions, &args.labels, &keys)?;
    let out = &mut anstream::stdout().lock();
    let written =
        if args.json { writeln!(out, "{}", table::json(&tally)) } else { write!(out, "{}", table::text(&tally)) };
    written.context("standard output cannot be written")
}
