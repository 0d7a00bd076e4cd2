//! A lane on a real disk: what it answers does not depend on when it is
//! compacted, closed and opened, or moved.

use crate::runner::{self, Seen};
use crate::stream::{self, Dice, Record, SETTINGS};
use sandgate_state::folder::Folder;
use sandgate_state::identity::{Identity, Input, Setting};
use sandgate_state::journal::Journal;
use sandgate_state::position::Position;
use sandgate_state::{Fate, Lane, portable};
use std::path::Path;

fn identity(output: &str) -> Identity {
    let input = |source: &str| Input { source: source.to_owned(), path: format!("/data/{source}.jsonl") };
    Identity {
        inputs: vec![input("payments"), input("settlements")],
        output: output.to_owned(),
        configuration: vec![Setting { name: "the policies of tenant first".to_owned(), value: "1".to_owned() }],
    }
}

/// Opens the lane of an output, and says how many records it has seen.
fn open(folder: &Folder, output: &str, dice: &mut Dice) -> (Lane, Journal, usize) {
    let lane = Lane::new(stream::layout(), SETTINGS, 1 + dice.below(4) as usize);
    let mut restoring = lane.restore(1 + dice.below(3) as usize);
    let stored = folder.lane(&identity(output), false).unwrap();
    let (journal, replayed) = stored.open(&mut restoring, &mut |_| {}).unwrap();
    restoring.finish();
    assert_eq!(replayed.torn, None);
    (lane, journal, replayed.position.records as usize)
}

/// Moves the state of an output to another one, as export and import do.
fn moved(folder: &Folder, from: &str, to: &str, place: &Path) {
    let stored = folder.find(from).unwrap().unwrap();
    let lane = Lane::new(stream::layout(), SETTINGS, 2);
    let mut restoring = lane.restore(2);
    let replayed = stored.read(&mut restoring, &mut |_| {}).unwrap();
    restoring.finish();
    let file = place.join(to);
    let written = portable::export(&stored, &replayed.position, lane.front(), &mut lane.sieve(), &file).unwrap();
    drop(stored);
    assert_eq!(portable::import(folder, &file, &identity(to), false).unwrap(), written);
}

/// The stream with everything that may happen to its state.
fn disturbed(records: &[Record], dice: &mut Dice) -> Vec<Seen> {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(&place.path().join("state")).unwrap();
    let (mut all, mut moves) = (Vec::new(), 0);
    while all.len() < records.len() {
        let output = format!("output{moves}");
        let (lane, mut journal, from) = open(&folder, &output, dice);
        assert_eq!(from, all.len());
        for number in 0.. {
            let next = &records[all.len()..];
            let next = &next[..next.len().min(1 + dice.below(100) as usize)];
            let mut seen = runner::pass(&lane, number, next).unwrap();
            runner::settle(&lane, next, &mut seen);
            let entries: Vec<u8> = seen.iter().flat_map(|seen| seen.entry.clone()).collect();
            all.extend(seen);
            let position = Position { records: all.len() as u64, ..Position::start(2) };
            journal.commit(&entries, &position).unwrap();
            lane.commit(number);
            if dice.percent(15) {
                journal.compact(lane.front(), Box::new(lane.sieve())).unwrap();
            }
            if let Some(compacted) = journal.compacted() {
                compacted.unwrap();
            }
            if dice.percent(15) || all.len() == records.len() {
                break;
            }
        }
        drop(journal);
        if dice.percent(20) {
            moves += 1;
            moved(&folder, &output, &format!("output{moves}"), place.path());
        }
    }
    assert!(moves > 0, "it was never moved");
    all
}

/// What can be compared of two lanes: the numbers of ids differ where some were dropped.
fn comparable(seen: &Seen) -> Seen {
    let fate = match seen.fate {
        Fate::Repeat(repeat) => Fate::Reused { offset: repeat.offset },
        fate => fate,
    };
    Seen { fate, ..seen.clone() }
}

#[test]
fn nothing_that_happens_to_its_state_changes_an_answer() {
    for seed in 0..4 {
        let records = stream::stream(300 + seed, 3_000);
        let expected = runner::run(&Lane::new(stream::layout(), SETTINGS, 2), &records, 40, 1);
        let seen = disturbed(&records, &mut Dice::new(seed));
        assert_eq!(expected.len(), seen.len());
        for (at, (expected, seen)) in expected.iter().zip(&seen).enumerate() {
            assert_eq!(comparable(expected), comparable(seen), "seed {seed}, record {at}: {:?}", records[at]);
        }
    }
}
