//! A topic as a command line names it: `kafka://HOST:PORT/TOPIC`, and the clients
//! for it. TLS and passwords come from a host's configuration.

use crate::check::Problems;
use crate::config;
use anyhow::bail;
use sandgate_stream::kafka::{Clients, Config};
use std::path::Path;

/// Where a topic is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// `HOST:PORT`, several with commas between them.
    pub(crate) brokers: String,
    pub(crate) topic: String,
}

/// What an address begins with.
const SCHEME: &str = "kafka://";
/// The most bytes of a message that a tool writes.
const MESSAGE_MAX: u64 = 1_000_000;

impl Address {
    /// Whether a text means a topic and not a file.
    pub(crate) fn is_one(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    /// Reads an address.
    ///
    /// # Errors
    /// Where it is none.
    pub(crate) fn parse(text: &str) -> Result<Address, String> {
        if text.contains('@') {
            // it may hold a password, so it is not shown
            return Err("no user stands in an address: name a --config with its [kafka] settings".to_owned());
        }
        let parts = text.strip_prefix(SCHEME).and_then(|rest| rest.split_once('/'));
        match parts {
            Some((brokers, topic)) if !brokers.is_empty() && !topic.is_empty() && !topic.contains('/') => {
                Ok(Address { brokers: brokers.to_owned(), topic: topic.to_owned() })
            }
            _ => Err(format!("`{text}` is no kafka://HOST:PORT/TOPIC")),
        }
    }

    /// Clients for these brokers, with the settings of a host's configuration where
    /// one is named.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub(crate) fn clients(&self, config: Option<&Path>) -> anyhow::Result<Clients> {
        let Some(path) = config else { return Ok(Clients::new(Config::at(&self.brokers), MESSAGE_MAX)) };
        let (kafka, _) = config::load_kafka(path).map_err(Problems)?;
        if !kafka.missing.is_empty() {
            bail!(config::kafka::Unready::Missing(kafka.missing));
        }
        let config = Config { settings: kafka.config.settings, ..Config::at(&self.brokers) };
        Ok(Clients::new(config, kafka.topics.message_max()))
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn an_address_names_brokers_and_a_topic() {
        let address = Address::parse("kafka://one:9092,two:9092/payments").unwrap();
        assert_eq!((&*address.brokers, &*address.topic), ("one:9092,two:9092", "payments"));
        for wrong in ["kafka://one:9092", "kafka:///payments", "kafka://one:9092/", "kafka://one:9092/a/b", "payments"]
        {
            assert!(Address::parse(wrong).unwrap_err().contains("kafka://HOST:PORT/TOPIC"), "{wrong}");
        }
        for rest in ["/payments", "", "/", "/a/b"] {
            let told = Address::parse(&format!("kafka://ali:sesame@one:9092{rest}")).unwrap_err();
            assert!(told.contains("--config") && !told.contains("sesame"), "{told}");
        }
    }
}
