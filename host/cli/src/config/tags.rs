//! `[tags]`: where tags are kept, for how long they are remembered, and what
//! happens when a tier does not answer.

use super::secret::{Missing, Place};
use sandgate_files::{File, Report, Section};
use sandgate_tags::{Config, Location, Url};
use std::cell::RefCell;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);
const DAY: Duration = Duration::from_secs(86_400);
const MINUTE: Duration = Duration::from_secs(60);
/// Deadlines of calls: shorter ones would always pass, longer ones hold up a lane.
const DEADLINES: std::ops::RangeInclusive<Duration> = MS..=Duration::from_secs(30);

/// Where tags are, with what is missing to reach them.
#[derive(Clone, Debug)]
pub(crate) struct Tags {
    config: Config,
    missing: Vec<String>,
}

impl Tags {
    /// The configuration, once every password is there.
    ///
    /// # Errors
    /// The first password that cannot be had.
    pub(crate) fn config(&self) -> Result<&Config, NoPassword> {
        self.missing.first().map_or(Ok(&self.config), |why| Err(NoPassword(why.clone())))
    }

    /// Where they are, also where a password for it is missing.
    pub(crate) fn location(&self) -> &Location {
        &self.config.sql
    }
}

/// A password that the configuration names and that is not there.
#[derive(Debug, thiserror::Error)]
#[error("{0}; set it where the program runs")]
pub(crate) struct NoPassword(String);

/// Reads `[tags]`; where it says nothing, its defaults.
pub(super) fn read(section: Option<Section<'_>>, file: &File) -> Tags {
    let mut config = Config::default();
    let mut missing = Vec::new();
    config.sql = config.sql.within(&file.beside(""));
    let Some(section) = section else { return Tags { config, missing } };
    if let Some(sql) = section.text("sql") {
        match Location::parse(sql) {
            Ok(location) => config.sql = location.within(&file.beside("")),
            Err(error) => section.problem("sql", error),
        }
    }
    config.redis = super::shared::urls(&section, "redis");
    let in_url = matches!(&config.sql, Location::Postgres(address) if address.has_password());
    if let Some(password) = password(&section, "sql_password", in_url, &mut missing)
        && let Location::Postgres(address) = &config.sql
    {
        config.sql = Location::Postgres(address.with_password(&password));
    }
    let in_url = config.redis.iter().any(Url::has_password);
    if let Some(password) = password(&section, "redis_password", in_url, &mut missing) {
        config.redis = config.redis.into_iter().map(|url| url.with_password(&password)).collect();
    }
    config.ttl = section.duration("ttl", config.ttl, MS..=DAY);
    config.stale = section.duration("stale", config.stale, Duration::ZERO..=DAY);
    config.entries_max = section.whole("entries", config.entries_max, 0..=100_000_000);
    config.absent_max = section.whole("absent", config.absent_max, 0..=100_000_000);
    config.filter_max = section.size("filter", config.filter_max, 0..=4 << 30);
    config.warm_max = section.whole("warm", config.warm_max, 0..=100_000_000);
    config.poll = section.duration("poll", config.poll, 10 * MS..=MINUTE);
    config.redis_deadline = section.duration("redis_deadline", config.redis_deadline, DEADLINES);
    config.sql_deadline = section.duration("sql_deadline", config.sql_deadline, DEADLINES);
    if let Some(inner) = section.section("breaker") {
        let breaker = &mut config.breaker;
        let number = |key, default: u32| inner.whole(key, default.into(), 1..=1_000) as u32;
        breaker.failures = number("failures", breaker.failures);
        breaker.calls = number("calls", breaker.calls);
        breaker.trials = number("trials", breaker.trials);
        breaker.window = inner.duration("window", breaker.window, MS..=DAY);
        breaker.open = inner.duration("open", breaker.open, MS..=DAY);
        inner.done();
    }
    section.done();
    Tags { config, missing }
}

/// Reads only where tags are kept, for the verbs that need nothing else.
pub(super) fn read_alone(file: &File, report: &RefCell<Report>) -> Tags {
    read(Section::root(file, report).section("tags"), file)
}

/// A password that stands elsewhere. One that is missing is no problem of the
/// file: it may be there where the host runs.
fn password<'a>(section: &Section<'a>, key: &'a str, in_url: bool, missing: &mut Vec<String>) -> Option<String> {
    let place = Place::password(section, key, in_url)?;
    let told = |why: Missing| missing.push(format!("tags.{key}: {why}"));
    place.content().map_err(told).ok()
}
