//! The end of a lane: what was judged is written down in its order, and committed.

use super::{Error, Progress, Ring, Told};
use crate::batch::Batch;
use crate::commit::{Committer, Totals};
use crate::sink::Sink;
use crate::summary::Summary;
use sandgate_engine::judged::Judge;
use std::sync::mpsc::{Sender, TryRecvError};

/// Writes down what comes out of a lane.
pub(super) struct Writer<'a> {
    pub(super) sink: &'a mut Sink,
    pub(super) judge: &'a dyn Judge,
    /// Nothing where the run cannot be taken up again.
    pub(super) committer: Option<Committer>,
    pub(super) summary: &'a mut Summary,
    /// Bytes of the sources, where one can know.
    pub(super) total: Option<u64>,
    pub(super) told: &'a mut dyn FnMut(Told<'_>),
}

impl Writer<'_> {
    /// Takes batches in turn until a worker has no more, which means that none of
    /// those after it has one.
    pub(super) fn write(&mut self, ring: &Ring, empty: &Sender<Box<Batch>>) -> Result<(), Error> {
        for worker in ring.judged.iter().cycle() {
            let passed = match worker.try_recv() {
                Ok(passed) => passed,
                Err(TryRecvError::Disconnected) => return Ok(()),
                Err(TryRecvError::Empty) => {
                    self.sink.flush()?;
                    match worker.recv() {
                        Ok(passed) => passed,
                        Err(_) => return Ok(()),
                    }
                }
            };
            let (number, mut batch) = passed?;
            self.take(number, &mut batch)?;
            batch.clear();
            // the reader may have come to the end of the source already
            let _ = empty.send(batch);
        }
        Ok(())
    }

    fn take(&mut self, number: u64, batch: &mut Batch) -> Result<(), Error> {
        self.judge.settle(&mut batch.judged);
        batch.judged.begun.iter().try_for_each(|generation| self.sink.write_generation(&generation.line()))?;
        self.sink.write(&batch.judged)?;
        self.summary.add(&batch.judged.tally, batch.len() as u64, batch.admitted.elapsed());
        match &mut self.committer {
            Some(committer) => {
                committer.add(number, batch);
                if committer.is_due() {
                    committer.begin(self.sink, &totals(self.summary))?;
                }
                self.hear();
            }
            // what is not durable is as good as committed: nobody will undo it
            None => self.judge.committed(number),
        }
        batch.judged.notes.iter().for_each(|note| (self.told)(Told::Note(note)));
        (self.told)(Told::Progress(Progress { read: batch.read, total: self.total, records: self.summary.records }));
        Ok(())
    }

    /// Makes the last commit, with all that was written.
    pub(super) fn finish(&mut self, ended: bool) -> Result<(), Error> {
        if let Some(committer) = &mut self.committer {
            committer.finish(self.sink, &totals(self.summary), ended)?;
            self.hear();
        }
        Ok(())
    }

    /// Takes what commits have to tell.
    fn hear(&mut self) {
        let Some(committer) = &mut self.committer else { return };
        committer.durations().for_each(|(time, records)| self.summary.add_durable(time, records));
        committer.notes().for_each(|note| (self.told)(Told::Note(&note)));
    }
}

fn totals(summary: &Summary) -> Totals {
    Totals { records: summary.records, tally: summary.tally.to_bytes() }
}
