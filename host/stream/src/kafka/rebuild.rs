//! How a host takes over a lane: what is committed, what the changelog says, and
//! whether the two agree.
//!
//! 1. The stable committed offsets: commits that are still open are waited for.
//!    Then what judges is brought up to date, so that no lane goes back to an older
//!    policy set than its last owner had.
//! 2. The changelog's end as it stands after that, open commits with it.
//! 3. The changelog is read by a read-committed reader until everything before that
//!    end is decided and read; of a host that comes back, only what is beyond the
//!    copy on its disk.
//! 4. The last position in it must be the committed offsets. Where there is none at
//!    all, the lane begins with what the topics hold from there on.
//!
//! Nothing is guessed: where the two differ the lane is refused, with the way out.

use super::client::Clients;
use super::config::Topics;
use super::copy::{Copied, Copies};
use super::counts::Counts;
use super::lane::{Kept, Lane};
use super::reading::{Log, Tee};
use super::refusal::LaneError;
use super::topics::{Cluster, Ends, Position};
use sandgate_engine::{Engine, LaneJudge};
use sandgate_state::Settings;
use sandgate_state::changelog::{Committed, Owner, Replay, Trim};
use sandgate_state::identity::{Identity, Input, Setting};
use sandgate_state::journal::Journal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Takes over lanes.
pub(super) struct Opener {
    pub(super) clients: Clients,
    pub(super) cluster: Arc<Cluster>,
    pub(super) topics: Arc<Topics>,
    pub(super) engine: Arc<Engine>,
    pub(super) bounds: Settings,
    /// What of the configuration the state depends on, as it is now.
    pub(super) configuration: Arc<dyn Fn() -> Vec<Setting> + Send + Sync>,
    pub(super) copies: Copies,
    /// Bytes of entries that are worth a head in the changelog.
    pub(super) worth: u64,
    /// Whether a lane that is refused begins anew.
    pub(super) force: bool,
    /// Brings the policy sets up to date.
    pub(super) fresh: Arc<dyn Fn() + Send + Sync>,
    pub(super) counts: Arc<Counts>,
}

/// Where a lane stood when it was looked at.
struct Stand {
    /// Of each source: where the group stands.
    committed: Vec<Option<i64>>,
    /// Of each source: what there is.
    sources: Vec<Ends>,
    /// What there is of the changelog.
    log: Ends,
}

/// What was read back.
struct Restored {
    owner: Owner,
    lane: Arc<sandgate_state::Lane>,
    last: Option<Committed>,
    log: i64,
    trim: Trim,
    journal: Option<Journal>,
}

/// How long a lane waits at most until this host has followed whom it takes it over from.
const LEARN: Duration = Duration::from_secs(60);
/// How long one question may take.
const ASK: Duration = Duration::from_secs(5);

impl Opener {
    /// Takes over a lane. It waits for commits that are open, however long.
    ///
    /// # Errors
    /// Where it is refused, or `cancelled` was set.
    pub(super) fn open(&self, partition: i32, cancelled: &Arc<AtomicBool>) -> Result<Lane, LaneError> {
        let begin = Instant::now();
        let stand = self.stand(partition, cancelled)?;
        let (owner, opened) = loop {
            // who had the lane before judges nothing of it any more
            (self.fresh)();
            let owner = self.owner(partition)?;
            match self.restore(&owner, partition, &stand, cancelled) {
                Err(error) if error.is_ahead() && begin.elapsed() < LEARN => {
                    tracing::warn!(
                        partition, %error, waited = ?begin.elapsed(),
                        "the host before judged by a policy set that this one has not followed yet; it waits for that"
                    );
                    pause(LEARN / 60);
                    go_on(cancelled)?;
                }
                restored => break (owner, restored.and_then(|restored| self.agree(partition, &stand, restored))),
            }
        };
        let (owner, lane, kept) = match opened {
            Err(error) if error.is_refusal() && self.force => {
                tracing::warn!(partition, %error, "--force: this lane begins anew");
                let (lane, kept) = self.anew(&owner, partition, &stand, cancelled)?;
                (owner, lane, kept)
            }
            opened => opened?,
        };
        let (number, positions) = (kept.last.number, kept.last.positions.clone());
        let events: u64 = lane.size().events.iter().sum();
        let judge = LaneJudge::of_partition(Arc::clone(&self.engine), lane, partition.unsigned_abs());
        judge.begin(&positions);
        tracing::info!(partition, ?positions, commits = number, events, took = ?begin.elapsed(), "lane ready");
        Ok(Lane::new(partition, judge, owner, kept, cancelled))
    }

    /// Whose state it is: the lane of this partition in this group, with everything
    /// that its decisions depend on.
    fn owner(&self, partition: i32) -> Result<Owner, LaneError> {
        let input =
            |source: &super::config::SourceTopic| Input { source: source.source.clone(), path: source.topic.clone() };
        let identity = Identity {
            inputs: self.topics.sources.iter().map(input).collect(),
            output: format!("{}/{}/{partition}", self.topics.changelog, self.clients.config().group),
            configuration: (self.configuration)(),
        };
        owner_of(identity)
    }

    fn stand(&self, partition: i32, cancelled: &AtomicBool) -> Result<Stand, LaneError> {
        let asked: Vec<(&str, i32)> = self.topics.sources.iter().map(|source| (&*source.topic, partition)).collect();
        let begin = Instant::now();
        let committed = loop {
            match self.cluster.committed(&asked, ASK) {
                Ok(committed) => break committed,
                Err(error) => tracing::warn!(
                    partition, %error, waited = ?begin.elapsed(),
                    "the committed offsets are not there yet: a commit is open, or a broker is away; asking again"
                ),
            }
            go_on(cancelled)?;
        };
        let ends = |topic: &str| self.cluster.ends(topic, partition, ASK);
        let sources = self.topics.sources.iter().map(|source| ends(&source.topic)).collect::<Result<_, _>>()?;
        let mut log = ends(&self.topics.changelog)?;
        let (end, mut told) = (log.high, Instant::now());
        while log.stable < end {
            if told.elapsed() >= ASK {
                told = Instant::now();
                tracing::info!(partition, waited = ?begin.elapsed(), "a commit of the host before is still open");
            }
            pause(Duration::from_millis(5));
            go_on(cancelled)?;
            log = ends(&self.topics.changelog)?;
        }
        Ok(Stand { committed, sources, log: Ends { high: end.max(log.stable), ..log } })
    }

    /// Reads back what the changelog and the copy on the disk hold.
    fn restore(
        &self,
        owner: &Owner,
        partition: i32,
        stand: &Stand,
        cancelled: &AtomicBool,
    ) -> Result<Restored, LaneError> {
        match self.restored(owner, partition, stand, true, cancelled) {
            // whatever is wrong may be wrong with the copy alone
            Err(error) if error.is_refusal() && !error.is_ahead() => {
                self.restored(owner, partition, stand, false, cancelled)
            }
            done => done,
        }
    }

    fn restored(
        &self,
        owner: &Owner,
        partition: i32,
        stand: &Stand,
        with_copy: bool,
        cancelled: &AtomicBool,
    ) -> Result<Restored, LaneError> {
        let refused = |error| LaneError::Changelog { topic: self.topics.changelog.clone(), partition, error };
        let lane = self.empty();
        let mut tee = Tee::new(&lane, Trim::new(&self.engine.layout(), self.worth));
        let copied = if with_copy { self.copies.restore(owner.identity(), &mut tee) } else { Ok(None) };
        let copied = match copied {
            Ok(copied) => copied.filter(|copied| (stand.log.low..=stand.log.high).contains(&copied.log)),
            Err(error) => {
                tracing::warn!(partition, %error, "the copy of the state on this host's disk is dropped");
                return self.restored(owner, partition, stand, false, cancelled);
            }
        };
        if copied.is_none() && tee.has_any() {
            return self.restored(owner, partition, stand, false, cancelled);
        }
        let (mut journal, known, last, from) = match copied {
            Some(Copied { journal, identity, last, log }) => (Some(journal), Some(identity), Some(last), log),
            None => (None, None, None, stand.log.low),
        };
        // what was begun when there was less of what may grow keeps its sign
        let known = known.map(owner_of).transpose()?;
        let mut replay = Replay::new(known.as_ref().unwrap_or(owner), last);
        let mut log = from;
        if from < stand.log.high {
            let reader = Log::open(&self.clients, &self.topics.changelog, partition, from)?;
            let total = stand.log.high - from;
            let (begin, mut told) = (Instant::now(), Instant::now());
            let mut first = from;
            while let Some(message) = reader.next(cancelled)? {
                if Log::begins(&message) {
                    first = message.offset;
                }
                let before = replay.entries();
                let added = replay.record(&message.payload, &mut tee).map_err(refused)?;
                if let Some(added) = added {
                    log = message.offset + 1;
                    if added.head {
                        tee.trim.head(first);
                    }
                    let begun = tee.begun.take();
                    if journal.is_none() && (added.committed.number == 1 || begun.is_some()) {
                        let from = begun.as_ref().map(|(front, kept)| (&front[..], &kept[..]));
                        journal = self.copies.begin(added.owner.identity(), from, added.committed);
                    }
                    let stored = journal
                        .as_mut()
                        .map(|journal| journal.commit(added.entries, &super::lane::place(added.committed, log)));
                    if let Some(Err(error)) = stored {
                        tracing::warn!(partition, %error, "no copy of the state is kept on this host's disk");
                        journal = None;
                    }
                }
                self.counts.restored.add(replay.entries() - before);
                if told.elapsed() >= Duration::from_secs(1) {
                    told = Instant::now();
                    let percent = (message.offset - from) * 100 / total.max(1);
                    self.counts.restoring(partition, percent);
                    tracing::info!(partition, percent, events = replay.entries(), took = ?begin.elapsed(), "restoring");
                }
            }
        }
        let (last, owner) = (replay.last().cloned(), replay.owner().clone());
        if journal.is_none() && last.is_none() {
            let start = Committed { number: 0, positions: Vec::new(), midway: false };
            journal = self.copies.begin(owner.identity(), None, &start);
        }
        let trim = tee.finish();
        if last.as_ref().is_some_and(|last| last.midway) {
            lane.begins_midway();
        }
        Ok(Restored { owner, lane, last, log: log.max(stand.log.low), trim, journal })
    }

    fn empty(&self) -> Arc<sandgate_state::Lane> {
        // a lane is one worker's, so nothing is gained by more than one shard
        Arc::new(sandgate_state::Lane::new(self.engine.layout(), self.bounds, 1))
    }

    /// Compares the state with where the group stands.
    fn agree(
        &self,
        partition: i32,
        stand: &Stand,
        restored: Restored,
    ) -> Result<(Owner, Arc<sandgate_state::Lane>, Kept), LaneError> {
        let Restored { owner, lane, last, log, trim, journal } = restored;
        let last = match last {
            Some(last) => {
                for (at, source) in self.topics.sources.iter().enumerate() {
                    let known = last.positions.get(at).copied().unwrap_or_default();
                    let committed = stand.committed.get(at).copied().flatten();
                    if committed.and_then(|offset| u64::try_from(offset).ok()) != Some(known) {
                        let committed = committed.map_or("no offset".to_owned(), |offset| format!("offset {offset}"));
                        let topic = source.topic.clone();
                        return Err(LaneError::Elsewhere { topic, partition, committed, known });
                    }
                }
                last
            }
            None => {
                let begin = self.beginning(stand, false);
                if begin.midway {
                    lane.begins_midway();
                    tracing::info!(partition, "no state is known of this lane: it begins empty, and is warming");
                }
                begin
            }
        };
        for (at, source) in self.topics.sources.iter().enumerate() {
            let wanted = last.positions.get(at).map_or(0, |offset| offset.cast_signed());
            let Some(Ends { low, high, .. }) = stand.sources.get(at).copied() else { continue };
            if !(low..=high).contains(&wanted) {
                let topic = source.topic.clone();
                return Err(LaneError::Deleted { topic, partition, low, high, wanted });
            }
        }
        Ok((owner, lane, Kept::new(last, log, trim, journal)))
    }

    /// Where a lane without a state begins: where the group stands, else with what
    /// there is. `inside`: never outside of what there is.
    fn beginning(&self, stand: &Stand, inside: bool) -> Committed {
        let position = |(committed, ends): (&Option<i64>, &Ends)| {
            let offset = committed.unwrap_or(ends.low);
            if inside { offset.clamp(ends.low, ends.high.max(ends.low)) } else { offset }.unsigned_abs()
        };
        let positions: Vec<u64> = stand.committed.iter().zip(&stand.sources).map(position).collect();
        let midway = positions.iter().any(|offset| *offset > 0);
        Committed { number: 0, positions, midway }
    }

    /// Begins a lane anew: what its changelog holds is deleted.
    fn anew(
        &self,
        owner: &Owner,
        partition: i32,
        stand: &Stand,
        cancelled: &AtomicBool,
    ) -> Result<(Arc<sandgate_state::Lane>, Kept), LaneError> {
        let topic = self.topics.changelog.clone();
        // what another host owns by now is not ours to delete
        go_on(cancelled)?;
        self.cluster.delete_before(&[Position { topic, partition, offset: stand.log.high }], ASK * 2)?;
        let last = self.beginning(stand, true);
        let lane = self.empty();
        if last.midway {
            lane.begins_midway();
        }
        let journal = self.copies.begin(owner.identity(), None, &last);
        let trim = Trim::new(&self.engine.layout(), self.worth);
        Ok((lane, Kept::new(last, stand.log.high, trim, journal)))
    }
}

fn owner_of(identity: Identity) -> Result<Owner, LaneError> {
    Owner::new(identity).map_err(|error| LaneError::Identity(error.to_string()))
}

fn go_on(cancelled: &AtomicBool) -> Result<(), LaneError> {
    if cancelled.load(Ordering::Acquire) { Err(LaneError::Cancelled) } else { Ok(()) }
}

/// Rests between two questions.
#[expect(clippy::disallowed_methods, reason = "a broker is asked again; there is nothing else to wait for")]
pub(super) fn pause(time: Duration) {
    std::thread::sleep(time);
}
