//! The thread that commits for one worker: it gathers judged batches until the
//! commit window closes, then writes and commits them, one commit after the other.
//!
//! Two producers take turns, because the broker needs a moment behind a commit
//! before the next of the same producer may begin. After a failure it puts itself
//! in order (aborts, or makes new producers with the same names and finds out what
//! became of the last commit), says so, and ignores what was judged on top, until
//! the worker has gone back and says that it may go on.

use super::client::Clients;
use super::commits::{Ready, Window};
use super::config::Topics;
use super::counts::Counts;
use super::group::Group;
use super::plain::{self, Plain};
use super::rebuild::pause;
use super::sink::Sink;
use super::topics::{Cluster, Position};
use super::transaction::{CommitFailure, CommitProducer};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What all committers of a host share.
pub(super) struct Ground {
    pub(super) clients: Clients,
    pub(super) cluster: Arc<Cluster>,
    pub(super) topics: Arc<Topics>,
    pub(super) counts: Arc<Counts>,
    /// Set once the host has joined.
    pub(super) group: Mutex<Option<Group>>,
    /// Who deletes what nobody needs any more.
    pub(super) cleaner: Mutex<Option<Sender<Position>>>,
}

/// The worker's side of the thread.
pub(super) struct Committer {
    orders: Sender<Order>,
    pub(super) answers: Receiver<Answer>,
    watched: Arc<Watched>,
    begin: Instant,
    /// How long a call may take.
    watchdog: Duration,
}

pub(super) enum Order {
    Commit(Box<Ready>),
    /// The worker has gone back.
    GoOn,
}

/// What became of batches.
pub(super) enum Answer {
    /// The producers are there.
    Begun,
    /// These are committed.
    Committed(Vec<Ready>),
    /// All that was handed over and not answered is undone.
    Undone,
}

/// What the worker watches.
#[derive(Default)]
pub(super) struct Watched {
    /// When the call was begun that is under way, in milliseconds since the start of
    /// the thread, plus 1; 0 where none is.
    pub(super) since: AtomicU64,
    /// Whether the worker has given the thread up: then it touches nothing any more.
    pub(super) left: Mutex<bool>,
    /// The same, to look at.
    pub(super) is_left: AtomicBool,
}

impl Watched {
    /// A call begins, on a thread that was started at `start`.
    pub(super) fn begins(&self, start: Instant) {
        let now = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX - 1);
        self.since.store(now + 1, Ordering::Release);
    }

    /// No call is under way.
    pub(super) fn ended(&self) {
        self.since.store(0, Ordering::Release);
    }
}

/// The thread's own side.
pub(super) struct Thread {
    pub(super) ground: Arc<Ground>,
    pub(super) worker: usize,
    pub(super) orders: Receiver<Order>,
    pub(super) answers: Sender<Answer>,
    pub(super) watched: Arc<Watched>,
    pub(super) begin: Instant,
    pub(super) producers: VecDeque<CommitProducer>,
    /// For decisions that leave before their commit.
    pub(super) plain: Option<Plain>,
    /// Whether one of those was not even handed over.
    pub(super) lost: bool,
    /// Whether the last commit failed for those, before it was opened.
    pub(super) unopened: bool,
    pub(super) sink: Sink,
}

impl Committer {
    /// Starts the thread of a worker, which begins with making its producers.
    pub(super) fn start(ground: &Arc<Ground>, worker: usize) -> std::io::Result<Committer> {
        let (orders, taken) = channel();
        let (told, answers) = channel();
        let watched = Arc::<Watched>::default();
        let travelling = ground.clients.config().headers.clone();
        let begin = Instant::now();
        let watchdog = ground.clients.config().watchdog;
        let mut thread = Thread {
            sink: Sink::new(Arc::clone(&ground.topics), travelling),
            ground: Arc::clone(ground),
            worker,
            orders: taken,
            answers: told,
            watched: Arc::clone(&watched),
            begin,
            producers: VecDeque::new(),
            plain: None,
            lost: false,
            unopened: false,
        };
        let name = format!("sandgate-commit-{worker}");
        std::thread::Builder::new().name(name).spawn(move || thread.run())?;
        Ok(Committer { orders, answers, watched, begin, watchdog })
    }

    /// Hands a judged batch over.
    pub(super) fn commit(&self, ready: Ready) {
        // a thread that ended is noticed by its answers
        let _ = self.orders.send(Order::Commit(Box::new(ready)));
    }

    /// Everything that was undone is forgotten here too.
    pub(super) fn go_on(&self) {
        let _ = self.orders.send(Order::GoOn);
    }

    /// Whether a call of the thread takes longer than any may.
    pub(super) fn hangs(&self) -> bool {
        let since = self.watched.since.load(Ordering::Acquire);
        since > 0 && self.begin.elapsed().saturating_sub(Duration::from_millis(since)) > self.watchdog
    }

    /// Leaves the thread behind, wherever it hangs: from now on it changes nothing.
    pub(super) fn leave(&self) {
        self.watched.is_left.store(true, Ordering::Release);
        *self.watched.left.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }
}

/// It ends by itself when nobody gives orders; what it is about to do for batches
/// that nobody waits for it leaves undone.
impl Drop for Committer {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Thread {
    /// The most records of a commit: the window's own bound closes it, this one only
    /// keeps what has come meanwhile from making it endless.
    const MOST: u64 = 20_000;

    fn run(&mut self) {
        if !self.renew() || self.answers.send(Answer::Begun).is_err() {
            return;
        }
        let mut window = Window::default();
        let mut failures = 0_u32;
        while let Some(first) = self.first() {
            self.gather(first, &mut window);
            let begin = Instant::now();
            match self.commit(&mut window) {
                Ok(()) => {
                    failures = 0;
                    window.count(&self.ground.counts, begin);
                    let done = std::mem::take(&mut window.batches);
                    window.clear();
                    if self.answers.send(Answer::Committed(done)).is_err() {
                        return;
                    }
                }
                Err(failure) => {
                    failures += 1;
                    let Some(kept) = self.mend(&failure, &mut window) else { return };
                    let worker = self.worker;
                    if kept {
                        window.count(&self.ground.counts, begin);
                        tracing::warn!(worker, %failure, "a commit had come about all the same; what was judged on top is judged again");
                    } else {
                        self.ground.counts.aborts.add(1);
                        tracing::warn!(worker, %failure, "a commit is undone; what was in it is judged again");
                    }
                    if self.answers.send(Answer::Undone).is_err() {
                        return;
                    }
                    window.clear();
                    pause(Duration::from_millis(20 << failures.min(6)));
                    if !self.ignore() {
                        return;
                    }
                }
            }
        }
    }

    fn first(&mut self) -> Option<Box<Ready>> {
        loop {
            match self.orders.recv() {
                Ok(Order::Commit(ready)) => return Some(ready),
                Ok(Order::GoOn) => {}
                Err(_) => return None,
            }
        }
    }

    /// Gathers batches until the window closes.
    fn gather(&mut self, first: Box<Ready>, window: &mut Window) {
        let config = self.ground.clients.config().commit;
        let close = first.batch.admitted + config.time;
        self.take(*first, window);
        while window.records < Thread::MOST {
            let closed = Instant::now() >= close || window.records >= config.records;
            let order = match self.orders.try_recv() {
                // what is waiting already costs no time
                Ok(order) => order,
                Err(TryRecvError::Empty) if !closed => {
                    self.let_go();
                    match self.orders.recv_timeout(close.saturating_duration_since(Instant::now())) {
                        Ok(order) => order,
                        Err(RecvTimeoutError::Timeout) => continue,
                        Err(RecvTimeoutError::Disconnected) => return,
                    }
                }
                Err(_) => return,
            };
            if let Order::Commit(ready) = order {
                self.take(*ready, window);
            }
        }
    }

    /// Sends what was handed over to leave before its commit.
    fn let_go(&mut self) {
        if let Some(plain) = &mut self.plain
            && !self.lost
            && let Err(failure) = plain.flush()
        {
            tracing::debug!(%failure, "a decision does not leave");
            self.lost = true;
        }
    }

    /// Takes a batch into the window; where a decision may come twice it leaves now.
    fn take(&mut self, ready: Ready, window: &mut Window) {
        if let Some(plain) = &mut self.plain
            // what was judged for a lane that is gone by now is its next owner's to say
            && !ready.lane.is_gone()
            && !self.lost
            && let Err(error) =
                self.sink.send(&ready.batch, ready.lane.partition, |message| plain.send(message))
        {
            // its commit will not come about
            tracing::debug!(%error, "a decision does not leave");
            self.lost = true;
        }
        window.add(ready);
    }

    fn commit(&mut self, window: &mut Window) -> Result<(), CommitFailure> {
        let Some(producer) = self.producers.front() else {
            return Err(CommitFailure::ours("opening a commit", "there is no producer"));
        };
        let (watched, start) = (Arc::clone(&self.watched), self.begin);
        let step = || watched.begins(start);
        step();
        let ground = Arc::clone(&self.ground);
        let delivery = ground.clients.config().delivery;
        let flushed = match std::mem::take(&mut self.lost) {
            true => Err(plain::failed("a decision could not be written")),
            false => self.plain.as_mut().map_or(Ok(()), Plain::flush),
        };
        self.unopened = flushed.is_err();
        let group = || {
            let group = ground.group.lock().unwrap_or_else(PoisonError::into_inner);
            group.as_ref().and_then(|group| group.metadata().ok())
        };
        let Thread { sink, .. } = self;
        let done = flushed.and_then(|()| window.commit(producer, sink, &ground.topics, delivery, group, &step));
        watched.ended();
        let oversized = self.sink.oversized();
        done?;
        // the copy on the disk: a disk that hangs keeps the worker too, which is seen
        watched.begins(start);
        ground.counts.oversized.add(oversized);
        let left = self.watched.left.lock().unwrap_or_else(PoisonError::into_inner);
        if *left {
            return Err(CommitFailure::ours("committing", "it came about after its watchdog"));
        }
        let passed = window.committed(self.producers.front(), &ground.topics);
        drop(left);
        watched.ended();
        if let Some(cleaner) = &*ground.cleaner.lock().unwrap_or_else(PoisonError::into_inner) {
            // what is not deleted now is deleted later
            passed.into_iter().for_each(|position| drop(cleaner.send(position)));
        }
        self.producers.rotate_left(1);
        Ok(())
    }

    pub(super) fn is_left(&self) -> bool {
        self.watched.is_left.load(Ordering::Acquire)
    }

    /// Ignores what was judged on top of what is undone.
    fn ignore(&self) -> bool {
        loop {
            match self.orders.recv() {
                Ok(Order::Commit(_)) => {}
                Ok(Order::GoOn) => return true,
                Err(_) => return false,
            }
        }
    }
}
