//! What an operator passes through to the C library, and which of its settings
//! are ours: those on which a promise of this host stands are refused by name.
//!
//! A list of what is refused, and not of what is allowed: the library has some
//! two hundred settings, most of them harmless, and every network needs other ones.

use std::fmt;

/// A setting of the C library.
#[derive(Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its name there: `sasl.mechanism`.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Whether the value is nobody's business.
    pub secret: bool,
}

/// All that are passed through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings(Vec<Setting>);

/// Why a setting is not passed through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The host sets it itself.
    #[error("is set by the host, because {0}")]
    Ours(&'static str),
    /// Its value would be readable in a file.
    #[error("is a secret: write it under [kafka.secrets], as {{ env = \"…\" }} or {{ file = \"…\" }}")]
    Secret,
    /// It is said by a key of its own.
    #[error("has a key of its own: write `{0}` in [kafka]")]
    Key(&'static str),
}

/// Settings that have a key of their own in the configuration.
const KEYS: [(&str, &str); 6] = [
    ("bootstrap.servers", "brokers"),
    ("metadata.broker.list", "brokers"),
    ("group.id", "group"),
    ("group.instance.id", "instance"),
    ("linger.ms", "commit"),
    ("queue.buffering.max.ms", "commit"),
];

const ONCE: &str = "each position has one decision only while readers and producers are set for it";
const LOST: &str = "a message that is given up in silence would be a decision that nobody gets";
const OWN: &str = "only the host knows which offsets belong to a commit";
const FENCE: &str = "the name of a producer is what fences a host that was thought dead";
const MOVES: &str = "partitions are handed over one by one, with their state";
const CREATE: &str = "a topic made in passing has the wrong partitions: `sandgate topics --create` makes it";
const CODE: &str = "it would load code into the host";
const HEARS: &str = "it listens to what the library says";
const HANDLER: &str = "it is no text that a file could hold";

/// Settings on which a promise stands.
const OURS: [(&str, &str); 31] = [
    ("isolation.level", ONCE),
    ("enable.idempotence", ONCE),
    ("enable.gapless.guarantee", ONCE),
    ("max.in.flight", ONCE),
    ("max.in.flight.requests.per.connection", ONCE),
    ("acks", LOST),
    ("request.required.acks", LOST),
    ("retries", LOST),
    ("message.send.max.retries", LOST),
    ("message.timeout.ms", LOST),
    ("delivery.timeout.ms", LOST),
    ("auto.offset.reset", LOST),
    ("enable.auto.commit", OWN),
    ("auto.commit.enable", OWN),
    ("auto.commit.interval.ms", OWN),
    ("enable.auto.offset.store", OWN),
    ("offset.store.method", OWN),
    ("transactional.id", FENCE),
    ("transaction.timeout.ms", FENCE),
    ("partition.assignment.strategy", MOVES),
    ("group.protocol", MOVES),
    ("group.remote.assignor", MOVES),
    ("allow.auto.create.topics", CREATE),
    ("plugin.library.paths", CODE),
    ("ssl.engine.location", CODE),
    ("ssl.providers", CODE),
    ("log.queue", HEARS),
    ("enable.partition.eof", HEARS),
    ("message.max.bytes", "it follows from the `size` of the sources"),
    ("opaque", HANDLER),
    ("default_topic_conf", HANDLER),
];

/// Settings whose values are secrets.
const SECRETS: [&str; 8] = [
    "sasl.password",
    "ssl.key.password",
    "ssl.key.pem",
    "ssl.keystore.password",
    "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.assertion.private.key.passphrase",
    "sasl.oauthbearer.assertion.private.key.pem",
    "sasl.oauthbearer.config",
];

// === impl Setting ===

impl Setting {
    /// A setting as a file has it.
    ///
    /// # Errors
    /// Why it may not be passed through.
    pub fn plain(name: &str, value: &str) -> Result<Setting, Unfit> {
        if SECRETS.contains(&name) {
            return Err(Unfit::Secret);
        }
        Setting::checked(name, value, false)
    }

    /// A setting whose value came from the environment or from a file of its own.
    ///
    /// # Errors
    /// As [`Setting::plain`].
    pub fn secret(name: &str, value: &str) -> Result<Setting, Unfit> {
        Setting::checked(name, value, true)
    }

    fn checked(name: &str, value: &str, secret: bool) -> Result<Setting, Unfit> {
        if let Some((_, key)) = KEYS.iter().find(|(key, _)| *key == name) {
            return Err(Unfit::Key(key));
        }
        if let Some((_, why)) = OURS.iter().find(|(ours, _)| *ours == name) {
            return Err(Unfit::Ours(why));
        }
        if name.ends_with("_cb") {
            return Err(Unfit::Ours(HANDLER));
        }
        if name == "partitioner" && !value.starts_with("consistent") && !value.starts_with("murmur2") {
            return Err(Unfit::Ours("the records of an account must stay on one partition, and in order"));
        }
        Ok(Setting { name: name.to_owned(), value: value.to_owned(), secret })
    }
}

/// Never shows a secret.
impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = if self.secret { "…" } else { &self.value };
        write!(f, "{}={value}", self.name)
    }
}

// === impl Settings ===

impl Settings {
    /// These settings.
    pub fn new(settings: Vec<Setting>) -> Settings {
        Settings(settings)
    }

    /// All of them, in the order in which they were written.
    pub fn iter(&self) -> impl Iterator<Item = &Setting> {
        self.0.iter()
    }

    /// A text in which no secret can be read any more.
    pub fn masked(&self, text: &str) -> String {
        let secrets = self.0.iter().filter(|setting| setting.secret && !setting.value.is_empty());
        secrets.fold(text.to_owned(), |text, secret| text.replace(&secret.value, "…"))
    }
}

#[cfg(test)]
mod tests {
    use super::{KEYS, OURS, SECRETS, Setting, Settings, Unfit};

    #[test]
    fn what_a_promise_stands_on_is_refused_by_name_with_the_reason() {
        for (name, why) in OURS {
            assert_eq!(Setting::plain(name, "x"), Err(Unfit::Ours(why)), "{name}");
            assert_eq!(Setting::secret(name, "x"), Err(Unfit::Ours(why)), "{name}");
        }
        for (name, key) in KEYS {
            assert_eq!(Setting::plain(name, "x"), Err(Unfit::Key(key)), "{name}");
        }
        for name in SECRETS {
            assert_eq!(Setting::plain(name, "x"), Err(Unfit::Secret), "{name}");
            assert!(Setting::secret(name, "x").is_ok(), "{name}");
        }
        assert!(matches!(Setting::plain("rebalance_cb", "x"), Err(Unfit::Ours(_))));
        assert!(matches!(Setting::plain("partitioner", "random"), Err(Unfit::Ours(_))));
        for (name, value) in [("partitioner", "murmur2"), ("security.protocol", "ssl"), ("compression.type", "lz4")] {
            assert!(Setting::plain(name, value).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_secret_is_never_shown() {
        let password = Setting::secret("sasl.password", "open sesame").expect("a secret");
        let user = Setting::plain("sasl.username", "ali").expect("a setting");
        let settings = Settings::new(vec![user, password]);
        assert_eq!(format!("{settings:?}"), "Settings([sasl.username=ali, sasl.password=…])");
        assert_eq!(settings.masked("ali says open sesame twice: open sesame"), "ali says … twice: …");
    }
}
