//! The cascade: process cache, filter of known ids, Redis, database. Each is asked
//! for what the ones before it did not know, in one round trip for the batch.
//!
//! A Redis that is down is passed over: the database knows as well. Where the
//! database cannot be asked either, each name gets what was known of it before, if
//! that is not too old, or is missing: the answer says so, and so does the decision.
//! Nothing is retried beyond the deadlines, and no thread asks for what another
//! one is asking for.

use crate::Location;
use crate::between::{Between, Entry};
use crate::cache::Bounds;
use crate::database::{Database, Name};
use crate::feed::{Feed, Warm, Work};
use crate::flights::Boarding;
use crate::knowledge::Knowledge;
use crate::meters::{Counts, Measured, measure};
use crate::tier::{Rank, Tier, Trouble, Why};
use crate::write_back::{Answered, WriteBack};
use crate::{Answer, Config, Error, Store, Wanted, postgres, sqlite};
use sandgate_metrics::{Health, Registry};
use sandgate_remote::{Deadline, State};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long the start waits for a server before it goes on without.
const START: Duration = Duration::from_secs(2);
/// Names that are asked for at once to fill the cache.
const WARM_BATCH: usize = 256;

/// The store of a host that judges.
pub struct Cascade {
    core: Arc<Core>,
    _feed: Feed,
}

/// What look-ups need, without the thread that listens for changes.
struct Core {
    knowledge: Arc<Knowledge>,
    redis: Option<Redis>,
    database: Arc<dyn Database>,
    sql: Arc<Tier>,
    /// How long a look-up takes at most, what another thread asks included.
    limit: Duration,
    counts: Arc<Counts>,
}

struct Redis {
    between: Arc<Between>,
    tier: Arc<Tier>,
    write_back: WriteBack,
}

impl Cascade {
    /// Opens the tiers of a configuration.
    ///
    /// # Errors
    /// Where there is no store, it is not one of ours, or a server refuses us. A
    /// server that cannot be reached is left alone for a while, and tried again.
    pub fn open(config: &Config) -> Result<Cascade, Error> {
        let (database, sql): (Arc<dyn Database>, Tier) = match &config.sql {
            Location::Sqlite(path) => {
                let reader = sqlite::Reader::open(path)?;
                (Arc::new(reader), Tier::new(Rank::Sqlite, config.sql_deadline, config.breaker))
            }
            Location::Postgres(address) => {
                let reader = postgres::Reader::new(address);
                let there = reader.check(START);
                (Arc::new(reader), Tier::starting(Rank::Postgres, config.sql_deadline, config.breaker, there)?)
            }
        };
        let redis = (!config.redis.is_empty()).then(|| {
            let between = Arc::new(Between::new(&config.redis));
            let there = between.look_up(&[Wanted { entity: "-", attribute: "-", id: "-" }], START, &mut Vec::new());
            let tier = Tier::starting(Rank::Redis, config.redis_deadline, config.breaker, there)?;
            Ok((between, Arc::new(tier)))
        });
        Cascade::with(config, database, Arc::new(sql), redis.transpose()?)
    }

    /// Puts tiers that are open already behind each other.
    fn with(
        config: &Config,
        database: Arc<dyn Database>,
        sql: Arc<Tier>,
        redis: Option<(Arc<Between>, Arc<Tier>)>,
    ) -> Result<Cascade, Error> {
        let failed = |error: std::io::Error| Error::Unreachable {
            server: "a thread of this process".to_owned(),
            said: error.to_string(),
        };
        let bounds = Bounds {
            ttl: config.ttl,
            stale: config.stale,
            present_max: config.entries_max,
            absent_max: config.absent_max,
        };
        let knowledge = Arc::new(Knowledge::new(bounds, config.poll));
        let redis = redis.map(|(between, tier)| {
            let write_back = WriteBack::start(Arc::clone(&between), Arc::clone(&tier), config.ttl).map_err(failed)?;
            Ok(Redis { between, tier, write_back })
        });
        let core = Arc::new(Core {
            knowledge: Arc::clone(&knowledge),
            redis: redis.transpose()?,
            database: Arc::clone(&database),
            sql: Arc::clone(&sql),
            limit: config.redis_deadline + config.sql_deadline,
            counts: Arc::default(),
        });
        let warm = core.redis.is_some().then(|| {
            let (core, most) = (Arc::clone(&core), config.warm_max);
            Box::new(move || core.warm(most)) as Warm
        });
        let work = Work { database, tier: sql, knowledge, config: config.clone() };
        let feed = Feed::start(work, warm).map_err(failed)?;
        Ok(Cascade { core, _feed: feed })
    }

    /// Shows in `registry` what the cascade does.
    pub fn measured(self, registry: &Registry) -> Cascade {
        let Core { knowledge, redis, sql, counts, .. } = &*self.core;
        let tiers = redis.iter().map(|redis| &redis.tier).chain([sql]).map(Arc::clone);
        let (cache, filter) = (Arc::clone(knowledge), Arc::clone(knowledge));
        let measured = Measured {
            counts: Arc::clone(counts),
            tiers: tiers.collect(),
            remembered: Box::new(move || cache.cache.len()),
            filters: Box::new(move || filter.trusted_filter(filter.now()).is_some()),
        };
        measure(registry, measured);
        self
    }

    /// Has whoever asks how the host is hear of each tier that is left alone: the host
    /// decides all the same, with what stands in for the answers.
    pub fn told(self, health: &Health) -> Cascade {
        let Core { redis, sql, .. } = &*self.core;
        let instead = |tier: &Tier| match tier.rank() {
            Rank::Redis => "the database is asked instead",
            Rank::Sqlite | Rank::Postgres => "what was known before stands in, then defaults or faults",
        };
        for tier in redis.iter().map(|redis| &redis.tier).chain([sql]).map(Arc::clone) {
            health.remark("tags", move || {
                let away = tier.state() != State::Closed;
                away.then(|| format!("{} is left alone after failures; {}", tier.rank().word(), instead(&tier)))
            });
        }
        self
    }

    /// What became of the names that were wanted.
    pub fn counts(&self) -> &Counts {
        &self.core.counts
    }

    /// The tiers behind the process cache, in the order in which they are asked.
    pub fn tiers(&self) -> impl Iterator<Item = &Tier> {
        self.core.redis.iter().map(|redis| &*redis.tier).chain([&*self.core.sql])
    }

    /// How many tags, and how many names without one, the process remembers.
    pub fn remembered(&self) -> (u64, u64) {
        self.core.knowledge.cache.len()
    }

    /// Whether a *no* of the filter of known ids is trusted now.
    pub fn filters(&self) -> bool {
        self.core.knowledge.trusted_filter(self.core.knowledge.now()).is_some()
    }
}

impl Store for Cascade {
    fn look_up(&self, wanted: &[Wanted<'_>], found: &mut Vec<Answer>) {
        self.core.look_up(wanted, found);
    }
}

impl Core {
    fn look_up(&self, wanted: &[Wanted<'_>], found: &mut Vec<Answer>) {
        let Core { knowledge, counts, .. } = self;
        let now = knowledge.now();
        let deadline = Deadline::after(Instant::now(), self.limit);
        found.clear();
        let mut open = Vec::new();
        for (index, name) in wanted.iter().enumerate() {
            let known = knowledge.cache.get(name, now);
            if known.is_none() {
                open.push(index);
            }
            found.push(Answer::of(known.flatten()));
        }
        counts.cached.fetch_add((wanted.len() - open.len()) as u64, Ordering::Relaxed);
        if open.is_empty() {
            return;
        }
        // a name that no tag can have is absent, as it stands
        count(&counts.impossible, &mut open, |index| wanted[*index].check().is_ok());
        if let Some(filter) = knowledge.trusted_filter(now) {
            count(&counts.filtered, &mut open, |index| filter.may_know(&wanted[*index]));
        }
        let known = |name: &Wanted<'_>| knowledge.cache.get(name, now).map(Answer::of);
        let (claim, boarded) = knowledge.flights.board(open.iter().map(|index| &wanted[*index]), known);
        let places: Vec<usize> =
            open.iter().zip(&boarded).filter(|(_, to)| matches!(to, Boarding::Claimed)).map(|(at, _)| *at).collect();
        let names: Vec<Wanted<'_>> = places.iter().map(|place| wanted[*place]).collect();
        let answers = self.ask(&names);
        for (place, answer) in places.iter().zip(&answers) {
            found[*place] = answer.clone();
        }
        let landed = knowledge.now();
        let kept = answers.clone();
        claim.land(answers, |place| match &kept[place] {
            Answer::Found(value) => knowledge.cache.put(&names[place], Some(Arc::clone(value)), landed),
            Answer::Absent => knowledge.cache.put(&names[place], None, landed),
            Answer::Stale(..) | Answer::Missing(_) => {}
        });
        for (index, boarding) in open.iter().zip(boarded) {
            match boarding {
                Boarding::Claimed => {}
                Boarding::Known(answer) => {
                    counts.cached.fetch_add(1, Ordering::Relaxed);
                    found[*index] = answer;
                }
                Boarding::Awaited(awaited) => {
                    let answer = awaited.wait(deadline.left(Instant::now()).unwrap_or_default());
                    found[*index] = match answer {
                        Some(answer) => {
                            counts.joined.fetch_add(1, Ordering::Relaxed);
                            answer
                        }
                        None => self.before(&wanted[*index], Why::Late),
                    };
                }
            }
        }
    }

    /// Asks the tiers for names that nobody else asks for.
    fn ask(&self, names: &[Wanted<'_>]) -> Vec<Answer> {
        let mut answers: Vec<Option<Answer>> = vec![None; names.len()];
        // what Redis has and is not to be believed is written over
        let mut over = vec![false; names.len()];
        let mut entries: Vec<Option<Entry>> = Vec::new();
        if let Some(redis) = &self.redis
            && !names.is_empty()
            && redis.tier.call(|limit| redis.between.look_up(names, limit, &mut entries)).is_ok()
        {
            let believed = self.knowledge.believed(names, &entries, self.knowledge.now());
            for (place, (entry, believed)) in entries.into_iter().zip(believed).enumerate() {
                match entry {
                    Some(entry) if believed => answers[place] = Some(Answer::of(entry.value)),
                    entry => over[place] = entry.is_some(),
                }
            }
            let known = answers.iter().flatten().count();
            self.counts.redis.fetch_add(known as u64, Ordering::Relaxed);
        }
        let places: Vec<usize> = (0..names.len()).filter(|place| answers[*place].is_none()).collect();
        if !places.is_empty() {
            self.ask_database(names, &places, &over, &mut answers);
        }
        let missing = || Answer::Missing(Trouble { tier: self.sql.rank(), why: Why::Failed });
        answers.into_iter().map(|answer| answer.unwrap_or_else(missing)).collect()
    }

    fn ask_database(&self, names: &[Wanted<'_>], places: &[usize], over: &[bool], answers: &mut [Option<Answer>]) {
        let asked: Vec<Wanted<'_>> = places.iter().map(|place| names[*place]).collect();
        let mut found = Vec::new();
        // before the question: the answer knows of every change up to this one
        let (began, number) = (Instant::now(), self.knowledge.number());
        if let Err(why) = self.sql.call(|limit| self.database.look_up(&asked, limit, &mut found)) {
            for place in places {
                answers[*place] = Some(self.before(&names[*place], why));
            }
            return;
        }
        self.counts.sql.fetch_add(places.len() as u64, Ordering::Relaxed);
        if let Some(redis) = &self.redis {
            let answered = places.iter().zip(&found).map(|(place, value)| {
                let Wanted { entity, attribute, id } = names[*place];
                let name = Name { entity: entity.into(), attribute: attribute.into(), id: id.into() };
                Answered { name, value: value.clone(), number, over: over[*place] }
            });
            redis.write_back.send(began, answered.collect());
        }
        for (place, value) in places.iter().zip(found) {
            answers[*place] = Some(Answer::of(value));
        }
    }

    /// What was known of a name before, where nobody answers now.
    fn before(&self, name: &Wanted<'_>, why: Why) -> Answer {
        let trouble = Trouble { tier: self.sql.rank(), why };
        let before = self.knowledge.cache.get_old(name, self.knowledge.now());
        let counted = if before.is_some() { &self.counts.stale } else { &self.counts.missing };
        counted.fetch_add(1, Ordering::Relaxed);
        before.map_or(Answer::Missing(trouble), |before| Answer::Stale(before, trouble))
    }

    /// Looks up what the fleet has asked Redis for lately, and says how many names that is.
    fn warm(&self, most: u64) -> usize {
        let Some(redis) = &self.redis else { return 0 };
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        if most == 0 {
            return 0;
        }
        let Ok(names) = redis.tier.call(|limit| redis.between.lately(most, limit)) else { return 0 };
        let mut found = Vec::new();
        for names in names.chunks(WARM_BATCH) {
            let wanted: Vec<Wanted<'_>> = names.iter().map(Name::wanted).collect();
            self.look_up(&wanted, &mut found);
        }
        names.len()
    }
}

/// Counts those that are left out.
fn count(counter: &AtomicU64, open: &mut Vec<usize>, stays: impl Fn(&usize) -> bool) {
    let before = open.len();
    open.retain(stays);
    counter.fetch_add((before - open.len()) as u64, Ordering::Relaxed);
}

#[cfg(test)]
mod tests;
