//! The bytes of a log, and what is said of those that are none of it.

use super::{ChangelogError, Commit, Committed, Head, Owner, Replay};
use crate::identity::{Identity, Input, Setting};
use crate::toy::Toy;

fn owner(set: &str) -> Owner {
    let inputs = vec![Input { source: "payments".to_owned(), path: "payments".to_owned() }];
    let configuration = vec![Setting { name: "the policy set of tenant fund".to_owned(), value: set.to_owned() }];
    Owner::new(Identity { inputs, output: "group/0".to_owned(), configuration }).unwrap()
}

fn records(owner: &Owner, number: u64, head: bool, entries: &[u8], size: usize) -> Vec<Vec<u8>> {
    let head = head.then_some(Head { front: b"", kept: b"" });
    let commit = Commit { number, midway: number == 300, positions: &[7, 300], head, entries };
    let mut all = Vec::new();
    let written: Result<(), ()> = owner.records(&commit, size, |record, _| {
        all.push(record.to_vec());
        Ok(())
    });
    written.unwrap();
    all
}

/// What a reading says of these records.
fn read(owner: &Owner, last: Option<u64>, all: &[Vec<u8>]) -> Result<Option<u64>, ChangelogError> {
    let last = last.map(|number| Committed { number, positions: Vec::new(), midway: false });
    let (mut replay, mut toy) = (Replay::new(owner, last), Toy::default());
    for record in all {
        replay.record(record, &mut toy)?;
    }
    Ok(replay.last().map(|last| last.number))
}

#[test]
fn a_record_is_these_bytes() {
    let owner = owner("a");
    let check = owner.check.to_le_bytes();
    let all = records(&owner, 300, false, b"abcde", 3);
    assert_eq!(all[0], [&[3, 1 | 4][..], &check, &[0xac, 0x02], b"abc"].concat());
    assert_eq!(all[1], [&[3, 2 | 4][..], &check, &[0xac, 0x02, 2, 7, 0xac, 0x02], b"de"].concat());
    assert_eq!(all.len(), 2);
}

#[test]
fn a_log_of_another_configuration_is_refused_by_name() {
    let known = [records(&owner("a"), 1, true, b"", 1 << 20), records(&owner("a"), 2, false, b"", 10)].concat();
    assert_eq!(read(&owner("a"), None, &known), Ok(Some(2)));
    let refused = read(&owner("b"), None, &known).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "belongs to a lane with another configuration: the policy set of tenant fund changed"
    );
    assert!(read(&owner("b"), Some(1), &known[1..]).is_err(), "even where its name is not there");
}

#[test]
fn a_log_is_gone_on_with_by_the_owner_that_began_it() {
    let with = |lines: &[&str]| {
        let configuration = vec![Setting::growing("the windows of tenant fund", lines)];
        Owner::new(Identity { configuration, ..owner("a").identity }).unwrap()
    };
    let (began, grown) = (with(&["a"]), with(&["a", "b"]));
    for size in [3, 1 << 20] {
        let log = [records(&began, 1, true, b"", size), records(&began, 2, false, b"", size)].concat();
        let (mut replay, mut toy) = (Replay::new(&grown, None), Toy::default());
        for record in &log {
            replay.record(record, &mut toy).unwrap();
        }
        assert_eq!((replay.last().unwrap().number, replay.owner().check), (2, began.check));
        assert_eq!(read(replay.owner(), Some(2), &records(&began, 3, false, b"", size)), Ok(Some(3)));
    }
    let shrunk = read(&began, None, &records(&grown, 1, true, b"", 9)).unwrap_err();
    let said = "belongs to a lane with another configuration: the windows of tenant fund (`b` is no longer where it \
                was) changed";
    assert_eq!(shrunk.to_string(), said);
}

#[test]
fn commits_that_are_missing_are_missed() {
    let owner = owner("a");
    let (one, two, three) =
        (records(&owner, 1, true, b"", 9), records(&owner, 2, false, b"", 9), records(&owner, 3, false, b"", 9));
    assert_eq!(
        read(&owner, None, &[one.clone(), three.clone()].concat()),
        Err(ChangelogError::Missing { from: 2, upto: 2 })
    );
    assert_eq!(read(&owner, None, &three), Err(ChangelogError::Beginning(3)));
    assert_eq!(read(&owner, None, &one[1..]), Err(ChangelogError::Beginning(1)));
    assert_eq!(read(&owner, Some(2), &[two, three].concat()), Ok(Some(3)), "what is known may come again");
}

#[test]
fn bytes_that_are_no_record_are_refused_and_never_a_panic() {
    let owner = owner("a");
    let whole = records(&owner, 1, true, b"", 1 << 20).remove(0);
    for (version, age) in [(2, "older"), (4, "newer")] {
        let refused = read(&owner, None, &[vec![version, 0]]).unwrap_err();
        assert_eq!(refused, ChangelogError::Version(version));
        assert!(refused.to_string().ends_with(&format!("run the {age} program")), "{refused}");
    }
    for length in 0..whole.len() {
        assert!(read(&owner, None, &[whole[..length].to_vec()]).is_err(), "cut to {length} bytes");
    }
}
