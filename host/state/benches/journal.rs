//! What durability costs: a commit by its size, a replay, a compaction.
//!
//! `cargo bench --bench journal` prints the numbers, for the folder of temporary
//! files and, where there is one, for memory (`/dev/shm`); a test run does a
//! little of it and checks the answers. Each line is a ratio to the bare file:
//! the same bytes written and synced, or read, in the same run.

use sandgate_state::folder::Folder;
use sandgate_state::identity::{Identity, Input};
use sandgate_state::journal::Journal;
use sandgate_state::position::Position;
use sandgate_state::replay::{Malformed, Restore, Sieve};
use std::error::Error;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

/// Bytes of an entry here; one with three values is about as long.
const ENTRY: usize = 64;

/// Counts entries and keeps none.
#[derive(Default)]
struct Counted(u64);

impl Restore for Counted {
    fn front(&mut self, _: &[u8]) -> Result<(), Malformed> {
        Ok(())
    }

    fn kept(&mut self, entries: &[u8]) -> Result<u64, Malformed> {
        self.entries(entries)
    }

    fn entries(&mut self, entries: &[u8]) -> Result<u64, Malformed> {
        let count = (entries.len() / ENTRY) as u64;
        self.0 += count;
        Ok(count)
    }
}

/// Keeps every second entry, and lets its end be waited for.
struct Half(#[expect(dead_code, reason = "what matters is when it is dropped")] Sender<()>);

impl Sieve for Half {
    fn keep(&mut self, entries: &[u8], kept: &mut Vec<u8>) -> Result<u64, Malformed> {
        let before = kept.len();
        entries.chunks(ENTRY).step_by(2).for_each(|entry| kept.extend_from_slice(entry));
        Ok(((kept.len() - before) / ENTRY) as u64)
    }
}

fn identity(output: &str) -> Identity {
    let input = Input { source: "payments".to_owned(), path: output.to_owned() };
    Identity { inputs: vec![input], output: output.to_owned(), configuration: Vec::new() }
}

fn open(folder: &Folder, output: &str) -> Result<(Journal, u64), Box<dyn Error>> {
    let mut counted = Counted::default();
    let (journal, replayed) = folder.lane(&identity(output), false)?.open(&mut counted, &mut |_| {})?;
    assert_eq!(replayed.entries, counted.0);
    Ok((journal, counted.0))
}

/// Microseconds a time, the median: a disk has bad moments.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(f64::NAN, |time| time.as_nanos() as f64 / 1e3)
}

fn timed(times: usize, mut work: impl FnMut() -> Result<(), Box<dyn Error>>) -> Result<f64, Box<dyn Error>> {
    let mut taken = Vec::new();
    for _ in 0..times {
        let start = Instant::now();
        work()?;
        taken.push(start.elapsed());
    }
    Ok(median(taken))
}

/// A commit of each size, beside the same bytes in a bare file.
fn commits(place: &Path, sizes: &[usize], times: usize, report: &mut String) -> Result<(), Box<dyn Error>> {
    let folder = Folder::open(&place.join("state"))?;
    for size in sizes {
        let entries: Vec<u8> = (0..*size).map(|at| (at * 31 / 7) as u8).collect();
        let mut file = File::create(place.join("bare"))?;
        let bare = timed(times, || {
            file.write_all(&entries)?;
            Ok(file.sync_data()?)
        })?;
        let output = format!("commits of {size}");
        let (mut journal, _) = open(&folder, &output)?;
        let mut position = Position::start(1);
        let commit = timed(times, || {
            position.records += 1;
            Ok(journal.commit(&entries, &position)?)
        })?;
        drop(journal);
        assert_eq!(open(&folder, &output)?.1, (times * size / ENTRY) as u64);
        let what = format!("commit of {} KiB", size >> 10);
        report.push_str(&format!("{what:<28}{commit:>10.0} µs{:>10.2} x write and sync\n", commit / bare));
    }
    Ok(())
}

/// A replay and a compaction of some MiB in commits of 16 KiB.
fn replay(place: &Path, mebibytes: usize, report: &mut String) -> Result<(), Box<dyn Error>> {
    let output = "replay";
    let path = place.join("large");
    let folder = Folder::open(&path)?;
    let (mut journal, _) = open(&folder, output)?;
    let entries: Vec<u8> = (0..16 << 10).map(|at| (at * 31 / 7) as u8).collect();
    let mut position = Position::start(1);
    for _ in 0..mebibytes * 64 {
        position.records += 1;
        journal.commit(&entries, &position)?;
    }
    drop(journal);
    let all = (mebibytes << 20) / ENTRY;

    let mut bytes = Vec::new();
    let bare = timed(3, || {
        bytes.clear();
        let lane = std::fs::read_dir(path.join("lanes"))?.next().ok_or("there is a lane")??.path();
        File::open(lane.join("journal-00000001"))?.read_to_end(&mut bytes)?;
        Ok(())
    })?;
    let read = timed(3, || {
        let mut counted = Counted::default();
        let lane = folder.find(output)?.ok_or("there is a lane")?;
        lane.read(&mut counted, &mut |_| {})?;
        assert_eq!(counted.0, all as u64);
        Ok(())
    })?;
    let (mut journal, _) = open(&folder, output)?;
    let start = Instant::now();
    let (alive, ended) = channel();
    journal.compact(Vec::new(), Box::new(Half(alive)))?;
    assert!(ended.recv().is_err(), "it says nothing and ends");
    let compacted = loop {
        match journal.compacted() {
            Some(compacted) => break compacted?,
            None => std::thread::yield_now(),
        }
    };
    let compaction = start.elapsed().as_nanos() as f64 / 1e3;
    assert_eq!(compacted.entries, all as u64 / 2);
    drop(journal);
    assert_eq!(open(&folder, output)?.1, all as u64 / 2);
    for (what, time) in [("replay", read), ("compaction to a half", compaction)] {
        let speed = bytes.len() as f64 / time;
        report.push_str(&format!("{what:<28}{speed:>10.0} MB/s{:>8.2} x read\n", time / bare));
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let large = std::env::args().any(|argument| argument == "--bench");
    let (sizes, times, mebibytes): (&[usize], _, _) =
        if large { (&[1 << 10, 64 << 10, 1 << 20, 8 << 20], 200, 128) } else { (&[1 << 10], 3, 1) };
    let mut report = String::new();
    let mut places = vec![("temporary files", tempfile::tempdir()?)];
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        places.push(("memory", tempfile::tempdir_in(memory)?));
    }
    for (name, place) in &places {
        report.push_str(&format!("{name}\n"));
        commits(place.path(), sizes, times, &mut report)?;
        replay(place.path(), mebibytes, &mut report)?;
    }
    std::io::stdout().write_all(report.as_bytes())?;
    Ok(())
}
