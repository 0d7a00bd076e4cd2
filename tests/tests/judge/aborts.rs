//! An aborted commit leaves nothing behind: judged again, the same records get the
//! same decisions, late ones and repeats among them.

use sandgate_engine::LaneJudge;
use sandgate_engine::judged::{Judge as _, Judged, Record};
use sandgate_state::Settings;

/// A judge of a policy that counts and sums by account and device.
fn judge() -> LaneJudge {
    let bounds = Settings { lateness: 60_000, repeats: 3_600_000, ids: 1_000, events: 1_000 };
    crate::judge("six_windows.wasm", None, bounds)
}

fn record(number: usize, second: u64, amount: u64) -> String {
    let (account, device) = (number % 3, number % 2);
    format!(
        "{{\"id\":\"t-{number}\",\"account\":\"a-{account}\",\"device\":\"d-{device}\",\"time\":{second}000,\"amount\":{amount}}}"
    )
}

/// What a batch becomes: its decisions and what the journal would hold.
fn pass(judge: &LaneJudge, number: u64, texts: &[String]) -> (String, Vec<u8>) {
    let records: Vec<Record<'_>> = texts
        .iter()
        .enumerate()
        .map(|(at, text)| Record {
            source: 0,
            offset: number * 1_000_000 + at as u64 * 100,
            key: None,
            bytes: text.as_bytes(),
            size: text.len() as u64,
        })
        .collect();
    let mut judged = Judged::default();
    judge.judge(number, &records, &mut judged).unwrap();
    judge.settle(&mut judged);
    (String::from_utf8(judged.decisions).unwrap(), judged.journal)
}

#[test]
fn what_was_aborted_is_judged_again_as_if_it_had_never_been() {
    let begin = 1_767_225_600;
    let first: Vec<String> = (0..200).map(|at| record(at, begin + at as u64 * 2, 5)).collect();
    // a late one, one of long ago, a repeat, an id used again, and some of now
    let mut second = vec![record(300, begin + 10, 7), record(301, begin - 9_000_000, 7), first[150].clone()];
    second.push(record(151, begin + 400, 9));
    second.extend((400..420).map(|at| record(at, begin + at as u64, 5)));

    let (undisturbed, aborting) = (judge(), judge());
    assert_eq!(pass(&undisturbed, 0, &first), pass(&aborting, 0, &first));
    undisturbed.committed(0);
    aborting.committed(0);
    let expected = pass(&undisturbed, 1, &second);
    for word in ["\"what\":\"late\"", "\"repeat_of\":{", "\"fault\":\"id-reused\""] {
        assert!(expected.0.contains(word), "{word} is missing");
    }
    for _ in 0..3 {
        assert_eq!(pass(&aborting, 1, &second), expected);
        // another batch was open behind it
        pass(&aborting, 2, &first[..50]);
        aborting.abort();
    }
    assert_eq!(pass(&aborting, 1, &second), expected);
    aborting.committed(1);
    undisturbed.committed(1);
    assert_eq!(pass(&aborting, 2, &second), pass(&undisturbed, 2, &second));
}
