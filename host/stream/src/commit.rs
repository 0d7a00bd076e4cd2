//! Group commit of a file lane: what was written becomes durable together.
//!
//! Files cannot be made durable at once, so the journal's record is the commit:
//! it is written after the decisions and dead letters that it names are on disk.
//! All of that happens on a thread of its own, while the lane goes on. The next
//! commit is made of what has come in the meantime, so a slow disk makes commits
//! larger and rarer, up to a bound; then the lane waits for it.

use crate::batch::Batch;
use crate::sink::{Committed, Sink, SinkError, Written};
use sandgate_engine::judged::Judge;
use sandgate_engine::tally::Tally;
use sandgate_state::Failure;
use sandgate_state::journal::{Journal, JournalError};
use sandgate_state::position::{Position, SourcePosition};
use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

/// What makes a run durable.
pub struct Durable {
    /// The journal of the lane.
    pub journal: Journal,
    /// How long decisions may wait for their commit.
    pub every: Duration,
    /// Where the run begins: what an earlier one has committed, or nothing.
    pub begin: Position,
}

/// Why a commit failed. What was committed before it stands.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The output cannot be brought to disk.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// One commit on its way.
struct Request {
    entries: Vec<u8>,
    position: Position,
    /// The last batch that is in it, if there is one.
    through: Option<u64>,
    /// The batches in it: when each was admitted, and how many records it has.
    batches: Vec<(Instant, u64)>,
}

/// A commit that is durable.
struct Done {
    request: Request,
    /// When it was.
    at: Instant,
    /// Something that went wrong without harm.
    note: Option<String>,
}

/// The writer's side of the thread that commits.
pub(crate) struct Committer {
    every: Duration,
    last: Instant,
    /// The entries since the last commit.
    entries: Vec<u8>,
    /// The buffer that comes back from a commit, to be used again.
    spare: Vec<u8>,
    sources: Vec<SourcePosition>,
    through: Option<u64>,
    batches: Vec<(Instant, u64)>,
    requests: Option<SyncSender<Request>>,
    done: Receiver<Result<Done, CommitError>>,
    /// How long records were in the host until they were durable.
    durations: Vec<(Duration, u64)>,
    notes: Vec<String>,
    under_way: bool,
    thread: Option<JoinHandle<Option<String>>>,
}

impl Committer {
    /// Entries that wait at most, in bytes, before the lane waits for the disk.
    const WAITING_MAX: usize = 32 << 20;

    pub(crate) fn start<J: Judge + 'static>(
        durable: Durable,
        sink: &Sink,
        judge: &Arc<J>,
    ) -> Result<Committer, SinkError> {
        let files = sink.files()?;
        let (requests, taken) = sync_channel::<Request>(1);
        let (finished, done) = sync_channel(1);
        let mut journal = durable.journal;
        let judge = Arc::clone(judge);
        let thread = spawn(move || {
            for request in taken {
                let committed = commit(&files, &mut journal, &*judge, &request);
                let committed = committed.map(|note| Done { request, at: Instant::now(), note });
                let failed = committed.is_err();
                if finished.send(committed).is_err() || failed {
                    return None;
                }
            }
            journal.finish().and_then(Result::err).map(not_shorter)
        });
        Ok(Committer {
            every: durable.every,
            last: Instant::now(),
            entries: Vec::new(),
            spare: Vec::new(),
            sources: durable.begin.sources,
            through: None,
            batches: Vec::new(),
            requests: Some(requests),
            done,
            durations: Vec::new(),
            notes: Vec::new(),
            under_way: false,
            thread: Some(thread),
        })
    }

    /// Takes what the journal must hold about a batch.
    pub(crate) fn add(&mut self, number: u64, batch: &Batch) {
        self.entries.extend_from_slice(&batch.judged.journal);
        self.sources.clear();
        self.sources.extend_from_slice(&batch.ends);
        self.through = Some(number);
        self.batches.push((batch.admitted, batch.len() as u64));
    }

    /// How long so many records were in the host until they were durable, for all
    /// that have become so since it was asked last.
    pub(crate) fn durations(&mut self) -> impl Iterator<Item = (Duration, u64)> {
        self.durations.drain(..)
    }

    /// What an operator should know, each told once.
    pub(crate) fn notes(&mut self) -> impl Iterator<Item = String> {
        self.notes.drain(..)
    }

    /// Whether a commit should be made of what has come.
    pub(crate) fn is_due(&self) -> bool {
        self.through.is_some() && (self.last.elapsed() >= self.every || self.entries.len() >= Committer::WAITING_MAX)
    }

    /// Begins a commit, unless one is under way that the lane need not wait for.
    /// Everything that was added must have been written to the sink.
    pub(crate) fn begin(&mut self, sink: &mut Sink, totals: &Totals) -> Result<(), CommitError> {
        self.look(self.entries.len() >= Committer::WAITING_MAX)?;
        if self.under_way {
            return Ok(());
        }
        sink.flush()?;
        self.send(sink, totals, false);
        Ok(())
    }

    /// Makes the last commit and waits for it; `ended` says whether the sources
    /// came to their end.
    pub(crate) fn finish(&mut self, sink: &mut Sink, totals: &Totals, ended: bool) -> Result<(), CommitError> {
        self.look(true)?;
        sink.flush()?;
        self.send(sink, totals, ended);
        self.look(true)?;
        self.requests = None;
        match self.thread.take().map(JoinHandle::join) {
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            Some(Ok(note)) => self.notes.extend(note),
            None => {}
        }
        Ok(())
    }

    fn send(&mut self, sink: &Sink, totals: &Totals, ended: bool) {
        let written = sink.written();
        let hashes = [written.decisions.hash, written.dead_letters.hash].map(u64::to_le_bytes);
        let position = Position {
            sources: self.sources.clone(),
            output: written.decisions.length,
            dead_letters: written.dead_letters.length,
            records: totals.records,
            tally: [hashes.as_flattened(), &totals.tally].concat(),
            ended,
        };
        let entries = std::mem::replace(&mut self.entries, std::mem::take(&mut self.spare));
        let through = self.through.take();
        // a thread that has ended says why through `done`
        if let Some(requests) = &self.requests {
            let batches = std::mem::take(&mut self.batches);
            let _ = requests.send(Request { entries, position, through, batches });
        }
        self.under_way = true;
        self.last = Instant::now();
    }

    /// Takes the answer of a commit under way, or waits for it.
    fn look(&mut self, wait: bool) -> Result<(), CommitError> {
        if !self.under_way {
            return Ok(());
        }
        let answer = if wait {
            self.done.recv().ok()
        } else {
            match self.done.try_recv() {
                Ok(answer) => Some(answer),
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => None,
            }
        };
        self.under_way = false;
        match answer {
            Some(answer) => {
                let Done { mut request, at, note } = answer?;
                request.entries.clear();
                self.spare = request.entries;
                let since = request.batches.iter().map(|(admitted, records)| (at - *admitted, *records));
                self.durations.extend(since);
                self.notes.extend(note);
            }
            // the thread has panicked, which its end tells
            None => {
                if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
                    std::panic::resume_unwind(panic);
                }
            }
        }
        Ok(())
    }
}

/// What a position says about the output, and the counts behind that; nothing
/// where it is no position of a file lane.
pub fn committed(position: &Position) -> Option<(Committed, Tally)> {
    let ([decisions, dead_letters], tally) = match position.tally.is_empty() {
        true => ([0, 0], Tally::default()),
        false => {
            let (hashes, tally) = position.tally.split_at_checked(16)?;
            let (hashes, _) = hashes.as_chunks::<8>();
            let [decisions, dead_letters] = hashes else { return None };
            ([decisions, dead_letters].map(|hash| u64::from_le_bytes(*hash)), Tally::from_bytes(tally)?)
        }
    };
    let decisions = Written { length: position.output, hash: decisions };
    Some((Committed { decisions, dead_letters: Written { length: position.dead_letters, hash: dead_letters } }, tally))
}

/// What a commit says about the whole run.
pub(crate) struct Totals {
    pub(crate) records: u64,
    pub(crate) tally: Vec<u8>,
}

fn commit(
    files: &[(String, File)],
    journal: &mut Journal,
    judge: &dyn Judge,
    request: &Request,
) -> Result<Option<String>, CommitError> {
    for (name, file) in files {
        file.sync_data().map_err(|error| SinkError::of(name.clone(), error))?;
    }
    journal.commit(&request.entries, &request.position)?;
    if let Some(through) = request.through {
        judge.committed(through);
    }
    if journal.is_due()
        && let Some((front, sieve)) = judge.compaction()
    {
        journal.compact(front, sieve)?;
    }
    Ok(journal.compacted().and_then(Result::err).map(not_shorter))
}

fn not_shorter(failure: Failure) -> String {
    format!("the journal could not be made shorter, which costs room only: {failure}")
}
