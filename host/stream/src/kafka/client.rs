//! Clients of the C library, one kind for each purpose, and what they say: the
//! library's log and errors in the host's own log, in plain words, without secrets,
//! and each trouble once in a while rather than once for each client and second.

use super::config::Config;
use super::heard::{Heard, since_then};
use rdkafka::admin::AdminClient;
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{NoCustomPartitioner, ProducerContext, ThreadedProducer};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What a client is for; each has settings of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Being a member of the group, and no more.
    Member,
    /// Reading records and the changelog, as read-committed readers do.
    Read,
    /// Asking for ends, those of open commits among them.
    Ends,
    /// Writing in commits.
    Commit,
    /// Writing at once.
    Plain,
    /// Writing before a commit, whenever it is flushed.
    Early,
    /// Making topics, and deleting what nobody needs any more.
    Admin,
}

/// Makes clients that share one configuration and one voice.
#[derive(Clone, Debug)]
pub struct Clients {
    config: Arc<Config>,
    message_max: u64,
    heard: Arc<Heard>,
}

/// A client that the library would not make.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// It does not take a setting.
    #[error("setting `{name}` is not taken: {why}; mend it in [kafka] settings")]
    Setting {
        /// The setting.
        name: String,
        /// What the library says.
        why: String,
    },
    /// Its settings do not go together, or a file that they name cannot be used.
    #[error("no client can be made with these settings: {why}; mend [kafka] settings")]
    Settings {
        /// What the library says.
        why: String,
    },
}

/// Listens to one client.
#[derive(Clone, Debug)]
pub struct Context {
    clients: Clients,
    purpose: Purpose,
    /// The first message of late that did not arrive.
    undelivered: Arc<Mutex<Option<Undelivered>>>,
    /// Where messages with a mark came to stand.
    marks: Arc<Mutex<Vec<(usize, i64)>>>,
}

/// A message that did not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Undelivered {
    pub(super) code: RDKafkaErrorCode,
    pub(super) topic: String,
}

/// A producer whose messages leave at once, each by itself.
pub type PlainProducer = ThreadedProducer<Context>;

// === impl Clients ===

impl Clients {
    /// Clients for this configuration. `message_max` is the most bytes of a message
    /// that they may write ([`super::Topics::message_max`]).
    pub fn new(config: Config, message_max: u64) -> Clients {
        Clients { config: Arc::new(config), message_max, heard: Arc::default() }
    }

    /// What they are told.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Whether the library takes the settings, without asking any broker: files that
    /// they name are opened.
    ///
    /// # Errors
    /// The first thing that it does not take.
    pub fn verify(&self) -> Result<(), ClientError> {
        for purpose in [Purpose::Member, Purpose::Commit] {
            let mut settings = self.settings(purpose);
            settings.remove("bootstrap.servers");
            settings.set_log_level(RDKafkaLogLevel::Critical);
            match purpose {
                Purpose::Member => drop(self.make::<BaseConsumer<Context>>(&settings, purpose)?),
                _ => drop(self.make::<PlainProducer>(&settings, purpose)?),
            }
        }
        Ok(())
    }

    /// A consumer for manual assignment that sees only what was committed. An offset
    /// that is out of range is an error of its partition: nothing is skipped.
    ///
    /// # Errors
    /// Where the library does not make it.
    pub fn reader(&self) -> Result<BaseConsumer<Context>, ClientError> {
        self.consumer(Purpose::Read)
    }

    /// A producer whose messages leave at once (`Plain`) or when they are flushed
    /// (`Early`). What does not arrive is told by [`Context::undelivered`].
    ///
    /// # Errors
    /// Where the library does not make it.
    pub fn plain(&self, purpose: Purpose) -> Result<PlainProducer, ClientError> {
        self.make(&self.settings(purpose), purpose)
    }

    pub(super) fn consumer(&self, purpose: Purpose) -> Result<BaseConsumer<Context>, ClientError> {
        self.make(&self.settings(purpose), purpose)
    }

    pub(super) fn admin(&self) -> Result<AdminClient<Context>, ClientError> {
        self.make(&self.settings(Purpose::Admin), Purpose::Admin)
    }

    /// What listens to a client of this purpose.
    pub(super) fn context(&self, purpose: Purpose) -> Context {
        Context { clients: self.clone(), purpose, undelivered: Arc::default(), marks: Arc::default() }
    }

    pub(super) fn make<T: FromClientConfigAndContext<Context>>(
        &self,
        settings: &ClientConfig,
        purpose: Purpose,
    ) -> Result<T, ClientError> {
        settings.create_with_context(self.context(purpose)).map_err(|error| self.unmade(error))
    }

    /// Why a client was not made, in a text without secrets.
    pub(super) fn unmade(&self, error: KafkaError) -> ClientError {
        match error {
            KafkaError::ClientConfig(_, why, name, _) => {
                ClientError::Setting { name, why: self.config.settings.masked(&why) }
            }
            KafkaError::ClientCreation(why) => ClientError::Settings { why: self.config.settings.masked(&why) },
            error => ClientError::Settings { why: self.config.settings.masked(&error.to_string()) },
        }
    }

    /// Why a broker turned us away since `since`, if one did.
    pub fn refused(&self, since: Instant) -> Option<String> {
        since_then(&self.heard.refusal, since)
    }

    /// What was last wrong with a broker since `since`, in the library's words.
    pub(super) fn trouble(&self, since: Instant) -> Option<String> {
        since_then(&self.heard.trouble, since)
    }

    /// The library's settings for a purpose: defaults of ours that the operator may
    /// change, then what the operator says, then what nobody may change.
    pub fn settings(&self, purpose: Purpose) -> ClientConfig {
        let config = &*self.config;
        let mut settings = ClientConfig::new();
        settings.set_log_level(RDKafkaLogLevel::Info);
        let mut set = |all: &[(&str, &str)]| {
            for (name, value) in all {
                settings.set(*name, *value);
            }
        };
        // a broker that was away is found again within a second
        set(&[
            ("client.id", "sandgate"),
            ("socket.keepalive.enable", "true"),
            ("socket.connection.setup.timeout.ms", "10000"),
            ("reconnect.backoff.max.ms", "1000"),
        ]);
        match purpose {
            Purpose::Member => {
                set(&[("session.timeout.ms", "6000"), ("heartbeat.interval.ms", "500")]);
                // it reads nothing: its partitions are paused
                set(&[("queued.min.messages", "1"), ("queued.max.messages.kbytes", "64")]);
            }
            // after a full queue the library would rest for a second; and it would hold
            // 64 MiB of records that nobody has asked for
            Purpose::Read => set(&[
                ("fetch.queue.backoff.ms", "5"),
                ("fetch.wait.max.ms", "50"),
                ("max.partition.fetch.bytes", "4194304"),
                ("queued.min.messages", "20000"),
                ("queued.max.messages.kbytes", "16384"),
            ]),
            Purpose::Commit | Purpose::Plain | Purpose::Early => {
                set(&[
                    ("queue.buffering.max.messages", "500000"),
                    ("queue.buffering.max.kbytes", "262144"),
                    ("partitioner", "murmur2_random"),
                ]);
                if purpose == Purpose::Commit {
                    // 100 ms of rest would be spent behind every commit
                    set(&[("retry.backoff.ms", "2")]);
                }
            }
            Purpose::Ends | Purpose::Admin => {}
        }
        for setting in config.settings.iter() {
            settings.set(&setting.name, &setting.value);
        }
        settings.set("bootstrap.servers", &config.brokers);
        self.promised(purpose, &mut settings);
        settings
    }

    /// What nobody may change.
    fn promised(&self, purpose: Purpose, settings: &mut ClientConfig) {
        let config = &*self.config;
        let mut set = |name: &str, value: &str| {
            settings.set(name, value);
        };
        match purpose {
            Purpose::Member | Purpose::Read => {
                // a reader needs the group's name for the offsets, and never joins
                set("group.id", &config.group);
                set("enable.auto.commit", "false");
                set("enable.auto.offset.store", "false");
                set("isolation.level", "read_committed");
                set("auto.offset.reset", "error");
            }
            Purpose::Ends => {
                set("isolation.level", "read_uncommitted");
            }
            Purpose::Commit | Purpose::Plain | Purpose::Early => {
                set("enable.idempotence", "true");
                set("acks", "all");
                set("message.max.bytes", &self.message_max.to_string());
            }
            Purpose::Admin => {}
        }
        match purpose {
            Purpose::Member => {
                set("partition.assignment.strategy", "cooperative-sticky");
                if let Some(instance) = &config.instance {
                    set("group.instance.id", instance);
                }
            }
            Purpose::Commit => {
                set("transaction.timeout.ms", "10000");
                set("message.timeout.ms", "10000");
                // a commit flushes by itself; until then the client has no reason to wake up
                let linger = config.commit.time.as_millis().clamp(5, 5_000);
                set("linger.ms", &linger.to_string());
            }
            Purpose::Plain | Purpose::Early => {
                // who flushes sees to it that the client has no reason to wake up before
                set("linger.ms", if purpose == Purpose::Early { "500" } else { "1" });
                // what is told to be lost is sent again: better to wait for a slow broker
                set("message.timeout.ms", "25000");
            }
            Purpose::Read | Purpose::Ends | Purpose::Admin => {}
        }
    }
}

// === impl Context ===

impl Context {
    /// The first message that did not arrive since it was last asked: its topic and
    /// the reason.
    pub fn undelivered(&self) -> Option<String> {
        self.take_undelivered().map(|lost| format!("topic {}: {}", lost.topic, lost.code))
    }

    /// The offsets of messages with a mark since they were last taken.
    pub(super) fn marks(&self) -> MutexGuard<'_, Vec<(usize, i64)>> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take_undelivered(&self) -> Option<Undelivered> {
        self.undelivered.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn hear(&self, code: RDKafkaErrorCode, reason: &str) {
        let now = Instant::now();
        let brokers = &self.clients.config.brokers;
        let reason = self.clients.config.settings.masked(reason);
        let heard = &self.clients.heard;
        *heard.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, reason.clone()));
        let refusal = match code {
            RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SaslAuthenticationFailed => {
                Some("the broker refuses this user or password: mend sasl.username and sasl.password in [kafka]")
            }
            // the first try is told as TLS, the later ones as a lost connection
            _ if code == RDKafkaErrorCode::SSL || reason.contains("SSL handshake failed") => {
                Some("no TLS with the broker: mend the ssl settings in [kafka]")
            }
            RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::TransactionalIdAuthorizationFailed => {
                Some("this user may not do that: give it the rights that docs/operating.md lists")
            }
            _ => None,
        };
        if let Some(what) = refusal {
            let mut last = heard.refusal.lock().unwrap_or_else(PoisonError::into_inner);
            *last = Some((now, format!("{what} ({reason})")));
        }
        if !heard.news(code, now) {
            return;
        }
        match (refusal, code) {
            (Some(what), _) => tracing::error!(%brokers, %reason, "{what}"),
            (
                None,
                RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::Resolve
                | RDKafkaErrorCode::OperationTimedOut
                | RDKafkaErrorCode::TimedOutQueue,
            ) => tracing::warn!(
                %brokers, %reason,
                "a broker cannot be reached; the client goes on trying, nothing is lost by waiting"
            ),
            (None, _) => tracing::warn!(%brokers, %reason, %code, "the Kafka client reports"),
        }
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        let message = self.clients.config.settings.masked(message);
        // what matters comes as an error too; the rest is for those who look for it
        tracing::debug!(target: "librdkafka", purpose = ?self.purpose, ?level, facility, "{message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        match error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown) {
            // the end that a reader of the changelog looks for
            RDKafkaErrorCode::PartitionEOF => {}
            code => self.hear(code, reason),
        }
    }
}

impl ConsumerContext for Context {}

impl ProducerContext<NoCustomPartitioner> for Context {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, mark: usize) {
        use rdkafka::Message as _;
        let (error, message) = match result {
            Err(failed) => failed,
            Ok(_) if mark == 0 => return,
            Ok(message) => return self.marks().push((mark, message.offset())),
        };
        let mut undelivered = self.undelivered.lock().unwrap_or_else(PoisonError::into_inner);
        if undelivered.is_none() {
            let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
            *undelivered = Some(Undelivered { code, topic: message.topic().to_owned() });
        }
    }
}
