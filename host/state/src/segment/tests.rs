//! Segments have fixed bytes and names, and say what they are given.

use super::*;
use crate::disk::faulty::Faulty;
use crate::position::SourcePosition;
use std::sync::Arc;

fn position(output: u64) -> Position {
    let source = SourcePosition { offset: 2, hash: 3, complete: true, ended: false };
    Position { sources: vec![source], output, dead_letters: 5, records: 6, tally: vec![7], ended: false }
}

fn on(disk: &Faulty) -> Files {
    Files::new(Arc::new(disk.clone()))
}

#[test]
fn the_stored_form_is_fixed() {
    let disk = Faulty::new(1);
    let mut file = create(&on(&disk), Path::new("/"), 8, 1, &position(4)).unwrap();
    assert!(append(&mut file, b"entries", &position(9), true).unwrap());
    let hex: String = disk.bytes(Path::new("/journal-00000001")).iter().map(|byte| format!("{byte:02x}")).collect();
    let golden = [
        "73616e64676174656a03000000000000",         // a journal of format 3
        "589aef106b792f1be63b71c9ac9edf1e",         // seed and its check
        "3400000008cdf2d494d641df791f1a796e58e826", // head of the segment frame
        "01",                                       // segment
        "01000000020000000000000003000000000000000104000000000000000500000000000000060000000000000000", // position
        "0100000007",                               // tally
        "3b00000070215bdb61b5bd458cb1e62382a74150", // head of the commit frame
        "02",                                       // commit
        "01000000020000000000000003000000000000000109000000000000000500000000000000060000000000000000", // position
        "0100000007",                               // tally
        "656e7472696573",                           // entries
    ];
    assert_eq!(hex, golden.concat());
}

#[test]
fn names_are_read_as_they_are_written() {
    for (name, found) in [
        ("journal-00000001", Some(1)),
        ("journal-99999999", Some(99_999_999)),
        ("journal-100000000", Some(100_000_000)),
        ("journal-1", None),
        ("journal-000000001", None),
        ("journal-0000000x", None),
        ("journal-00000001.new", None),
        ("snapshot-00000001", None),
        ("journal-", None),
    ] {
        assert_eq!(number(name), found, "{name}");
    }
    assert_eq!(name(12), "journal-00000012");
}

#[test]
fn what_is_read_is_what_was_written() {
    let disk = Faulty::new(1);
    let mut file = create(&on(&disk), Path::new("/"), 8, 1, &position(1)).unwrap();
    assert!(append(&mut file, b"one", &position(2), true).unwrap());
    assert!(append(&mut file, b"", &position(3), true).unwrap());
    let path = Path::new("/journal-00000001");
    let seed = FileKind::Journal.seed(8, 1);
    let mut taken = Vec::new();
    let before = position(1);
    let ended = read(&on(&disk), path, seed, Some(&before), false, &mut |entries, _| {
        taken.push(entries.to_vec());
        Ok(())
    });
    let length = file.length();
    assert_eq!(ended.unwrap(), Ended { position: position(3), length, torn: 0 });
    assert_eq!(taken, [b"one".to_vec(), Vec::new()]);
    let other = read(&on(&disk), path, seed, Some(&position(2)), false, &mut |_, _| Ok(()));
    assert!(other.unwrap_err().to_string().contains("does not begin where the file before it ends"));
}

#[test]
fn a_frame_that_does_not_belong_there_is_named() {
    let disk = Faulty::new(1);
    let mut file = create(&on(&disk), Path::new("/"), 8, 1, &position(1)).unwrap();
    let offset = file.length();
    assert!(file.put(FrameKind::Kept, |_| true).unwrap());
    let path = Path::new("/journal-00000001");
    let read = read(&on(&disk), path, FileKind::Journal.seed(8, 1), None, true, &mut |_, _| Ok(()));
    let error = read.unwrap_err().to_string();
    assert!(error.contains(&format!("has a frame that does not belong there, at byte {offset}")), "{error}");
}
