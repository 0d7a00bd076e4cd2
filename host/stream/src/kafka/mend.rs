//! What a committer does after a failure: it takes a commit back, makes new
//! producers where that is not enough, and finds out what nobody told it.

use super::client::Purpose;
use super::commits::Window;
use super::committer::{Ground, Thread};
use super::config::Delivery;
use super::lane::Lane;
use super::plain::Plain;
use super::rebuild::pause;
use super::topics::TopicError;
use super::transaction::{CommitFailure, CommitProducer, Failed};
use std::collections::VecDeque;
use std::sync::PoisonError;
use std::time::Duration;

impl Thread {
    /// How many producers take turns.
    const PRODUCERS: usize = 2;
    /// How long new producers are tried for before it is told again.
    const INIT: Duration = Duration::from_secs(10);

    /// Puts itself in order after a failure, and says whether the commit had come
    /// about all the same; nothing where nobody waits for it.
    pub(super) fn mend(&mut self, failure: &CommitFailure, window: &mut Window) -> Option<bool> {
        if self.is_left() {
            return None;
        }
        if std::mem::take(&mut self.unopened) {
            return self.renew_plain().then_some(false);
        }
        self.watched.begins(self.begin);
        let mut failed = failure.failed;
        if failed == Failed::Abortable {
            match self.producers.front().map(CommitProducer::abort) {
                Some(Ok(())) => self.producers.rotate_left(1),
                // nothing was committed, but only new producers can say so
                Some(Err(error)) => {
                    tracing::warn!(worker = self.worker, %error, "a commit cannot be taken back: new producers");
                    failed = Failed::Unknown;
                }
                None => failed = Failed::Unknown,
            }
        }
        self.watched.ended();
        match failed {
            Failed::Abortable => (!self.is_left()).then_some(false),
            Failed::Fatal => self.renew().then_some(false),
            Failed::Unknown => self.renew().then(|| self.settle(window)).flatten(),
        }
    }

    /// Makes new producers, which fence those before.
    pub(super) fn renew(&mut self) -> bool {
        let old = std::mem::take(&mut self.producers);
        if !old.is_empty() {
            self.ground.counts.producers.add(1);
            // whatever it takes to end them nobody has to wait for
            std::thread::spawn(move || drop(old));
        }
        let Some(producers) = self.tried(Thread::made) else { return false };
        self.producers = producers;
        !self.is_left()
    }

    /// Makes another producer for what leaves before its commit: one that lost a
    /// message may never send another. No commit was opened, so there is nothing to abort.
    fn renew_plain(&mut self) -> bool {
        let Some(plain) = self.tried(Thread::made_plain) else { return false };
        let old = self.plain.replace(plain);
        std::thread::spawn(move || drop(old));
        !self.is_left()
    }

    /// Goes on trying as long as the worker waits.
    fn tried<T>(&mut self, make: impl Fn(&mut Thread) -> Result<T, String>) -> Option<T> {
        while !self.is_left() {
            self.watched.begins(self.begin);
            let made = make(self);
            self.watched.ended();
            match made {
                Ok(made) => return Some(made),
                Err(error) => {
                    tracing::warn!(worker = self.worker, %error, "the producers cannot be made yet; trying on");
                    pause(Duration::from_millis(500));
                }
            }
        }
        None
    }

    fn made_plain(&mut self) -> Result<Plain, String> {
        let producer = self.ground.clients.plain(Purpose::Early).map_err(|error| error.to_string())?;
        Ok(Plain::new(producer))
    }

    fn made(&mut self) -> Result<VecDeque<CommitProducer>, String> {
        if self.ground.clients.config().delivery == Delivery::AtLeastOnce && self.plain.is_none() {
            self.plain = Some(self.made_plain()?);
        }
        let Ground { clients, .. } = &*self.ground;
        let worker = self.worker;
        let one = |turn| {
            let id = clients.config().commit_id(worker, turn);
            let producer = CommitProducer::new(clients, &id).map_err(|error| error.to_string())?;
            producer.init(Thread::INIT).map_err(|failure| failure.to_string())?;
            Ok(producer)
        };
        // each waits half a second for itself
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..Thread::PRODUCERS).map(|turn| scope.spawn(move || one(turn))).collect();
            let joined = threads.into_iter().map(|thread| thread.join().map_err(|_| "it panicked".to_owned())?);
            joined.collect()
        })
    }

    /// Finds out whether the last commit came about; nothing where nobody waits for it.
    fn settle(&self, window: &mut Window) -> Option<bool> {
        let ground = &*self.ground;
        let stand = |lane: &Lane| -> Result<Vec<Option<u64>>, TopicError> {
            let sources = ground.topics.sources.iter();
            let asked: Vec<(&str, i32)> = sources.map(|source| (&*source.topic, lane.partition)).collect();
            let stand = ground.cluster.committed(&asked, Duration::from_secs(5))?;
            Ok(stand.into_iter().map(|offset| offset.map(i64::unsigned_abs)).collect())
        };
        while !self.is_left() {
            let stands: Result<Vec<_>, _> =
                window.lanes().map(|lane| Ok::<_, TopicError>((lane.partition, stand(lane)?))).collect();
            match stands {
                Ok(stands) => {
                    let left = self.watched.left.lock().unwrap_or_else(PoisonError::into_inner);
                    if *left {
                        return None;
                    }
                    let of = |lane: &Lane| {
                        stands
                            .iter()
                            .find(|(partition, _)| *partition == lane.partition)
                            .map(|(_, stand)| stand.clone())
                    };
                    return Some(window.settle(&ground.topics, of));
                }
                Err(error) => tracing::warn!(%error, "nobody says what became of a commit; asking again"),
            }
            pause(Duration::from_millis(200));
        }
        None
    }
}
