//! A state folder has one host, and each of its lanes one identity.

use super::*;
use crate::disk::faulty::Faulty;
use crate::identity::Setting;
use crate::toy::{self, STATE, Toy, entries, identity, script};
use std::io;

fn open(disk: &Faulty) -> Folder {
    Folder::open_on(Arc::new(disk.clone()), Path::new(STATE), Tuning::default()).unwrap()
}

fn said<T>(result: Result<T, FolderError>) -> String {
    result.err().map(|error| error.to_string()).unwrap_or_default()
}

/// A disk whose lane has a commit.
fn used() -> Faulty {
    let disk = Faulty::new(1);
    let (mut journal, ..) = toy::open(&disk).unwrap();
    let script = script(1, 1);
    journal.commit(&entries(&script[0].numbers), &script[0].position).unwrap();
    disk
}

#[test]
fn a_second_host_is_refused_and_told_whose_the_folder_is() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("state");
    let first = Folder::open(&path).unwrap();
    let lane = first.lane(&identity(), false).unwrap();
    let pid = std::process::id();
    let busy = format!(
        "the state folder {} is in use by another sandgate (pid {pid}); stop it, or give this one another [state] path",
        path.display()
    );
    assert_eq!(said(Folder::open(&path)), busy);
    assert_eq!(said(Folder::open_read_only(&path)), busy);
    drop(first);
    assert_eq!(said(Folder::open(&path)), busy, "a lane holds the lock");
    let (journal, _) = lane.open(&mut Toy::default(), &mut |_| {}).unwrap();
    assert_eq!(said(Folder::open(&path)), busy, "and so does its journal");
    drop(journal);
    assert!(Folder::open(&path).is_ok());
}

#[test]
fn readers_share_a_folder_and_change_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("state");
    assert!(said(Folder::open_read_only(&path)).contains("there is no state in"), "nothing is made by looking");
    assert!(!path.exists());
    drop(Folder::open(&path).unwrap().lane(&identity(), false).unwrap());
    let (one, two) = (Folder::open_read_only(&path).unwrap(), Folder::open_read_only(&path).unwrap());
    assert!(said(Folder::open(&path)).contains("is in use by another sandgate"));
    let lane = one.find(&identity().output).unwrap().unwrap();
    assert_eq!(lane.read(&mut Toy::default(), &mut |_| {}).unwrap().position, Position::start(1));
    assert!(said(two.lane(&identity(), true)).contains("it was opened only to look at it"));
    assert!(said(two.drop_lane(&identity().output)).contains("it was opened only to look at it"));
    assert!(two.find(&identity().output).unwrap().is_some(), "nothing was dropped");
    let opened = lane.open(&mut Toy::default(), &mut |_| {});
    assert!(matches!(opened, Err(Failure::ReadOnly { .. })));
}

#[test]
fn reading_leaves_a_torn_end_where_it_is() {
    let disk = used();
    let file = disk.all(Path::new(STATE)).into_iter().find(|file| file.ends_with("journal-00000001")).unwrap();
    disk.damage(&file, |bytes| bytes.extend_from_slice(b"torn"));
    let bytes = disk.bytes(&file);
    for _ in 0..2 {
        let replayed = toy::lane(&disk).unwrap().read(&mut Toy::default(), &mut |_| {}).unwrap();
        let torn = Torn { file: file.clone(), offset: bytes.len() as u64 - 4, bytes: 4 };
        assert_eq!(replayed.torn, Some(torn));
        assert_eq!(disk.bytes(&file), bytes);
    }
}

#[test]
fn another_output_for_the_same_inputs_is_refused() {
    let disk = used();
    let folder = open(&disk);
    let mut other = identity();
    other.output = "/data/other.jsonl".to_owned();
    other.inputs[0].source = "renamed".to_owned();
    let refused = said(folder.lane(&other, false));
    assert!(refused.starts_with("the input was decided into /data/decisions.jsonl so far, not into /data/other.jsonl"));
    folder.lane(&other, true).unwrap();
    folder.lane(&other, false).expect("it has a lane of its own now");
    assert_eq!(folder.identities().unwrap().len(), 2);
    let mut unrelated = identity();
    unrelated.output = "/data/third.jsonl".to_owned();
    unrelated.inputs[0].path = "/data/third.in".to_owned();
    folder.lane(&unrelated, false).expect("other inputs are another lane");
}

#[test]
fn what_changed_is_refused_until_forced() {
    let disk = used();
    let mut changed = identity();
    changed.configuration[0].value = "other".to_owned();
    assert!(said(open(&disk).lane(&changed, false)).starts_with("the policies of tenant payments changed"));
    let lane = open(&disk).lane(&changed, true).unwrap();
    assert_eq!(lane.read(&mut Toy::default(), &mut |_| {}).unwrap().position, Position::start(1));
}

#[test]
fn force_begins_anew_however_damaged_the_lane_is() {
    let sound = used();
    for file in sound.all(Path::new(STATE)) {
        let disk = sound.copy();
        disk.damage(&file, Vec::clear);
        assert!(toy::open(&disk).is_err());
        assert!(disk.remove(&file).is_ok());
        assert!(said(toy::open(&disk)).contains("is missing"));
        let (_, replayed) = {
            let lane = open(&disk).lane(&identity(), true).unwrap();
            lane.open(&mut Toy::default(), &mut |_| {}).unwrap()
        };
        assert_eq!(replayed.position, Position::start(1));
        assert_eq!(toy::open(&disk).unwrap().2.position, Position::start(1));
    }
}

#[test]
fn what_could_not_be_dropped_the_last_time_is_dropped_this_time() {
    let disk = used();
    let folder = open(&disk);
    let lane = disk.all(Path::new(STATE)).remove(0).parent().unwrap().to_owned();
    for suffix in [".dropped", ".new"] {
        let aside = with_suffix(&lane, suffix);
        disk.make_folder(&aside).unwrap();
        disk.create(&aside.join("journal-00000007")).unwrap();
    }
    let lane = folder.lane(&identity(), true).unwrap();
    assert_eq!(lane.position().unwrap(), Position::start(1));
    assert_eq!(disk.all(Path::new(STATE)).len(), 2);
}

#[test]
fn a_crash_while_forcing_leaves_the_old_lane_or_a_new_one() {
    let sound = used();
    for step in 1.. {
        let disk = sound.copy();
        disk.crash_after(step);
        let folder = Folder::open_on(Arc::new(disk.clone()), Path::new(STATE), Tuning::default());
        let forced = folder.and_then(|folder| folder.lane(&identity(), true));
        if forced.is_ok() {
            assert!(step > 5, "{step} steps only");
            break;
        }
        let (_, _, replayed) = toy::open(&disk.survivor()).unwrap();
        let old = script(1, 1).remove(0).position;
        assert!([old, Position::start(1)].contains(&replayed.position), "step {step}");
    }
}

#[test]
fn a_segment_in_the_middle_that_is_gone_is_missed() {
    let disk = used();
    let lane = disk.all(Path::new(STATE)).remove(0).parent().unwrap().to_owned();
    let bytes = disk.bytes(&lane.join("journal-00000001"));
    disk.create(&lane.join("journal-00000003")).unwrap();
    disk.damage(&lane.join("journal-00000003"), |held| held.extend_from_slice(&bytes));
    assert!(said(toy::open(&disk)).contains("journal-00000002 is missing"));
    disk.create(&lane.join("journal-00000002")).unwrap();
    disk.damage(&lane.join("journal-00000002"), |held| held.extend_from_slice(&bytes));
    assert!(said(toy::open(&disk)).contains("journal-00000002 is another file than its name says"));
}

#[test]
fn files_of_other_names_are_nobodys_business() {
    let disk = used();
    let lane = disk.all(Path::new(STATE)).remove(0).parent().unwrap().to_owned();
    for name in ["notes.txt", "journal-1", "snapshot-00000001.old", "notes.new"] {
        disk.create(&lane.join(name)).unwrap();
    }
    let _ = toy::open(&disk).unwrap();
    assert_eq!(disk.all(&lane).len(), 2 + 4);
    disk.make_folder(&Path::new(STATE).join("lanes/notes")).unwrap();
    assert_eq!(open(&disk).identities().unwrap().len(), 1);
}

#[test]
fn what_a_snapshot_replaces_is_removed_when_the_lane_is_opened() {
    let disk = Faulty::new(2);
    let (mut journal, mut toy, _) = toy::open(&disk).unwrap();
    let lane = disk.all(Path::new(STATE)).remove(0).parent().unwrap().to_owned();
    for commit in script(2, 2) {
        journal.commit(&entries(&commit.numbers), &commit.position).unwrap();
        toy.apply(&commit.numbers);
        journal.compact(toy.front(), toy.sieve()).unwrap();
        while journal.compacted().transpose().unwrap().is_none() {
            std::thread::yield_now();
        }
    }
    let position = journal.position().clone();
    drop(journal);
    // a crash may have left any of them
    let replaced = ["journal-00000001", "journal-00000002", "snapshot-00000001"].map(|name| lane.join(name));
    let left = disk.copy();
    replaced.iter().for_each(|file| drop(left.create(file).unwrap()));
    for disk in [&disk, &left] {
        let (_, restored, replayed) = toy::open(disk).unwrap();
        assert_eq!((&restored, &replayed.position), (&toy, &position));
        assert_eq!(toy::lane(disk).unwrap().position().unwrap(), position);
    }
    let gone = |disk: &Faulty| !disk.all(&lane).iter().any(|file| replaced.contains(file));
    assert!(gone(&left) && left.all(&lane).len() >= 3, "{:?}", left.all(&lane));
}

#[test]
fn what_was_never_finished_is_cleared_away() {
    let disk = used();
    let lane = disk.all(Path::new(STATE)).remove(0).parent().unwrap().to_owned();
    for name in ["journal-00000002.new", "snapshot-00000001.new"] {
        disk.create(&lane.join(name)).unwrap();
    }
    for suffix in [".new", ".dropped"] {
        let aside = with_suffix(&lane, suffix);
        disk.make_folder(&aside).unwrap();
        disk.create(&aside.join("lane.json")).unwrap();
    }
    toy::lane(&disk).unwrap().read(&mut Toy::default(), &mut |_| {}).unwrap();
    assert_eq!(disk.all(&lane).len(), 4, "reading removes nothing of a lane");
    let _ = toy::open(&disk).unwrap();
    assert_eq!(disk.all(Path::new(STATE)).len(), 2);
}

#[test]
fn a_folder_that_cannot_be_written_says_so() {
    for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem] {
        let failure = Failure::of(crate::failure::Doing::Lock, Path::new("/state/lock"), kind.into());
        assert!(failure.to_string().starts_with("/state/lock cannot be written"), "{failure}");
    }
    let temporary = tempfile::tempdir().unwrap();
    let file = temporary.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(said(Folder::open(&file.join("state"))).contains("cannot make"));
}

#[test]
fn a_lane_goes_on_with_more_of_what_may_grow_and_stays_what_it_was_begun_as() {
    let disk = Faulty::new(1);
    let with = |lines: &[&str]| Identity {
        configuration: vec![Setting::growing("the windows of tenant payments", lines)],
        ..identity()
    };
    let folder = open(&disk);
    let begun = with(&["a"]);
    let script = script(1, 3);
    for (known, commit) in [&["a"][..], &["a", "b"], &["a", "b", "c"]].into_iter().zip(&script) {
        let lane = folder.lane(&with(known), false).unwrap();
        assert_eq!(*lane.identity(), begun);
        let (mut journal, _) = lane.open(&mut Toy::default(), &mut |_| {}).unwrap();
        journal.commit(&entries(&commit.numbers), &commit.position).unwrap();
    }
    let mut toy = Toy::default();
    folder.lane(&begun, false).unwrap().open(&mut toy, &mut |_| {}).unwrap();
    assert_eq!(toy, Toy::after(&script));
    let refused = said(folder.lane(&with(&["b", "a"]), false));
    assert!(refused.starts_with("the windows of tenant payments (`a` is no longer where it was) changed"), "{refused}");
}
