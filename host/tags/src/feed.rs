//! The change feed: a thread that asks the database several times a second what
//! has changed, and lets the process forget it.
//!
//! A question and not a message: what LISTEN or a channel of Redis says while a
//! connection is down is lost, and a poll would have to stand behind it anyway. A
//! poll that finds nothing is one look at the end of a key, works alike with
//! SQLite, PostgreSQL and a pooler before it, and is its own sign of life: as long
//! as it succeeds, what the process knows is at most that old.
//!
//! The same thread makes the filter of known ids, and fills the cache at start.
//! While it walks over the tags it goes on asking for changes.

use crate::database::{Changes, Database, Name, Since};
use crate::filter::Filter;
use crate::knowledge::Knowledge;
use crate::tier::Tier;
use crate::{Config, Error};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// How long one part of a walk over all tags may take.
const PART: Duration = Duration::from_secs(10);
/// How long after a walk that failed the next one begins.
const AGAIN: Duration = Duration::from_secs(10);

/// The feed. Its thread ends soon after this is dropped.
pub struct Feed {
    _alive: Sender<()>,
}

/// Fills the cache by asking.
pub(crate) type Warm = Box<dyn FnOnce() -> usize + Send>;

/// What the thread works with.
pub(crate) struct Work {
    pub(crate) database: Arc<dyn Database>,
    pub(crate) tier: Arc<Tier>,
    pub(crate) knowledge: Arc<Knowledge>,
    pub(crate) config: Config,
}

impl Feed {
    /// Starts the thread. `warm` fills the cache by asking, and says with how many
    /// names; where it has none the first tags of the database do.
    pub(crate) fn start(work: Work, warm: Option<Warm>) -> std::io::Result<Feed> {
        let (alive, ended) = channel();
        let run = move || Runner { work, since: None, warm_wanted: 0, walk_at: None, ended }.run(warm);
        std::thread::Builder::new().name("tags-feed".to_owned()).spawn(run)?;
        Ok(Feed { _alive: alive })
    }
}

struct Runner {
    work: Work,
    /// The last change that was heard of.
    since: Option<i64>,
    /// Tags that the next walk puts into the cache.
    warm_wanted: u64,
    /// When a walk that failed is begun again.
    walk_at: Option<Instant>,
    ended: Receiver<()>,
}

/// What became of a walk.
enum Walked {
    Done,
    /// Everything changed meanwhile.
    Overtaken,
    /// The host ends.
    Ended,
}

impl Runner {
    fn run(mut self, mut warm: Option<Warm>) {
        let warm_max = self.work.config.warm_max;
        self.warm_wanted = if warm.is_some() { 0 } else { warm_max };
        loop {
            let heard = self.listen();
            if heard.is_some()
                && let Some(warm) = warm.take()
                && warm() == 0
            {
                self.warm_wanted = warm_max;
            }
            let due = self.walk_at.is_none_or(|at| Instant::now() >= at);
            if let Some(feeds) = heard
                && due
                && self.wants_walk(feeds)
            {
                match self.walk(feeds) {
                    Ok(Walked::Done) => (self.walk_at, self.warm_wanted) = (None, 0),
                    Ok(Walked::Overtaken) => continue,
                    Ok(Walked::Ended) => return,
                    Err(error) => {
                        tracing::warn!(%error, "tags: the known ids could not be read; unknown ids are asked for meanwhile");
                        self.walk_at = Instant::now().checked_add(AGAIN);
                    }
                }
            }
            if !matches!(self.ended.recv_timeout(self.work.config.poll), Err(RecvTimeoutError::Timeout)) {
                return;
            }
        }
    }

    /// Asks for changes and takes them in. Says whether the database keeps a
    /// record of changes; nothing if it did not answer.
    fn listen(&mut self) -> Option<bool> {
        self.listen_and(|_| {})
    }

    fn listen_and(&mut self, mut told: impl FnMut(&Changes)) -> Option<bool> {
        let Work { database, tier, knowledge, .. } = &self.work;
        let began = knowledge.now();
        let since = self.since.map_or_else(|| Since::Ago(knowledge.remembered_for()), Since::Number);
        let changes = tier.call(|limit| database.changes(since, limit)).ok()?;
        let Some(changes) = changes else { return Some(false) };
        told(&changes);
        knowledge.take_in(&changes, began);
        self.since = Some(changes.last);
        Some(true)
    }

    /// Whether there is a filter to be made, or a cache to be filled.
    fn wants_walk(&self, feeds: bool) -> bool {
        let filter = self.work.knowledge.filter();
        let wants_filter = feeds && self.work.config.filter_max > 0 && filter.is_none_or(|filter| filter.is_full());
        wants_filter || self.warm_wanted > 0
    }

    /// Walks over all tags once, and goes on listening meanwhile.
    fn walk(&mut self, feeds: bool) -> Result<Walked, Error> {
        let database = Arc::clone(&self.work.database);
        let knowledge = Arc::clone(&self.work.knowledge);
        let (filter_max, poll) = (self.work.config.filter_max, self.work.config.poll);
        let filter = match feeds && filter_max > 0 {
            true => Some(Arc::new(Filter::new(database.count(PART)?, filter_max))),
            false => None,
        };
        let mut warm = self.warm_wanted;
        // what the walk has read may be older than a change that was heard of meanwhile
        let mut changed: HashSet<Name> = HashSet::new();
        let mut listened = Instant::now();
        let mut became = Walked::Done;
        database.walk(PART, &mut |tag| {
            if let Some(filter) = &filter {
                filter.insert(tag.entity, tag.id);
            }
            if warm > 0 {
                let name = Name { entity: tag.entity.into(), attribute: tag.attribute.into(), id: tag.id.into() };
                if !changed.contains(&name) {
                    warm -= 1;
                    knowledge.cache.put(&tag.name(), Some(Arc::from(tag.value)), knowledge.now());
                }
            }
            if listened.elapsed() >= poll {
                let mut all = false;
                self.listen_and(|changes| {
                    all = changes.all;
                    for name in &changes.names {
                        if let Some(filter) = &filter {
                            filter.insert(&name.entity, &name.id);
                        }
                        changed.insert(name.clone());
                    }
                });
                listened = Instant::now();
                if all {
                    became = Walked::Overtaken;
                } else if matches!(self.ended.try_recv(), Err(std::sync::mpsc::TryRecvError::Disconnected)) {
                    became = Walked::Ended;
                }
            }
            matches!(became, Walked::Done) && (filter.is_some() || warm > 0)
        })?;
        if matches!(became, Walked::Done) && filter.is_some() {
            knowledge.set_filter(filter);
        }
        Ok(became)
    }
}
