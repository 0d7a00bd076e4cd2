//! `sandgate harness`: the engine behind two pipes, for programs that try a
//! policy: a JSON object on a line in, one out. `docs/harness-protocol.md` is for
//! those who write such a program; `sdk/harness` is one of them.

mod request;
mod rows;
mod session;

use anyhow::Context as _;
use sandgate_engine::json;
use session::Session;
use std::io::{BufRead, Write};

/// The command line of `sandgate harness`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  echo '{\"load\": {\"component\": \"target/policies/account_risk.wasm\"}}' | sandgate harness\n\n\
    The requests are described in docs/harness-protocol.md. It ends where standard input does."
)]
pub(crate) struct Args {}

/// The most bytes of a request.
const LINE_MAX: usize = 16 << 20;

/// Answers every line of standard input on standard output.
///
/// # Errors
/// Where a pipe breaks. What a request does wrong is answered.
pub(crate) fn run(Args {}: &Args) -> anyhow::Result<()> {
    let mut session = Session::new()?;
    let (mut requests, mut answers) = (std::io::stdin().lock(), std::io::stdout().lock());
    let mut line = Vec::new();
    while let Some(within) = next(&mut requests, &mut line).context("standard input cannot be read")? {
        let answer = match std::str::from_utf8(&line) {
            _ if !within => Err(format!("a request is at most {} MiB; this line is longer", LINE_MAX >> 20)),
            Ok(text) if text.trim().is_empty() => continue,
            Ok(text) => session.answer(text),
            Err(error) => Err(format!("the request is no UTF-8: {error}")),
        };
        answers
            .write_all(&written(answer))
            .and_then(|()| answers.flush())
            .context("standard output cannot be written")?;
    }
    Ok(())
}

/// Reads a line without its end; whether it is within the bound, or nothing
/// where there are no more.
fn next(requests: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<Option<bool>> {
    line.clear();
    let (mut within, mut some) = (true, false);
    loop {
        let chunk = requests.fill_buf()?;
        if chunk.is_empty() {
            return Ok(some.then_some(within));
        }
        some = true;
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let part = &chunk[..end.unwrap_or(chunk.len())];
        within &= line.len() + part.len() <= LINE_MAX;
        if within {
            line.extend_from_slice(part);
        }
        let read = part.len() + usize::from(end.is_some());
        requests.consume(read);
        if end.is_some() {
            return Ok(Some(within));
        }
    }
}

/// The line of an answer.
fn written(answer: Result<Vec<u8>, String>) -> Vec<u8> {
    let mut line = Vec::new();
    match answer {
        Ok(ok) => {
            line.extend_from_slice(b"{\"ok\":");
            line.extend_from_slice(&ok);
        }
        Err(error) => {
            line.extend_from_slice(b"{\"error\":");
            json::string(&mut line, &error);
        }
    }
    line.extend_from_slice(b"}\n");
    line
}

#[cfg(test)]
mod tests {
    use super::{LINE_MAX, next};
    use std::io::BufReader;

    #[test]
    fn a_line_that_is_too_long_is_told_and_the_next_one_is_read() {
        let long = vec![b'x'; LINE_MAX + 1];
        let input = [b"one\n".as_slice(), &long, b"\n\n", &long[1..], b"\nlast"].concat();
        let mut requests = BufReader::new(input.as_slice());
        let mut line = Vec::new();
        let mut read = || next(&mut requests, &mut line).unwrap().map(|within| (within, line.len()));
        assert_eq!(read(), Some((true, 3)));
        assert!(matches!(read(), Some((false, _))));
        assert_eq!([read(), read(), read(), read()], [Some((true, 0)), Some((true, LINE_MAX)), Some((true, 4)), None]);
    }
}
