//! Snapshots have fixed bytes and names, and are whole or refused.

use super::*;
use crate::disk::Files;
use crate::disk::faulty::Faulty;
use crate::frame::FileKind;
use crate::position::SourcePosition;
use std::path::Path;
use std::sync::Arc;

const PATH: &str = "/snapshot-00000001";

fn begin() -> Begin {
    let source = SourcePosition { offset: 2, hash: 3, complete: true, ended: false };
    let position =
        Position { sources: vec![source], output: 4, dead_letters: 5, records: 6, tally: Vec::new(), ended: true };
    Begin { position, front: b"front".to_vec() }
}

fn on(disk: &Faulty) -> Files {
    Files::new(Arc::new(disk.clone()))
}

fn writer(disk: &Faulty) -> Writer {
    let seed = FileKind::Snapshot.seed(8, 1);
    let file = Framed::create(&on(disk), Path::new(PATH), FileKind::Snapshot, seed).unwrap();
    Writer::begin(file, &begin()).unwrap().unwrap()
}

fn add(writer: &mut Writer, entries: &[u8]) {
    let added = writer.add(|kept| {
        kept.extend_from_slice(entries);
        Ok(1)
    });
    assert!(matches!(added, Ok(1)));
}

fn read(disk: &Faulty) -> Result<(Begin, Vec<u8>, u64), Failure> {
    let seed = FileKind::Snapshot.seed(8, 1);
    let mut frames = Frames::open(&on(disk), Path::new(PATH), FileKind::Snapshot, Some(seed))?;
    let begin = read_begin(&mut frames)?;
    let mut all = Vec::new();
    let entries = read_entries(frames, &mut |entries, _| {
        all.extend_from_slice(entries);
        Ok(())
    })?;
    Ok((begin, all, entries))
}

#[test]
fn the_stored_form_is_fixed() {
    let disk = Faulty::new(1);
    let mut writer = writer(&disk);
    add(&mut writer, b"kept");
    let (_, entries) = writer.end().unwrap();
    assert_eq!(entries, 1);
    let hex: String = disk.bytes(Path::new(PATH)).iter().map(|byte| format!("{byte:02x}")).collect();
    let golden = [
        "73616e64676174657303000000000000",         // a snapshot of format 3
        "440979bcb01aabede900b7c6c8b21f95",         // seed and its check
        "3c000000f662690194ffb0e0add9deea01286493", // head of the first frame
        "03",                                       // snapshot
        "01000000020000000000000003000000000000000104000000000000000500000000000000060000000000000001", // position
        "00000000",                                 // no tally
        "0500000066726f6e74",                       // front
        "0500000041651761aeccff05702f94586aa3ca97", // head of the second
        "046b657074",                               // kept: kept
        "1100000025ba34e87c7af4a275ce83c5c51a8b37", // head of the third
        "05",                                       // end
        "0100000000000000",                         // one entry
        "0400000000000000",                         // of four bytes
    ];
    assert_eq!(hex, golden.concat());
    assert_eq!(name(3), "snapshot-00000003");
    assert_eq!((number("snapshot-00000003"), number("journal-00000003")), (Some(3), None));
}

#[test]
fn entries_come_back_in_their_order_however_many() {
    for count in [0_u64, 1, 1_000, 400_000] {
        let disk = Faulty::new(count);
        let mut writer = writer(&disk);
        (0..count).for_each(|number| add(&mut writer, &number.to_le_bytes()));
        let (_, counted) = writer.end().unwrap();
        let (begun, all, entries) = read(&disk).unwrap();
        assert_eq!((begun, entries, counted), (begin(), count, count));
        assert!(all.iter().copied().eq((0..count).flat_map(u64::to_le_bytes)));
    }
}

#[test]
fn a_snapshot_without_its_end_or_with_more_is_refused() {
    let disk = Faulty::new(1);
    let mut writer = writer(&disk);
    add(&mut writer, b"kept");
    let (mut file, _) = writer.end().unwrap();
    let whole = file.length();
    assert!(file.put(FrameKind::Kept, |_| true).unwrap());
    let error = read(&disk).unwrap_err().to_string();
    assert!(error.contains(&format!("goes on behind its end, at byte {whole}")), "{error}");
    for length in 0..whole {
        let cut = disk.copy();
        cut.damage(Path::new(PATH), |bytes| bytes.truncate(length as usize));
        assert!(matches!(read(&cut), Err(Failure::Damage(_))), "cut to {length}");
    }
}

#[test]
fn an_end_that_counts_otherwise_is_refused() {
    let disk = Faulty::new(1);
    let mut writer = writer(&disk);
    add(&mut writer, b"kept");
    writer.bytes = 1;
    writer.end().unwrap();
    assert!(read(&disk).unwrap_err().to_string().contains("counts other entries than it holds"));
}
