//! A paying system in one file: it sends payments to a topic, each with a
//! correlation id, waits for the decision with the same id, and then lets the
//! payment through or stops it. A decision that does not come in time stops it
//! too: nothing is ever paid in silence.
//!
//! ```text
//! payments-kafka BROKERS PREFIX [COUNT] [A SECOND] [PATIENCE ms]
//! ```
//! Its topics are PREFIX-payments and PREFIX-decisions. Before the first payment it
//! tells what other systems would: PREFIX-settlements, PREFIX-labels, PREFIX-prices.
//!
//! One thread sends, the other reads; what they share is the table of payments that
//! wait for their decision.
#![expect(clippy::print_stdout, reason = "it tells people what it does")]

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};
use std::collections::HashMap;
use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Accounts that pay, in turn.
const ACCOUNTS: u64 = 100;

/// Payments that wait for their decision: when each was sent, by correlation id.
type Waiting = Mutex<HashMap<String, Instant>>;

/// What became of the payments.
#[derive(Default)]
struct Paid {
    through: u64,
    stopped: u64,
    /// No decision came in time, so they were stopped as well.
    unanswered: u64,
    round_trips: Vec<Duration>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [brokers, prefix, ..] = arguments.as_slice() else {
        return Err("say: payments-kafka BROKERS PREFIX [COUNT] [A SECOND] [PATIENCE ms]".into());
    };
    let number = |at: usize, default: u64| arguments.get(at).map_or(Ok(default), |text| text.parse());
    let (count, rate, patience) = (number(2, 1_000)?, number(3, 100)?.max(1), number(4, 2_000)?);

    // reading begins before the first payment is sent, or its decision could be missed
    let reader = reader(brokers, &format!("{prefix}-decisions"))?;
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        // no payment is sent twice or overtakes another, whatever the network does
        .set("enable.idempotence", "true")
        .set("linger.ms", "0")
        .create()?;
    observed(&producer, prefix)?;
    let waiting = Waiting::default();
    let all_sent = AtomicBool::new(false);
    let patience = Duration::from_millis(patience);
    let paid = std::thread::scope(|scope| {
        let deciding = scope.spawn(|| decide(&reader, &waiting, &all_sent, patience));
        let sent = send(&producer, &format!("{prefix}-payments"), count, rate, &waiting);
        all_sent.store(true, Ordering::Release);
        let paid = deciding.join().map_err(|_| "the reading thread has ended")?;
        sent.map(|()| paid)
    })?;
    tell(paid);
    Ok(())
}

/// What other systems tell of the accounts: money that moved, payments that came
/// back as fraud, prices that were quoted. None of it is judged.
fn observed(producer: &BaseProducer, prefix: &str) -> Result<(), Box<dyn Error>> {
    let at = now()?;
    let mut records = Vec::new();
    for account in (0..ACCOUNTS).step_by(20) {
        let id = format!("s{at}-{account}");
        let amount = r#""amount":"1200.00""#;
        records.push((
            "settlements",
            account,
            format!(r#"{{"id":"{id}","account":"account{account}","at":{at},{amount}}}"#),
        ));
    }
    for number in 0..2 {
        records.push(("labels", 7, format!(r#"{{"id":"l{at}-{number}","account":"account7","at":{at}}}"#)));
    }
    records.push(("prices", 3, format!(r#"{{"account":"account3","at":{at},"price":"1.2000"}}"#)));
    for (topic, account, record) in records {
        let (topic, key) = (format!("{prefix}-{topic}"), format!("account{account}"));
        producer.send(BaseRecord::to(&topic).key(&key).payload(&record)).map_err(|(error, _)| error)?;
    }
    producer.flush(Duration::from_secs(30))?;
    Ok(())
}

/// Sends payments at a steady pace.
fn send(producer: &BaseProducer, topic: &str, count: u64, rate: u64, waiting: &Waiting) -> Result<(), Box<dyn Error>> {
    let run = RandomState::new().hash_one(count);
    let begin = Instant::now();
    for number in 0..count {
        let due = begin + Duration::from_secs(number) / u32::try_from(rate)?;
        while let Some(left) = due.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            producer.poll(left.min(Duration::from_millis(5)));
        }
        let id = format!("{run:016x}-{number}");
        let account = format!("account{}", number % ACCOUNTS);
        // every tenth is large: the policy wants to look at the first money of an account
        let amount = if number % 10 == 0 { "900.00" } else { "25.00" };
        let at = now()?;
        let payment =
            format!(r#"{{"id":"{id}","account":"{account}","at":{at},"amount":"{amount}","price":"1.1000"}}"#);
        let headers = OwnedHeaders::new().insert(Header { key: "correlation-id", value: Some(&id) });
        waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), Instant::now());
        // keyed by account, so that the payments of one account stay in order
        let record = BaseRecord::to(topic).key(&account).payload(&payment).headers(headers);
        producer.send(record).map_err(|(error, _)| error)?;
    }
    producer.flush(Duration::from_secs(30))?;
    Ok(())
}

/// Takes decisions until every payment has one, or has waited too long.
fn decide(reader: &BaseConsumer, waiting: &Waiting, all_sent: &AtomicBool, patience: Duration) -> Paid {
    let mut paid = Paid::default();
    loop {
        // asked first: what is sent later is seen the next time round
        let sent = all_sent.load(Ordering::Acquire);
        if let Some(Ok(message)) = reader.poll(Duration::from_millis(5))
            && let Some(id) = correlation_id(&message)
            && let Some(since) = waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&id)
        {
            paid.round_trips.push(since.elapsed());
            match outcome(&message).as_deref() {
                Some("allow") => paid.through += 1,
                // review and block, and whatever else this program does not know
                _ => paid.stopped += 1,
            }
        }
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let before = waiting.len();
        waiting.retain(|_, since| since.elapsed() < patience);
        // one that is forgotten here is stopped: a decision that comes later is too late
        paid.unanswered += (before - waiting.len()) as u64;
        if sent && waiting.is_empty() {
            return paid;
        }
    }
}

/// Reads every partition of the decisions from now on, only what is committed.
fn reader(brokers: &str, topic: &str) -> Result<BaseConsumer, Box<dyn Error>> {
    const LIMIT: Duration = Duration::from_secs(10);
    let reader: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "paying-system")
        .set("enable.auto.commit", "false")
        .set("isolation.level", "read_committed")
        .set("fetch.wait.max.ms", "20")
        .create()?;
    let metadata = reader.fetch_metadata(Some(topic), LIMIT)?;
    let partitions = metadata.topics().first().map_or(0, |topic| topic.partitions().len());
    if partitions == 0 {
        return Err(format!("there is no topic {topic} at {brokers}").into());
    }
    let mut from_now = TopicPartitionList::new();
    for partition in 0..i32::try_from(partitions)? {
        let (_, end) = reader.fetch_watermarks(topic, partition, LIMIT)?;
        from_now.add_partition_offset(topic, partition, Offset::Offset(end))?;
    }
    reader.assign(&from_now)?;
    Ok(reader)
}

/// The id that the host has taken over from the payment.
fn correlation_id(decision: &impl Message) -> Option<String> {
    let header = decision.headers()?.iter().find(|header| header.key == "correlation-id")?;
    Some(String::from_utf8_lossy(header.value?).into_owned())
}

fn outcome(decision: &impl Message) -> Option<String> {
    let decision: serde_json::Value = serde_json::from_slice(decision.payload()?).ok()?;
    Some(decision["outcome"].as_str()?.to_owned())
}

fn tell(mut paid: Paid) {
    paid.round_trips.sort_unstable();
    let at = |percent: usize| {
        let rank = (paid.round_trips.len() * percent / 100).min(paid.round_trips.len().saturating_sub(1));
        paid.round_trips.get(rank).map_or("-".to_owned(), |time| format!("{:.1} ms", time.as_secs_f64() * 1e3))
    };
    println!("{} paid, {} stopped, {} stopped because no decision came", paid.through, paid.stopped, paid.unanswered);
    println!("from payment to decision: p50 {}, p99 {}", at(50), at(99));
}

#[expect(clippy::disallowed_methods, reason = "a payment happens now")]
fn now() -> Result<u128, Box<dyn Error>> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())
}
