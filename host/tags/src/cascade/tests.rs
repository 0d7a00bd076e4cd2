//! The cascade over a database that counts what it is asked, and fails when it is
//! told to.

use super::Cascade;
use crate::database::{Changes, Database, Name, Since};
use crate::tier::{Rank, Tier, Trouble, Why};
use crate::{Answer, Config, Error, Store, Tag, Wanted};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(20);
const MS: Duration = Duration::from_millis(1);

/// Tags of `account.level` by id, in memory.
#[derive(Default)]
struct Noting {
    tags: Mutex<BTreeMap<String, String>>,
    changes: Mutex<Vec<Option<String>>>,
    asked: Mutex<HashMap<String, usize>>,
    down: AtomicBool,
    slow: Mutex<Duration>,
    /// Everything changes while the next walk goes on.
    upset: AtomicBool,
}

impl Noting {
    fn set(&self, id: &str, value: &str) {
        self.tags.lock().unwrap().insert(id.to_owned(), value.to_owned());
        self.changes.lock().unwrap().push(Some(id.to_owned()));
    }

    fn asked(&self, id: &str) -> usize {
        self.asked.lock().unwrap().get(id).copied().unwrap_or(0)
    }

    fn answers(&self) -> Result<(), Error> {
        match self.down.load(Ordering::SeqCst) {
            true => Err(Error::Unreachable { server: "memory".to_owned(), said: "down".to_owned() }),
            false => Ok(()),
        }
    }
}

impl Database for Noting {
    fn look_up(&self, names: &[Wanted<'_>], _: Duration, found: &mut Vec<Option<Arc<str>>>) -> Result<(), Error> {
        self.answers()?;
        names.iter().for_each(|name| *self.asked.lock().unwrap().entry(name.id.to_owned()).or_default() += 1);
        let tags = self.tags.lock().unwrap().clone();
        std::thread::park_timeout(*self.slow.lock().unwrap());
        found.clear();
        found.extend(names.iter().map(|name| tags.get(name.id).map(|value| Arc::from(value.as_str()))));
        Ok(())
    }

    fn changes(&self, since: Since, _: Duration) -> Result<Option<Changes>, Error> {
        self.answers()?;
        let changes = self.changes.lock().unwrap();
        let after = match since {
            Since::Number(number) => number as usize,
            Since::Ago(_) => 0,
        };
        let new = &changes[after.min(changes.len())..];
        let name = |id: &String| Name { entity: "account".into(), attribute: "level".into(), id: id.clone() };
        let all = new.iter().any(Option::is_none);
        Ok(Some(Changes {
            names: new.iter().flatten().map(name).collect(),
            all,
            after: after as i64,
            last: changes.len() as i64,
        }))
    }

    fn walk(&self, _: Duration, each: &mut dyn FnMut(Tag<'_>) -> bool) -> Result<(), Error> {
        self.answers()?;
        let tags = self.tags.lock().unwrap().clone();
        if self.upset.swap(false, Ordering::SeqCst) {
            self.changes.lock().unwrap().push(None);
            std::thread::park_timeout(100 * MS);
        }
        tags.iter().all(|(id, value)| each(Tag { entity: "account", id, attribute: "level", value }));
        Ok(())
    }

    fn list(&self, _: &str, _: &str, _: Option<&str>) -> Result<Vec<(String, String)>, Error> {
        Ok(Vec::new())
    }

    fn count(&self, _: Duration) -> Result<u64, Error> {
        Ok(self.tags.lock().unwrap().len() as u64)
    }
}

/// Without a filter and a warm cache unless a test wants them; the breaker opens
/// with the first failure, and is tried again at once.
fn config() -> Config {
    let mut config = Config { filter_max: 0, warm_max: 0, poll: 10 * MS, ..Config::default() };
    config.sql_deadline = LONG;
    config.breaker.failures = 1_000;
    config.breaker.calls = 1_000;
    config
}

fn cascade(config: &Config) -> (Cascade, Arc<Noting>) {
    let noting = Arc::new(Noting::default());
    (over(config, &noting), noting)
}

fn over(config: &Config, noting: &Arc<Noting>) -> Cascade {
    let tier = Tier::new(Rank::Postgres, config.sql_deadline, config.breaker);
    Cascade::with(config, Arc::clone(noting) as _, Arc::new(tier), None).unwrap()
}

fn level(id: &str) -> Wanted<'_> {
    Wanted { entity: "account", attribute: "level", id }
}

fn look_up(cascade: &Cascade, ids: &[&str]) -> Vec<Answer> {
    let wanted: Vec<_> = ids.iter().map(|id| level(id)).collect();
    let mut found = vec![Answer::Absent; 3];
    cascade.look_up(&wanted, &mut found);
    found
}

fn found(value: &str) -> Answer {
    Answer::Found(Arc::from(value))
}

#[track_caller]
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < LONG, "{what}: not within {LONG:?}");
        std::thread::park_timeout(MS);
    }
}

#[test]
fn a_batch_asks_once_for_each_name_and_an_absence_is_remembered() {
    let (cascade, noting) = cascade(&config());
    noting.tags.lock().unwrap().insert("a".to_owned(), "1".to_owned());
    for _ in 0..3 {
        let answers = look_up(&cascade, &["a", "nobody", "a", "line\nbreak", "nobody"]);
        assert_eq!(answers, [found("1"), Answer::Absent, found("1"), Answer::Absent, Answer::Absent]);
    }
    assert_eq!((noting.asked("a"), noting.asked("nobody"), noting.asked("line\nbreak")), (1, 1, 0));
    assert_eq!(look_up(&cascade, &[]), []);
}

#[test]
fn a_thousand_threads_that_want_one_name_ask_once() {
    let (cascade, noting) = cascade(&config());
    noting.tags.lock().unwrap().insert("a".to_owned(), "1".to_owned());
    *noting.slow.lock().unwrap() = 100 * MS;
    let barrier = Barrier::new(1_000);
    std::thread::scope(|scope| {
        for thread in 0..1_000 {
            let (cascade, barrier) = (&cascade, &barrier);
            let other = (thread % 10).to_string();
            let work = move || {
                barrier.wait();
                assert_eq!(look_up(cascade, &[&other, "a"]), [Answer::Absent, found("1")]);
            };
            std::thread::Builder::new().stack_size(128 << 10).spawn_scoped(scope, work).unwrap();
        }
    });
    assert_eq!(noting.asked("a"), 1);
    assert!((0..10).all(|other| noting.asked(&other.to_string()) == 1));
}

#[test]
fn what_was_known_stands_in_while_nobody_answers_and_then_it_is_missing() {
    let mut config = config();
    (config.ttl, config.stale) = (100 * MS, 600 * MS);
    let (cascade, noting) = cascade(&config);
    noting.tags.lock().unwrap().insert("a".to_owned(), "1".to_owned());
    assert_eq!(look_up(&cascade, &["a", "none"]), [found("1"), Answer::Absent]);
    let began = Instant::now();
    noting.down.store(true, Ordering::SeqCst);
    let trouble = Trouble { tier: Rank::Postgres, why: Why::Failed };
    let stale = [Answer::Stale(Some("1".into()), trouble), Answer::Stale(None, trouble), Answer::Missing(trouble)];
    let names = ["a", "none", "new"];
    eventually("the answer is stale", || look_up(&cascade, &names) == stale);
    assert!(began.elapsed() >= 90 * MS, "{:?}", began.elapsed());
    eventually("the answer is missing", || look_up(&cascade, &names) == vec![Answer::Missing(trouble); 3]);
    assert!(began.elapsed() >= 590 * MS, "{:?}", began.elapsed());
    noting.down.store(false, Ordering::SeqCst);
    assert_eq!(look_up(&cascade, &names), [found("1"), Answer::Absent, Answer::Absent]);
    let counts = cascade.counts();
    assert!(counts.stale.load(Ordering::Relaxed) >= 2 && counts.missing.load(Ordering::Relaxed) >= 4);
}

#[test]
fn an_open_breaker_answers_at_once_and_closes_by_itself() {
    let mut config = config();
    config.breaker.failures = 1;
    config.breaker.open = 50 * MS;
    let (cascade, noting) = cascade(&config);
    noting.down.store(true, Ordering::SeqCst);
    let open = Answer::Missing(Trouble { tier: Rank::Postgres, why: Why::Open });
    eventually("the breaker is open", || look_up(&cascade, &["a"]) == [open.clone()]);
    noting.down.store(false, Ordering::SeqCst);
    // nobody looks anything up: the feed tries
    eventually("the breaker is closed", || cascade.tiers().all(|tier| tier.state().word() == "closed"));
    assert!(cascade.tiers().all(|tier| tier.times_opened() > 0));
}

#[test]
fn a_change_is_seen_long_before_the_ttl() {
    let (cascade, noting) = cascade(&config());
    assert_eq!(look_up(&cascade, &["a", "b"]), [Answer::Absent, Answer::Absent]);
    noting.set("a", "1");
    eventually("the tag is seen", || look_up(&cascade, &["a"]) == [found("1")]);
    noting.set("a", "2");
    eventually("its new value is seen", || look_up(&cascade, &["a"]) == [found("2")]);
    assert_eq!(noting.asked("b"), 1, "what has not changed is not asked for again");
    noting.changes.lock().unwrap().push(None);
    noting.tags.lock().unwrap().insert("b".to_owned(), "3".to_owned());
    eventually("a change of everything is seen", || look_up(&cascade, &["b"]) == [found("3")]);
}

#[test]
fn unknown_ids_do_not_reach_the_database_while_the_filter_is_trusted() {
    let noting = Arc::new(Noting::default());
    (0..1_000).for_each(|id| noting.set(&format!("known {id}"), "1"));
    let config = Config { filter_max: 1 << 20, ..config() };
    let cascade = over(&config, &noting);
    eventually("the filter is there", || cascade.filters());
    for batch in 0..100 {
        let ids: Vec<String> = (0..100).map(|id| format!("unknown {batch} {id}")).collect();
        let answers = look_up(&cascade, &ids.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(answers.iter().all(|answer| *answer == Answer::Absent));
    }
    let asked: usize = noting.asked.lock().unwrap().values().sum();
    assert!(asked < 500, "{asked} of 10,000 unknown ids were asked for");
    // a new id is known to the filter before anybody may rely on a no
    noting.set("unknown 0 0", "2");
    eventually("a new id is seen", || look_up(&cascade, &["unknown 0 0"]) == [found("2")]);
    // and a feed that is silent takes the trust away
    noting.down.store(true, Ordering::SeqCst);
    eventually("the filter is not trusted", || !cascade.filters());
    assert!(matches!(look_up(&cascade, &["unknown 1 1"])[..], [Answer::Missing(_) | Answer::Absent]));
}

#[test]
fn the_cache_is_warm_before_the_first_look_up() {
    let noting = Arc::new(Noting::default());
    (0..100).for_each(|id| noting.set(&format!("{id:03}"), "1"));
    let cascade = over(&Config { warm_max: 40, ..config() }, &noting);
    eventually("the cache is warm", || cascade.remembered() == (40, 0));
    assert_eq!(look_up(&cascade, &["000", "039"]), [found("1"), found("1")]);
    assert!(noting.asked.lock().unwrap().is_empty());
}

#[test]
fn the_cache_is_warm_although_everything_changed_meanwhile() {
    let noting = Arc::new(Noting::default());
    (0..100).for_each(|id| noting.set(&format!("{id:03}"), "1"));
    noting.upset.store(true, Ordering::SeqCst);
    let cascade = over(&Config { warm_max: 40, ..config() }, &noting);
    eventually("the cache is warm", || cascade.remembered() == (40, 0));
    assert!(!noting.upset.load(Ordering::SeqCst));
}

#[test]
fn who_waits_for_a_thread_that_is_late_gets_what_was_known_before() {
    let mut config = config();
    (config.ttl, config.stale) = (MS, LONG);
    (config.redis_deadline, config.sql_deadline) = (MS, 200 * MS);
    let (cascade, noting) = cascade(&config);
    noting.tags.lock().unwrap().insert("a".to_owned(), "1".to_owned());
    assert_eq!(look_up(&cascade, &["a"]), [found("1")]);
    std::thread::park_timeout(5 * MS);
    *noting.slow.lock().unwrap() = 2_000 * MS;
    let before = noting.asked("a");
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| look_up(&cascade, &["a"]));
        eventually("it is asked for", || noting.asked("a") > before);
        let began = Instant::now();
        let late = Trouble { tier: Rank::Postgres, why: Why::Late };
        assert_eq!(look_up(&cascade, &["a"]), [Answer::Stale(Some("1".into()), late)]);
        assert!(began.elapsed() >= 200 * MS);
        assert_eq!(asking.join().unwrap(), [found("1")], "an answer that came late is used");
    });
    let tier = cascade.tiers().next().unwrap();
    assert!(tier.counts().failures.load(Ordering::Relaxed) >= 1, "and counts as a failure");
}

#[test]
fn a_thread_does_not_keep_a_value_that_changed_while_it_asked() {
    let (cascade, noting) = cascade(&config());
    noting.set("a", "old");
    eventually("the feed has heard of it", || cascade.core.knowledge.is_fresh(cascade.core.knowledge.now()));
    *noting.slow.lock().unwrap() = 300 * MS;
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| look_up(&cascade, &["a"]));
        eventually("it is asked for", || noting.asked("a") == 1);
        noting.set("a", "new");
        assert_eq!(asking.join().unwrap(), [found("old")]);
    });
    *noting.slow.lock().unwrap() = Duration::ZERO;
    eventually("the new value is seen", || look_up(&cascade, &["a"]) == [found("new")]);
}

#[test]
fn what_became_of_the_names_is_shown() {
    let registry = sandgate_metrics::Registry::default();
    let (cascade, noting) = cascade(&config());
    let cascade = cascade.measured(&registry);
    noting.tags.lock().unwrap().insert("a".to_owned(), "1".to_owned());
    for _ in 0..2 {
        look_up(&cascade, &["a", "nobody", "line\nbreak"]);
    }
    let text = registry.text(sandgate_metrics::Form::Plain);
    for line in [
        "sandgate_tags_total{answer=\"sql\"} 2",
        "sandgate_tags_total{answer=\"cache\"} 2",
        "sandgate_tags_total{answer=\"impossible\"} 2",
        "sandgate_tag_breaker{tier=\"postgres\"} 0.0",
        "sandgate_tag_cache_entries{kind=\"tag\"} 1.0",
        "sandgate_tag_cache_entries{kind=\"absent\"} 1.0",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line} is not in\n{text}");
    }
}
