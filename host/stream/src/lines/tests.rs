//! Lines become records, and positions are found again.

use super::Lines;
use crate::batch::Batch;
use crate::source::{Source, SourceError};
use sandgate_state::position::SourcePosition;
use std::io::Read;

/// A reader that answers with at most so many bytes at a time.
struct Drip(std::io::Cursor<Vec<u8>>, usize);

impl Read for Drip {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = buffer.len().min(self.1);
        self.0.read(&mut buffer[..most])
    }
}

type Records = Vec<(u64, String, u64)>;

/// A text, and the offset, the kept bytes and the size of each of its records.
type Case = (&'static str, &'static [(u64, &'static str, u64)]);

/// The records of a text, read so many bytes at a time, in batches of two.
fn records(text: &[u8], size_max: u64, drip: usize, waits: bool) -> Records {
    let mut source = Source::open("-".as_ref(), size_max).unwrap();
    source.reader = Box::new(Drip(std::io::Cursor::new(text.to_vec()), drip));
    source.waits = waits;
    let mut lines = Lines::new(source, 0);
    let mut all = Vec::new();
    loop {
        let mut batch = Batch::new();
        let more = lines.fill(&mut batch, 2).unwrap();
        assert!(batch.len() <= 2);
        all.extend(batch.records());
        if !more {
            return all;
        }
    }
}

#[test]
fn lines_become_records_however_they_arrive() {
    let table: &[Case] = &[
        ("", &[]),
        ("\n", &[]),
        ("one", &[(0, "one", 3)]),
        ("one\n", &[(0, "one", 3)]),
        ("one\ntwo\nthree", &[(0, "one", 3), (4, "two", 3), (8, "three", 5)]),
        ("one\r\ntwo\r\n", &[(0, "one", 3), (5, "two", 3)]),
        ("\n\n one \n \t\r\ntwo\n\n", &[(2, " one ", 5), (12, "two", 3)]),
        ("\u{feff}one\n\u{feff}two", &[(3, "one", 3), (7, "\u{feff}two", 6)]),
        ("12345678\n", &[(0, "12345678", 8)]),
        ("12345678\r\nx", &[(0, "12345678", 8), (10, "x", 1)]),
        ("123456789\nx", &[(0, "123456789", 9), (10, "x", 1)]),
        ("123456789\r\nx", &[(0, "123456789", 9), (11, "x", 1)]),
        ("1234567890\nx", &[(0, "123456789", 10), (11, "x", 1)]),
        ("12345678901234\r\nx\n", &[(0, "123456789", 14), (16, "x", 1)]),
        ("x\n12345678901234", &[(0, "x", 1), (2, "123456789", 14)]),
        ("1234567€90", &[(0, "1234567", 12)]),
        ("123456€90", &[(0, "123456€", 11)]),
        ("              \n        \nx", &[(0, "         ", 14), (24, "x", 1)]),
        ("1234567890123456789012345\n123456789\n1", &[(0, "123456789", 25), (26, "123456789", 9), (36, "1", 1)]),
    ];
    for (text, expected) in table {
        let expected: Records = expected.iter().map(|(at, text, size)| (*at, (*text).to_owned(), *size)).collect();
        for drip in [1, 2, 3, 7, 1000] {
            for waits in [false, true] {
                assert_eq!(records(text.as_bytes(), 5, drip, waits), expected, "{text:?}, {drip} at a time");
            }
        }
    }
}

#[test]
fn a_line_without_end_is_bounded_in_memory() {
    let mut source = Source::open("-".as_ref(), 1000).unwrap();
    source.reader = Box::new(std::io::repeat(b'x').take(64 << 20));
    let mut lines = Lines::new(source, 0);
    let mut batch = Batch::new();
    assert!(!lines.fill(&mut batch, 10).unwrap());
    assert_eq!(batch.records(), [(0, "x".repeat(1004), 64 << 20)]);
    assert!(lines.buffer.len() <= 2 * Lines::CHUNK, "{}", lines.buffer.len());
}

#[test]
fn a_line_longer_than_the_buffer_is_whole_where_it_may_be() {
    let long = "y".repeat(3 * Lines::CHUNK);
    let text = format!("a\n{long}\nb");
    let found = records(text.as_bytes(), 1 << 20, 100_000, false);
    assert_eq!(found.iter().map(|(_, text, _)| text.len()).collect::<Vec<_>>(), [1, 3 * Lines::CHUNK, 1]);
}

/// The positions behind each record of a text, read so many bytes at a time.
fn positions(text: &[u8], size_max: u64, drip: usize) -> Vec<SourcePosition> {
    let mut lines = over(text, size_max, drip);
    let mut all = Vec::new();
    loop {
        let more = lines.fill(&mut Batch::new(), 1).unwrap();
        all.push(lines.position());
        if !more {
            return all;
        }
    }
}

fn over(text: &[u8], size_max: u64, drip: usize) -> Lines {
    let mut source = Source::open("-".as_ref(), size_max).unwrap();
    source.reader = Box::new(Drip(std::io::Cursor::new(text.to_vec()), drip));
    source.waits = false;
    Lines::new(source, 0)
}

#[test]
fn a_position_is_found_again_in_the_same_bytes_and_in_no_others() {
    let text = "\u{feff}one\r\n\ntwo two two two two two two\n   \nthree\nfour";
    let known = positions(text.as_bytes(), 5, 1000);
    for drip in [1, 3, 1000] {
        assert_eq!(positions(text.as_bytes(), 5, drip), known, "{drip} at a time");
        for position in &known {
            let mut lines = over(text.as_bytes(), 5, drip);
            lines.resume(position, &mut |_| {}).unwrap();
            assert_eq!(lines.position(), *position);
            assert_eq!(lines.has_more().unwrap(), position.offset < text.len() as u64);
            if position.offset > 0 {
                let changed = text.replacen('o', "0", 1);
                let error = over(changed.as_bytes(), 5, drip).resume(position, &mut |_| {}).unwrap_err();
                assert!(matches!(error, SourceError::Changed { .. }), "{error}");
                let cut = &text.as_bytes()[..position.offset as usize - 1];
                let error = over(cut, 5, drip).resume(position, &mut |_| {}).unwrap_err();
                assert!(matches!(error, SourceError::Changed { .. }), "{error}");
            }
        }
    }
}

#[test]
fn a_last_line_without_end_cannot_be_continued() {
    let end = *positions(b"one\ntwo", 5, 10).last().unwrap();
    assert!(!end.complete);
    for (text, fits) in [("one\ntwo", true), ("one\ntwo\n", false), ("one\ntwo and more\n", false)] {
        assert_eq!(over(text.as_bytes(), 5, 10).resume(&end, &mut |_| {}).is_ok(), fits, "{text:?}");
    }
    let end = *positions(b"one\ntwo\n", 5, 10).last().unwrap();
    over(b"one\ntwo\nthree\n", 5, 10).resume(&end, &mut |_| {}).unwrap();
}
