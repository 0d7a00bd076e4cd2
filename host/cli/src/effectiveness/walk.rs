//! Decisions and the records that they are about, side by side.

use super::lines::Lines;
use super::record::{Decision, Keys};
use super::tally::Tally;
use anyhow::{anyhow, bail};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::Path;

/// Counts all decisions of a file by the labels of their records.
///
/// # Errors
/// Where a file cannot be read, or the two do not belong together.
pub(super) fn compare(decisions: &Path, records: &Path, keys: &Keys<'_>) -> anyhow::Result<Tally> {
    let style = ProgressStyle::with_template("{bar:30} {percent}%, {eta} left")?;
    let bar = ProgressBar::no_length().with_style(style);
    let decisions = Lines::open(decisions, &bar)?;
    let records = Lines::open(records, &ProgressBar::hidden())?;
    let tally = Walk { decisions, records, source: None, tally: Tally::default() }.compare(keys);
    bar.finish_and_clear();
    tally
}

struct Walk {
    decisions: Lines,
    records: Lines,
    /// Of which source the records are, once a decision has said it.
    source: Option<String>,
    tally: Tally,
}

impl Walk {
    fn compare(mut self, keys: &Keys<'_>) -> anyhow::Result<Tally> {
        while self.step(keys)? {}
        while self.records.next()?.is_some() {
            self.tally.undecided += 1;
        }
        let Tally { decisions, labelled, .. } = self.tally;
        if decisions > 0 && labelled == 0 {
            bail!(
                "no record of {} has the key `{}`: name that of its labels with --label KEY",
                self.records.path().display(),
                keys.label
            );
        }
        Ok(self.tally)
    }

    /// Counts one decision; answers whether there was one.
    fn step(&mut self, keys: &Keys<'_>) -> anyhow::Result<bool> {
        if self.decisions.next()?.is_none() {
            return Ok(false);
        }
        let decision: serde_json::Result<Decision<'_>> = serde_json::from_slice(self.decisions.bytes());
        let Decision { outcome, repeat_of, position } = match decision {
            Ok(decision) => decision,
            Err(error) => bail!("{} is no decision: {}", self.decisions.place(), told(&error)),
        };
        if position.partition != 0 {
            bail!(
                "{} is about partition {} of {}: only a file's records can be walked beside its decisions",
                self.decisions.place(),
                position.partition,
                position.source
            );
        }
        let source = self.source.get_or_insert_with(|| position.source.clone().into_owned());
        if *source != position.source {
            bail!(
                "{} is about the source {}, and those before it about {source}: give the decisions of one source",
                self.decisions.place(),
                position.source
            );
        }
        let wanted = position.offset;
        let record = loop {
            match self.records.next()? {
                Some(offset) if offset < wanted => self.tally.undecided += 1,
                Some(offset) if offset == wanted => break keys.read(self.records.bytes()),
                _ => bail!(
                    "{} is about the record at byte {wanted} of its source, and in {} none begins there behind the one \
                     before: give the records that this run has judged, all of them and unchanged",
                    self.decisions.place(),
                    self.records.path().display()
                ),
            }
        };
        let record = record.map_err(|error| anyhow!("{} cannot be used: {}", self.records.place(), told(&error)))?;
        if repeat_of.is_some() {
            self.tally.repeats += 1;
        } else if !self.tally.add(outcome, record) {
            bail!(
                "{} has more than {} different labels: is `{}` the key of the label?",
                self.records.path().display(),
                Tally::LABELS_MAX,
                keys.label
            );
        }
        Ok(true)
    }
}

/// An error without its line, which is always the first of one.
fn told(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((what, _)) => format!("{what} at column {}", error.column()),
        None => text,
    }
}
