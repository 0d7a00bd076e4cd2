//! The verbs for people at a real broker: topics, generate, watch, deadletters; and
//! the paying system of the example, with a decider that knows only outcomes.

use sandgate_tests::servers::topic::{Record, Topic};
use sandgate_tests::servers::{PATIENCE, eventually, kafka, unique};
use sandgate_tests::{Desk, PAYMENTS, program, text};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A host's files with topics of its own; answers with the name that they share.
fn desk() -> (Desk, String) {
    let name = unique("tools");
    let desk = Desk::new();
    let source =
        PAYMENTS.replacen("name = \"payments\"\n", &format!("name = \"payments\"\ntopic = \"{name}-payments\"\n"), 1);
    let host = format!(
        "tenants = [\"tenant.toml\"]\n{source}\n[sink]\ntopic = \"{name}-decisions\"\ndead_letters = \"{name}-dead-letters\"\n\
         [kafka]\nbrokers = \"{}\"\ngroup = \"{name}\"\n",
        kafka()
    );
    desk.write("sandgate.toml", &host);
    (desk, name)
}

fn topic(name: &str, what: &str, partitions: i32) -> Topic {
    Topic::existing(kafka(), &format!("{name}-{what}"), partitions)
}

/// Topics of a host, made by the verb.
fn made() -> (Desk, String) {
    let (desk, name) = desk();
    desk.succeed(["topics", "--config", "sandgate.toml", "--partitions", "2", "--copies", "1", "--create"]);
    (desk, name)
}

#[test]
fn topics_are_shown_and_made() {
    let (desk, name) = desk();
    let shown = desk.run(["topics", "--config", "sandgate.toml"]);
    assert_eq!(shown.status.code(), Some(2));
    assert!(
        text(&shown.stdout).contains("is not there; `sandgate topics --create` makes it"),
        "{}",
        text(&shown.stdout)
    );
    assert!(text(&shown.stderr).contains("4 problems; no host can start"), "{}", text(&shown.stderr));
    let unsaid = desk.run(["topics", "--config", "sandgate.toml", "--create"]);
    assert!(text(&unsaid.stderr).contains("say how many --partitions"), "{}", text(&unsaid.stderr));
    let made = desk.succeed(["topics", "--config", "sandgate.toml", "--partitions", "3", "--create"]);
    assert_eq!(text(&made.stdout).matches("  made\n").count(), 4, "{}", text(&made.stdout));
    let other = desk.run(["topics", "--config", "sandgate.toml", "--partitions", "5", "--create"]);
    assert!(text(&other.stderr).contains("is there with 3"), "{}", text(&other.stderr));
    let json = desk.succeed(["topics", "--config", "sandgate.toml", "--json"]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["problems"], json!([]));
    assert_eq!(json["topics"][0]["topic"], json!(format!("{name}-payments")));
    assert!(json["topics"].as_array().unwrap().iter().all(|topic| topic["partitions"] == 3), "{json}");
}

#[test]
fn generated_records_are_those_of_a_file_keyed_by_account() {
    let (desk, name) = made();
    let to = format!("kafka://{}/{name}-payments", kafka());
    desk.succeed(["generate", "--profile", "payments", "--count", "500", "--seed", "7", "--to", &to]);
    desk.succeed(["generate", "--profile", "payments", "--count", "500", "--seed", "7", "--to", "records.jsonl"]);
    let records = topic(&name, "payments", 2).records();
    let sent: BTreeSet<String> = records.iter().map(Record::text).collect();
    let written: BTreeSet<String> = desk.read("records.jsonl").lines().map(str::to_owned).collect();
    assert_eq!((records.len(), &sent), (500, &written));
    for record in &records {
        assert_eq!(record.json()["account_id"].as_str().unwrap().as_bytes(), record.key.as_deref().unwrap());
    }
    // at a pace each happens when it is sent, and the ids are other ones
    let paced = ["--count", "50", "--rate", "100", "--seed", "7", "--ids", "again", "--to", &to];
    let begun = Instant::now();
    desk.succeed(["generate", "--profile", "payments"].iter().chain(&paced));
    // 49 steps of 10 ms: a busy machine may make some up later, and the last is never sooner
    assert!(begun.elapsed() >= Duration::from_millis(490), "{:?}", begun.elapsed());
    let all = topic(&name, "payments", 2).records();
    let again: Vec<&Record> = all.iter().filter(|record| record.text().contains("\"again")).collect();
    assert_eq!(again.len(), 50);
    for record in &again {
        let happened = record.json()["timestamp"].as_f64().unwrap() * 1e3;
        assert!((happened - record.timestamp.unwrap() as f64).abs() < 60_000.0, "{}", record.text());
    }
    let absent = desk.run(["generate", "--profile", "payments", "--to", &format!("kafka://{}/{name}-absent", kafka())]);
    assert!(text(&absent.stderr).contains("there is no topic"), "{}", text(&absent.stderr));
}

#[test]
fn decisions_are_watched_as_they_are_committed() {
    let name = unique("watched");
    let decisions = Topic::on(kafka(), &name, 2, &[]);
    let decision = |at: usize| {
        let outcome = ["allow", "block", "review"][at % 3];
        let reasons = if at % 3 == 1 { json!([{ "code": "LARGE_AMOUNT" }]) } else { json!([]) };
        json!({ "transaction": format!("tx{at}"), "account": "account7", "outcome": outcome, "reasons": reasons,
            "because": [], "faults": [], "circumstances": [], "time": "2026-01-01T00:00:00.000Z" })
    };
    decisions.send((0..9).map(|at| Record::new("account7", decision(at).to_string())));
    let address = format!("kafka://{}/{name}", kafka());
    let desk = Desk::new();
    let lines = text(&desk.succeed(["watch", &address, "--all", "--until", "9"]).stdout);
    assert_eq!(lines.lines().count(), 9, "{lines}");
    assert_eq!(
        lines.lines().filter(|line| line.contains("block") && line.ends_with("LARGE_AMOUNT")).count(),
        3,
        "{lines}"
    );
    let json = text(&desk.succeed(["watch", &address, "--all", "--until", "9", "--json"]).stdout);
    let outcomes: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(outcomes, (0..9).map(decision).collect::<Vec<_>>());
    let wrong = desk.run(["watch", "decisions"]);
    assert!(text(&wrong.stderr).contains("kafka://HOST:PORT/TOPIC"), "{}", text(&wrong.stderr));
}

#[test]
fn on_a_terminal_decisions_are_a_table_that_is_drawn_over_itself() {
    let name = unique("drawn");
    let decisions = Topic::on(kafka(), &name, 1, &[]);
    let outcome = |at: usize| ["allow", "block"][at % 2];
    let send = |range: std::ops::Range<usize>| {
        let decision =
            |at| json!({ "transaction": format!("tx{at}"), "account": "x".repeat(200), "outcome": outcome(at) });
        decisions.send(range.map(|at| Record::new("account7", decision(at).to_string())));
    };
    send(0..6);
    let watch = format!("'{}' watch kafka://{}/{name} --all --until 12", program().display(), kafka());
    // gives it a terminal of its own, and what it writes there to us
    let mut terminal = Command::new("script")
        .args(["--quiet", "--flush", "--return", "--command", &watch, "/dev/null"])
        .env("TERM", "xterm")
        .env_remove("NO_COLOR")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut screen, drawn) = (terminal.stdout.take().unwrap(), Mutex::new(String::new()));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut some = [0; 4096];
            while let Ok(read @ 1..) = screen.read(&mut some) {
                drawn.lock().unwrap().push_str(&text(&some[..read]));
            }
        });
        eventually("a table", PATIENCE, || drawn.lock().unwrap().contains("tx5"));
        send(6..12);
        eventually("its end", PATIENCE, || terminal.try_wait().unwrap().is_some_and(|ended| ended.success()));
    });
    let drawn = drawn.into_inner().unwrap();
    // each begins by letting no line run over into the next
    let tables: Vec<&str> = drawn.split("\x1b[?7l").skip(1).collect();
    let [.., before, last] = &tables[..] else { unreachable!("there are two at least: {drawn:?}") };
    let over = format!("\x1b[{}A\x1b[J", before.matches('\n').count());
    assert!(last.starts_with(&over), "it goes up by the lines that there were: {last:?}");
    assert!(last.contains("\x1b[31mblock\x1b[0m          6") && last.contains("tx11"), "{last:?}");
}

/// The dead letter of a record.
fn letter(offset: u64, cause: &str, record: &str, size: usize) -> Record {
    let position = json!({ "source": "payments", "partition": offset % 2, "offset": offset });
    let line = json!({ "position": position, "cause": cause, "detail": "is so", "size": size, "record": record });
    Record::new(&format!("account{offset}"), line.to_string())
        .with_header("correlation-id", &format!("c{offset}"))
        .with_header("decision-id", "payments/0/0")
}

#[test]
fn dead_letters_are_shown_and_go_back_once() {
    let (desk, name) = made();
    let (letters, payments) = (topic(&name, "dead-letters", 2), topic(&name, "payments", 2));
    letters.send((0..6).map(|at| letter(at, ["tenant", "not-json"][usize::from(at >= 4)], &format!("r{at}"), 2)));
    letters.send([letter(6, "tenant", "cut", 400)]);
    let verb = |more: &[&str]| {
        let all = ["deadletters", "--config", "sandgate.toml"].iter().chain(more);
        text(&desk.succeed(all).stdout)
    };
    let shown = verb(&["show"]);
    assert!(shown.contains("payments/1/3  tenant: is so"), "{shown}");
    assert!(shown.contains("         5  tenant\n") && shown.contains("         2  not-json\n"), "{shown}");
    assert_eq!(verb(&["show", "--cause", "not-json", "--json"]).lines().count(), 2);
    let told = verb(&["send-back", "--cause", "tenant"]);
    assert!(told.contains("4 records would go back, 1 cannot; nothing was done"), "{told}");
    assert!(payments.records().is_empty());

    // three first, then the rest, then nothing
    let some = verb(&["send-back", "--cause", "tenant", "--most", "3", "--yes"]);
    assert!(some.contains("3 records went back"), "{some}");
    let rest = verb(&["send-back", "--cause", "tenant", "--yes"]);
    assert!(rest.contains("1 records went back, 1 cannot") && rest.contains("only 3 of its 400 bytes"), "{rest}");
    assert!(verb(&["send-back", "--cause", "tenant", "--yes"]).contains("0 records went back, 1 cannot"));

    let records = payments.records();
    let mut back: Vec<String> = records.iter().map(Record::text).collect();
    back.sort();
    assert_eq!(back, ["r0", "r1", "r2", "r3"]);
    for record in &records {
        let at: i32 = record.text()[1..].parse().unwrap();
        assert_eq!(record.partition, Some(at % 2));
        assert_eq!(record.key.as_deref(), Some(format!("account{at}").as_bytes()));
        assert_eq!((record.header("correlation-id"), record.header("decision-id")), (Some(format!("c{at}")), None));
    }
    let shown = verb(&["show"]);
    assert!(shown.contains("         4  went back already") && shown.contains("         1  tenant\n"), "{shown}");
}

#[test]
fn two_that_send_back_at_once_double_nothing() {
    let (desk, name) = made();
    let (letters, payments) = (topic(&name, "dead-letters", 2), topic(&name, "payments", 2));
    letters.send((0..40).map(|at| letter(at, "tenant", &format!("r{at}"), format!("r{at}").len())));
    let back = ["deadletters", "--config", "sandgate.toml", "send-back", "--yes"];
    let both: Vec<_> = (0..2).map(|_| desk.start(back)).collect();
    // one of them may be fenced by the other, and says so
    for mut one in both {
        one.wait().unwrap();
    }
    desk.succeed(back);
    let mut all: Vec<String> = payments.records().iter().map(Record::text).collect();
    all.sort();
    all.dedup();
    assert_eq!((payments.records().len(), all.len()), (40, 40));
}

#[test]
fn the_paying_system_lets_through_what_is_allowed_and_stops_the_rest() {
    let prefix = unique("paying");
    let topic = |what: &str| Topic::on(kafka(), &format!("{prefix}-{what}"), 2, &[]);
    let (payments, decisions) = (topic("payments"), topic("decisions"));
    for what in ["settlements", "labels", "prices"] {
        topic(what);
    }
    let example = program().with_file_name("payments-kafka");
    let arguments = [kafka(), &prefix, "40", "200", "10000"];
    let paying = Command::new(example).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // decides by the amount, and says nothing about the last payment
    let ended = AtomicBool::new(false);
    let output = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut reader = payments.reader();
            let mut decided = 0;
            eventually("all are decided", PATIENCE, || {
                reader.read_to_end();
                let new: Vec<Record> = reader.records[decided..].to_vec();
                decided = reader.records.len();
                decisions.send(new.iter().filter(|record| !record.text().contains("-39\"")).map(|record| {
                    let outcome = if record.text().contains("900.00") { "review" } else { "allow" };
                    let id = record.header("correlation-id").unwrap();
                    Record::new("account", json!({ "outcome": outcome }).to_string()).with_header("correlation-id", &id)
                }));
                decided == 40 || ended.load(Ordering::Acquire)
            });
        });
        let output = paying.wait_with_output().unwrap();
        ended.store(true, Ordering::Release);
        output
    });
    let told = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(told.starts_with("35 paid, 4 stopped, 1 stopped because no decision came\n"), "{told}");
    assert!(told.contains("p50 ") && told.contains("p99 ") && told.contains(" ms"), "{told}");
}
