//! A lane as small as can be, to try the durable side on.
//!
//! An entry is a number of eight bytes. What the lane answers are the numbers
//! within a reach of the largest, in their order; the front is the largest and
//! how many there were. So a compaction may drop numbers, and changes no answer.

use crate::disk::Disk;
use crate::disk::faulty::Faulty;
use crate::failure::Failure;
use crate::folder::{Folder, FolderError, LaneFolder, Replayed};
use crate::identity::{Identity, Input, Setting};
use crate::journal::{Journal, Tuning};
use crate::position::{Position, SourcePosition};
use crate::replay::{Malformed, Restore, Sieve};
use crate::varint::Bytes;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use std::path::Path;
use std::sync::Arc;

/// How far back numbers matter.
const REACH: u64 = 50;
/// Where the state is.
pub(crate) const STATE: &str = "/state";

/// The lane in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Toy {
    largest: u64,
    count: u64,
    numbers: Vec<u64>,
}

/// One commit of a script.
#[derive(Clone, Debug)]
pub(crate) struct Commit {
    pub(crate) numbers: Vec<u64>,
    pub(crate) position: Position,
    /// A compaction begins behind it, and ends so many commits later.
    pub(crate) compact: Option<usize>,
    /// The lane is closed behind it and opened again.
    pub(crate) reopen: bool,
}

fn numbers(entries: &[u8]) -> Result<Vec<u64>, Malformed> {
    let (chunks, rest) = entries.as_chunks();
    if !rest.is_empty() {
        return Err(Malformed { what: "holds an entry that is cut off".to_owned(), ahead: false });
    }
    Ok(chunks.iter().map(|chunk| u64::from_le_bytes(*chunk)).collect())
}

/// The entries of some numbers.
pub(crate) fn entries(numbers: &[u64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

impl Toy {
    /// Decides a commit.
    pub(crate) fn apply(&mut self, numbers: &[u64]) {
        self.count += numbers.len() as u64;
        self.largest = numbers.iter().fold(self.largest, |largest, number| largest.max(*number));
        self.numbers.extend_from_slice(numbers);
        let largest = self.largest;
        self.numbers.retain(|number| number + REACH > largest);
    }

    /// The front.
    pub(crate) fn front(&self) -> Vec<u8> {
        entries(&[self.largest, self.count])
    }

    /// What drops the numbers that no longer matter.
    pub(crate) fn sieve(&self) -> Box<dyn Sieve> {
        Box::new(Reach(self.largest))
    }

    /// The lane after the first commits of a script.
    pub(crate) fn after(script: &[Commit]) -> Toy {
        let mut toy = Toy::default();
        script.iter().for_each(|commit| toy.apply(&commit.numbers));
        toy
    }
}

impl Restore for Toy {
    fn front(&mut self, front: &[u8]) -> Result<(), Malformed> {
        let mut rest = Bytes(front);
        let (Some(largest), Some(count), Some(())) = (rest.u64(), rest.u64(), rest.end()) else {
            return Err(Malformed { what: "has no front".to_owned(), ahead: false });
        };
        *self = Toy { largest, count, numbers: Vec::new() };
        Ok(())
    }

    fn kept(&mut self, entries: &[u8]) -> Result<u64, Malformed> {
        let numbers = numbers(entries)?;
        self.numbers.extend_from_slice(&numbers);
        Ok(numbers.len() as u64)
    }

    fn entries(&mut self, entries: &[u8]) -> Result<u64, Malformed> {
        let numbers = numbers(entries)?;
        self.apply(&numbers);
        Ok(numbers.len() as u64)
    }
}

struct Reach(u64);

impl Sieve for Reach {
    fn keep(&mut self, entries: &[u8], kept: &mut Vec<u8>) -> Result<u64, Malformed> {
        let before = kept.len();
        for number in numbers(entries)?.into_iter().filter(|number| number + REACH > self.0) {
            kept.extend_from_slice(&number.to_le_bytes());
        }
        Ok(((kept.len() - before) / 8) as u64)
    }
}

/// The identity of the lane in all tests.
pub(crate) fn identity() -> Identity {
    Identity {
        inputs: vec![Input { source: "payments".to_owned(), path: "/data/payments.jsonl".to_owned() }],
        output: "/data/decisions.jsonl".to_owned(),
        configuration: vec![Setting { name: "the policies of tenant payments".to_owned(), value: "abc".to_owned() }],
    }
}

/// Random commits.
pub(crate) fn script(seed: u64, commits: usize) -> Vec<Commit> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut below = |bound: u64| random.next_u64() % bound;
    let mut records = 0;
    let commits = (1..=commits as u64).map(|number| {
        let numbers: Vec<_> = (0..below(6)).map(|_| 5 * number + below(40)).collect();
        records += numbers.len() as u64;
        let source = SourcePosition {
            offset: number * 100,
            hash: below(u64::MAX),
            complete: below(9) > 0,
            ended: below(9) == 0,
        };
        let tally = number.to_le_bytes().to_vec();
        let position = Position {
            sources: vec![source],
            output: number * 7,
            dead_letters: below(3),
            records,
            tally,
            ended: false,
        };
        let compact = (below(5) == 0).then(|| below(3) as usize);
        Commit { numbers, position, compact, reopen: below(6) == 0 }
    });
    commits.collect()
}

/// How many commits a position is behind.
pub(crate) fn commits(position: &Position) -> usize {
    (position.sources[0].offset / 100) as usize
}

/// The lane's folder on a disk.
pub(crate) fn lane(disk: &Faulty) -> Result<LaneFolder, FolderError> {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    Folder::open_on(disk, Path::new(STATE), Tuning::default())?.lane(&identity(), false)
}

/// Opens the lane on a disk.
pub(crate) fn open(disk: &Faulty) -> Result<(Journal, Toy, Replayed), FolderError> {
    let mut toy = Toy::default();
    let mut last = None;
    let (journal, replayed) = lane(disk)?.open(&mut toy, &mut |progress| last = Some(progress))?;
    let last = last.expect("progress is told at the end");
    assert_eq!((last.bytes, last.entries), (last.total, replayed.entries));
    Ok((journal, toy, replayed))
}

/// The file that a failure names.
pub(crate) fn file_of(error: &FolderError) -> Option<String> {
    let FolderError::Failure(Failure::Damage(damage)) = error else { return None };
    Some(damage.file.to_string_lossy().into_owned())
}
