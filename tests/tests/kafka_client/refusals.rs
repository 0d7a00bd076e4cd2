//! Brokers that are not there, or turn a host away: told in plain words, in time,
//! and without the password.

use crate::{never, with};
use sandgate_stream::kafka::{Clients, Cluster, Config, TopicError};
use sandgate_tests::servers::{kafka_sasl, kafka_tls};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

fn refused(clients: &Clients) -> String {
    let begin = Instant::now();
    let error = Cluster::find(clients, Duration::from_secs(60), &never()).map(drop).unwrap_err();
    assert!(matches!(error, TopicError::Refused(_)), "{error}");
    // in seconds, and not when the patience is over
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
    error.to_string()
}

#[test]
fn a_wrong_password_is_told_and_not_shown() {
    let login = kafka_sasl();
    let plain = [
        ("security.protocol", "SASL_PLAINTEXT"),
        ("sasl.mechanism", "SCRAM-SHA-512"),
        ("sasl.username", login.user.as_str()),
    ];
    let told = refused(&with(&login.brokers, &plain, &[("sasl.password", "open-sesame")]));
    assert!(told.contains("refuses this user or password") && !told.contains("open-sesame"), "{told}");
    let right = with(&login.brokers, &plain, &[("sasl.password", &login.password)]);
    Cluster::find(&right, Duration::from_secs(30), &never()).map(drop).unwrap();
}

#[test]
fn a_broker_whose_certificate_nobody_vouches_for_is_told() {
    let login = kafka_tls();
    let plain = [
        ("security.protocol", "SASL_SSL"),
        ("sasl.mechanism", "SCRAM-SHA-512"),
        ("sasl.username", login.user.as_str()),
    ];
    let secret = [("sasl.password", login.password.as_str())];
    let told = refused(&with(&login.brokers, &plain, &secret));
    assert!(told.contains("no TLS with the broker"), "{told}");
    let authority = login.authority.to_str().unwrap();
    let right = with(&login.brokers, &[&plain[..], &[("ssl.ca.location", authority)]].concat(), &secret);
    right.verify().unwrap();
    Cluster::find(&right, Duration::from_secs(30), &never()).map(drop).unwrap();
}

#[test]
fn a_broker_that_is_not_there_is_waited_for_until_the_limit_or_until_somebody_says_stop() {
    // a port that nobody listens on: it was free a moment ago, and is let go
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let brokers = format!("127.0.0.1:{port}");
    let clients = Clients::new(Config::at(&brokers), 1_000_000);
    let error = Cluster::find(&clients, Duration::from_secs(2), &never()).map(drop).unwrap_err();
    assert!(matches!(error, TopicError::Away { .. }), "{error}");
    assert!(error.to_string().contains(&brokers) && error.to_string().contains("is it running"), "{error}");
    let stopped = Cluster::find(&clients, Duration::from_secs(600), &AtomicBool::new(true)).map(drop).unwrap_err();
    assert_eq!(stopped, TopicError::Stopped);
}

#[test]
fn settings_that_the_library_does_not_take_are_told_without_any_broker() {
    let told = |plain: &[(&str, &str)], secrets: &[(&str, &str)]| {
        with("127.0.0.1:1", plain, secrets).verify().unwrap_err().to_string()
    };
    assert!(told(&[("no.such.setting", "1")], &[]).contains("`no.such.setting`"));
    assert!(told(&[("compression.type", "best")], &[]).contains("`compression.type`"));
    let absent = told(&[("security.protocol", "ssl"), ("ssl.ca.location", "/no/such/ca.pem")], &[]);
    assert!(absent.contains("ca.pem") || absent.contains("ssl"), "{absent}");
    let hidden = told(&[("security.protocol", "ssl")], &[("ssl.key.pem", "open-sesame")]);
    assert!(!hidden.contains("open-sesame"), "{hidden}");
    with("127.0.0.1:1", &[("compression.type", "lz4")], &[]).verify().unwrap();
}
