//! What is exported is imported, elsewhere and whole.

use super::*;
use crate::disk::faulty::Faulty;
use crate::identity::Setting;
use crate::journal::Tuning;
use crate::toy::{self, STATE, Toy, entries, identity, script};
use std::sync::Arc;

const EXPORT: &str = "/state/export";

/// A disk with a lane and its export, and what the lane is.
fn exported() -> (Faulty, Toy, Position) {
    let disk = Faulty::new(1);
    let (mut journal, mut toy, _) = toy::open(&disk).unwrap();
    for commit in script(4, 40) {
        journal.commit(&entries(&commit.numbers), &commit.position).unwrap();
        toy.apply(&commit.numbers);
        if commit.compact.is_some() {
            journal.compact(toy.front(), toy.sieve()).unwrap();
        }
    }
    let position = journal.position().clone();
    drop(journal);
    let lane = toy::lane(&disk).unwrap();
    let mut read = Toy::default();
    let replayed = lane.read(&mut read, &mut |_| {}).unwrap();
    let export = |to| export(&lane, &replayed.position, read.front(), &mut *read.sieve(), Path::new(to));
    let entries = export(EXPORT).unwrap();
    assert!(entries > 0 && entries < position.records, "{entries} of {}", position.records);
    assert!(matches!(export(EXPORT), Err(PortableError::Exists { .. })));
    (disk, toy, position)
}

fn folder(disk: &Faulty, path: &str) -> Folder {
    Folder::open_on(Arc::new(disk.clone()), Path::new(path), Tuning::default()).unwrap()
}

fn moved() -> Identity {
    let mut moved = identity();
    moved.output = "/elsewhere/decisions.jsonl".to_owned();
    moved.inputs[0].path = "/elsewhere/payments.jsonl".to_owned();
    moved
}

#[test]
fn a_lane_goes_on_elsewhere() {
    let (disk, toy, position) = exported();
    let elsewhere = folder(&disk, "/elsewhere");
    let entries = import(&elsewhere, Path::new(EXPORT), &moved(), false).unwrap();
    let open = || {
        let mut restored = Toy::default();
        let lane = elsewhere.lane(&moved(), false).unwrap();
        let (journal, replayed) = lane.open(&mut restored, &mut |_| {}).unwrap();
        (journal, restored, replayed)
    };
    let (mut journal, mut restored, replayed) = open();
    assert_eq!((&restored, replayed.position, replayed.entries), (&toy, position, entries));
    let next = script(4, 41).pop().unwrap();
    journal.commit(&toy::entries(&next.numbers), &next.position).unwrap();
    restored.apply(&next.numbers);
    journal.compact(restored.front(), restored.sieve()).unwrap();
    drop(journal);
    let (_, again, replayed) = open();
    assert_eq!((again, replayed.position), (restored, next.position));
}

#[test]
fn an_occupied_place_or_another_configuration_is_refused() {
    let (disk, ..) = exported();
    let here = folder(&disk, STATE);
    let occupied = import(&here, Path::new(EXPORT), &identity(), false).unwrap_err().to_string();
    assert!(occupied.contains("holds a lane for the output /data/decisions.jsonl already"), "{occupied}");
    import(&here, Path::new(EXPORT), &identity(), true).unwrap();
    let mut changed = moved();
    changed.configuration[0].value = "other".to_owned();
    let changed = import(&here, Path::new(EXPORT), &changed, false);
    assert!(matches!(changed, Err(PortableError::Mismatch(Mismatch::Configuration { .. }))));
    assert!(swapped_settings().contains("the order of a and b changed"));
    let mut more = moved();
    more.inputs.push(crate::identity::Input { source: "prices".to_owned(), path: "/p".to_owned() });
    let more = import(&here, Path::new(EXPORT), &more, false);
    assert!(matches!(more, Err(PortableError::Mismatch(Mismatch::More { .. }))));
}

/// What is said of an export whose settings have another order here.
fn swapped_settings() -> String {
    let setting = |name: &str| Setting { name: name.to_owned(), value: name.to_owned() };
    let folder = folder(&Faulty::new(2), STATE);
    let identity = Identity { configuration: vec![setting("a"), setting("b")], ..identity() };
    let lane = folder.lane(&identity, false).unwrap();
    let (file, toy) = (Path::new(EXPORT), Toy::default());
    export(&lane, &Position::start(1), toy.front(), &mut *toy.sieve(), file).unwrap();
    let mut swapped = Identity { output: moved().output, ..identity };
    swapped.configuration.reverse();
    import(&folder, file, &swapped, false).unwrap_err().to_string()
}

#[test]
fn a_damaged_export_is_named_and_replaces_nothing() {
    let (sound, toy, _) = exported();
    let length = sound.bytes(Path::new(EXPORT)).len();
    for at in 0..length {
        let disk = sound.copy();
        disk.damage(Path::new(EXPORT), |bytes| bytes[at] ^= 1 << (at % 8));
        let refused = import(&folder(&disk, STATE), Path::new(EXPORT), &identity(), true);
        let Err(PortableError::Failure(Failure::Damage(damage))) = refused else { panic!("byte {at}: {refused:?}") };
        assert_eq!(damage.file, Path::new(EXPORT), "byte {at}");
        let fresh = import(&folder(&disk, "/fresh"), Path::new(EXPORT), &moved(), false);
        assert!(fresh.is_err(), "byte {at}");
        assert!(folder(&disk, "/fresh").identities().unwrap().is_empty(), "byte {at}");
        assert_eq!(toy::open(&disk).unwrap().1, toy, "byte {at}");
    }
}

#[test]
fn an_export_on_a_full_disk_leaves_nothing_behind() {
    let (disk, ..) = exported();
    let lane = toy::lane(&disk).unwrap();
    let mut read = Toy::default();
    let replayed = lane.read(&mut read, &mut |_| {}).unwrap();
    disk.give_room(Some(200));
    let to = Path::new("/state/second");
    let full = export(&lane, &replayed.position, read.front(), &mut *read.sieve(), to);
    assert!(matches!(full, Err(PortableError::Failure(Failure::Full { .. }))));
    assert!(!disk.all(Path::new(STATE)).iter().any(|file| file.to_string_lossy().contains("second")));
}
