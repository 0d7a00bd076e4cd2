//! compose.yaml starts what the tests have tried: the same versions, and a
//! compiler that the workspace takes.

use sandgate_tests::root;

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
