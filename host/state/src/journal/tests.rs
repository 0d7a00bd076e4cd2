//! What was acknowledged is there again, whatever the disk does.

use super::*;
use crate::disk::faulty::Faulty;
use crate::disk::real::Real;
use crate::folder::{Folder, FolderError};
use crate::position::SourcePosition;
use crate::toy::{self, Commit, STATE, Toy, commits, entries, script};
use std::path::Path;

/// Takes a lane through a script from wherever it stands. `acknowledged` is how
/// many commits were, over all attempts.
fn drive(disk: &Faulty, script: &[Commit], acknowledged: &mut usize) -> Result<(), FolderError> {
    let failed = |error| match error {
        JournalError::Failure(failure) => FolderError::Failure(failure),
        other => panic!("{other}"),
    };
    loop {
        let (mut journal, mut toy, replayed) = toy::open(disk)?;
        let mut at = commits(&replayed.position);
        assert!(at >= *acknowledged, "{at} commits are left of {acknowledged} that were acknowledged");
        assert!(at <= *acknowledged + 1, "a commit appears that was never made");
        assert_eq!(toy, Toy::after(&script[..at]));
        assert_eq!(journal.position(), &replayed.position);
        // what is there now counts, however it came
        *acknowledged = at;
        let mut running: Option<(Compaction, usize)> = None;
        while let Some(commit) = script.get(at) {
            journal.commit(&entries(&commit.numbers), &commit.position).map_err(failed)?;
            at += 1;
            *acknowledged = at;
            toy.apply(&commit.numbers);
            if let (Some(later), None) = (commit.compact, &running) {
                running = Some((journal.rotate(toy.front(), toy.sieve()).map_err(failed)?, at + later));
            }
            if let Some((compaction, _)) = running.take_if(|(_, due)| *due <= at) {
                journal.settle(compaction.run());
            }
            if commit.reopen {
                break;
            }
        }
        if at == script.len() {
            return Ok(());
        }
    }
}

fn whole(disk: &Faulty, script: &[Commit]) -> Toy {
    let mut acknowledged = 0;
    drive(disk, script, &mut acknowledged).unwrap();
    assert_eq!(acknowledged, script.len());
    toy::open(disk).unwrap().1
}

#[test]
fn compaction_and_reopening_change_no_answer() {
    for seed in 0..200 {
        let script = script(seed, 80);
        assert_eq!(whole(&Faulty::new(seed), &script), Toy::after(&script), "seed {seed}");
    }
}

#[test]
fn a_crash_at_any_step_loses_no_acknowledged_commit() {
    let mut crashes = 0;
    for seed in 0..12 {
        let script = script(seed, 24);
        let undisturbed = Faulty::new(seed);
        whole(&undisturbed, &script);
        for step in 1..=undisturbed.steps() {
            let mut disk = Faulty::new(seed * 1_000 + step);
            let mut acknowledged = 0;
            disk.crash_after(step);
            // and while that is mended again and again, at steps further and further
            let mut again = 1;
            while let Err(error) = drive(&disk, &script, &mut acknowledged) {
                assert!(disk.has_crashed(), "seed {seed}, step {step}: {error}");
                crashes += 1;
                disk = disk.survivor();
                disk.crash_after(again);
                again += 3;
            }
            // the last crash comes when all is done, or came in a compaction that nobody waits for
            assert_eq!(toy::open(&disk.survivor()).unwrap().1, Toy::after(&script), "seed {seed}, step {step}");
        }
    }
    assert!(crashes > 10_000, "{crashes} crashes only");
}

#[test]
fn a_full_disk_is_said_and_nothing_is_lost() {
    let script = script(3, 30);
    for room in (0..6_000).step_by(7) {
        let disk = Faulty::new(room);
        disk.give_room(Some(room));
        let mut acknowledged = 0;
        if let Err(error) = drive(&disk, &script, &mut acknowledged) {
            assert!(matches!(error, FolderError::Failure(Failure::Full { .. })), "{error}");
            assert!(error.to_string().contains("make room and run the same command again"), "{error}");
        }
        disk.give_room(None);
        drive(&disk, &script, &mut acknowledged).unwrap();
        assert_eq!(toy::open(&disk).unwrap().1, Toy::after(&script), "room for {room} bytes");
    }
}

#[test]
fn an_error_of_the_disk_at_any_step_loses_nothing() {
    let script = script(5, 30);
    let undisturbed = Faulty::new(5);
    whole(&undisturbed, &script);
    for step in 1..=undisturbed.steps() {
        let disk = Faulty::new(step);
        disk.fail_after(step);
        let mut acknowledged = 0;
        if let Err(error) = drive(&disk, &script, &mut acknowledged) {
            assert!(matches!(error, FolderError::Failure(Failure::Disk { .. })), "step {step}: {error}");
            drive(&disk, &script, &mut acknowledged).unwrap();
        }
        // a step of the compaction that nobody waits for may not have failed yet
        let (_, toy, _) = toy::open(&disk).or_else(|_| toy::open(&disk)).unwrap();
        assert_eq!(toy, Toy::after(&script), "step {step}");
    }
}

#[test]
fn a_journal_that_failed_takes_no_more() {
    let disk = Faulty::new(1);
    let (mut journal, ..) = toy::open(&disk).unwrap();
    let script = script(1, 2);
    disk.give_room(Some(3));
    let failed = journal.commit(&entries(&[1]), &script[0].position);
    assert!(matches!(failed, Err(JournalError::Failure(Failure::Full { .. }))));
    disk.give_room(None);
    assert!(matches!(journal.commit(&entries(&[1]), &script[0].position), Err(JournalError::Stopped)));
    assert!(matches!(journal.compact(Vec::new(), Toy::default().sieve()), Err(JournalError::Stopped)));
    assert!(!journal.is_due());
}

#[test]
fn a_compaction_that_fails_or_is_given_up_changes_nothing() {
    let disk = Faulty::new(6);
    let (mut journal, mut toy, _) = toy::open(&disk).unwrap();
    for (at, commit) in script(6, 9).iter().enumerate() {
        journal.commit(&entries(&commit.numbers), &commit.position).unwrap();
        toy.apply(&commit.numbers);
        if at < 2 {
            let compaction = journal.rotate(toy.front(), toy.sieve()).unwrap();
            match at {
                0 => disk.give_room(Some(40)),
                _ => compaction.stop().store(true, Ordering::Relaxed),
            }
            let failed = compaction.run();
            assert_eq!(matches!(failed, Err(Failure::Full { .. })), at == 0, "{failed:?}");
            assert!(failed.is_err());
            disk.give_room(None);
            journal.settle(failed);
            assert!(journal.compacted().is_some_and(|compacted| compacted.is_err()));
            let files = disk.all(Path::new(STATE));
            assert!(files.iter().all(|file| !file.to_string_lossy().contains("snapshot")), "{files:?}");
        }
    }
    drop(journal);
    assert_eq!(toy::open(&disk).unwrap().1, toy);
}

/// A disk with a snapshot, two segments behind it, and an unfinished commit.
fn furnished(script: &[Commit]) -> Faulty {
    let disk = Faulty::new(9);
    let (mut journal, mut toy, _) = toy::open(&disk).unwrap();
    for (at, commit) in script.iter().enumerate() {
        journal.commit(&entries(&commit.numbers), &commit.position).unwrap();
        toy.apply(&commit.numbers);
        if at == 2 {
            let compaction = journal.rotate(toy.front(), toy.sieve()).unwrap();
            journal.settle(compaction.run());
        } else if at == 4 {
            // a compaction that never ended leaves two segments
            drop(journal.rotate(toy.front(), toy.sieve()).unwrap());
        }
    }
    disk
}

#[test]
fn a_flipped_bit_is_named_or_cut_off_and_never_believed() {
    let mut script = script(11, 7);
    script.iter_mut().for_each(|commit| commit.numbers.push(400));
    let disk = furnished(&script);
    let files: Vec<_> = disk.all(Path::new(STATE));
    let names: Vec<_> = files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["journal-00000002", "journal-00000003", "lane.json", "snapshot-00000001"]);
    let (mut named, mut cut) = (0, 0);
    for file in &files {
        for bit in 0..disk.bytes(file).len() * 8 {
            let flipped = disk.copy();
            flipped.damage(file, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
            match toy::open(&flipped) {
                Err(error) => {
                    assert_eq!(toy::file_of(&error).as_deref(), file.to_str(), "bit {bit}: {error}");
                    named += 1;
                }
                Ok((journal, toy, replayed)) => {
                    let left = script.len() - 1;
                    let torn = replayed.torn.unwrap();
                    assert_eq!((&torn.file, commits(journal.position())), (file, left), "bit {bit}");
                    assert_eq!(toy, Toy::after(&script[..left]), "bit {bit}");
                    assert_eq!(torn.offset, disk.bytes(file).len() as u64 - torn.bytes);
                    cut += 1;
                }
            }
        }
    }
    assert!(named > 5_000 && cut > 500, "{named} named, {cut} cut");
}

#[test]
fn a_cut_file_is_cut_back_to_a_commit_or_named() {
    let script = script(12, 7);
    let disk = furnished(&script);
    for file in disk.all(Path::new(STATE)) {
        for length in 0..disk.bytes(&file).len() {
            let cut = disk.copy();
            cut.damage(&file, |bytes| bytes.truncate(length));
            match toy::open(&cut) {
                // what is lost between two frames is missed by the file after them
                Err(error) if error.to_string().contains("does not begin where the file before it ends") => {
                    assert!(file.ends_with("journal-00000002"), "{}: {length}", file.display());
                }
                Err(error) => assert_eq!(toy::file_of(&error).as_deref(), file.to_str(), "{length}: {error}"),
                Ok((journal, toy, _)) => {
                    assert!(file.ends_with("journal-00000003"), "{}: {length}", file.display());
                    assert_eq!(toy, Toy::after(&script[..commits(journal.position())]));
                }
            }
        }
    }
}

#[test]
fn zeros_and_noise_behind_the_last_commit_are_cut_off() {
    let script = script(13, 7);
    let disk = furnished(&script);
    let newest = disk.all(Path::new(STATE)).into_iter().find(|file| file.ends_with("journal-00000003")).unwrap();
    for tail in [vec![0; 1], vec![0; 19], vec![0; 20], vec![0; 5_000], vec![0xFF; 777], b"sandgate".repeat(99)] {
        let torn = disk.copy();
        torn.damage(&newest, |bytes| bytes.extend_from_slice(&tail));
        let (_, toy, replayed) = toy::open(&torn).unwrap();
        assert_eq!(replayed.torn.map(|torn| torn.bytes), Some(tail.len() as u64));
        assert_eq!(toy, Toy::after(&script));
        assert_eq!(toy::open(&torn).unwrap().2.torn, None, "it is cut off for good");
    }
}

#[test]
fn a_frame_copied_to_another_place_is_no_frame() {
    let disk = Faulty::new(14);
    let (mut journal, ..) = toy::open(&disk).unwrap();
    let script = script(14, 3);
    let mut ends = Vec::new();
    for commit in &script {
        journal.commit(&entries(&commit.numbers), &commit.position).unwrap();
        ends.push(journal.segment.length() as usize);
    }
    let file = journal.segment.path().to_owned();
    drop(journal);
    let replayed = disk.copy();
    replayed.damage(&file, |bytes| bytes.extend_from_within(ends[0]..ends[1]));
    let (_, toy, found) = toy::open(&replayed).unwrap();
    assert_eq!((toy, found.torn.map(|torn| torn.bytes)), (Toy::after(&script), Some((ends[1] - ends[0]) as u64)));
    let lost = disk.copy();
    lost.damage(&file, |bytes| drop(bytes.drain(ends[0]..ends[1])));
    let (_, toy, _) = toy::open(&lost).unwrap();
    assert_eq!(toy, Toy::after(&script[..1]), "what moved is not taken for what was there");
}

#[test]
fn a_commit_that_is_too_large_is_refused_and_changes_nothing() {
    let disk = Faulty::new(15);
    let (mut journal, ..) = toy::open(&disk).unwrap();
    let entries = vec![0; COMMIT_MAX as usize + 1];
    let position = Position { sources: vec![SourcePosition::default()], ..Position::default() };
    let refused = journal.commit(&entries, &position);
    assert!(matches!(refused, Err(JournalError::TooLarge { bytes }) if bytes == COMMIT_MAX + 1));
    journal.commit(&[], &position).unwrap();
}

#[test]
fn a_compaction_beside_the_commits_ends_and_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep").join("state");
    let tuning = Tuning { worth: 2_000, ..Tuning::default() };
    let script = script(21, 400);
    let (mut toy, mut begun, mut ended) = (Toy::default(), 0, 0);
    let mut journal = {
        let folder = Folder::open_on(Arc::new(Real), &path, tuning).unwrap();
        folder.lane(&toy::identity(), false).unwrap().open(&mut toy, &mut |_| {}).unwrap().0
    };
    let mut told = |compacted: Result<Compacted, Failure>| {
        let Compacted { before, after, .. } = compacted.unwrap();
        assert!(after < before, "{before} to {after}");
        ended += 1;
    };
    for commit in &script {
        journal.commit(&entries(&commit.numbers), &commit.position).unwrap();
        toy.apply(&commit.numbers);
        if journal.is_due() {
            assert!(journal.since >= tuning.worth);
            journal.compact(toy.front(), toy.sieve()).unwrap();
            begun += 1;
        }
        journal.compacted().map(&mut told);
    }
    journal.collect(true);
    journal.compacted().map(&mut told);
    // one more, so that what is left does not hang on how fast the threads were
    journal.compact(toy.front(), toy.sieve()).unwrap();
    journal.collect(true);
    journal.compacted().map(&mut told);
    assert!(journal.compacted().is_none(), "it is told once");
    assert!(begun >= 1 && ended == begun + 1, "{begun} begun, {ended} ended");
    // and one that is given up
    journal.compact(toy.front(), toy.sieve()).unwrap();
    drop(journal);
    let folder = Folder::open_on(Arc::new(Real), &path, tuning).unwrap();
    let mut restored = Toy::default();
    let lane = folder.find(&toy::identity().output).unwrap().unwrap();
    let (_, replayed) = lane.open(&mut restored, &mut |_| {}).unwrap();
    assert_eq!((commits(&replayed.position), restored), (script.len(), toy));
    assert!(replayed.entries < 60, "{} entries are read of those of 400 commits", replayed.entries);
}

#[test]
fn short_runs_have_their_snapshots_too() {
    const COMMITS: usize = 600;
    let tuning = Tuning { worth: 2_000, ..Tuning::default() };
    let script = script(31, COMMITS);
    for waits in [true, false] {
        let disk = Faulty::new(31);
        let (mut toy, mut snapshots, mut largest) = (Toy::default(), 0, 0);
        for commit in &script {
            let folder = Folder::open_on(Arc::new(disk.clone()), Path::new(STATE), tuning).unwrap();
            let lane = folder.lane(&toy::identity(), false).unwrap();
            let mut restored = Toy::default();
            let (mut journal, _) = lane.open(&mut restored, &mut |_| {}).unwrap();
            assert_eq!(restored, toy);
            journal.commit(&entries(&commit.numbers), &commit.position).unwrap();
            toy.apply(&commit.numbers);
            match (journal.is_due(), waits) {
                (true, true) => journal.compact(toy.front(), toy.sieve()).unwrap(),
                // as if the run were killed before the thread came to anything
                (true, false) => drop(journal.rotate(toy.front(), toy.sieve()).unwrap()),
                _ => {}
            }
            if let Some(compacted) = journal.finish() {
                compacted.unwrap();
                snapshots += 1;
            }
            let files = disk.all(Path::new(STATE));
            let bytes: usize = files.iter().map(|file| disk.bytes(file).len()).sum();
            largest = largest.max(bytes);
        }
        // what matters of the toy, its identity and the last commit are less than 1,500 bytes
        let bounded = largest < 2_000 + 2 * 1_500;
        assert_eq!((snapshots > 10, bounded), (waits, waits), "{snapshots} snapshots, {largest} bytes");
    }
}
