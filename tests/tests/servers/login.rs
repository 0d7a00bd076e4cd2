//! The listeners of the shared broker that ask who is there.

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use sandgate_tests::servers::{Login, PATIENCE, kafka_sasl, kafka_tls};
use std::time::Duration;

/// Asks the broker for its topics, which it tells to those it knows.
fn ask(login: &Login, protocol: &str, mechanism: &str, password: &str, trust: bool, within: Duration) -> bool {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &login.brokers)
        .set("security.protocol", protocol)
        .set("sasl.mechanism", mechanism)
        .set("sasl.username", &login.user)
        .set("sasl.password", password)
        .set("log_level", "0");
    if trust {
        config.set("ssl.ca.location", login.authority.to_string_lossy());
    }
    let consumer: BaseConsumer = config.create().unwrap_or_else(|error| panic!("{error}"));
    consumer.fetch_metadata(None, within).is_ok()
}

/// What is refused is refused at once, and tried again until the time is over.
const REFUSED: Duration = Duration::from_secs(3);

#[test]
fn password_opens_the_broker() {
    let login = kafka_sasl();
    for mechanism in ["SCRAM-SHA-512", "PLAIN"] {
        assert!(ask(&login, "sasl_plaintext", mechanism, &login.password, false, PATIENCE), "{mechanism}");
    }
}

#[test]
fn wrong_password_does_not() {
    let login = kafka_sasl();
    for mechanism in ["SCRAM-SHA-512", "PLAIN"] {
        assert!(!ask(&login, "sasl_plaintext", mechanism, "wrong", false, REFUSED), "{mechanism}");
    }
}

#[test]
fn certificate_is_trusted_only_where_its_authority_is_named() {
    let login = kafka_tls();
    assert!(ask(&login, "sasl_ssl", "SCRAM-SHA-512", &login.password, true, PATIENCE));
    assert!(!ask(&login, "sasl_ssl", "SCRAM-SHA-512", &login.password, false, REFUSED));
}
