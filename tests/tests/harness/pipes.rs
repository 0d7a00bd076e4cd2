//! The program behind two pipes, without the client's library in between.

use sandgate_tests::{program, root};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A running `sandgate harness`.
pub(crate) struct Pipes {
    process: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Pipes {
    /// Starts it in the root of the repository.
    pub(crate) fn open() -> Pipes {
        let mut process = Command::new(program())
            .arg("harness")
            .current_dir(root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (requests, answers) = (process.stdin.take(), BufReader::new(process.stdout.take().unwrap()));
        Pipes { process, requests, answers }
    }

    /// Writes a line as it is, and reads one.
    pub(crate) fn ask(&mut self, line: &str) -> String {
        self.write(line.as_bytes());
        self.read()
    }

    /// Writes bytes and the end of a line.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let requests = self.requests.as_mut().unwrap();
        requests.write_all(bytes).and_then(|()| requests.write_all(b"\n")).unwrap();
    }

    /// Reads a line.
    pub(crate) fn read(&mut self) -> String {
        let mut answer = String::new();
        assert!(self.answers.read_line(&mut answer).unwrap() > 0, "the program ended");
        answer
    }

    /// Ends the input: the exit status, and what was still answered.
    pub(crate) fn close(mut self) -> (Option<i32>, String) {
        drop(self.requests.take());
        let mut rest = String::new();
        while self.answers.read_line(&mut rest).unwrap() > 0 {}
        (self.process.wait().unwrap().code(), rest)
    }
}
