//! A host of a fleet answers the API beside its work, and judges by what was changed
//! through it.

use crate::{agent, send};
use sandgate_tests::account_risk;
use sandgate_tests::servers::{PATIENCE, eventually};
use sandgate_tests::site::Site;
use serde_json::Value;
use std::process::Command;

#[test]
fn a_host_that_runs_answers_and_follows() {
    let site = Site::new(1, &account_risk("parameters = { medium = \"5000\", medium_level = 1 }\n"));
    let tables = "[control]\nsql = \"sqlite:control.db\"\npoll = \"10ms\"\n[admin]\nlisten = \"127.0.0.1:0\"\nrate = 10000\n\
                  [log]\nformat = \"json\"\nlevel = \"debug\"";
    let host = site.start("one", ("", tables), &[]);
    let mut address = None;
    eventually("that it answers", PATIENCE, || {
        let log = host.log();
        let line = log.lines().find(|line| line.contains("the admin API answers")).map(str::to_owned);
        address = line.and_then(|line| {
            let at = line.find("127.0.0.1:")?;
            Some(line[at..].chars().take_while(|c| c.is_ascii_digit() || ".:".contains(*c)).collect::<String>())
        });
        address.is_some()
    });
    let address = address.unwrap();
    let made = Command::new(sandgate_tests::program())
        .args(["token", "create", "--config", "one.toml", "ada", "--role", "operator"])
        .current_dir(site.folder())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", sandgate_tests::text(&made.stderr));
    let token = sandgate_tests::text(&made.stdout).trim().to_owned();
    let ask = |method: &str, path: &str, body: Option<&str>| {
        send(&agent(None), (method, &format!("http://{address}{path}")), &token, body, &[]).unwrap()
    };
    let runs = || {
        let status: Value = ask("GET", "/v1/status", None).of(200);
        status["tenants"][0]["hosts"][0]["generation"].as_u64()
    };
    eventually("that it says what it runs", PATIENCE, || runs() == Some(1));
    let change = r#"{"changes": ["account-risk.parameters.medium=500"]}"#;
    ask("POST", "/v1/tenants/payments/activate", Some(change)).of(200);
    eventually("that it runs the next one", PATIENCE, || runs() == Some(2));
    let (_, metrics) = host.ask("/metrics");
    assert!(metrics.contains("sandgate_admin_requests_total{route=\"activate\",status=\"200\"} 1"), "{metrics}");
}
