//! The admin API over sockets: the real program, a real registry, and every route.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod bounds;
mod changes;
mod eyes;
mod host;
mod page;
mod roles;
mod schemathesis;
mod tls;
mod verbs;

use sandgate_tests::servers::{PATIENCE, eventually};
use sandgate_tests::{Desk, PAYMENTS, account_risk, policies, program, text};
use serde_json::Value;
use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A program that answers, over a registry with the tenant `payments`.
struct Api {
    desk: Desk,
    process: Child,
    address: String,
}

/// What was answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: ureq::http::HeaderMap,
    text: String,
}

/// A host's files with a tenant that is in its registry, and more of `[admin]`.
fn desk(sql: &str, admin: &str) -> Desk {
    let tables = format!(
        "{PAYMENTS}\n[control]\nsql = \"{sql}\"\ndeadline = \"20s\"\n[admin]\nlisten = \"127.0.0.1:0\"\n{admin}\n\
         [metrics]\nlisten = \"\"\n"
    );
    let desk = Desk::with_host(&tables, &account_risk("parameters = { medium = \"5000\", medium_level = 1 }\n"));
    desk.succeed(["activate", "--config", "sandgate.toml", "payments", "--file", "tenant.toml", "--as", "root"]);
    desk
}

impl Api {
    fn new() -> Api {
        Api::over("sqlite:control.db", "rate = 10000")
    }

    fn over(sql: &str, admin: &str) -> Api {
        Api::of(desk(sql, admin))
    }

    fn of(desk: Desk) -> Api {
        let log = File::create(desk.path("log")).unwrap();
        let mut command = Command::new(program());
        command.args(["admin", "--config", "sandgate.toml"]).current_dir(desk.path(""));
        command.env("SANDGATE_LOG", "trace").env("NO_COLOR", "1");
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let mut api = Api { desk, process, address: String::new() };
        eventually("that the API answers", PATIENCE, || {
            let log = api.desk.read("log");
            let line = log.lines().find(|line| line.contains("the admin API answers"));
            let address = line.and_then(|line| Some(line.split("address=").nth(1)?.split(' ').next()?.to_owned()));
            api.address = address.unwrap_or_default();
            if let Some(status) = api.process.try_wait().unwrap() {
                panic!("it ended with {status}: {log}");
            }
            !api.address.is_empty()
        });
        api
    }

    /// Makes a token of this name.
    fn token(&self, name: &str, role: &str, more: &[&str]) -> String {
        let words = ["token", "create", "--config", "sandgate.toml", name, "--role", role, "--as", "root"];
        text(&self.desk.succeed([&words, more].concat()).stdout).trim().to_owned()
    }

    fn get(&self, path: &str, token: &str) -> Answer {
        self.ask("GET", path, token, None, &[])
    }

    fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.ask("POST", path, token, Some(&body.to_string()), &[])
    }

    fn ask(&self, method: &str, path: &str, token: &str, body: Option<&str>, headers: &[(&str, &str)]) -> Answer {
        let url = format!("http://{}{path}", self.address);
        send(&agent(None), (method, &url), token, body, headers)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// Runs a verb over the registry itself.
    fn verb(&self, words: &[&str]) -> String {
        text(&self.desk.succeed([words, &["--config", "sandgate.toml"]].concat()).stdout)
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The answer as JSON, which has to be of this status.
    #[track_caller]
    fn of(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        self.json()
    }

    /// The problem of this status and this kind.
    #[track_caller]
    fn problem(&self, status: u16, kind: &str) -> Value {
        let problem = self.of(status);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(
            (&problem["type"], &problem["status"]),
            (&format!("urn:sandgate:problem:{kind}").into(), &status.into())
        );
        problem
    }
}

/// A client; with a root certificate, one that trusts nobody else.
fn agent(root: Option<&[u8]>) -> ureq::Agent {
    let config =
        ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(120)));
    let config = match root {
        Some(root) => {
            let root = ureq::tls::Certificate::from_pem(root).unwrap();
            let roots = ureq::tls::RootCerts::new_with_certs(&[root]);
            config.tls_config(ureq::tls::TlsConfig::builder().root_certs(roots).build())
        }
        None => config,
    };
    config.build().new_agent()
}

fn send(
    agent: &ureq::Agent,
    (method, url): (&str, &str),
    token: &str,
    body: Option<&str>,
    headers: &[(&str, &str)],
) -> Result<Answer, ureq::Error> {
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut answer = match body {
        Some(body) => agent.run(request.header("content-type", "application/json").body(body.to_owned()).unwrap())?,
        None => agent.run(request.body(()).unwrap())?,
    };
    let text = answer.body_mut().read_to_string()?;
    Ok(Answer { status: answer.status().as_u16(), headers: answer.headers().clone(), text })
}

/// A component in base64.
fn component() -> Vec<u8> {
    std::fs::read(policies().join("account_risk.wasm")).unwrap()
}
