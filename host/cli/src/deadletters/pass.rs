//! One reading of the topic of dead letters, from its oldest message to what was
//! its end when reading began.

use super::letter::{Kind, Letter, read};
use crate::config::kafka::Kafka;
use crate::topics::LIMIT;
use anyhow::bail;
use sandgate_stream::kafka::{Clients, Cluster, From, Tail};
use std::collections::HashSet;
use std::io::Write;
use std::time::{Duration, Instant};

/// A reading.
pub(super) struct Pass {
    tail: Tail,
    heard: Instant,
}

/// Dead letters whose records went back, by their partition and offset.
pub(super) struct Sent {
    marks: HashSet<(i32, i64)>,
    /// Messages that are neither dead letters nor marks.
    others: u64,
}

/// How long a broker may say nothing.
const SILENCE: Duration = Duration::from_secs(30);
/// The most marks that are remembered.
const MARKS_MAX: usize = 10_000_000;

impl Pass {
    pub(super) fn open(kafka: &Kafka, clients: &Clients, cluster: &Cluster) -> anyhow::Result<Pass> {
        let tail = Tail::open(clients, cluster, &kafka.topics.dead_letters, From::Beginning, LIMIT)?;
        Ok(Pass { tail, heard: Instant::now() })
    }

    /// The next dead letter, until the end.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<Letter>> {
        loop {
            match self.message()? {
                None => return Ok(None),
                Some(Kind::Letter(letter)) => return Ok(Some(*letter)),
                Some(Kind::Mark(..) | Kind::Other) => {}
            }
        }
    }

    fn message(&mut self) -> anyhow::Result<Option<Kind>> {
        const STEP: Duration = Duration::from_millis(100);
        // what comes behind the end is of no interest, or a busy topic would never end
        while !self.tail.ended() {
            if let Some(told) = self.tail.next(STEP)? {
                self.heard = Instant::now();
                return Ok(Some(read(told)));
            }
            if self.heard.elapsed() > SILENCE {
                bail!("the broker has said nothing for {SILENCE:?}; is a commit open that nobody ends?");
            }
        }
        Ok(None)
    }
}

impl Sent {
    pub(super) fn read(kafka: &Kafka, clients: &Clients, cluster: &Cluster) -> anyhow::Result<Sent> {
        let mut pass = Pass::open(kafka, clients, cluster)?;
        let mut sent = Sent { marks: HashSet::new(), others: 0 };
        while let Some(kind) = pass.message()? {
            match kind {
                Kind::Mark(partition, offset) => drop(sent.marks.insert((partition, offset))),
                Kind::Other => sent.others += 1,
                Kind::Letter(_) => {}
            }
            if sent.marks.len() > MARKS_MAX {
                bail!("more than {MARKS_MAX} records went back already; shorten the retention of the topic");
            }
        }
        Ok(sent)
    }

    pub(super) fn has(&self, letter: &Letter) -> bool {
        self.marks.contains(&letter.at)
    }

    pub(super) fn tell(&self, out: &mut impl Write) -> anyhow::Result<()> {
        if !self.marks.is_empty() {
            crate::say(out, format_args!("{:>10}  went back already", self.marks.len()))?;
        }
        if self.others > 0 {
            crate::say(out, format_args!("{:>10}  messages are no dead letters", self.others))?;
        }
        Ok(())
    }
}
