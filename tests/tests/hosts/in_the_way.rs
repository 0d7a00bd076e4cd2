//! What stands in a host's way: brokers, topics and records that are not what it was
//! told. It says what is wrong and what to do, and goes on where it can.

use crate::{PATIENCE, check};
use sandgate_stream::kafka::{Clients, Cluster, Config, Position};
use sandgate_tests::fleet::{Fleet, Plan};
use sandgate_tests::proxy::{Manner, Proxy};
use sandgate_tests::servers::own::Own;
use sandgate_tests::servers::topic::Topic;
use sandgate_tests::servers::{eventually, kafka, kafka_sasl, rest, unique};
use sandgate_tests::stream::payments;
use sandgate_tests::{Desk, PAYMENTS, account_risk, text};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The files of a host, and the name that begins those of its topics.
fn desk(kafka: &str) -> (Desk, String) {
    let name = unique("way");
    let source =
        PAYMENTS.replacen("name = \"payments\"", &format!("name = \"payments\"\ntopic = \"{name}-payments\""), 1);
    let host = format!(
        "{source}\n[sink]\ntopic = \"{name}-decisions\"\ndead_letters = \"{name}-dead-letters\"\nchangelog = \"{name}-changelog\"\n\
         [metrics]\nlisten = \"\"\n[kafka]\ngroup = \"{name}\"\n{kafka}\n"
    );
    (Desk::with_host(&host, &account_risk("")), name)
}

/// The status of a run that ends by itself, and what it said.
fn ended(desk: &Desk) -> (Option<i32>, String) {
    let output = desk.run(["run", "--config", "sandgate.toml"]);
    (output.status.code(), text(&output.stderr))
}

#[test]
fn topics_that_do_not_fit_end_the_start_all_at_once_with_what_to_do() {
    let (desk, name) = desk(&format!("brokers = \"{}\"", kafka()));
    let (status, told) = ended(&desk);
    assert_eq!(status, Some(2), "{told}");
    assert_eq!(told.matches("is not there; `sandgate topics --create` makes it").count(), 4, "{told}");
    let topic = |what: &str, partitions, settings: &[(&str, &str)]| {
        Topic::on(kafka(), &format!("{name}-{what}"), partitions, settings);
    };
    topic("payments", 4, &[]);
    topic("decisions", 2, &[("max.message.bytes", "5000")]);
    topic("dead-letters", 1, &[]);
    topic("changelog", 3, &[("retention.ms", "1000")]);
    let (status, told) = ended(&desk);
    assert_eq!(status, Some(2), "{told}");
    for words in [
        "has 3 partitions, and",
        "make it with as many",
        "has retention.ms=1000",
        "takes messages of 5000 bytes, and this host may write",
        "or make `size` smaller",
        // a host works with fewer, and says what it costs
        "has 2 partitions, fewer than the 4",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn a_wrong_password_ends_the_start_and_is_not_shown() {
    let login = kafka_sasl();
    let settings = format!(
        "brokers = {:?}\nsettings = {{ \"security.protocol\" = \"SASL_PLAINTEXT\", \"sasl.mechanism\" = \"SCRAM-SHA-512\", \
         \"sasl.username\" = {:?} }}\nsecrets = {{ \"sasl.password\" = {{ file = \"password\" }} }}",
        login.brokers, login.user
    );
    let (desk, _) = desk(&settings);
    desk.write("password", "open-sesame");
    let (status, told) = ended(&desk);
    assert_eq!(status, Some(3), "{told}");
    assert!(told.contains("refuses this user or password") && !told.contains("open-sesame"), "{told}");
}

#[test]
fn a_broker_that_comes_late_is_waited_for_and_one_that_goes_away_is_waited_for_again() {
    let (_broker, proxy): (Own, Proxy) = Own::kafka_behind_proxy();
    let mut fleet = Fleet::new(Plan { brokers: proxy.address(), ..Plan::new(2) });
    let lines = payments(31, 900);
    proxy.set(Manner::Refuse);
    fleet.start("one");
    eventually("that the host says what it waits for", PATIENCE, || {
        fleet.log("one").contains("no broker answers yet; trying on")
    });
    proxy.set(Manner::Pass);
    fleet.feed(lines.lines().take(300));
    fleet.wait_for(fleet.sent(), PATIENCE);
    proxy.set(Manner::Refuse);
    // a minute, longer than a session of the group lasts: the place there is lost
    rest(Duration::from_secs(60));
    proxy.set(Manner::Pass);
    fleet.feed(lines.lines().skip(300));
    check(&mut fleet);
}

#[test]
fn records_that_retention_took_before_they_were_judged_are_told_and_force_goes_on_behind_them() {
    let mut fleet = Fleet::new(Plan::new(1));
    let lines = payments(32, 600);
    fleet.feed(lines.lines().take(200));
    fleet.start("one");
    fleet.wait_for(fleet.sent(), PATIENCE);
    assert!(fleet.stop("one", PATIENCE).success());
    fleet.feed(lines.lines().skip(200));
    let clients = Clients::new(Config::at(kafka()), 1_000_000);
    let cluster = Cluster::find(&clients, PATIENCE, &AtomicBool::new(false)).unwrap();
    let topic = fleet.payments().name().to_owned();
    cluster.delete_before(&[Position { topic, partition: 0, offset: 500 }], PATIENCE).unwrap();
    fleet.start("one");
    eventually("that the lane is refused", PATIENCE, || {
        let log = fleet.log("one");
        log.contains("holds the offsets 500 to 600, and the next one to be judged is 200")
            && log.contains("say --force")
    });
    assert!(fleet.stop("one", PATIENCE).success());
    fleet.start_with("one", &["--force"]);
    let decided = fleet.topic("decisions").wait_for("all that is there", PATIENCE, |all| {
        all.iter().any(|decision| decision.json()["position"]["offset"] == 599)
    });
    let offsets = decided.iter().filter_map(|decision| decision.json()["position"]["offset"].as_u64());
    assert!(offsets.clone().all(|offset| !(200..500).contains(&offset)) && offsets.max() == Some(599));
}

#[test]
fn a_schema_that_fits_no_record_makes_each_a_dead_letter_of_one_cause() {
    let mut plan = Plan::new(1);
    plan.source = plan.source.replace("path = \"transaction_id\"", "path = \"no.such.field\"");
    let mut fleet = Fleet::new(plan);
    fleet.feed(payments(33, 50).lines());
    fleet.start("one");
    let dead = fleet.topic("dead-letters").wait_for("dead letters", PATIENCE, |all| all.len() == 50);
    assert!(dead.iter().all(|letter| letter.json()["cause"] == "id"), "{dead:?}");
    let detail = dead[0].json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("no.such.field"), "{detail}");
    assert!(fleet.topic("decisions").records().is_empty());
}

#[test]
fn the_policy_sets_that_decided_are_kept_beside_the_state_each_once() {
    let mut fleet = Fleet::new(Plan::new(1));
    let lines = payments(34, 40);
    for some in lines.lines().collect::<Vec<_>>().chunks(20) {
        fleet.feed(some.iter().copied());
        fleet.start("one");
        fleet.wait_for(fleet.sent(), PATIENCE);
        assert!(fleet.stop("one", PATIENCE).success());
    }
    let sets: Vec<_> =
        std::fs::read_dir(fleet.state("one").join("sets")).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(sets.len(), 1, "{sets:?}");
    let kept: serde_json::Value = serde_json::from_slice(&std::fs::read(&sets[0]).unwrap()).unwrap();
    assert_eq!(kept["document"]["stages"][0]["policies"][0]["name"], "card-windows", "{kept}");
    let digest = kept["set"].as_str().unwrap();
    let name = format!("/00000001-{}.json", digest.trim_start_matches("sha256:"));
    assert!(sets[0].to_str().unwrap().ends_with(&name), "{sets:?}");
    for decision in fleet.topic("decisions").records() {
        assert_eq!(decision.json()["set"], *digest);
    }
}
