//! One ordered stream through the judge: a reader, some workers, a writer.
//!
//! ```text
//!              ┌─► worker 0 ─┐
//!   reader ────┼─► worker 1 ─┼────► writer
//!   cuts       └─► worker 2 ─┘      takes them in the same turn
//! ```
//! Batch *k* goes to worker *k* mod *N*, and the writer takes from worker *k* mod
//! *N*: the order of the records is kept without numbering anything, and whatever
//! is slow holds up all, because every channel is bounded. What the judge answers
//! depends on the records alone, so neither *N* nor the cuts show in the output.
//!
//! A batch is what is waiting, up to a bound: from a file it is full, from a pipe
//! it is what has come. The writer flushes when it would have to wait.
//!
//! What must see the records in the order of the lane (windows) will stand
//! between two such rings: decode → in order → judge.

#[cfg(test)]
mod tests;

use crate::batch::Batch;
use crate::lines::Lines;
use crate::sink::{Sink, SinkError};
use crate::source::{Source, SourceError};
use crate::summary::Summary;
use sandgate_engine::judged::Judge;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, TryRecvError, channel, sync_channel};
use std::thread::{JoinHandle, spawn};
use std::time::Instant;

/// How a lane works; none of it shows in its output.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How many threads judge, at least one.
    pub workers: usize,
    /// The most records of a batch, at least one.
    pub batch: usize,
    /// The most bytes of a record.
    pub size_max: u64,
}

/// How far a lane has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read of the source, compressed ones where it is compressed.
    pub read: u64,
    /// How many there are, where one can know.
    pub total: Option<u64>,
    /// Records written down, as decisions or dead letters.
    pub records: u64,
}

/// How a lane ended. What was judged before an error is counted and written.
#[derive(Debug)]
pub struct Run {
    /// What was done.
    pub summary: Summary,
    /// Whether the source came to its end and all of it is on disk.
    pub ended: Result<(), Error>,
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
}

/// What goes through a lane's channels: batches, and at last why there are no more.
type Passed = Result<Box<Batch>, SourceError>;

/// Batches that may wait for each worker, and behind it: one large one is enough
/// for nobody to stand still, and more would only add to the time that a record
/// spends here; of small ones a few, or threads do nothing but wake each other.
fn waiting(batch: usize) -> usize {
    (256 / batch.max(1)).clamp(1, 64)
}

/// Takes a source through a judge into a sink. `progress` is told after every
/// batch, on the calling thread.
///
/// After an error the threads end by themselves; one that waits for a source
/// which does not answer is left behind, so that nobody waits for it.
pub fn run<J: Judge + Send + 'static>(
    source: Source,
    judge: Arc<J>,
    mut sink: Sink,
    settings: Settings,
    progress: &mut dyn FnMut(Progress),
) -> Run {
    let mut summary = Summary::new();
    let start = Instant::now();
    let (mut threads, ring, empty) = start_threads(source, judge, settings);
    let total = ring.total;
    let written = write(&ring, &empty, &mut sink, &mut summary, &mut |batch, records| {
        progress(Progress { read: batch.read, total, records });
    });
    // An error of the source leaves the sink whole, so it is still brought to disk.
    let ended = match written {
        Err(error @ Error::Sink(_)) => {
            threads.clear();
            Err(error)
        }
        other => sink.finish().map_err(Error::from).and(other),
    };
    summary.elapsed = start.elapsed();
    drop(ring);
    for thread in threads {
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
    Run { summary, ended }
}

/// The ends of the workers' channels, in turn.
struct Ring {
    judged: Vec<Receiver<Passed>>,
    total: Option<u64>,
}

fn start_threads<J: Judge + Send + 'static>(
    source: Source,
    judge: Arc<J>,
    settings: Settings,
) -> (Vec<JoinHandle<()>>, Ring, Sender<Box<Batch>>) {
    let (empty, emptied) = channel();
    let (mut threads, mut filled, mut judged) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..settings.workers.max(1) {
        let (to_worker, from_reader) = sync_channel(waiting(settings.batch));
        let (to_writer, from_worker) = sync_channel(waiting(settings.batch));
        let judge = Arc::clone(&judge);
        threads.push(spawn(move || work(&*judge, &from_reader, &to_writer)));
        filled.push(to_worker);
        judged.push(from_worker);
    }
    let total = source.total;
    let lines = Lines::new(source, settings.size_max);
    threads.push(spawn(move || read(lines, settings.batch.max(1), &filled, &emptied)));
    (threads, Ring { judged, total }, empty)
}

/// The reader: cuts batches until the source ends, or nobody takes them.
fn read(mut lines: Lines, records: usize, workers: &[SyncSender<Passed>], emptied: &Receiver<Box<Batch>>) {
    let mut turn = workers.iter().cycle();
    let mut send = |passed| turn.next().is_some_and(|worker| worker.send(passed).is_ok());
    loop {
        let mut batch = emptied.try_recv().unwrap_or_else(|_| Box::new(Batch::new()));
        let filled = lines.fill(&mut batch, records);
        if !batch.is_empty() && !send(Ok(batch)) {
            return;
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
        let passed = passed.map(|mut batch| {
            batch.judge(judge);
            batch
        });
        if judged.send(passed).is_err() {
            return;
        }
    }
}

/// The writer: takes batches in turn until a worker has no more, which means that
/// none of those after it has one.
fn write(
    ring: &Ring,
    empty: &Sender<Box<Batch>>,
    sink: &mut Sink,
    summary: &mut Summary,
    told: &mut dyn FnMut(&Batch, u64),
) -> Result<(), Error> {
    for worker in ring.judged.iter().cycle() {
        let passed = match worker.try_recv() {
            Ok(passed) => passed,
            Err(TryRecvError::Disconnected) => return Ok(()),
            Err(TryRecvError::Empty) => {
                sink.flush()?;
                match worker.recv() {
                    Ok(passed) => passed,
                    Err(_) => return Ok(()),
                }
            }
        };
        let mut batch = passed?;
        sink.write(&batch.judged)?;
        summary.add(&batch.judged.tally, batch.len() as u64, batch.admitted.elapsed());
        told(&batch, summary.records);
        batch.clear();
        // the reader may have come to the end of the source already
        let _ = empty.send(batch);
    }
    Ok(())
}
