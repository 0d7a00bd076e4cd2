//! Who takes over a lane goes by its changelog, and refuses what does not fit.

use crate::{PATIENCE, check};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::{Offset, TopicPartitionList};
use sandgate_tests::fleet::{Fleet, Plan};
use sandgate_tests::servers::{eventually, kafka};
use sandgate_tests::stream::{Chance, payments};
use std::fs;

#[test]
fn a_host_without_its_copy_of_the_state_takes_over_from_the_changelog() {
    let mut fleet = Fleet::new(Plan::new(2));
    let lines = payments(7, 2_000);
    fleet.start("one");
    fleet.feed(lines.lines().take(800));
    fleet.wait_for(800, PATIENCE);
    fleet.kill("one");
    fs::remove_dir_all(fleet.state("one")).unwrap();
    fleet.start("one");
    fleet.feed(lines.lines().skip(800).take(600));
    fleet.wait_for(1_400, PATIENCE);
    fleet.kill("one");
    // damaged in the midst of each of its journals
    for file in journals(&fleet) {
        let mut bytes = fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x40;
        fs::write(&file, bytes).unwrap();
    }
    fleet.start("one");
    fleet.feed(lines.lines().skip(1_400));
    check(&mut fleet);
}

fn journals(fleet: &Fleet) -> Vec<std::path::PathBuf> {
    let lanes = fs::read_dir(fleet.state("one").join("lanes")).unwrap();
    let files = lanes.flat_map(|lane| fs::read_dir(lane.unwrap().path()).unwrap());
    let files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    let journals: Vec<_> = files.into_iter().filter(|file| file.display().to_string().contains("journal-")).collect();
    assert!(!journals.is_empty());
    journals
}

#[test]
fn a_changelog_whose_beginning_was_deleted_holds_what_is_needed() {
    let mut plan = Plan::new(1);
    plan.state = "lateness = \"1m\"\nrepeats = \"1m\"\nsnapshot = \"4 KiB\"".to_owned();
    let mut fleet = Fleet::new(plan);
    // 200 days, so that windows of 30 days leave most of it behind
    let payment = |number: u64| {
        let (account, time) = (number % 7, 1_774_735_200_000 + number * 9_000_000);
        format!(
            "{{\"transaction_id\":\"t-{number}\",\"account_id\":\"a-{account}\",\"timestamp\":{time},\"price\":\"{number}.00\"}}"
        )
    };
    let lines: Vec<String> = (0..2_000).map(payment).collect();
    let changelog = fleet.topic("changelog");
    fleet.start("one");
    for portion in lines.chunks(250) {
        fleet.feed(portion.iter().map(String::as_str));
        fleet.wait_for(fleet.sent(), PATIENCE);
        fleet.kill("one");
        let _ = fs::remove_dir_all(fleet.state("one"));
        fleet.start("one");
    }
    check(&mut fleet);
    let first = changelog.records().first().map(|record| record.offset);
    assert!(first.is_some_and(|first| first > 0), "the changelog begins at {first:?}");
}

#[test]
fn a_lane_whose_offsets_were_set_by_somebody_is_refused_and_force_begins_it_anew() {
    for seed in 0..4 {
        println!("seed {seed}");
        set_offsets(seed);
    }
}

/// Sets the offset of a lane back or forward, wherever the seed says.
fn set_offsets(seed: u64) {
    let mut chance = Chance(seed);
    let (decided, waiting) = (1 + chance.below(600), 1 + chance.below(200));
    let mut fleet = Fleet::new(Plan::new(1));
    let lines = payments(seed, decided + waiting);
    fleet.start("one");
    fleet.feed(lines.lines().take(decided as usize));
    fleet.wait_for(fleet.sent(), PATIENCE);
    assert!(fleet.stop("one", PATIENCE).success());
    fleet.feed(lines.lines().skip(decided as usize));
    let last = fleet.sent() as u64;
    fleet.feed([r#"{"transaction_id":"last","account_id":"a","timestamp":1774735200000,"price":"1.00"}"#]);

    let to = if seed.is_multiple_of(2) { chance.below(decided) } else { decided + 1 + chance.below(waiting) };
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", kafka()).set("group.id", fleet.name()).set("log_level", "0");
    let consumer: BaseConsumer = config.create().unwrap();
    let mut offsets = TopicPartitionList::new();
    offsets.add_partition_offset(fleet.payments().name(), 0, Offset::Offset(to as i64)).unwrap();
    eventually("that the offsets are set", PATIENCE, || consumer.commit(&offsets, CommitMode::Sync).is_ok());

    fleet.start("one");
    let said = [format!("the group stands at offset {to}"), format!("the state at {decided}"), "--force".to_owned()];
    eventually("that the lane is refused", PATIENCE, || {
        let log = fleet.log("one");
        said.iter().all(|words| log.contains(words))
    });
    assert!(fleet.stop("one", PATIENCE).success());
    fleet.start_with("one", &["--force"]);
    let offset = |decision: &sandgate_tests::servers::topic::Record| decision.json()["position"]["offset"].as_u64();
    let is_warming =
        |decision: &sandgate_tests::servers::topic::Record| decision.text().contains("\"what\":\"warming\"");
    let decisions = fleet.topic("decisions");
    let all = decisions.wait_for("decisions of a lane that began anew", PATIENCE, |all| {
        all.iter().any(|decision| offset(decision) == Some(last))
    });
    assert!(all.iter().filter(|decision| offset(decision) == Some(last)).all(is_warming));
    let warming = all.iter().filter(|decision| is_warming(decision));
    assert!(warming.into_iter().all(|decision| offset(decision) >= Some(to)), "only what was judged anew is warming");
}

#[test]
fn a_changelog_of_another_policy_set_is_refused_by_name() {
    let mut fleet = Fleet::new(Plan::new(1));
    fleet.start("one");
    fleet.feed(payments(9, 300).lines());
    fleet.wait_for(fleet.sent(), PATIENCE);
    assert!(fleet.stop("one", PATIENCE).success());
    fleet.set_tenant(&|tenant| tenant.replace("fallback = \"review\"", "fallback = \"block\""));
    fleet.start("one");
    eventually("that the lane is refused", PATIENCE, || {
        fleet.log("one").contains("the policy set of tenant payments changed")
    });
}
