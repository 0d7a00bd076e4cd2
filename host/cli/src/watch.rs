//! `sandgate watch`: the decisions of a topic as they come. On a terminal a table
//! that is drawn anew: how many of each outcome, how many a second, and the newest
//! that were stopped, with their reasons; elsewhere a line for each.

use crate::address::Address;
use crate::topics::LIMIT;
use anstyle::{AnsiColor, Style};
use anyhow::Context as _;
use sandgate_stream::kafka::{Cluster, From, Tail};
use serde_json::Value;
use std::collections::VecDeque;
use std::io::{IsTerminal as _, Write};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// The command line of `sandgate watch`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sandgate watch kafka://127.0.0.1:9092/decisions\n\n\
    Only what was committed is shown. Ctrl-C ends it; nobody's offsets are moved.")]
pub(crate) struct Args {
    /// The topic of the decisions
    #[arg(value_name = "kafka://HOST:PORT/TOPIC", value_parser = Address::parse)]
    address: Address,
    /// A host's configuration, for its TLS and passwords
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Begin with the oldest decision that is there, and not with the next
    #[arg(long)]
    all: bool,
    /// Print each decision as it is, one JSON object a line
    #[arg(long)]
    json: bool,
    /// End after so many decisions
    #[arg(long, value_name = "N")]
    until: Option<u64>,
}

/// The outcomes, mildest first.
const OUTCOMES: [(&str, AnsiColor); 3] =
    [("allow", AnsiColor::Green), ("review", AnsiColor::Yellow), ("block", AnsiColor::Red)];
/// How many of those that were stopped are shown.
const NEWEST: usize = 10;
/// How often the table is drawn.
const DRAWN: Duration = Duration::from_millis(250);
/// What the rate is taken over.
const LATELY: Duration = Duration::from_secs(10);

/// Shows decisions until it is told to end.
///
/// # Errors
/// Where the topic cannot be read, or nobody reads what is shown.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let clients = args.address.clients(args.config.as_deref())?;
    let cluster = Cluster::find(&clients, LIMIT, &AtomicBool::new(false))?;
    let from = if args.all { From::Beginning } else { From::Now };
    let mut tail = Tail::open(&clients, &cluster, &args.address.topic, from, LIMIT)?;
    let drawn = !args.json && std::io::stdout().is_terminal();
    let mut table = Table::new();
    table.colored = anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never;
    // the table is drawn over itself, also where no colours are wanted
    let out: &mut dyn Write = if drawn { &mut std::io::stdout() } else { &mut anstream::stdout() };
    let mut last = Instant::now();
    while args.until.is_none_or(|until| table.total() + table.unread < until) {
        let told = tail.next(DRAWN)?;
        if let Some(told) = &told {
            let decision: Option<Value> = serde_json::from_slice(&told.payload).ok();
            if args.json {
                out.write_all(told.payload.trim_ascii_end()).and_then(|()| out.write_all(b"\n"))?;
            } else if !drawn {
                let line = decision.as_ref().map_or_else(|| "no decision".to_owned(), line);
                crate::say(out, line)?;
            }
            table.take(decision.as_ref(), Instant::now());
        }
        if drawn && last.elapsed() >= DRAWN {
            last = Instant::now();
            table.draw(out, last)?;
        }
        if told.is_none() {
            out.flush().context("standard output cannot be written")?;
        }
    }
    if drawn {
        table.draw(out, Instant::now())?;
    }
    out.flush().context("standard output cannot be written")
}

/// What was seen so far.
struct Table {
    counts: [u64; 3],
    /// Messages that are no decisions.
    unread: u64,
    /// When those of late came.
    lately: VecDeque<(Instant, u64)>,
    newest: VecDeque<String>,
    /// Lines that were drawn the last time.
    lines: usize,
    colored: bool,
}

impl Table {
    fn new() -> Table {
        Table { counts: [0; 3], unread: 0, lately: VecDeque::new(), newest: VecDeque::new(), lines: 0, colored: true }
    }

    fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    fn take(&mut self, decision: Option<&Value>, now: Instant) {
        let outcome = decision.and_then(|decision| decision["outcome"].as_str());
        let at = outcome.and_then(|outcome| OUTCOMES.iter().position(|(word, _)| *word == outcome));
        let (Some(decision), Some(at)) = (decision, at) else {
            self.unread += 1;
            return;
        };
        self.counts[at] += 1;
        match self.lately.back_mut() {
            Some((when, count)) if now.duration_since(*when) < DRAWN => *count += 1,
            _ => self.lately.push_back((now, 1)),
        }
        self.forget(now);
        if at > 0 {
            self.newest.push_front(line(decision));
            self.newest.truncate(NEWEST);
        }
    }

    /// Forgets what is not of late any more.
    fn forget(&mut self, now: Instant) {
        while self.lately.front().is_some_and(|(when, _)| now.duration_since(*when) > LATELY) {
            self.lately.pop_front();
        }
    }

    /// Decisions a second, of late.
    fn rate(&mut self, now: Instant) -> f64 {
        self.forget(now);
        let count: u64 = self.lately.iter().map(|(_, count)| count).sum();
        let span = self.lately.front().map_or(LATELY, |(when, _)| now.duration_since(*when));
        count as f64 / span.as_secs_f64().max(1.0)
    }

    /// Draws it over what was drawn before.
    fn draw(&mut self, out: &mut dyn Write, now: Instant) -> anyhow::Result<()> {
        let rate = self.rate(now);
        // a line that is wider than the terminal is cut off there: wrapped, it would be two
        let mut text = "\x1b[?7l".to_owned();
        if self.lines > 0 {
            // up to the first line of the last time, and clear from there
            text += &format!("\x1b[{}A\x1b[J", self.lines);
        }
        for ((word, color), count) in OUTCOMES.iter().zip(self.counts) {
            let style = Style::new().fg_color(self.colored.then_some((*color).into()));
            text += &format!("  {style}{word}{style:#} {count:>10}");
        }
        text += &format!("   {rate:>9.1} a second");
        if self.unread > 0 {
            text += &format!("   no decisions: {}", self.unread);
        }
        text.push('\n');
        self.newest.iter().for_each(|line| text += &format!("  {line}\n"));
        text += "\x1b[?7h";
        self.lines = 1 + self.newest.len();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("standard output cannot be written")
    }
}

/// A decision on a line: when, who, what, and why. What a record says is shown, never
/// obeyed: a terminal does not get its control characters.
fn line(decision: &Value) -> String {
    let text = |key: &str| decision[key].as_str().unwrap_or("-").to_owned();
    let all = |key: &str, name: &str, before: &str| -> Vec<String> {
        let list = decision[key].as_array().into_iter().flatten();
        list.filter_map(|one| Some(format!("{before}{}", one[name].as_str()?))).collect()
    };
    let mut why = all("reasons", "code", "");
    why.extend(all("faults", "fault", "fault "));
    why.extend(all("circumstances", "what", "circumstance "));
    if why.is_empty() {
        why = all("because", "what", "");
    }
    let (time, account, transaction) = (text("time"), text("account"), text("transaction"));
    let line = format!("{time}  {:<6}  {account:<14}  {transaction:<14}  {}", text("outcome"), why.join(", "));
    line.trim_end().chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::{LATELY, NEWEST, Table, line};
    use serde_json::json;
    use std::time::{Duration, Instant};

    #[test]
    fn a_line_says_when_who_what_and_why() {
        let decision = json!({
            "transaction": "tx1", "account": "account7", "outcome": "block", "time": "2026-01-01T00:00:00.250Z",
            "reasons": [{ "code": "LARGE_AMOUNT" }], "faults": [{ "fault": "fuel" }], "circumstances": [{ "what": "late" }],
            "because": [{ "what": "reason" }],
        });
        let told = line(&decision);
        assert!(told.ends_with("LARGE_AMOUNT, fault fuel, circumstance late"), "{told}");
        assert!(told.starts_with("2026-01-01T00:00:00.250Z  block   account7 "), "{told}");
        assert!(line(&json!({ "outcome": "allow", "because": [{ "what": "repeat" }] })).ends_with("repeat"));
        assert!(line(&json!({})).starts_with("-  -"));
        let hostile = line(&json!({ "account": "a\u{1b}[2J\nb", "outcome": "block" }));
        assert!(hostile.contains("a\u{fffd}[2J\u{fffd}b"), "{hostile}");
    }

    #[test]
    fn the_table_counts_and_keeps_the_newest_that_were_stopped() {
        let mut table = Table::new();
        let begin = Instant::now();
        for at in 0..40u64 {
            let outcome = ["allow", "block"][(at % 2) as usize];
            let decision = json!({ "outcome": outcome, "transaction": format!("tx{at}") });
            table.take(Some(&decision), begin + Duration::from_millis(100 * at));
        }
        table.take(None, begin);
        assert_eq!((table.counts, table.unread, table.newest.len()), ([20, 0, 20], 1, NEWEST));
        assert!(table.newest[0].contains("tx39"), "{:?}", table.newest);
        let rate = table.rate(begin + Duration::from_secs(4));
        assert!((9.0..=11.0).contains(&rate), "{rate}");
        assert!(table.rate(begin + Duration::from_secs(4) + 2 * LATELY).abs() < f64::EPSILON);
        let mut out = Vec::new();
        table.draw(&mut out, begin).unwrap();
        table.draw(&mut out, begin).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert_eq!(out.matches("\x1b[11A\x1b[J").count(), 1, "{out:?}");
        assert!(out.contains("no decisions: 1") && out.contains("\x1b[32mallow\x1b[0m"), "{out:?}");
        table.colored = false;
        let mut plain = Vec::new();
        table.draw(&mut plain, begin).unwrap();
        let plain = String::from_utf8(plain).unwrap();
        assert!(plain.contains("\x1b[11A\x1b[J  allow         20  review          0  block         20 "), "{plain:?}");
    }
}
