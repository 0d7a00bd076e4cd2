//! One ordered stream through the judge: a reader, some workers, a writer.
//!
//! ```text
//!              ┌─► worker 0 ─┐
//!   reader ────┼─► worker 1 ─┼────► writer ──► commit
//!   cuts       └─► worker 2 ─┘      takes them in the same turn
//! ```
//! Batch *k* goes to worker *k* mod *N*, and the writer takes from worker *k* mod
//! *N*: the order of the records is kept, and whatever is slow holds up all,
//! because every channel is bounded. Neither *N* nor the cuts show in the output:
//! what must see records in the order of the lane waits for its turn inside the
//! judge, by the number of the batch.
//!
//! A batch is what is waiting, up to a bound: from a file it is full, from a pipe
//! it is what has come. The writer flushes when it would have to wait.

#[cfg(test)]
mod tests;
mod writer;

use crate::batch::Batch;
use crate::commit::{CommitError, Committer, Durable};
use crate::lines::Lines;
use crate::merge::{Merge, TimeOf};
use crate::sink::{Sink, SinkError};
use crate::source::{Source, SourceError};
use crate::summary::Summary;
use sandgate_engine::judged::Judge;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{JoinHandle, spawn};
use std::time::Instant;
use writer::Writer;

/// How a lane works; none of it shows in its output.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How many threads judge, at least one.
    pub workers: usize,
    /// The most records of a batch, at least one.
    pub batch: usize,
}

/// How far a lane has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read of the sources, compressed ones where they are compressed.
    pub read: u64,
    /// How many there are, where one can know.
    pub total: Option<u64>,
    /// Records written down, as decisions or dead letters.
    pub records: u64,
}

/// What a lane tells on its way.
#[derive(Clone, Copy, Debug)]
pub enum Told<'a> {
    /// How far it has come.
    Progress(Progress),
    /// Something that an operator should know.
    Note(&'a str),
}

/// How a lane ended. What was judged before an error is counted and written.
#[derive(Debug)]
pub struct Run {
    /// What was done.
    pub summary: Summary,
    /// Whether the sources came to their end and all of it is on disk.
    pub ended: Result<(), Error>,
    /// Whether they had come to it in an earlier run, and have not grown since.
    pub nothing_new: bool,
}

/// Why a lane stopped before the end of its source.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The output cannot be written.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// What was written cannot be made durable.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// What goes through a lane's channels: batches with their numbers, and at last
/// why there are no more.
type Passed = Result<(u64, Box<Batch>), SourceError>;

/// Batches that may wait for each worker, and behind it: one large one is enough
/// for nobody to stand still, and more would only add to the time that a record
/// spends here; of small ones a few, or threads do nothing but wake each other.
fn waiting(batch: usize) -> usize {
    (256 / batch.max(1)).clamp(1, 64)
}

/// Takes sources through a judge into a sink, and makes it durable where it can
/// be. `summary` is what earlier runs of the lane have done. `told` hears how far
/// it is after every batch, and what an operator should know, on the calling thread.
///
/// After an error the threads end by themselves; one that waits for a source
/// which does not answer is left behind, so that nobody waits for it.
pub fn run<J: Judge + 'static>(
    sources: Vec<Source>,
    judge: Arc<J>,
    mut sink: Sink,
    durable: Option<Durable>,
    settings: Settings,
    mut summary: Summary,
    told: &mut dyn FnMut(Told<'_>),
) -> Run {
    let start = Instant::now();
    let mut nothing_new = false;
    let ended = begin(sources, durable.as_ref(), told).and_then(|(lines, more)| {
        nothing_new = !more;
        if more { go(lines, &judge, &mut sink, durable, settings, &mut summary, told) } else { Ok(()) }
    });
    summary.elapsed = start.elapsed();
    // An error of a source leaves the sink whole, so it is still brought to disk.
    let ended = match ended {
        Err(error @ (Error::Sink(_) | Error::Commit(_))) => Err(error),
        other => sink.finish().map_err(Error::from).and(other),
    };
    Run { summary, ended, nothing_new }
}

/// Goes to where an earlier run has come, and says whether there is anything
/// left to do.
fn begin(
    sources: Vec<Source>,
    durable: Option<&Durable>,
    told: &mut dyn FnMut(Told<'_>),
) -> Result<(Vec<Lines>, bool), Error> {
    let mut lines: Vec<Lines> = sources.into_iter().enumerate().map(|(at, source)| Lines::new(source, at)).collect();
    let Some(Durable { begin, .. }) = durable else { return Ok((lines, true)) };
    for (lines, position) in lines.iter_mut().zip(&begin.sources) {
        let total = lines.total();
        lines.resume(position, &mut |read| told(Told::Progress(Progress { read, total, records: begin.records })))?;
    }
    if lines.len() > 1 {
        for (lines, _) in lines.iter_mut().zip(&begin.sources).filter(|(_, position)| position.ended) {
            if lines.has_more()? {
                // its records may belong between those that are judged already
                return Err(lines.one_of_several().into());
            }
        }
        return Ok((lines, !begin.ended));
    }
    let more = lines.iter_mut().try_fold(false, |more, lines| lines.has_more().map(|has| more || has))?;
    Ok((lines, more || !begin.ended))
}

fn go<J: Judge + 'static>(
    lines: Vec<Lines>,
    judge: &Arc<J>,
    sink: &mut Sink,
    durable: Option<Durable>,
    settings: Settings,
    summary: &mut Summary,
    told: &mut dyn FnMut(Told<'_>),
) -> Result<(), Error> {
    let total = lines.iter().map(Lines::total).sum();
    let committer = durable.map(|durable| Committer::start(durable, sink, judge)).transpose()?;
    let mut writer = Writer { sink, judge: &**judge, committer, summary, total, told };
    let (threads, ring, empty) = start_threads(lines, judge, settings);
    let written = writer.write(&ring, &empty);
    judge.close();
    if matches!(written, Err(Error::Sink(_) | Error::Commit(_))) {
        return written;
    }
    // Whoever has panicked has ended its channel too: that is no end of the source.
    drop(ring);
    for thread in threads {
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
    writer.finish(written.is_ok())?;
    written
}

/// The ends of the workers' channels, in turn.
struct Ring {
    judged: Vec<Receiver<Passed>>,
}

fn start_threads<J: Judge + 'static>(
    lines: Vec<Lines>,
    judge: &Arc<J>,
    settings: Settings,
) -> (Vec<JoinHandle<()>>, Ring, Sender<Box<Batch>>) {
    let (empty, emptied) = channel();
    let (mut threads, mut filled, mut judged) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..settings.workers.max(1) {
        let (to_worker, from_reader) = sync_channel(waiting(settings.batch));
        let (to_writer, from_worker) = sync_channel(waiting(settings.batch));
        let judge = Arc::clone(judge);
        threads.push(spawn(move || work(&*judge, &from_reader, &to_writer)));
        filled.push(to_worker);
        judged.push(from_worker);
    }
    let judge = Arc::clone(judge);
    threads.push(spawn(move || {
        let time = |source: usize, bytes: &[u8]| judge.time(source, bytes);
        read(Merge::new(lines), &time, settings.batch.max(1), &filled, &emptied);
    }));
    (threads, Ring { judged }, empty)
}

/// The reader: cuts batches until the sources end, or nobody takes them.
fn read(
    mut merge: Merge,
    time: TimeOf<'_>,
    records: usize,
    workers: &[SyncSender<Passed>],
    emptied: &Receiver<Box<Batch>>,
) {
    let mut turn = workers.iter().cycle();
    let mut send = |passed| turn.next().is_some_and(|worker| worker.send(passed).is_ok());
    let mut number = 0;
    loop {
        let mut batch = emptied.try_recv().unwrap_or_else(|_| Box::new(Batch::new()));
        let filled = merge.fill(&mut batch, records, time);
        if !batch.is_empty() {
            if !send(Ok((number, batch))) {
                return;
            }
            number += 1;
        }
        match filled {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                send(Err(error));
                return;
            }
        }
    }
}

/// A worker: judges what it is given.
fn work(judge: &dyn Judge, filled: &Receiver<Passed>, judged: &SyncSender<Passed>) {
    for passed in filled {
        let passed = match passed {
            Ok((number, mut batch)) => match batch.judge(number, judge) {
                Ok(()) => Ok((number, batch)),
                // closed: a run from files shares no series, so nobody waits
                Err(_) => return,
            },
            Err(error) => Err(error),
        };
        if judged.send(passed).is_err() {
            return;
        }
    }
}
