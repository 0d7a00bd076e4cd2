//! compose.yaml starts what the tests have tried: the same versions, a compiler that
//! the workspace takes, and the example's files in the order in which they work.

use sandgate_tests::servers::topic::{Record, Topic};
use sandgate_tests::servers::{PATIENCE, database, kafka, redis, unique};
use sandgate_tests::{Desk, policies, program, root};
use std::process::{Child, Command, Stdio};

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// What stands behind a word, up to the end of the line, a quote or a `-`.
fn behind<'a>(text: &'a str, word: &str) -> &'a str {
    let (_, rest) = text.split_once(word).unwrap_or_else(|| panic!("{word} is nowhere"));
    rest.split(['\n', '"', '-', '/']).next().unwrap_or(rest)
}

#[test]
fn versions_are_those_of_the_tests() {
    let compose = read("compose.yaml");
    assert_eq!(
        behind(&compose, "image: apache/kafka:"),
        behind(&read("scripts/services.d/kafka.sh"), "kafka_version=")
    );
    let postgres = read("scripts/services.d/postgres.sh");
    assert_eq!(behind(&compose, "image: postgres:"), behind(&postgres, "/usr/lib/postgresql/"));
    // Debian 12 has this one
    assert_eq!(behind(&compose, "image: redis:"), "7");
}

#[test]
fn compiler_of_the_image_is_the_one_that_the_workspace_asks_for() {
    assert_eq!(behind(&read("Dockerfile"), "FROM rust:"), behind(&read("Cargo.toml"), "rust-version = \""));
}

#[test]
fn every_host_of_the_fleet_has_a_name_and_a_folder_of_its_own() {
    let compose = read("compose.yaml");
    for host in ["host-1", "host-2"] {
        assert!(compose.contains(&format!("SANDGATE_INSTANCE: {host} }}")), "{host}");
        assert!(compose.contains(&format!("\"{host}:/var/lib/sandgate\"")), "{host}");
    }
    assert!(read("examples/fleet/sandgate.toml").contains("path = \"/var/lib/sandgate/state\""));
    assert!(read("Dockerfile").contains("VOLUME /var/lib/sandgate"));
}

#[test]
fn the_context_of_the_image_has_every_source() {
    let ignored = read(".dockerignore");
    let anywhere: Vec<&str> = ignored.lines().filter_map(|line| line.strip_prefix("**/")).collect();
    assert!(anywhere.contains(&"target"), "{anywhere:?}");
    let mut folders: Vec<_> = ["host", "sdk", "policies", "wit"].map(|folder| root().join(folder)).into();
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if ["target", ".sandgate"].contains(&&*name) {
                continue;
            }
            assert!(!anywhere.contains(&&*name), "{} is left out of the image", path.display());
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
}

/// The files of the example, led to the servers of the tests and to names of their own.
fn desk(run: &str) -> Desk {
    let desk = Desk::new();
    let mut host = read("examples/fleet/sandgate.toml");
    for (there, here) in [
        ("kafka:19092", kafka().to_owned()),
        ("postgres://sandgate@postgres:5432/sandgate", database()),
        ("redis://redis:6379", redis().to_owned()),
        ("/var/lib/sandgate/state", "state-of-NAME".to_owned()),
        ("/var/lib/sandgate/compiled", "compiled".to_owned()),
        ("0.0.0.0:9464", "127.0.0.1:0".to_owned()),
        ("topic = \"payments\"", format!("topic = \"{run}-payments\"")),
        ("topic = \"decisions\"", format!("topic = \"{run}-decisions\"")),
        ("dead-letters", format!("{run}-dead-letters")),
        ("sandgate-changelog", format!("{run}-changelog")),
        ("group = \"sandgate\"", format!("group = \"{run}\"")),
    ] {
        assert_eq!(host.matches(there).count(), 1, "{there}");
        host = host.replace(there, &here);
    }
    for name in ["host-1", "host-2"] {
        desk.write(&format!("{name}.toml"), &host.replace("state-of-NAME", &format!("state-{name}")));
    }
    let tenant = read("examples/fleet/tenants/payments.toml");
    let folder = format!("{}/", policies().display());
    desk.write("tenants/payments.toml", &tenant.replace("../../../target/policies/", &folder));
    desk.write("tags.csv", &read("examples/fleet/tags.csv"));
    desk
}

/// The command line of a service that ends, as compose.yaml has it.
fn command(service: &str) -> Vec<String> {
    let compose = read("compose.yaml");
    let (_, rest) = compose.split_once(&format!("\n  {service}:\n")).unwrap_or_else(|| panic!("{service} is there"));
    let line = rest.lines().find_map(|line| line.trim().strip_prefix("command: "));
    let words = line.and_then(|line| serde_json::from_str::<Vec<String>>(line).ok());
    let words = words.unwrap_or_else(|| panic!("{service} has a command"));
    words
        .into_iter()
        .map(|word| word.replace("examples/fleet/sandgate.toml", "host-1.toml").replace("examples/fleet/", ""))
        .collect()
}

fn start(desk: &Desk, name: &str, words: &[String]) -> Child {
    let mut command = Command::new(program());
    command.args(words).current_dir(desk.path("")).env("SANDGATE_INSTANCE", name).stdin(Stdio::null());
    command.spawn().unwrap_or_else(|error| panic!("{name} must start: {error}"))
}

#[test]
fn what_the_services_of_the_example_do_one_after_the_other_ends_in_decisions_by_its_tags() {
    let run = unique("compose");
    let desk = desk(&run);
    for service in ["topics", "tags"] {
        let ended = start(&desk, service, &command(service)).wait();
        assert!(ended.is_ok_and(|status| status.success()), "{service}");
    }
    let image = read("Dockerfile");
    assert!(image.contains("CMD [\"run\", \"--config\", \"examples/fleet/sandgate.toml\"]"));
    let mut hosts = ["host-1", "host-2"].map(|name| {
        let words = ["run".to_owned(), "--config".to_owned(), format!("{name}.toml")];
        start(&desk, name, &words)
    });
    let payment = |account: &str| {
        let json = format!(
            "{{\"transaction_id\":\"of-{account}\",\"account_id\":\"{account}\",\"timestamp\":1774735200,\"amount\":\"20000.00\",\"device\":\"d\",\"probability\":0.1,\"impact\":0.1}}"
        );
        Record::new(account, json)
    };
    // one that the example's tags know, and ones that they do not
    let accounts: Vec<String> = (0..20).map(|number| format!("account{number}")).collect();
    Topic::existing(kafka(), &format!("{run}-payments"), 8).send(accounts.iter().map(|account| payment(account)));
    let decisions = Topic::existing(kafka(), &format!("{run}-decisions"), 8);
    let decided = decisions.wait_for("all decisions", PATIENCE, |all| all.len() == accounts.len());
    for host in &mut hosts {
        let killed = host.kill().and_then(|()| host.wait());
        assert!(killed.is_ok());
    }
    for decision in decided.iter().map(Record::json) {
        let risky = decision["account"] == "account7";
        assert_eq!(decision["outcome"] == "block", risky, "{decision}");
        assert_eq!(decision["policies"][0]["inputs"]["level"], if risky { 3 } else { 1 }, "{decision}");
        assert_eq!(decision["circumstances"].as_array().map(Vec::len), Some(0), "{decision}");
    }
}
