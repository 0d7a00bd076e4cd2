//! One commit of a worker's lanes: decisions, dead letters, changelog and offsets
//! in one piece.

use super::batch::Batch;
use super::config::{Delivery, Topics};
use super::counts::Counts;
use super::lane::{Done, Lane};
use super::sink::Sink;
use super::topics::Position;
use super::transaction::{CommitFailure, CommitProducer, Message};
use rdkafka::consumer::ConsumerGroupMetadata;
use sandgate_state::changelog::{Commit, Head, Part};
use std::sync::Arc;
use std::time::Instant;

/// A judged batch that waits for its commit.
pub(super) struct Ready {
    pub(super) lane: Arc<Lane>,
    /// Its number in the lane.
    pub(super) number: u64,
    pub(super) batch: Batch,
}

/// The batches of one commit.
#[derive(Default)]
pub(super) struct Window {
    pub(super) batches: Vec<Ready>,
    pub(super) records: u64,
    lanes: Vec<Share>,
}

/// What a lane has in a commit.
struct Share {
    lane: Arc<Lane>,
    through: u64,
    positions: Vec<u64>,
    entries: Vec<u8>,
    /// Whether its changelog gets a head.
    head: bool,
}

/// The most bytes of a changelog record's content.
const RECORD: usize = 512 << 10;

impl Window {
    pub(super) fn add(&mut self, ready: Ready) {
        self.records += ready.batch.len() as u64;
        self.batches.push(ready);
    }

    pub(super) fn clear(&mut self) {
        self.batches.clear();
        self.lanes.clear();
        self.records = 0;
    }

    /// Puts together what each lane has in it.
    fn share(&mut self) {
        self.lanes.clear();
        for Ready { lane, number, batch } in &self.batches {
            let known = self.lanes.iter().position(|share| Arc::ptr_eq(&share.lane, lane));
            let at = known.unwrap_or_else(|| {
                let (lane, positions, entries) = (Arc::clone(lane), Vec::new(), Vec::new());
                self.lanes.push(Share { lane, through: 0, positions, entries, head: false });
                self.lanes.len() - 1
            });
            let Some(share) = self.lanes.get_mut(at) else { continue };
            share.through = *number;
            share.positions.clone_from(&batch.ends);
            share.entries.extend_from_slice(&batch.judged.journal);
        }
    }

    /// Writes everything with this producer and commits it. `group` says how this
    /// host stands in the group, and is asked at the last moment. `step` hears before
    /// each call that may take its time.
    ///
    /// # Errors
    /// Where it did not come about, or nobody knows.
    pub(super) fn commit(
        &mut self,
        producer: &CommitProducer,
        sink: &mut Sink,
        topics: &Topics,
        delivery: Delivery,
        group: impl FnOnce() -> Option<ConsumerGroupMetadata>,
        step: &dyn Fn(),
    ) -> Result<(), CommitFailure> {
        self.share();
        producer.begin()?;
        if delivery == Delivery::ExactlyOnce {
            for Ready { lane, batch, .. } in &self.batches {
                step();
                sink.send(batch, lane.partition, |message| producer.send(message))?;
            }
        }
        for (at, share) in self.lanes.iter_mut().enumerate() {
            step();
            share.changelog(at, producer, topics)?;
        }
        step();
        let positions: Vec<Position> = self.lanes.iter().flat_map(|share| share.offsets(topics)).collect();
        let Some(group) = group() else { return Err(refused("this host is no member of its group")) };
        // asked after the membership: whoever lost a lane lost it before it became a member again
        if self.lanes.iter().any(|share| share.lane.is_gone()) {
            return Err(refused("a lane in it belongs to another host by now"));
        }
        producer.offsets(&positions, &group)?;
        step();
        producer.commit()
    }

    /// It came about: the lanes take it over. Returns what may be deleted of their
    /// changelogs.
    pub(super) fn committed(&mut self, producer: Option<&CommitProducer>, topics: &Topics) -> Vec<Position> {
        let marks = producer.map(CommitProducer::marks).unwrap_or_default();
        let offset = |mark| marks.iter().find(|(known, _)| *known == mark).map(|(_, offset)| *offset);
        let mut passed = Vec::new();
        for (at, share) in self.lanes.iter_mut().enumerate() {
            let (first, last) = mark(at);
            let mark = share.lane.committed(Done {
                through: share.through,
                positions: std::mem::take(&mut share.positions),
                entries: &share.entries,
                // a commit of one record has no other first
                head: offset(first).or(offset(last)).filter(|_| share.head),
                log: offset(last).map(|offset| offset + 1),
            });
            passed.extend(mark.map(|mark| Position {
                topic: topics.changelog.clone(),
                partition: share.lane.partition,
                offset: mark.offset,
            }));
        }
        passed
    }

    /// After a commit of which nobody knows what became of it: `stands` are the
    /// committed offsets of a lane. Keeps what came about, and says whether anything
    /// did; a lane that stands at neither end of the commit is not ours any more.
    pub(super) fn settle(&mut self, topics: &Topics, stands: impl Fn(&Lane) -> Option<Vec<Option<u64>>>) -> bool {
        let mut kept = false;
        for share in &mut self.lanes {
            let lane = Arc::clone(&share.lane);
            let Some(stand) = stands(&lane) else { continue };
            let is = |positions: &[u64]| positions.iter().copied().map(Some).eq(stand.iter().copied());
            let before = lane.kept().last.positions.clone();
            let nothing = stand.iter().all(Option::is_none);
            if is(&share.positions) {
                let through = share.through;
                let positions = share.positions.clone();
                lane.committed(Done { through, positions, entries: &share.entries, head: None, log: None });
                kept = true;
            } else if !is(&before) && !nothing {
                tracing::error!(
                    partition = lane.partition,
                    topic = topics.leading().topic,
                    "the group stands where this host has not committed: the lane is taken over anew"
                );
                lane.leave();
            }
        }
        kept
    }

    /// The partitions of all sources of the lanes in it.
    pub(super) fn lanes(&self) -> impl Iterator<Item = &Arc<Lane>> {
        self.lanes.iter().map(|share| &share.lane)
    }

    pub(super) fn count(&self, counts: &Counts, begin: Instant) {
        counts.committed(begin.elapsed(), self.records);
        for Ready { batch, .. } in &self.batches {
            counts.left_the_host(batch.admitted, batch.len() as u64);
        }
    }
}

/// By what the first and the last changelog record of a lane are told.
fn mark(at: usize) -> (usize, usize) {
    (2 * at + 1, 2 * at + 2)
}

fn refused(what: &str) -> CommitFailure {
    CommitFailure::ours("adding offsets to a commit", what)
}

impl Share {
    /// Writes the changelog of the lane.
    fn changelog(&mut self, at: usize, producer: &CommitProducer, topics: &Topics) -> Result<(), CommitFailure> {
        let lane = Arc::clone(&self.lane);
        let state = lane.judge.lane();
        let (number, midway, head) = {
            let mut kept = lane.kept();
            let head = (kept.last.number == 0 || kept.trim.is_due()).then(|| kept.trim.kept(state.clock()));
            (kept.last.number + 1, kept.last.midway, head)
        };
        self.head = head.is_some();
        let head = head.map(|kept| (state.front(), kept));
        let head = head.as_ref().map(|(front, kept)| Head { front, kept });
        let commit = Commit { number, midway, positions: &self.positions, head, entries: &self.entries };
        let (first, last) = mark(at);
        lane.owner.records(&commit, RECORD, |record, part| {
            let mark = match part {
                Part { last: true, .. } => last,
                Part { first: true, .. } => first,
                _ => 0,
            };
            producer.send(&Message {
                topic: &topics.changelog,
                partition: Some(lane.partition),
                key: None,
                payload: record,
                headers: &[],
                mark,
            })
        })
    }

    /// Where the group is to stand.
    fn offsets<'s>(&'s self, topics: &'s Topics) -> impl Iterator<Item = Position> + 's {
        topics.sources.iter().zip(&self.positions).map(|(source, offset)| Position {
            topic: source.topic.clone(),
            partition: self.lane.partition,
            offset: offset.cast_signed(),
        })
    }
}
