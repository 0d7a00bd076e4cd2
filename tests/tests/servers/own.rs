//! Servers of a test's own: ended, killed and frozen, and gone with their test.

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use sandgate_tests::proxy::Manner;
use sandgate_tests::servers::own::Own;
use sandgate_tests::servers::topic::{Record, Topic};
use std::net::TcpStream;
use std::time::Duration;

/// Far more than an answer takes, and little enough to wait for none.
const NO_ANSWER: Duration = Duration::from_secs(1);

fn texts(topic: &Topic) -> Vec<String> {
    topic.records().iter().map(Record::text).collect()
}

#[test]
fn broker_keeps_its_records_when_it_is_stopped_or_killed_or_frozen() {
    let broker = Own::kafka();
    let topic = Topic::on(broker.address(), "payments", 1, &[]);
    topic.send([Record::new("A", "1")]);
    broker.stop();
    assert!(TcpStream::connect(broker.address()).is_err());
    broker.restart();
    topic.send([Record::new("A", "2")]);
    broker.kill();
    assert!(TcpStream::connect(broker.address()).is_err());
    broker.restart();
    assert_eq!(texts(&topic), ["1", "2"]);

    let client: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", broker.address())
        .create()
        .unwrap_or_else(|error| panic!("{error}"));
    broker.freeze();
    assert!(client.fetch_metadata(None, NO_ANSWER).is_err());
    broker.thaw();
    assert_eq!(texts(&topic), ["1", "2"]);
}

#[test]
fn clients_of_a_broker_behind_a_proxy_have_no_other_way() {
    let (broker, proxy) = Own::kafka_behind_proxy();
    let topic = Topic::on(&proxy.address(), "payments", 1, &[]);
    topic.send([Record::new("A", "1")]);
    assert_eq!(texts(&topic), ["1"]);
    // who asks the broker itself is sent to the proxy
    let direct = Topic::existing(broker.address(), "payments", 1);
    let before = proxy.accepted();
    assert_eq!(texts(&direct), ["1"]);
    assert!(proxy.accepted() > before);

    let reader = topic.reader();
    proxy.set(Manner::Silent);
    topic_is_silent(&proxy.address());
    proxy.set(Manner::Pass);
    proxy.cut();
    drop(reader);
    topic.send([Record::new("A", "2")]);
    assert_eq!(texts(&topic), ["1", "2"]);
}

fn topic_is_silent(brokers: &str) {
    let client: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", brokers).create().unwrap_or_else(|error| panic!("{error}"));
    assert!(client.fetch_metadata(None, NO_ANSWER).is_err());
}

#[test]
fn redis_comes_back_empty_at_the_same_place() {
    let own = Own::redis();
    let client = redis::Client::open(own.url()).unwrap_or_else(|error| panic!("{error}"));
    let mut connection = client.get_connection().unwrap_or_else(|error| panic!("{error}"));
    let _: () = redis::cmd("SET").arg("k").arg("v").query(&mut connection).unwrap_or_else(|error| panic!("{error}"));
    own.kill();
    assert!(client.get_connection().is_err());
    own.restart();
    let mut connection = client.get_connection().unwrap_or_else(|error| panic!("{error}"));
    let value: Option<String> =
        redis::cmd("GET").arg("k").query(&mut connection).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(value, None);
}

#[test]
fn postgres_keeps_its_tables_when_it_is_killed() {
    let own = Own::postgres();
    own.sql("CREATE TABLE t (n integer); INSERT INTO t VALUES (1), (2)");
    own.kill();
    assert!(TcpStream::connect(own.address()).is_err());
    own.restart();
    assert_eq!(own.sql("SELECT sum(n), count(*) FROM t"), "3|2");
}

#[test]
fn server_is_gone_with_its_test_also_when_that_panics() {
    let address = std::panic::catch_unwind(|| {
        let own = Own::redis();
        let address = own.address().to_owned();
        assert!(TcpStream::connect(&address).is_ok());
        std::panic::panic_any(address);
    });
    let panicked = address.expect_err("it panics");
    let address = panicked.downcast_ref::<String>().expect("with the address");
    assert!(TcpStream::connect(address).is_err());
}
