//! Order, ends and failures of a lane, whatever the number of its workers.

use super::{Error, Progress, Run, Settings, Told, run};
use crate::sink::{Place, Sink, SinkError, Target};
use crate::source::{Source, SourceError};
use crate::summary::Summary;
use flate2::Compression;
use flate2::write::GzEncoder;
use sandgate_engine::judged::{Judge, Judged, Record, Unjudged};
use sandgate_model::Instant;
use sandgate_state::replay::Sieve;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// Repeats what it was given; a record that begins with `bad` is a dead letter.
struct Echo;

impl Judge for Echo {
    fn judge(&self, _: u64, records: &[Record<'_>], out: &mut Judged) -> Result<(), Unjudged> {
        for record in records {
            let bad = record.bytes.starts_with(b"bad");
            let to = if bad { &mut out.dead_letters } else { &mut out.decisions };
            writeln!(to, "{} {} {}", record.offset, record.size, String::from_utf8_lossy(record.bytes)).unwrap();
            *if bad { &mut out.tally.dead_letters[0] } else { &mut out.tally.outcomes[0] } += 1;
        }
        Ok(())
    }

    fn settle(&self, _: &mut Judged) {}

    fn committed(&self, _: u64) {}

    fn compaction(&self) -> Option<(Vec<u8>, Box<dyn Sieve>)> {
        None
    }

    fn abort(&self) {}

    fn close(&self) {}

    /// The number that a record begins with, if it does, in milliseconds.
    fn time(&self, _: usize, bytes: &[u8]) -> Option<Instant> {
        let text = std::str::from_utf8(bytes).ok()?;
        Instant::from_millis(text.split(' ').next()?.parse().ok()?).ok()
    }
}

/// Lines of many lengths, some bad, some empty, some over 300 bytes.
fn text() -> String {
    let line = |number: usize| match number % 11 {
        3 => format!("bad {number}\n"),
        5 => "\n".to_owned(),
        7 => format!("{number} {}\r\n", "long ".repeat(number % 200)),
        _ => format!("{number} {}\n", "x".repeat(number * 7 % 50)),
    };
    (0..5_000).map(line).collect::<String>() + "the last one has no end"
}

/// What comes out of a text, computed without a lane.
fn expected(text: &str, size_max: usize) -> (String, String) {
    let (mut decisions, mut dead_letters) = (String::new(), String::new());
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let record = line.trim_end_matches(['\r', '\n']);
        let to = if record.starts_with("bad") { &mut dead_letters } else { &mut decisions };
        if !record.trim().is_empty() {
            *to += &format!("{offset} {} {}\n", record.len(), &record[..record.len().min(size_max + 4)]);
        }
        offset += line.len();
    }
    (decisions, dead_letters)
}

struct Files {
    folder: TempDir,
    input: PathBuf,
    output: PathBuf,
}

fn folder(name: &str, content: &[u8]) -> Files {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join(name), folder.path().join("out.jsonl"));
    fs::write(&input, content).unwrap();
    Files { folder, input, output }
}

const SETTINGS: Settings = Settings { workers: 2, batch: 64 };
const SIZE_MAX: u64 = 300;

fn echo(source: Source, sink: Sink, settings: Settings, progress: &mut dyn FnMut(Progress)) -> Run {
    run(vec![source], Arc::new(Echo), sink, None, settings, Summary::new(), &mut |told| {
        if let Told::Progress(far) = told {
            progress(far);
        }
    })
}

fn run_files(input: &Path, output: &Path, force: bool, settings: Settings) -> Run {
    let source = Source::open(input, SIZE_MAX).unwrap();
    let sink = Sink::create(&Target::of(output), force).unwrap();
    echo(source, sink, settings, &mut |_| {})
}

fn dead_letters(output: &Path) -> String {
    fs::read_to_string(format!("{}.dead-letters", output.display())).unwrap()
}

fn zipped(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn order_is_kept_and_the_bytes_are_equal_however_it_is_cut() {
    let text = text();
    let (decisions, letters) = expected(&text, 300);
    let place = folder("in.jsonl", text.as_bytes());
    for workers in [1, 2, 3, 8] {
        for batch in [1, 7, 64, 1000] {
            let settings = Settings { workers, batch };
            let done = run_files(&place.input, &place.output, true, settings);
            done.ended.unwrap();
            assert!(fs::read_to_string(&place.output).unwrap() == decisions, "{settings:?}");
            assert!(dead_letters(&place.output) == letters, "{settings:?}");
            let lines = |text: &str| text.lines().count() as u64;
            assert_eq!(done.summary.tally.outcomes[0], lines(&decisions));
            assert_eq!(done.summary.tally.dead_letters[0], lines(&letters));
            assert_eq!(done.summary.records, lines(&decisions) + lines(&letters));
        }
    }
}

#[test]
fn a_gzipped_file_reads_the_same_with_offsets_of_its_content() {
    let text = text();
    let (first, second) = text.split_at(text.len() / 3);
    for content in [zipped(text.as_bytes()), [zipped(first.as_bytes()), zipped(second.as_bytes())].concat()] {
        let place = folder("in.jsonl.gz", &content);
        run_files(&place.input, &place.output, false, SETTINGS).ended.unwrap();
        assert!(fs::read_to_string(&place.output).unwrap() == expected(&text, 300).0);
    }
}

#[test]
fn damaged_gzip_is_told_after_what_came_before_it() {
    let text = text();
    let whole = zipped(text.as_bytes());
    let cut = &whole[..whole.len() * 2 / 3];
    let garbage = [whole.as_slice(), b"garbage"].concat();
    let mut flipped = whole.clone();
    let crc = whole.len() - 8;
    flipped[crc] ^= 1;
    for (content, least) in [(cut, 1), (&garbage, 4_000), (&flipped, 4_000), (b"{}\n", 0), (b"", 0)] {
        let place = folder("in.jsonl.gz", content);
        let done = run_files(&place.input, &place.output, false, SETTINGS);
        assert!(matches!(done.ended, Err(Error::Source(SourceError::Gzip { .. }))), "{:?}", done.ended);
        assert!(done.summary.records >= least, "{} records", done.summary.records);
        let decisions = fs::read_to_string(&place.output).unwrap();
        assert!(expected(&text, 300).0.starts_with(&decisions));
        assert_eq!(decisions.lines().count() as u64, done.summary.tally.outcomes[0]);
    }
}

#[test]
fn a_source_that_breaks_is_told_after_what_came_before_it() {
    struct Breaks(usize);
    impl Read for Breaks {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0 = self.0.checked_sub(1).ok_or(std::io::Error::other("the cable"))?;
            buffer[..5].copy_from_slice(b"line\n");
            Ok(5)
        }
    }
    let place = folder("in.jsonl", b"");
    let mut source = Source::open(&place.input, SIZE_MAX).unwrap();
    source.reader = Box::new(Breaks(1000));
    let sink = Sink::create(&Target::of(&place.output), false).unwrap();
    let done = echo(source, sink, SETTINGS, &mut |_| {});
    assert_eq!(done.summary.records, 1000);
    let told = done.ended.unwrap_err().to_string();
    assert!(told.contains("beyond byte 5000: the cable; what came before is judged"), "{told}");
}

#[test]
fn what_has_come_through_a_pipe_is_judged_before_the_next_comes() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let place = folder("in.jsonl", b"");
    let mut source = Source::open("-".as_ref(), SIZE_MAX).unwrap();
    source.reader = Box::new(reader);
    let sink = Sink::create(&Target::of(&place.output), false).unwrap();
    // one line is sent only after the decision about the one before
    writer.write_all(b"line 0\n").unwrap();
    let writer = Mutex::new(Some(writer));
    let output = place.output.clone();
    let mut next = 1;
    let done = echo(source, sink, SETTINGS, &mut |progress: Progress| {
        assert_eq!(progress.records, next);
        let mut writer = writer.lock().unwrap();
        if next == 10 {
            *writer = None;
        } else if let Some(writer) = writer.as_mut() {
            writeln!(writer, "line {next}").unwrap();
        }
        next += 1;
    });
    done.ended.unwrap();
    assert_eq!(fs::read_to_string(output).unwrap().lines().count(), 10);
}

#[test]
fn progress_comes_to_the_end_of_the_file() {
    let content = zipped(text().as_bytes());
    let place = folder("in.jsonl.gz", &content);
    let source = Source::open(&place.input, SIZE_MAX).unwrap();
    let sink = Sink::create(&Target::of(&place.output), false).unwrap();
    let mut all = Vec::new();
    let done = echo(source, sink, SETTINGS, &mut |progress| all.push(progress));
    assert!(all.windows(2).all(|pair| pair[0].records < pair[1].records && pair[0].read <= pair[1].read));
    let size = content.len() as u64;
    assert_eq!(all.last(), Some(&Progress { read: size, total: Some(size), records: done.summary.records }));
}

#[test]
fn a_full_disk_ends_the_run_with_its_name() {
    let place = folder("in.jsonl", text().as_bytes());
    let target = Target { decisions: Place::File("/dev/full".into()), ..Target::of(&place.output) };
    let sink = Sink::create(&target, false).unwrap();
    let done = echo(Source::open(&place.input, SIZE_MAX).unwrap(), sink, SETTINGS, &mut |_| {});
    let Err(Error::Sink(error @ SinkError::Full { .. })) = done.ended else { panic!("{:?}", done.ended) };
    assert!(error.to_string().starts_with("no room is left to write /dev/full ("), "{error}");
}

#[test]
fn a_reader_that_goes_away_ends_the_run_though_the_source_waits() {
    use std::os::fd::AsRawFd;
    let (reader, writer) = std::io::pipe().unwrap();
    let target = Target {
        decisions: Place::File(format!("/proc/self/fd/{}", writer.as_raw_fd()).into()),
        dead_letters: Place::Nowhere,
        generations: Place::Nowhere,
    };
    let sink = Sink::create(&target, false).unwrap();
    drop((reader, writer));
    // this source has one line and then never answers
    let (input, mut lines) = std::io::pipe().unwrap();
    lines.write_all(b"line\n").unwrap();
    let mut source = Source::open("-".as_ref(), SIZE_MAX).unwrap();
    source.reader = Box::new(input);
    let done = echo(source, sink, SETTINGS, &mut |_| {});
    assert!(matches!(done.ended, Err(Error::Sink(SinkError::Gone { .. }))), "{:?}", done.ended);
    drop(lines);
}

#[test]
fn the_folder_stays_clean() {
    let place = folder("in.jsonl", b"one\n");
    run_files(&place.input, &place.output, false, SETTINGS).ended.unwrap();
    let mut names: Vec<_> =
        fs::read_dir(place.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["in.jsonl", "out.jsonl", "out.jsonl.dead-letters", "out.jsonl.generations"]);
}
