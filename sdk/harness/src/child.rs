//! One `sandgate harness` behind two pipes: a JSON object on a line in, one out.
//! `docs/harness-protocol.md` says what they hold.

use crate::program::program;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;

/// A running `sandgate harness`, ended when it is dropped.
#[derive(Debug)]
pub(crate) struct Child {
    process: std::process::Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// Gathers what the program says on standard error, so that it never waits
    /// for a reader.
    complaints: Option<JoinHandle<String>>,
}

impl Child {
    /// Starts the program, which loads the component; with it comes the answer
    /// to `load`.
    ///
    /// # Errors
    /// Where there is no program, or it refuses the component.
    pub(crate) fn start(component: &Path) -> Result<(Child, Value), String> {
        let program = program()?;
        let mut process = Command::new(program)
            .arg("harness")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
        let requests = process.stdin.take();
        let missing = || "a pipe to `sandgate harness` is missing".to_owned();
        let answers = BufReader::new(process.stdout.take().ok_or_else(missing)?);
        let complaints = process.stderr.take().map(|stderr| std::thread::spawn(|| all_of(stderr)));
        let mut child = Child { process, requests, answers, complaints };
        let loaded = child.ask(&json!({ "load": { "component": component } }))?;
        Ok((child, loaded))
    }

    /// The id of its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Asks one thing: what stands behind `ok` in the answer.
    ///
    /// # Errors
    /// What the program says against it, or that it has ended.
    pub(crate) fn ask(&mut self, request: &Value) -> Result<Value, String> {
        let mut line = request.to_string();
        line.push('\n');
        let asked = self.requests.as_mut().is_some_and(|requests| requests.write_all(line.as_bytes()).is_ok());
        let mut answer = String::new();
        match self.answers.read_line(&mut answer) {
            Ok(read) if read > 0 && asked => {}
            _ => return Err(self.ended(request)),
        }
        let mut answer: Value = serde_json::from_str(&answer).map_err(|error| {
            format!("`sandgate harness` answered {request} with what is no JSON ({error}): {answer}")
        })?;
        match (answer["ok"].take(), &answer["error"]) {
            (_, Value::String(error)) => Err(error.clone()),
            (Value::Null, _) => Err(format!("`sandgate harness` answered {request} with neither `ok` nor `error`")),
            (ok, _) => Ok(ok),
        }
    }

    /// What there is to say about a program that answers no more.
    fn ended(&mut self, request: &Value) -> String {
        drop(self.requests.take());
        let status = self.process.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        let said = self.complaints.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        let said = if said.trim().is_empty() { "it said nothing".to_owned() } else { format!("it said:\n{said}") };
        let mut asked = request.to_string();
        if let Some((end, _)) = asked.char_indices().nth(200) {
            asked.truncate(end);
            asked.push('…');
        }
        format!("`sandgate harness` ended ({status}) in place of an answer to {asked}; {said}")
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.requests.take());
        // it keeps nothing that could be lost, and may stand in a long call
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn all_of(mut stderr: ChildStderr) -> String {
    let mut bytes = Vec::new();
    // what was read before an error is still worth telling
    let _ = stderr.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
