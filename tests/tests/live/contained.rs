//! Where a policy of a new set is hopeless, hosts bring the tenant back to the set it had
//! before: one of them does, with a why that tells everything, and never while frozen.

use crate::{done, verb};
use sandgate_control::{Location, Registry, Runs, State};
use sandgate_tests::servers::eventually;
use sandgate_tests::{Desk, PAYMENTS, policies, program};
use serde_json::Value;
use std::fs::File;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A tenant's file with this policy, which is given up soon.
fn tenant(component: &str, name: &str, more: &str) -> String {
    let component = policies().join(component);
    let breaker = "breaker = { share = 0.5, rows = 20, rest = 40, probe = 5, back = 2 }";
    format!(
        "name = \"payments\"\n{breaker}\n[[stage]]\nname = \"rules\"\n[[stage.policy]]\nname = {name:?}\ncomponent = {component:?}\n{more}\n"
    )
}

/// A host with a calm policy, whose records could tell another to panic.
fn desk() -> Desk {
    let source =
        format!("{PAYMENTS}mood = {{ kind = \"text\" }}\n[control]\nsql = \"sqlite:control.db\"\npoll = \"10ms\"\n");
    let desk = Desk::with_host(&source, &tenant("account_risk.wasm", "account-risk", ""));
    desk.write("unruly.toml", &tenant("unruly.wasm", "unruly", ""));
    desk
}

/// A host that works, and somebody who brings it records for as long as it does.
struct Fed {
    child: Child,
    stop: Arc<AtomicBool>,
    feeding: Option<JoinHandle<()>>,
}

impl Fed {
    fn new(desk: &Desk, to: &str) -> Fed {
        let errors = File::create(desk.path(&format!("{to}.errors"))).unwrap();
        let mut child = Command::new(program())
            .args(["run", "--config", "sandgate.toml", "--from", "-", "--to", to, "--force"])
            .current_dir(desk.path(""))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(errors)
            .spawn()
            .unwrap();
        let (stop, mut input) = (Arc::new(AtomicBool::new(false)), child.stdin.take().unwrap());
        let stopped = Arc::clone(&stop);
        let feeding = std::thread::spawn(move || {
            for id in 0.. {
                let account = format!("\"transaction_id\":\"t{id}\",\"account_id\":\"a{}\"", id % 50);
                let record = format!("{{{account},\"amount\":1.50,\"timestamp\":1767225600,\"mood\":\"panic\"}}\n");
                // one that has ended has no more use for them
                if stopped.load(Ordering::Relaxed) || input.write_all(record.as_bytes()).is_err() {
                    return;
                }
            }
        });
        Fed { child, stop, feeding: Some(feeding) }
    }

    fn end(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.feeding.take().unwrap().join().unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Fed {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // one that has ended already is no trouble
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn active(desk: &Desk) -> u64 {
    let status: Value = serde_json::from_str(&done(desk, &["status", "--json"])).unwrap();
    status["tenants"][0]["active"].as_u64().unwrap_or(0)
}

#[test]
fn two_hosts_bring_a_tenant_back_once_and_everybody_is_told() {
    let desk = desk();
    desk.write("none.jsonl", "");
    desk.succeed(["run", "--config", "sandgate.toml", "--from", "none.jsonl", "--to", "none.out"]);
    let hosts = ["one.jsonl", "two.jsonl"].map(|to| Fed::new(&desk, to));
    // somebody who follows nothing, so that the verb has to wait
    let registry =
        Registry::later(&Location::parse(&format!("sqlite:{}", desk.path("control.db").display())).unwrap(), PATIENCE);
    let runs = Runs {
        tenant: "payments".to_owned(),
        generation: Some(1),
        set: None,
        state: State::Active,
        problem: None,
        positions: "[]".to_owned(),
    };
    let at = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64;
    registry.report("ghost", &[runs], at).unwrap();
    let (status, _, errors) = verb(&desk, &["activate", "payments", "--file", "unruly.toml", "--wait", "60s"]);
    assert_eq!(status, 1, "{errors}");
    // it goes on to be tried until the host has looked
    let why = [
        "policy unruly of generation 2 is out of lane 0: 5 of 5 rows on trial were faults, the last one trap; ",
        " trials in a row failed. Back to generation 1, which was active before",
    ];
    let tells = |text: &str| why.iter().all(|why| text.contains(why));
    let told = "RolledBack: tenant payments runs generation 1 again, by host ";
    assert!(errors.contains(told) && tells(&errors), "{errors}");
    let history = done(&desk, &["history"]);
    assert!(history.contains("rollback payments generation 1, by host ") && tells(&history), "{history}");
    assert_eq!(history.matches("rollback").count(), 1, "{history}");
    assert_eq!(active(&desk), 1);
    done(&desk, &["history", "--verify"]);
    for (host, to) in hosts.into_iter().zip(["one.jsonl", "two.jsonl"]) {
        eventually("the set before decides again", PATIENCE, || {
            let decisions = desk.read(to);
            let unruly = decisions.rfind("\"generation\":2");
            unruly.is_some_and(|unruly| decisions[unruly..].contains("\"generation\":1"))
        });
        host.end();
        let decisions = desk.json_lines(to);
        let what = |decision: &&Value| decision["circumstances"][0]["what"] == "breaker";
        let out = decisions.iter().find(what).expect("one of a policy that is out");
        assert_eq!((&out["generation"], &out["circumstances"][0]["policy"]), (&2.into(), &"unruly".into()));
        assert!(desk.read(&format!("{to}.errors")).contains("policy unruly of tenant payments is taken out"));
    }
}

#[test]
fn a_tenant_that_cannot_go_back_is_only_told_of() {
    let desk = desk();
    let told = |hindrance: &str, active_then: u64| {
        let host = Fed::new(&desk, "out.jsonl");
        eventually(hindrance, PATIENCE, || desk.read("out.jsonl.errors").contains(hindrance));
        drop(host);
        assert_eq!(active(&desk), active_then);
        assert!(!done(&desk, &["history"]).contains("rollback payments"));
        std::fs::remove_file(desk.path("out.jsonl")).unwrap();
    };
    // its first generation has none before it
    let calm = desk.read("tenant.toml");
    desk.write("tenant.toml", &desk.read("unruly.toml"));
    told("there is no earlier generation that was active before it", 1);
    // the same policy was there before
    desk.write("tenant.toml", &tenant("unruly.wasm", "unruly", "fallback = \"block\""));
    told("which was active before, has the same policy", 2);
    desk.write("tenant.toml", &calm);
    desk.write("none.jsonl", "");
    desk.succeed(["run", "--config", "sandgate.toml", "--from", "none.jsonl", "--to", "none.out"]);
    done(&desk, &["activate", "payments", "--file", "unruly.toml"]);
    done(&desk, &["freeze", "payments"]);
    told("the tenant is frozen", 4);
}
