//! A host of a fleet: it finds the cluster, becomes a member of its group, and
//! works for the lanes that the group gives it, until it is told to stop.

use super::client::{ClientError, Clients};
use super::committer::Ground;
use super::config::{Config, Topics};
use super::copy::Copies;
use super::counts::Counts;
use super::group::{Group, GroupError, Ownership};
use super::orders::Order;
use super::rebuild::{Opener, pause};
use super::topics::{Cluster, Position, TopicError};
use super::wanted::Severity;
use super::worker::Worker;
use sandgate_engine::Engine;
use sandgate_state::folder::FolderError;
use sandgate_state::identity::Setting;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What a host is to do.
pub struct Job {
    /// How it works with Kafka.
    pub config: Config,
    /// Its topics.
    pub topics: Topics,
    /// What judges.
    pub engine: Arc<Engine>,
    /// What bounds the state of a lane.
    pub bounds: sandgate_state::Settings,
    /// What of the configuration the state depends on, as it is now.
    pub configuration: Arc<dyn Fn() -> Vec<Setting> + Send + Sync>,
    /// Where the copies of the state are; without a folder each start reads the whole
    /// changelog.
    pub copies: Copies,
    /// Bytes of events that are worth a snapshot of the copy, and a place in the
    /// changelog before which may be deleted.
    pub worth: u64,
    /// The most records of a batch, at least one.
    pub batch: usize,
    /// How many threads judge, at least one.
    pub workers: usize,
    /// Whether lanes that are refused begin anew.
    pub force: bool,
    /// Brings the policy sets up to date. It is called when a lane is taken over, after
    /// all is decided of what its last owner left: so that the lane never goes back to
    /// an older set than judged it. It may wait a little, and may fail to.
    pub fresh: Arc<dyn Fn() + Send + Sync>,
    /// Windows that more than one partition could not answer, in words.
    pub crossing: Vec<String>,
    /// What it counts.
    pub counts: Arc<Counts>,
}

/// Why a host does not work, or does not go on.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The cluster cannot be used.
    #[error(transparent)]
    Cluster(#[from] TopicError),
    /// The library does not make a client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The group has no place for it.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The topics are not what they must be.
    #[error("the topics are not fit: {}", .0.join("; "))]
    Topics(Vec<String>),
    /// A thread that works for lanes has ended by itself.
    #[error(
        "a worker has ended by itself, which is a mistake of this program: start the host again, and report what it said before"
    )]
    Worker,
    /// There are windows that no partition can answer alone.
    #[error("{}", .0.join("; "))]
    Crossing(Vec<String>),
    /// A thread cannot be started.
    #[error("a thread cannot be started: {0}")]
    Thread(std::io::Error),
    /// Not everything in hand was committed in time.
    #[error("not everything in hand was committed within {0:?}: it is judged again at the next start")]
    Unfinished(Duration),
}

/// How long the cluster may take to be found at the start.
const FIND: Duration = Duration::from_secs(120);
/// How long one question may take.
const ASK: Duration = Duration::from_secs(10);
/// How often the host looks around.
const LOOK: Duration = Duration::from_millis(20);

/// Works until `stop` is set, then finishes what is in hand.
///
/// # Errors
/// Where it cannot begin, or the group does not have it any more.
pub fn run(job: Job, stop: &AtomicBool) -> Result<(), HostError> {
    let begin = Instant::now();
    let Job { config, topics, counts, .. } = &job;
    let (brokers, group) = (config.brokers.clone(), config.group.clone());
    let shutdown = config.shutdown;
    tracing::info!(%brokers, %group, workers = job.workers, delivery = ?config.delivery, "starting");
    let clients = Clients::new(config.clone(), topics.message_max());
    job.engine.generations().iter().try_for_each(|generation| job.copies.keep_set(generation))?;
    let topics = Arc::new(topics.clone());
    let cluster = match Cluster::find(&clients, FIND, stop) {
        Err(TopicError::Stopped) => return Ok(()),
        found => Arc::new(found?),
    };
    check(&cluster, &topics, &job.crossing)?;
    let (cleaner, cleaning) = clean(&cluster)?;
    let ground = Arc::new(Ground {
        clients: clients.clone(),
        cluster: Arc::clone(&cluster),
        topics: Arc::clone(&topics),
        counts: Arc::clone(counts),
        group: Mutex::new(None),
        cleaner: Mutex::new(Some(cleaner)),
    });
    let opener = Arc::new(Opener {
        clients: clients.clone(),
        cluster,
        topics: Arc::clone(&topics),
        engine: Arc::clone(&job.engine),
        bounds: job.bounds,
        configuration: Arc::clone(&job.configuration),
        copies: job.copies.clone(),
        worth: job.worth,
        force: job.force,
        fresh: Arc::clone(&job.fresh),
        counts: Arc::clone(counts),
    });
    let (workers, threads) = start(&ground, &opener, &job)?;
    let (watching, watch) = super::watch::start(&ground.cluster, &topics, counts).map_err(HostError::Thread)?;
    let hands = Arc::new(Hands {
        counts: Arc::clone(counts),
        workers,
        limit: shutdown,
        held: Mutex::default(),
        expelled: Mutex::new(None),
    });
    let member = Group::join(&clients, &topics.leading().topic, Arc::clone(&hands) as Arc<dyn Ownership>)?;
    *ground.group.lock().unwrap_or_else(PoisonError::into_inner) = Some(member);
    tracing::info!(took = ?begin.elapsed(), "a member of the group; waiting for partitions");
    let ended = loop {
        if let Some(why) = hands.expelled.lock().unwrap_or_else(PoisonError::into_inner).take() {
            break Some(HostError::from(why));
        }
        // its partitions would wait for ever, for the group sees a member that is well
        if threads.iter().any(JoinHandle::is_finished) {
            break Some(HostError::Worker);
        }
        if stop.load(Ordering::Acquire) {
            break None;
        }
        pause(LOOK);
    };
    tracing::info!("stopping: what is in hand is committed first");
    hands.workers.iter().for_each(|worker| super::orders::tell(worker, Order::Stop));
    let finished = join(threads, shutdown);
    // nobody waits for the lock while it leaves
    let member = ground.group.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(group) = member {
        // with a stable name the place is kept for a host that comes back
        group.leave(clients.config().instance.is_none(), shutdown);
    }
    *ground.cleaner.lock().unwrap_or_else(PoisonError::into_inner) = None;
    drop(watching);
    join(vec![cleaning, watch], Duration::from_secs(1));
    match ended {
        Some(why) => Err(why),
        None if !finished => Err(HostError::Unfinished(shutdown)),
        None => Ok(()),
    }
}

/// Looks whether the topics are what they must be.
fn check(cluster: &Cluster, topics: &Topics, crossing: &[String]) -> Result<(), HostError> {
    let states = cluster.states(topics, ASK)?;
    let mut problems = Vec::new();
    for found in topics.examine(&states) {
        match found.severity {
            Severity::Problem => problems.push(found.to_string()),
            Severity::Note => tracing::warn!("{found}"),
        }
    }
    if !problems.is_empty() {
        return Err(HostError::Topics(problems));
    }
    let leading = states.iter().find(|state| state.name == topics.leading().topic);
    match crossing {
        [] => Ok(()),
        _ if leading.is_some_and(|leading| leading.partitions == 1) => Ok(()),
        crossing => Err(HostError::Crossing(crossing.to_vec())),
    }
}

type Started = (Vec<Sender<Order>>, Vec<JoinHandle<()>>);

fn start(ground: &Arc<Ground>, opener: &Arc<Opener>, job: &Job) -> Result<Started, HostError> {
    let (mut workers, mut threads) = (Vec::new(), Vec::new());
    for index in 0..job.workers.max(1) {
        let (own, orders) = channel();
        let mut worker = Worker::new(ground, opener, index, job.batch.max(1), (own.clone(), orders))?;
        let thread = std::thread::Builder::new().name(format!("sandgate-work-{index}"));
        threads.push(thread.spawn(move || worker.run()).map_err(HostError::Thread)?);
        workers.push(own);
    }
    Ok((workers, threads))
}

/// A thread that deletes what nobody needs any more, one after the other.
fn clean(cluster: &Arc<Cluster>) -> Result<(Sender<Position>, JoinHandle<()>), HostError> {
    let (sender, wanted) = channel::<Position>();
    let cluster = Arc::clone(cluster);
    let thread = std::thread::Builder::new().name("sandgate-clean".to_owned());
    let thread = thread.spawn(move || {
        for position in wanted {
            let Position { topic, partition, offset } = &position;
            match cluster.delete_before(std::slice::from_ref(&position), ASK) {
                Ok(()) => tracing::debug!(topic, partition, offset, "the changelog begins here now"),
                Err(error) => tracing::warn!(partition, %error, "the changelog keeps what nobody needs; next time"),
            }
        }
    });
    Ok((sender, thread.map_err(HostError::Thread)?))
}

/// Waits for threads to end, so long at most and a little more.
fn join(threads: Vec<JoinHandle<()>>, limit: Duration) -> bool {
    let begin = Instant::now();
    for thread in threads {
        while !thread.is_finished() {
            if begin.elapsed() > limit + Duration::from_secs(1) {
                return false;
            }
            pause(Duration::from_millis(2));
        }
        if thread.join().is_err() {
            return false;
        }
    }
    true
}

/// Hands partitions to the workers.
struct Hands {
    counts: Arc<Counts>,
    workers: Vec<Sender<Order>>,
    /// How long the work in hand may take when partitions are given up.
    limit: Duration,
    /// What this host owns, each with the sign that it was lost.
    held: Mutex<Vec<(i32, Arc<AtomicBool>)>>,
    expelled: Mutex<Option<GroupError>>,
}

impl Hands {
    fn worker(&self, partition: i32) -> usize {
        partition.unsigned_abs() as usize % self.workers.len().max(1)
    }

    /// Each worker with those of the partitions that are its own.
    fn shares(&self, partitions: &[i32]) -> impl Iterator<Item = (&Sender<Order>, Vec<i32>)> {
        self.workers.iter().enumerate().filter_map(move |(at, worker)| {
            let own: Vec<i32> = partitions.iter().copied().filter(|partition| self.worker(*partition) == at).collect();
            (!own.is_empty()).then_some((worker, own))
        })
    }
}

impl Ownership for Hands {
    fn assigned(&self, partitions: &[i32]) {
        tracing::info!(?partitions, "partitions assigned");
        self.counts.rebalanced("assigned");
        for partition in partitions {
            let lost = Arc::new(AtomicBool::new(false));
            self.held.lock().unwrap_or_else(PoisonError::into_inner).push((*partition, Arc::clone(&lost)));
            if let Some(worker) = self.workers.get(self.worker(*partition)) {
                super::orders::tell(worker, Order::Take { partition: *partition, lost });
            }
        }
    }

    fn revoked(&self, partitions: &[i32]) {
        tracing::info!(?partitions, "partitions given up");
        self.counts.rebalanced("revoked");
        let (done, finished) = sync_channel(self.workers.len());
        let mut waiting = 0;
        for (worker, partitions) in self.shares(partitions) {
            super::orders::tell(worker, Order::GiveUp { partitions, done: done.clone() });
            waiting += 1;
        }
        drop(done);
        let begin = Instant::now();
        for _ in 0..waiting {
            if finished.recv_timeout(self.limit.saturating_sub(begin.elapsed())).is_err() {
                break;
            }
        }
        // what is still in hand must not be committed any more
        self.take_away(partitions);
    }

    fn lost(&self, partitions: &[i32]) {
        self.counts.rebalanced("lost");
        self.take_away(partitions);
    }

    fn expelled(&self, why: GroupError) {
        *self.expelled.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
    }
}

impl Hands {
    /// Nothing more of these is committed.
    fn take_away(&self, partitions: &[i32]) {
        // before this returns: after it the host may become a member again
        self.held.lock().unwrap_or_else(PoisonError::into_inner).retain(|(partition, lost)| {
            let gone = partitions.contains(partition);
            lost.fetch_or(gone, Ordering::SeqCst);
            !gone
        });
        for (worker, partitions) in self.shares(partitions) {
            super::orders::tell(worker, Order::Lost(partitions));
        }
    }
}
