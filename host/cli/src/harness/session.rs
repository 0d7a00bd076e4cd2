//! What is asked of `sandgate harness`, one request after the other: a policy is
//! loaded, a timeline begins, tags are set and records are sent.

use super::request::{self, done, told};
use super::rows;
use crate::component;
use sandgate_engine::json;
use sandgate_files::{Report, Section, known};
use sandgate_sandbox::{Config, Policy, Sandbox};
use sandgate_trial::case::{setup, tag_value, values};
use sandgate_trial::trial::SetupError;
use sandgate_trial::{Constants, Send, Sent, Trial, When};
use std::cell::RefCell;
use std::path::Path;

/// The words of requests.
const REQUESTS: [&str; 5] = ["load", "begin", "tag", "send", "rows"];

/// A conversation.
pub(super) struct Session {
    sandbox: Sandbox,
    policy: Option<(Policy, Constants)>,
    trial: Option<Trial>,
}

impl Session {
    /// Nothing is loaded.
    ///
    /// # Errors
    /// Where this machine cannot run policies.
    pub(super) fn new() -> anyhow::Result<Session> {
        // one at a time, and the one that a session of another kind would hold
        let sandbox = Sandbox::new(Config { cache: None, slots: 4, ..Config::default() })?;
        Ok(Session { sandbox, policy: None, trial: None })
    }

    /// Answers a request with what stands behind `ok`.
    ///
    /// # Errors
    /// What stands behind `error`: everything that is wrong with the request.
    /// What it asks for was then not done.
    pub(super) fn answer(&mut self, line: &str) -> Result<Vec<u8>, String> {
        let file = request::read(line)?;
        let report = RefCell::default();
        let root = Section::root(&file, &report);
        let names: Vec<&str> = root.names().collect();
        let [name] = names[..] else {
            return Err(format!("a request has one key of {}, not {}", REQUESTS.join(", "), names.len()));
        };
        if !REQUESTS.contains(&name) {
            return Err(format!("`{name}` is no request; {}", known(name, &REQUESTS)));
        }
        let Some(section) = root.section(name) else { return Err(format!("{name}: must be an object")) };
        match name {
            "load" => self.load(&section, &report),
            "begin" => self.begin(&section, &report),
            "tag" => self.tag(&section, &report),
            "send" => self.send(&section, &report),
            _ => {
                let (policy, constants) = self.policy()?;
                rows::answer(policy, constants, &section, &report)
            }
        }
    }

    fn load(&mut self, section: &Section<'_>, report: &RefCell<Report>) -> Result<Vec<u8>, String> {
        let path = section.required("component", "the file of the component").unwrap_or_default();
        done(section, report)?;
        let path = Path::new(path);
        let told = |error: anyhow::Error| format!("{error:#}");
        let bytes = component::read(path).map_err(told)?;
        let policy = component::load(&self.sandbox, &bytes, path).map_err(told)?;
        let mut out = b"{\"name\":".to_vec();
        json::string(&mut out, &policy.manifest().name);
        out.extend_from_slice(b",\"version\":");
        json::string(&mut out, &policy.manifest().version);
        out.extend_from_slice(b",\"digest\":");
        json::string(&mut out, &policy.digest().to_string());
        out.extend_from_slice(b",\"manifest\":");
        // the answer is one line; inside of a text there are no bare ends of lines
        out.extend(policy.told().bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }));
        out.push(b'}');
        (self.policy, self.trial) = (Some((policy, Constants::of(&bytes))), None);
        Ok(out)
    }

    fn begin(&mut self, section: &Section<'_>, report: &RefCell<Report>) -> Result<Vec<u8>, String> {
        let (policy, _) = self.policy()?;
        let setup = setup(section);
        done(section, report)?;
        let trial = Trial::new(policy, &setup).map_err(|error| match error {
            SetupError::Problems(problems) => told(problems.iter().map(|problem| (&*problem.key, &*problem.what))),
            error @ SetupError::Fields(_) => error.to_string(),
        })?;
        self.trial = Some(trial);
        Ok(b"{}".to_vec())
    }

    fn tag(&mut self, section: &Section<'_>, report: &RefCell<Report>) -> Result<Vec<u8>, String> {
        let trial = self.trial.as_ref().ok_or(NOT_BEGUN)?;
        let [entity, id, attribute] = [
            ("entity", "what is described, such as account"),
            ("id", "which one"),
            ("attribute", "which attribute of it"),
        ]
        .map(|(name, meaning)| section.required(name, meaning).unwrap_or_default());
        let node = section.node("value");
        let value = node.and_then(tag_value);
        if node.is_some() && value.is_none() {
            section.problem("value", "must be a text, a number, true, false, or null to take the tag away");
        }
        done(section, report)?;
        trial.check_tag(entity, attribute).map_err(|error| error.to_string())?;
        trial.tag(entity, id, attribute, value.as_deref()).map_err(|error| error.to_string())?;
        Ok(b"{}".to_vec())
    }

    fn send(&mut self, section: &Section<'_>, report: &RefCell<Report>) -> Result<Vec<u8>, String> {
        let trial = self.trial.as_mut().ok_or(NOT_BEGUN)?;
        let at = section.text("at").map(str::parse::<When>);
        let send = Send {
            when: at.and_then(|when| when.map_err(|error| section.problem("at", error)).ok()),
            source: section.text("source").map(str::to_owned),
            fields: values(section, "fields"),
            inputs: values(section, "inputs"),
            absent: section.texts("absent"),
        };
        done(section, report)?;
        let (word, line) = match trial.send(&send).map_err(|error| error.to_string())? {
            Sent::Decision(line) => ("decision", line),
            Sent::DeadLetter(line) => ("dead_letter", line),
            Sent::Observed => ("observed", "true".to_owned()),
        };
        Ok(format!("{{\"{word}\":{line}}}").into_bytes())
    }

    fn policy(&self) -> Result<&(Policy, Constants), String> {
        self.policy
            .as_ref()
            .ok_or_else(|| "no policy is loaded: ask {\"load\": {\"component\": FILE}} first".to_owned())
    }
}

const NOT_BEGUN: &str = "no timeline has begun: ask {\"begin\": {}} first";
