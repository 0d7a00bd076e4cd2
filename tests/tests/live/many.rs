//! Many components at once: 200 are pushed in one go and become one set, while a host
//! works.

use crate::{desk, done};
use sandgate_control::{Location, Registry};
use sandgate_tests::{policies, program, servers};
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

const MANY: usize = 200;

/// The component with something behind it that changes nothing but its digest.
fn marked(component: &[u8], mark: u8) -> Vec<u8> {
    // a custom section: its size, the length of its name, the name, the content
    [component, &[0, 3, 1, b'm', mark]].concat()
}

fn record(number: usize) -> String {
    format!(
        "{{\"transaction_id\":\"t{number}\",\"account_id\":\"a{}\",\"timestamp\":{},\"amount\":\"1.00\"}}\n",
        number % 7,
        1_774_735_200 + number
    )
}

#[test]
fn two_hundred_components_are_pushed_at_once_and_judge_together() {
    let desk = desk();
    let component = std::fs::read(policies().join("account_risk.wasm")).unwrap();
    let names: Vec<String> = (0..MANY).map(|at| format!("many/{at}.wasm")).collect();
    let mut stages = "name = \"payments\"\n[[stage]]\nname = \"rules\"\n".to_owned();
    for (at, name) in names.iter().enumerate() {
        desk.write(name, "");
        std::fs::write(desk.path(name), marked(&component, at as u8)).unwrap();
        stages += &format!("[[stage.policy]]\nname = \"risk-{at}\"\ncomponent = \"{name}\"\n");
    }
    desk.write("many.toml", &stages);
    let mut host = Command::new(program())
        // of two workers the second may begin first: its batch has the new set then, and the one before it the old
        .args(["run", "--config", "sandgate.toml", "--from", "-", "--to", "out.jsonl", "--workers", "1"])
        .current_dir(desk.path("."))
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = host.stdin.take().unwrap();
    (0..1_000).for_each(|number| input.write_all(record(number).as_bytes()).unwrap());
    input.flush().unwrap();
    let runs = |generation| {
        let registry = Registry::open(&Location::Sqlite(desk.path("control.db")), Duration::from_secs(10)).unwrap();
        let hosts = registry.hosts().unwrap();
        hosts.iter().any(|host| host.runs.generation == Some(generation))
    };
    servers::eventually("that the host works", Duration::from_secs(30), || {
        desk.path("control.db").is_file() && runs(1)
    });

    let words: Vec<&str> = ["push"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let said = done(&desk, &words);
    assert_eq!(said.lines().filter(|line| line.starts_with("pushed: account-risk")).count(), MANY, "{said}");
    // with the one that the host's own file named
    assert_eq!(done(&desk, &["policies", "--json"]).matches("sha256:").count() / (MANY + 1), 1);
    done(&desk, &["activate", "payments", "--file", "many.toml"]);
    servers::eventually("that the host judges by all", Duration::from_secs(60), || runs(2));
    (1_000..1_500).for_each(|number| input.write_all(record(number).as_bytes()).unwrap());
    drop(input);
    assert!(host.wait().unwrap().success());

    let decisions = desk.json_lines("out.jsonl");
    let policies: Vec<usize> = decisions.iter().map(|one| one["policies"].as_array().unwrap().len()).collect();
    assert_eq!(policies.len(), 1_500);
    let first = policies.iter().position(|many| *many != 1);
    assert_eq!((first, policies[1_000..].iter().min()), (Some(1_000), Some(&MANY)), "{policies:?}");
    assert!(decisions.iter().all(|one| one["outcome"] == "allow" && one["faults"] == serde_json::json!([])));
    done(&desk, &["history", "--verify"]);
}
