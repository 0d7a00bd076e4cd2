//! The embedded store, against real files.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use sandgate_tags::database::{Database as _, Since};
use sandgate_tags::sqlite::{Reader, Writer};
use sandgate_tags::{Error, Tag, Wanted};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(20);

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tags.db");
    (folder, path)
}

fn level<'a>(id: &'a str, value: &'a str) -> Tag<'a> {
    Tag { entity: "account", id, attribute: "risk_level", value }
}

fn put(path: &Path, tags: &[Tag<'_>]) {
    let mut loading = Writer::open(path).unwrap().load().unwrap();
    for tag in tags {
        loading.put(*tag).unwrap();
    }
    loading.commit().unwrap();
}

fn found(reader: &Reader, wanted: &[Wanted<'_>]) -> Vec<Option<Arc<str>>> {
    let mut found = vec![Some(Arc::from("left over"))];
    reader.look_up(wanted, LIMIT, &mut found).unwrap();
    found
}

#[test]
fn a_reader_sees_what_is_written_while_it_has_the_file_open() {
    let (_folder, path) = folder();
    put(&path, &[level("a", "1"), level("b", "1")]);
    let reader = Reader::open(&path).unwrap();
    let wanted = [level("a", "").name(), level("b", "").name()];
    assert_eq!(found(&reader, &wanted), [Some(Arc::from("1")), Some(Arc::from("1"))]);
    Writer::open(&path).unwrap().set(level("b", "3")).unwrap();
    assert_eq!(found(&reader, &wanted), [Some(Arc::from("1")), Some(Arc::from("3"))]);
}

#[test]
fn a_load_that_is_not_committed_leaves_nothing_behind() {
    let (_folder, path) = folder();
    put(&path, &[level("a", "1")]);
    let mut loading = Writer::open(&path).unwrap().load().unwrap();
    for id in 0..20_000 {
        loading.put(level(&format!("new {id}"), "2")).unwrap();
    }
    loading.put(level("a", "2")).unwrap();
    drop(loading);
    put(&path, &[level("b", "3")]);
    let reader = Reader::open(&path).unwrap();
    let wanted = [level("a", "").name(), level("b", "").name(), level("new 0", "").name()];
    assert_eq!(found(&reader, &wanted), [Some(Arc::from("1")), Some(Arc::from("3")), None]);
}

#[test]
fn several_threads_look_up_at_once() {
    let (_folder, path) = folder();
    let ids: Vec<_> = (0..1000).map(|id| id.to_string()).collect();
    put(&path, &ids.iter().map(|id| level(id, id)).collect::<Vec<_>>());
    let reader = Reader::open(&path).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (reader, ids) = (&reader, &ids);
            scope.spawn(move || {
                for batch in ids.chunks(50 + thread) {
                    let wanted: Vec<_> = batch.iter().map(|id| level(id, "").name()).collect();
                    let expected: Vec<_> = batch.iter().map(|id| Some(Arc::from(id.as_str()))).collect();
                    assert_eq!(found(reader, &wanted), expected);
                }
            });
        }
    });
}

#[test]
fn a_missing_store_says_how_to_fill_one() {
    let (_folder, path) = folder();
    let Err(error) = Reader::open(&path) else { panic!("there is no store") };
    assert!(matches!(&error, Error::Missing { path: named } if *named == path));
    assert!(error.to_string().contains("sandgate tags"), "{error}");
    assert!(!path.exists(), "a reader creates nothing");
}

#[test]
fn a_foreign_file_is_refused_and_left_alone() {
    let (_folder, path) = folder();
    let text =
        b"this is not a database, but long enough to have a header of a hundred bytes, which is read at first...";
    std::fs::write(&path, text).unwrap();
    assert!(matches!(Reader::open(&path), Err(Error::Foreign { .. })));
    assert!(matches!(Writer::open(&path), Err(Error::Foreign { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), text);
    // an empty file is no store for a reader, and a new one for a writer
    std::fs::write(&path, b"").unwrap();
    assert!(matches!(Reader::open(&path), Err(Error::Foreign { .. })));
    put(&path, &[level("a", "1")]);
    assert!(Reader::open(&path).is_ok());
}

#[test]
fn a_directory_is_told_as_one() {
    let (folder, _) = folder();
    let mend = "is a directory, and a tag store is a file: let `sql` under [tags] name a file in it";
    for refused in [Reader::open(folder.path()).err().unwrap(), Writer::open(folder.path()).err().unwrap()] {
        assert!(matches!(refused, Error::Directory { .. }) && refused.to_string().ends_with(mend), "{refused}");
    }
}

#[test]
fn a_damaged_store_is_told_as_one() {
    let (_folder, path) = folder();
    let ids: Vec<_> = (0..5_000).map(|id| id.to_string()).collect();
    put(&path, &ids.iter().map(|id| level(id, "1")).collect::<Vec<_>>());
    let mut bytes = std::fs::read(&path).unwrap();
    // all but the page with the header
    bytes[4_096..].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    let looked_up =
        Reader::open(&path).and_then(|reader| reader.look_up(&[level("7", "").name()], LIMIT, &mut Vec::new()));
    let set = Writer::open(&path).and_then(|writer| writer.set(level("7", "2")));
    for told in [looked_up.unwrap_err(), set.unwrap_err()] {
        assert!(matches!(told, Error::Damaged { .. }) && told.to_string().contains("move it away"), "{told}");
    }
}

#[test]
fn another_layout_or_program_is_refused() {
    let (_folder, path) = folder();
    put(&path, &[level("a", "1")]);
    let sound = std::fs::read(&path).unwrap();
    let with = |at: usize, word: u32| {
        let mut bytes = sound.clone();
        bytes[at..at + 4].copy_from_slice(&word.to_be_bytes());
        std::fs::write(&path, bytes).unwrap();
        (Reader::open(&path).err(), Writer::open(&path).err())
    };
    // the places of user_version and application_id in the header of a SQLite file
    let newer = with(60, 3);
    assert!(matches!(newer, (Some(Error::Newer { .. }), Some(Error::Newer { .. }))), "{newer:?}");
    let foreign = with(68, 7);
    assert!(matches!(foreign, (Some(Error::Foreign { .. }), Some(Error::Foreign { .. }))), "{foreign:?}");
}

#[test]
fn a_store_of_the_first_layout_is_read_and_learns_of_changes_with_the_next_write() {
    let (_folder, path) = folder();
    put(&path, &[level("a", "1")]);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[60..64].copy_from_slice(&1_u32.to_be_bytes());
    std::fs::write(&path, bytes).unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.changes(Since::Number(0), LIMIT).unwrap(), None);
    assert_eq!(found(&reader, &[level("a", "").name()]), [Some(Arc::from("1"))]);
    Writer::open(&path).unwrap().set(level("a", "2")).unwrap();
    assert!(reader.changes(Since::Number(0), LIMIT).unwrap().is_some());
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().to_owned(), folder.path().join("none/tags.db")] {
        let Err(error) = Writer::open(&path) else { panic!("nothing can be written there") };
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
}
