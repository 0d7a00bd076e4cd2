//! What `[state]` says of the series that lanes share: which ones, and their Redis.

use super::secret::{Missing, Place};
use sandgate_files::{Content, Section};
use sandgate_shared::{Config, Url};
use std::time::Duration;

/// The series that lanes share.
#[derive(Clone, Debug)]
pub(crate) struct Sharing {
    /// The fields by which they are shared.
    pub(crate) fields: Vec<String>,
    urls: Vec<Url>,
    /// Where the password stands, if not in the URLs.
    password: Option<Place>,
    deadline: Duration,
    events: u64,
}

/// The Redis of the shared series cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unready {
    #[error("[state] redis_password: {0}")]
    Missing(Missing),
    #[error("policies have shared windows, and [state] names no redis to keep them")]
    Unnamed,
}

/// The longest that a batch may wait for one answer.
const DEADLINES: std::ops::RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_secs(30);

impl Default for Sharing {
    fn default() -> Sharing {
        Sharing {
            fields: Vec::new(),
            urls: Vec::new(),
            password: None,
            deadline: Duration::from_millis(500),
            events: 10_000,
        }
    }
}

impl Sharing {
    /// The store, once its password is there.
    ///
    /// # Errors
    /// Where no Redis is named, or its password is not to be had.
    pub(crate) fn config(&self, bounds: sandgate_state::Settings) -> Result<Config, Unready> {
        let mut urls = self.urls.clone();
        if urls.is_empty() {
            return Err(Unready::Unnamed);
        }
        if let Some(place) = &self.password {
            let password = place.content().map_err(Unready::Missing)?;
            urls = urls.into_iter().map(|url| url.with_password(&password)).collect();
        }
        let events = usize::try_from(self.events).unwrap_or(usize::MAX);
        Ok(Config { urls, deadline: self.deadline, events, lateness: bounds.lateness })
    }
}

/// Reads the keys of `[state]` that are about shared series.
pub(super) fn read(section: &Section<'_>) -> Sharing {
    let default = Sharing::default();
    let urls = urls(section, "redis");
    let sharing = Sharing {
        fields: section.texts("shared"),
        password: Place::password(section, "redis_password", urls.iter().any(Url::has_password)),
        urls,
        deadline: section.duration("redis_deadline", default.deadline, DEADLINES),
        events: section.whole("shared_events", default.events, 100..=1_000_000),
    };
    if !sharing.fields.is_empty() && sharing.urls.is_empty() && !section.has("redis") {
        section.problem("shared", "shared series are kept in a Redis; name it: redis = \"redis://HOST:6379\"");
    }
    sharing
}

/// The Redis of a section: one URL, or the nodes of a cluster; empty is none.
pub(super) fn urls(section: &Section<'_>, key: &'static str) -> Vec<Url> {
    let texts = match section.node(key).map(|node| &node.content) {
        Some(Content::List(_)) => section.texts(key),
        _ => section.text(key).into_iter().filter(|text| !text.is_empty()).map(str::to_owned).collect(),
    };
    let mut urls = Vec::with_capacity(texts.len());
    for text in &texts {
        match Url::parse(text) {
            Ok(url) => urls.push(url),
            Err(error) => section.problem(key, error),
        }
    }
    urls
}
