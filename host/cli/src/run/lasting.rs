//! What makes a run outlive its process: the lane's state, and the place where
//! it goes on.

use super::Bar;
use crate::config::StateSettings;
use crate::note;
use anyhow::Context as _;
use sandgate_engine::Engine;
use sandgate_state::Lane;
use sandgate_state::folder::Folder;
use sandgate_state::identity::{Identity, Input, Setting};
use sandgate_state::journal::Tuning;
use sandgate_stream::{Durable, Progress, Sink, SinkError, Source, Summary, Target};
use std::path::{Path, PathBuf};

/// What a run says about its state.
pub(super) struct Lasting<'a> {
    pub(super) state: &'a StateSettings,
    /// By source.
    pub(super) from: &'a [PathBuf],
    pub(super) to: &'a Path,
    pub(super) force: bool,
    pub(super) workers: usize,
    /// Whether the policy sets may change while the lane goes on.
    pub(super) follows: bool,
}

/// Where a run begins.
type Begun = (Sink, Option<Durable>, Summary);

impl Lasting<'_> {
    /// Why this run cannot be taken up again, if it cannot.
    pub(super) fn hindered(&self, sources: &[Source], target: &Target) -> Option<String> {
        let unnamed = |path: &Path, standard: &str| match path == Path::new("-") {
            true => format!("{standard} is no file"),
            false => format!("{} is no regular file", path.display()),
        };
        if let Some((_, from)) = sources.iter().zip(self.from).find(|(source, _)| !source.is_file()) {
            return Some(unnamed(from, "standard input"));
        }
        (!target.is_file()).then(|| unnamed(self.to, "standard output"))
    }

    /// Drops what an earlier run knows of the output, which is about to be replaced
    /// by a run that keeps no state; an output and its state go together.
    pub(super) fn forget(&self, target: &Target) -> anyhow::Result<()> {
        if self.force && target.is_file() && self.state.path.is_dir() {
            Folder::open(&self.state.path)?.drop_lane(&absolute(self.to))?;
        }
        Ok(())
    }

    /// Opens the state of this pair of inputs and output, and the output where
    /// its last commit left it.
    pub(super) fn open(&self, engine: &Engine, lane: &Lane, target: &Target, bar: &Bar) -> anyhow::Result<Begun> {
        let sources: Vec<_> = engine.source_names().iter().map(|name| name.to_string()).collect();
        let identity = identity(&sources, self.from, self.to, configuration(engine, self.state, self.follows));
        let tuning = Tuning { worth: self.state.snapshot, ..Tuning::default() };
        let folder = Folder::open_with(&self.state.path, tuning)?;
        if self.force || folder.find(&identity.output)?.is_none() {
            // an output that no run of this state has made is somebody's file
            let there = target.occupied();
            if !self.force && !there.is_empty() {
                return Err(SinkError::Exists { paths: there }.into());
            }
            // before the lane is: an output that cannot be made leaves no state behind
            target.make()?;
        }
        let stored = folder.lane(&identity, self.force)?;
        let mut restore = lane.restore(self.workers);
        let (journal, replayed) = stored.open(&mut restore, &mut |progress| bar.restore(progress))?;
        restore.finish();
        if let Some(torn) = &replayed.torn {
            let (file, bytes) = (torn.file.display(), torn.bytes);
            note(format!("{file} ended in {bytes} bytes of an unfinished commit, which were cut off"));
        }
        let begin = replayed.position;
        let (committed, mut tally) =
            sandgate_stream::committed(&begin).context("the state holds counts that are none; say --force")?;
        // of policies that do not decide any more, nobody could say which
        if tally.named != engine.reasons_hash() && tally.reasons.iter().any(|hits| *hits > 0) {
            tally.reasons.clear();
            note("other policies decide now: hits of reasons are counted from here on");
        }
        let length = committed.decisions.length;
        let sink = Sink::resume(target, committed, &mut |read| {
            bar.show(Progress { read, total: Some(length), records: begin.records });
        })?;
        let mut summary = Summary::new();
        if begin.records > 0 {
            summary = Summary::going_on(tally, begin.records);
            if !begin.ended {
                note(format!(
                    "an earlier run was stopped after {} records; this one goes on from there",
                    begin.records
                ));
            }
        }
        Ok((sink, Some(Durable { journal, every: self.state.commit, begin }), summary))
    }
}

/// What a lane of these sources, files and configuration is known by.
pub(crate) fn identity(sources: &[String], from: &[PathBuf], to: &Path, configuration: Vec<Setting>) -> Identity {
    let inputs = sources.iter().zip(from).map(|(source, from)| Input { source: source.clone(), path: absolute(from) });
    Identity { inputs: inputs.collect(), output: absolute(to), configuration }
}

/// Everything besides the files that the decisions of a lane depend on: its policy sets,
/// or, of a host that `follows` changes of them, what is kept for them.
pub(crate) fn configuration(engine: &Engine, state: &StateSettings, follows: bool) -> Vec<Setting> {
    let setting = |name: &str, value: String| Setting { name: name.to_owned(), value };
    let generations = engine.generations();
    let sets = generations.iter().flat_map(|generation| {
        let tenant = &generation.tenant;
        if !follows {
            return vec![setting(&format!("the policy set of tenant {tenant}"), generation.set.to_string())];
        }
        // each grows by itself: a field that comes later would else stand before the windows
        let (fields, windows): (Vec<_>, Vec<_>) =
            generation.base().lines().into_iter().partition(|line| line.starts_with("field "));
        vec![
            Setting::growing(&format!("the stored fields of tenant {tenant}"), fields),
            Setting::growing(&format!("the windows of tenant {tenant}"), windows),
        ]
    });
    let bounds = state.bounds;
    sets.chain([
        setting("state.lateness", format!("{} ms", bounds.lateness)),
        setting("state.repeats", format!("{} ms", bounds.repeats)),
        setting("state.ids", bounds.ids.to_string()),
        setting("state.events", bounds.events.to_string()),
        setting("engine.reused_id", engine.reused_id().word().to_owned()),
    ])
    .collect()
}

/// The path that a file is known by, however it was named; a file that is not
/// there yet by its folder's.
fn absolute(path: &Path) -> String {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let in_folder = || Some(folder.canonicalize().ok()?.join(path.file_name()?));
    let known = path.canonicalize().ok().or_else(in_folder).unwrap_or_else(|| path.to_owned());
    known.display().to_string()
}
