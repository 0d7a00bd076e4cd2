//! What a sink writes, and what it refuses to write over.

use super::{Committed, Place, Protected, Sink, SinkError, Target, Written};
use crate::source::{Source, SourceError};
use sandgate_engine::judged::Judged;
use std::fs;
use std::path::Path;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// What became of a batch.
fn batch(decisions: &str, dead_letters: &str) -> Judged {
    let mut judged = Judged::default();
    judged.decisions.extend_from_slice(decisions.as_bytes());
    judged.dead_letters.extend_from_slice(dead_letters.as_bytes());
    judged
}

#[test]
fn each_kind_of_output_has_its_places() {
    let beside = Target::of("out.jsonl".as_ref());
    assert_eq!(beside.dead_letters, Place::File("out.jsonl.dead-letters".into()));
    assert_eq!(beside.generations, Place::File("out.jsonl.generations".into()));
    for (output, decisions) in [("-", Place::Output), ("/dev/null", Place::File("/dev/null".into()))] {
        let expected = Target { decisions, dead_letters: Place::Errors, generations: Place::Nowhere };
        assert_eq!(Target::of(output.as_ref()), expected);
    }
}

#[test]
fn an_existing_file_is_refused_before_any_is_made() {
    for there in [vec!["out"], vec!["out.dead-letters"], vec!["out", "out.generations"]] {
        let folder = tempfile::tempdir().unwrap();
        for name in &there {
            fs::write(folder.path().join(name), "precious").unwrap();
        }
        let target = Target::of(&folder.path().join("out"));
        let refused = Sink::create(&target, false).err().unwrap();
        let SinkError::Exists { paths } = &refused else { panic!("{refused}") };
        assert_eq!(paths.len(), there.len());
        assert!(refused.to_string().ends_with("or say --force to replace them"), "{refused}");
        assert_eq!(names(folder.path()), there);
        Sink::create(&target, true).unwrap().finish().unwrap();
        assert_eq!(fs::read(folder.path().join(there[0])).unwrap(), b"");
    }
}

#[test]
fn a_protected_file_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let [input, symbolic, hard, store] = ["in", "symbolic", "hard", "tags.db"].map(|name| folder.path().join(name));
    fs::write(&input, "precious").unwrap();
    fs::write(&store, "precious").unwrap();
    std::os::unix::fs::symlink(&input, &symbolic).unwrap();
    fs::hard_link(&input, &hard).unwrap();
    let beside = folder.path().join("out.dead-letters");
    fs::hard_link(&store, &beside).unwrap();
    let protected = [
        Protected { path: folder.path().join("not-there"), what: "not there" },
        Protected { path: input.clone(), what: "the input" },
        Protected { path: store.clone(), what: "the tag store" },
    ];
    let table = [
        (&input, &input, "the input"),
        (&symbolic, &symbolic, "the input"),
        (&hard, &hard, "the input"),
        (&store, &store, "the tag store"),
        (&folder.path().join("out"), &beside, "the tag store"),
    ];
    for (output, named, what) in table {
        let refused = Target::of(output).check(&protected).unwrap_err().to_string();
        let expected = format!("the output {} is {what}, which would be lost; name another output", named.display());
        assert_eq!(refused, expected);
    }
    for path in [&input, &store] {
        assert_eq!(fs::read(path).unwrap(), b"precious");
    }
    // writing to a device loses nothing
    let device = Protected { path: "/dev/null".into(), what: "the input" };
    let target = Target::of("/dev/null".as_ref());
    target.check(&[device]).unwrap();
    Sink::create(&target, false).unwrap().finish().unwrap();
}

#[test]
fn an_output_that_is_no_file_of_json_lines_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("folder")).unwrap();
    fs::write(path("file"), "").unwrap();
    let table = [
        ("folder", "is a directory; name a file in it"),
        ("no/such/x.jsonl", "/no/such; make the folder first"),
        ("x.jsonl.gz", "name it without .gz, or say --to - and pipe it into gzip"),
        ("file/x", "x: Not a directory (os error 20)"),
    ];
    for (output, mend) in table {
        for force in [false, true] {
            let target = Target::of(&path(output));
            let made = target.check(&[]).and_then(|()| Sink::create(&target, force));
            let refused = made.err().unwrap().to_string();
            assert!(refused.ends_with(mend), "{refused}");
            assert_eq!(names(folder.path()), ["file", "folder"], "{output}");
        }
    }
}

#[test]
fn an_output_that_cannot_be_made_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let target = Target { generations: Place::File(folder.path().join("no/such/folder")), ..Target::of(&out) };
    let refused = Sink::create(&target, false).err().unwrap();
    assert!(matches!(refused, SinkError::NoFolder { .. }), "{refused}");
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[test]
fn everything_is_in_its_file_when_it_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let mut sink = Sink::create(&Target::of(&out), false).unwrap();
    sink.write_generation("generation\n").unwrap();
    sink.write(&batch("decision\n", "letter\n")).unwrap();
    sink.finish().unwrap();
    for (suffix, content) in [("", "decision\n"), (".dead-letters", "letter\n"), (".generations", "generation\n")] {
        assert_eq!(fs::read_to_string(format!("{}{suffix}", out.display())).unwrap(), content);
    }
}

#[test]
fn an_input_that_cannot_be_opened_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Source::open(&folder.path().join("nothing"), 100).err().unwrap();
    assert!(
        matches!(missing, SourceError::Missing { .. }) && missing.to_string().ends_with("check the path"),
        "{missing}"
    );
    let directory = Source::open(folder.path(), 100).err().unwrap();
    assert!(matches!(directory, SourceError::Directory { .. }), "{directory}");
}

#[test]
fn a_stopped_run_is_cut_back_to_its_commit() {
    let folder = tempfile::tempdir().unwrap();
    let target = Target::of(&folder.path().join("out"));
    let resume = |committed| Sink::resume(&target, committed, &mut |_| {});
    let nothing = Written { length: 0, hash: 0 };
    target.make().unwrap();
    assert!(target.occupied().is_empty() && target.there().len() == 3);
    let mut sink = resume(Committed { decisions: nothing, dead_letters: nothing }).unwrap();
    sink.write_generation("generation\n").unwrap();
    sink.write(&batch("one\n", "bad\n")).unwrap();
    let committed = sink.written();
    assert_eq!((committed.decisions.length, committed.dead_letters.length), (4, 4));
    sink.write(&batch("two\nthr", "worse\n")).unwrap();
    drop(sink);
    let mut sink = resume(committed).unwrap();
    sink.write_generation("generation\n").unwrap();
    sink.write(&batch("two\n", "")).unwrap();
    let committed = sink.written();
    sink.finish().unwrap();
    for (suffix, content) in [("", "one\ntwo\n"), (".dead-letters", "bad\n"), (".generations", "generation\n")] {
        assert_eq!(fs::read_to_string(format!("{}{suffix}", folder.path().join("out").display())).unwrap(), content);
    }
    // what is not the committed output is left as it is
    let out = folder.path().join("out");
    for (content, refused) in [("one\ntw0\nand more\n", "something else stands there"), ("one\n", "has 4 bytes")] {
        fs::write(&out, content).unwrap();
        let told = resume(committed).err().unwrap().to_string();
        assert!(told.contains(refused), "{told}");
        assert_eq!(fs::read_to_string(&out).unwrap(), content);
    }
    fs::remove_file(&out).unwrap();
    assert!(matches!(resume(committed).err().unwrap(), SinkError::Lost { committed: 8, .. }));
    assert!(!out.exists());
}
