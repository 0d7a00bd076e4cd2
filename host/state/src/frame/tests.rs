//! Frames have fixed bytes, survive, and nothing else passes for one.

use super::*;
use crate::disk::faulty::Faulty;
use proptest::prelude::*;
use std::sync::Arc;

const PATH: &str = "/file";

type Change = fn(&mut Vec<u8>);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn written(payloads: &[Vec<u8>]) -> Faulty {
    let disk = Faulty::new(1);
    let files = Files::new(Arc::new(disk.clone()));
    let mut file = Framed::create(&files, Path::new(PATH), FileKind::Journal, 5).unwrap();
    for payload in payloads {
        let fits = file.put(FrameKind::Commit, |held| {
            held.extend_from_slice(payload);
            true
        });
        assert!(fits.unwrap());
    }
    assert_eq!(file.length(), disk.bytes(Path::new(PATH)).len() as u64);
    disk
}

fn open(disk: &Faulty) -> Result<Frames, Failure> {
    Frames::open(&Files::new(Arc::new(disk.clone())), Path::new(PATH), FileKind::Journal, Some(5))
}

/// The whole frames of a file, and what is wrong behind them.
fn read(disk: &Faulty) -> Result<(Vec<Vec<u8>>, Option<&'static str>), Failure> {
    let mut frames = open(disk)?;
    let mut payloads = Vec::new();
    loop {
        match frames.next()? {
            Next::Frame(kind, payload) => {
                assert_eq!(kind, FrameKind::Commit);
                payloads.push(payload.to_vec());
            }
            Next::End => return Ok((payloads, None)),
            Next::Bad(what) => return Ok((payloads, Some(what))),
        }
    }
}

#[test]
fn the_stored_form_is_fixed() {
    let golden = [
        "73616e6467617465", // sandgate
        "6a",               // a journal
        "03",               // format 3
        "000000000000",     // nothing
        "0500000000000000", // seed
        "f4ba34520abe71d2", // check of the 24 bytes before
        "03000000",         // a payload of three bytes
        "79b9f3d96399e436", // check of the length, seeded with 5 + 32
        "17f4ce59c0d28693", // check of the payload
        "02",               // a commit
        "6869",             // hi
    ];
    assert_eq!(hex(&written(&[b"hi".to_vec()]).bytes(Path::new(PATH))), golden.concat());
}

#[test]
fn what_is_refused_is_said() {
    let sound = written(&[b"hi".to_vec()]);
    let cases: [(&str, Change, &str); 6] = [
        ("empty", |bytes| bytes.clear(), "ends before its first frame, at byte 0"),
        ("cut in the preamble", |bytes| bytes.truncate(31), "ends before its first frame, at byte 31"),
        ("foreign", |bytes| bytes[..40].fill(b'x'), "is no file of a state, at byte 0"),
        ("flipped", |bytes| bytes[9] ^= 8, "has a damaged begin, at byte 0"),
        ("another kind", |bytes| preamble(bytes, b's', 3, 5), "is another file than its name says, or of another lane"),
        ("another lane", |bytes| preamble(bytes, b'j', 3, 6), "is another file than its name says, or of another lane"),
    ];
    for (name, change, said) in cases {
        let disk = sound.copy();
        disk.damage(Path::new(PATH), change);
        let error = open(&disk).err().expect(name).to_string();
        assert!(error.contains(said), "{name}: {error}");
    }
}

fn preamble(bytes: &mut [u8], kind: u8, version: u8, seed: u8) {
    (bytes[8], bytes[9], bytes[16]) = (kind, version, seed);
    let check = xxh3_64(&bytes[..24]).to_le_bytes();
    bytes[24..32].copy_from_slice(&check);
}

#[test]
fn another_format_is_said_and_not_read() {
    let refused = |version: u8| {
        let disk = written(&[]);
        disk.damage(Path::new(PATH), |bytes| preamble(bytes, b'j', version, 5));
        open(&disk).err().unwrap()
    };
    let (newer, older) = (refused(4), refused(2));
    assert!(matches!(newer, Failure::Newer { found: 4, known: 3, .. }));
    assert!(newer.to_string().contains("it was written by a newer one"), "{newer}");
    assert!(matches!(older, Failure::Older { found: 2, known: 3, .. }));
    assert!(older.to_string().contains("it was written by an older one"), "{older}");
}

#[test]
fn what_does_not_fit_is_not_written() {
    let disk = Faulty::new(1);
    let files = Files::new(Arc::new(disk.clone()));
    let mut file = Framed::create(&files, Path::new(PATH), FileKind::Journal, 5).unwrap();
    assert!(!file.put(FrameKind::Commit, |_| false).unwrap());
    assert_eq!(file.length(), PREAMBLE as u64);
}

#[test]
fn a_frame_behind_a_bad_one_is_found() {
    let disk = written(&[vec![1; 10], vec![2; 3_000_000], vec![3; 10]]);
    let bad = PREAMBLE + 2 * HEAD + 11 + 9;
    for (last, found) in [(true, false), (false, true)] {
        let disk = disk.copy();
        disk.damage(Path::new(PATH), |bytes| {
            bytes[bad] ^= 1;
            if last {
                bytes.truncate(bytes.len() - HEAD - 11);
            }
        });
        let mut frames = open(&disk).unwrap();
        assert!(matches!(frames.next().unwrap(), Next::Frame(..)));
        assert!(matches!(frames.next().unwrap(), Next::Bad("has a frame that does not fit its checksum")));
        assert_eq!(frames.any_behind(&Files::new(Arc::new(disk.clone()))).unwrap(), found);
    }
}

proptest! {
    #[test]
    fn frames_survive(payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..5)) {
        prop_assert_eq!(read(&written(&payloads)).unwrap(), (payloads, None));
    }

    #[test]
    fn a_changed_byte_is_seen(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..4),
        at in any::<prop::sample::Index>(),
        by in 1..=255_u8,
    ) {
        let disk = written(&payloads);
        disk.damage(Path::new(PATH), |bytes| {
            let at = at.index(bytes.len());
            bytes[at] ^= by;
        });
        if let Ok((found, bad)) = read(&disk) {
            prop_assert!(bad.is_some());
            prop_assert!(found.len() < payloads.len());
            prop_assert_eq!(&payloads[..found.len()], found);
        }
    }

    #[test]
    fn garbage_is_no_panic(garbage in prop::collection::vec(any::<u8>(), 0..400), behind in any::<bool>()) {
        let disk = written(&[]);
        disk.damage(Path::new(PATH), |bytes| {
            bytes.truncate(if behind { PREAMBLE } else { 0 });
            bytes.extend_from_slice(&garbage);
        });
        if let Ok((found, _)) = read(&disk) {
            prop_assert!(found.is_empty());
        }
    }
}
