//! What a sink writes, and what it refuses to write over.

use super::{Place, Sink, SinkError, Target};
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
        let refused = Sink::create(&target, false, "in".as_ref()).err().unwrap();
        let SinkError::Exists { paths } = &refused else { panic!("{refused}") };
        assert_eq!(paths.len(), there.len());
        assert!(refused.to_string().ends_with("or say --force to replace them"), "{refused}");
        assert_eq!(names(folder.path()), there);
        Sink::create(&target, true, "in".as_ref()).unwrap().finish().unwrap();
        assert_eq!(fs::read(folder.path().join(there[0])).unwrap(), b"");
    }
}

#[test]
fn the_input_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let (input, link) = (folder.path().join("in"), folder.path().join("link"));
    fs::write(&input, "precious").unwrap();
    std::os::unix::fs::symlink(&input, &link).unwrap();
    for output in [&input, &link] {
        let refused = Sink::create(&Target::of(output), true, &input).err().unwrap();
        assert!(matches!(refused, SinkError::IsInput { .. }), "{refused}");
    }
    assert_eq!(fs::read(&input).unwrap(), b"precious");
}

#[test]
fn an_output_that_cannot_be_made_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let target = Target { generations: Place::File(folder.path().join("no/such/folder")), ..Target::of(&out) };
    let refused = Sink::create(&target, false, "in".as_ref()).err().unwrap();
    assert!(matches!(refused, SinkError::Create { .. }), "{refused}");
    assert_eq!(names(folder.path()), Vec::<String>::new());
    let refused = Sink::create(&Target::of(folder.path()), true, "in".as_ref()).err().unwrap();
    assert!(matches!(refused, SinkError::Create { .. }), "{refused}");
}

#[test]
fn everything_is_in_its_file_when_it_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let mut sink = Sink::create(&Target::of(&out), false, "in".as_ref()).unwrap();
    sink.write_generations(b"generation\n").unwrap();
    let judged = Judged { decisions: b"decision\n".to_vec(), dead_letters: b"letter\n".to_vec(), ..Judged::default() };
    sink.write(&judged).unwrap();
    sink.finish().unwrap();
    for (suffix, content) in [("", "decision\n"), (".dead-letters", "letter\n"), (".generations", "generation\n")] {
        assert_eq!(fs::read_to_string(format!("{}{suffix}", out.display())).unwrap(), content);
    }
}

#[test]
fn an_input_that_cannot_be_opened_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Source::open(&folder.path().join("nothing")).err().unwrap();
    assert!(
        matches!(missing, SourceError::Missing { .. }) && missing.to_string().ends_with("check the path"),
        "{missing}"
    );
    let directory = Source::open(folder.path()).err().unwrap();
    assert!(matches!(directory, SourceError::Directory { .. }), "{directory}");
}
