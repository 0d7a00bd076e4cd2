//! `[kafka]`, and what a source and the sink say for it.

use super::Source;
use super::secret::{Missing, Place};
use sandgate_files::{Content, Section};
use sandgate_model::Kind;
use sandgate_model::schema::Schema;
use sandgate_stream::kafka::{
    ClientError, Clients, Config, Delivery, Setting, Settings, SourceTopic, Topics, Waiting, Window, WrongKey,
};
use std::hash::{BuildHasher as _, Hasher as _};
use std::time::Duration;

/// How a host works with Kafka, as far as its files say it.
#[derive(Clone, Debug)]
pub(crate) struct Kafka {
    pub(crate) config: Config,
    pub(crate) topics: Topics,
    /// Secrets that are not to be had here: a host that runs needs them, a check and
    /// a run from files do not.
    pub(crate) missing: Vec<Missing>,
}

/// What a source says about its topic.
#[derive(Clone, Debug)]
pub(crate) struct OfSource {
    pub(crate) topic: Option<String>,
    /// The field that keys it, by its place in the schema.
    pub(crate) key: usize,
    pub(crate) wrong_key: WrongKey,
}

/// What the sink says about its topics.
#[derive(Clone, Debug, Default)]
pub(super) struct OfSink {
    pub(super) topic: Option<String>,
    pub(super) dead_letters: Option<String>,
    pub(super) changelog: Option<String>,
}

/// The clients of a host cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unready {
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Missing(Vec<Missing>),
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// The most headers that travel.
const HEADERS_MAX: usize = 32;
/// The most bytes of a topic's, group's or host's name, as brokers have it.
const NAME_MAX: usize = 249;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

impl Kafka {
    /// Clients, once every secret is there and the library takes the settings.
    ///
    /// # Errors
    /// What is in the way.
    pub(crate) fn clients(&self) -> Result<Clients, Unready> {
        if !self.missing.is_empty() {
            return Err(Unready::Missing(self.missing.clone()));
        }
        let clients = Clients::new(self.config.clone(), self.topics.message_max());
        clients.verify()?;
        Ok(clients)
    }
}

/// Reads what a source says about its topic.
pub(super) fn of_source<'a>(section: &Section<'a>) -> (Option<String>, Option<&'a str>, WrongKey) {
    let topic = name(section, "topic");
    let key = section.text("key");
    let words = ["dead-letter", "judge"];
    let wrong_key = section.word("wrong_key", &words, |word| match word {
        "dead-letter" => Some(WrongKey::DeadLetter),
        "judge" => Some(WrongKey::Judge),
        _ => None,
    });
    (topic, key, wrong_key.unwrap_or(WrongKey::DeadLetter))
}

/// The field that keys a topic: the one that is named, else the account's.
pub(super) fn key(section: &Section<'_>, named: Option<&str>, schema: &Schema) -> usize {
    let Some(named) = named else { return schema.roles.account };
    let Some(field) = schema.field(named) else {
        section.problem("key", format!("no field is called `{named}`; name one of [source.fields]"));
        return schema.roles.account;
    };
    if !matches!(schema.fields[field].kind, Kind::Text | Kind::Integer) {
        section
            .problem("key", format!("`{named}` is neither text nor integer, so that no key can be compared with it"));
    }
    field
}

/// Reads what the sink says about its topics.
pub(super) fn of_sink(section: &Section<'_>) -> OfSink {
    OfSink {
        topic: name(section, "topic"),
        dead_letters: name(section, "dead_letters"),
        changelog: name(section, "changelog"),
    }
}

/// Reads `[kafka]`; nothing where the host reads files only. `whole` says whether
/// every source could be read.
pub(super) fn read(root: &Section<'_>, sources: &[Source], sink: OfSink, whole: bool) -> Option<Kafka> {
    let Some(section) = root.section("kafka") else {
        if !root.has("kafka") && sources.iter().any(|source| source.kafka.topic.is_some()) {
            root.problem("source", "names a `topic`, and nothing says where it is: add [kafka] with its `brokers`");
        }
        return None;
    };
    let mut missing = Vec::new();
    let config = config(&section, &mut missing);
    section.done();
    let topics = topics(root, &config.group, sources, sink)?;
    whole.then_some(Kafka { config, topics, missing })
}

fn config(section: &Section<'_>, missing: &mut Vec<Missing>) -> Config {
    let brokers = section.text("brokers").unwrap_or("127.0.0.1:9092");
    if brokers.split(',').any(|broker| broker.trim().is_empty() || broker.contains("://")) {
        section.problem("brokers", "must be HOST:PORT, several with commas between them");
    }
    let (mut commit, mut waiting) =
        (Window { time: 5 * MS, records: 1_000 }, Waiting { records: 20_000, bytes: 64 << 20 });
    if let Some(section) = section.section("commit") {
        commit.time = section.duration("time", commit.time, Duration::ZERO..=2 * SECOND);
        commit.records = section.whole("records", commit.records, 1..=1_000_000);
        section.done();
    }
    if let Some(section) = section.section("waiting") {
        waiting.records = section.whole("records", waiting.records, 1..=10_000_000);
        waiting.bytes = section.size("size", waiting.bytes, 1 << 20..=16 << 30);
        section.done();
    }
    let delivery = section.word("delivery", &["exactly-once", "at-least-once"], |word| match word {
        "exactly-once" => Some(Delivery::ExactlyOnce),
        "at-least-once" => Some(Delivery::AtLeastOnce),
        _ => None,
    });
    let mut settings = settings(section);
    settings.extend(secrets(section, missing));
    Config {
        brokers: brokers.to_owned(),
        group: name(section, "group").unwrap_or_else(|| "sandgate".to_owned()),
        instance: instance(section, missing),
        process: format!("{:016x}", std::hash::RandomState::new().build_hasher().finish()),
        delivery: delivery.unwrap_or(Delivery::ExactlyOnce),
        commit,
        shutdown: section.duration("shutdown", 10 * SECOND, MS..=600 * SECOND),
        watchdog: section.duration("watchdog", 30 * SECOND, SECOND..=600 * SECOND),
        headers: headers(section),
        waiting,
        settings: Settings::new(settings),
    }
}

/// The name of this host: a text, or where one stands.
fn instance(section: &Section<'_>, missing: &mut Vec<Missing>) -> Option<String> {
    const KEY: &str = "instance";
    if !matches!(section.node(KEY).map(|node| &node.content), Some(Content::Table(_))) {
        return name(section, KEY);
    }
    match Place::read(section, KEY)?.content() {
        Ok(text) if is_name(&text) => Some(text),
        Ok(text) => {
            section.problem(KEY, unnamed(&text));
            None
        }
        Err(why) => {
            section.note_at(KEY, format!("{why}: a host that runs needs it"));
            missing.push(why);
            None
        }
    }
}

fn headers(section: &Section<'_>) -> Vec<String> {
    const KEY: &str = "headers";
    if !section.has(KEY) {
        return ["correlation-id", "traceparent", "tracestate"].map(str::to_owned).to_vec();
    }
    let headers = section.texts(KEY);
    if headers.len() > HEADERS_MAX {
        section.problem(KEY, format!("names {} headers, and at most {HEADERS_MAX} travel", headers.len()));
    }
    for (at, header) in headers.iter().enumerate() {
        if header.is_empty() || header.len() > NAME_MAX || header.contains('\0') {
            section.problem(KEY, "holds a name that no header can have");
        } else if header == "decision-id" {
            section.problem(KEY, "`decision-id` is set by the host");
        } else if headers[..at].contains(header) {
            section.problem(KEY, format!("names `{header}` twice"));
        }
    }
    headers
}

/// What is passed through. A table in it is a name with dots, as TOML reads one
/// that is written without quotes.
fn settings(section: &Section<'_>) -> Vec<Setting> {
    let mut all = Vec::new();
    if let Some(settings) = section.section("settings") {
        plain(&settings, "", &mut all);
    }
    all
}

fn plain(section: &Section<'_>, before: &str, all: &mut Vec<Setting>) {
    for name in section.names() {
        let whole = format!("{before}{name}");
        let value = match section.node(name).map(|node| &node.content) {
            Some(Content::Text(text) | Content::Number(text)) => text.clone(),
            Some(Content::Flag(flag)) => flag.to_string(),
            Some(Content::Table(_)) => {
                if let Some(inner) = section.section(name) {
                    plain(&inner, &format!("{whole}."), all);
                }
                continue;
            }
            _ => {
                section.problem(name, "must be a text, a number, true or false");
                continue;
            }
        };
        match Setting::plain(&whole, &value) {
            Ok(setting) => all.push(setting),
            Err(why) => section.problem(name, format!("`{whole}` {why}")),
        }
    }
}

fn secrets(section: &Section<'_>, missing: &mut Vec<Missing>) -> Vec<Setting> {
    let mut all = Vec::new();
    if let Some(secrets) = section.section("secrets") {
        hidden(&secrets, "", &mut all, missing);
    }
    all
}

fn hidden(section: &Section<'_>, before: &str, all: &mut Vec<Setting>, missing: &mut Vec<Missing>) {
    for name in section.names() {
        let whole = format!("{before}{name}");
        let Some(inner) = section.section(name) else { continue };
        let is_place = |key: &'static str| inner.has(key) && inner.text(key).is_some();
        if !is_place("env") && !is_place("file") {
            if inner.names().next().is_none() {
                section.problem(name, Place::FORM);
            }
            hidden(&inner, &format!("{whole}."), all, missing);
            continue;
        }
        // whether it may be set at all does not depend on what it is
        if let Err(why) = Setting::secret(&whole, "") {
            section.problem(name, format!("`{whole}` {why}"));
            continue;
        }
        let Some(place) = Place::read(section, name) else { continue };
        match place.content() {
            Ok(value) => all.extend(Setting::secret(&whole, &value)),
            Err(why) => {
                section.note_at(name, format!("{why}: a host that runs needs it"));
                missing.push(why);
            }
        }
    }
}

/// The topics, each for one thing only; nothing where one is not named.
fn topics(root: &Section<'_>, group: &str, sources: &[Source], sink: OfSink) -> Option<Topics> {
    let mut all = Vec::with_capacity(sources.len());
    for source in sources {
        let OfSource { topic, key, wrong_key } = source.kafka.clone();
        let Some(topic) = topic else {
            let what = format!("`{}` has no `topic`: with [kafka] each source names its own", source.schema.source);
            root.problem("source", what);
            continue;
        };
        all.push(SourceTopic {
            source: source.schema.source.to_string(),
            topic,
            key,
            wrong_key,
            observe: source.observe,
            size_max: source.schema.size_max,
        });
    }
    let topics = Topics {
        sources: all,
        decisions: sink.topic.unwrap_or_else(|| "decisions".to_owned()),
        dead_letters: sink.dead_letters.unwrap_or_else(|| "dead-letters".to_owned()),
        // of this group only: another one's lanes would be mixed with ours
        changelog: sink.changelog.unwrap_or_else(|| format!("{group}-changelog")),
    };
    let names = topics.names();
    for (at, name) in names.iter().enumerate() {
        if names[..at].contains(name) {
            let key = if at < topics.sources.len() { "source" } else { "sink" };
            root.problem(key, format!("topic `{name}` is named for two things; each has a topic of its own"));
        }
    }
    (topics.sources.len() == sources.len() && !sources.is_empty()).then_some(topics)
}

/// A name that brokers take; nothing where the key is absent or empty.
fn name(section: &Section<'_>, key: &'static str) -> Option<String> {
    let text = section.text(key).filter(|text| !text.is_empty())?;
    if !is_name(text) {
        section.problem(key, unnamed(text));
        return None;
    }
    Some(text.to_owned())
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    (1..=NAME_MAX).contains(&text.len()) && text.chars().all(fits) && !matches!(text, "." | "..")
}

fn unnamed(text: &str) -> String {
    let shown: String = text.chars().take(40).collect();
    format!("is `{shown}`; brokers take letters, digits and . _ -, at most {NAME_MAX}")
}
