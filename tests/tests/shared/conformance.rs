//! A shared window over one lane answers what an embedded one does, to the last unit.

use crate::stream::{Dice, Record, World, redis, series, store};
use sandgate_shared::Lane;
use sandgate_state::{Answered, Pass};
use sandgate_tests::servers;

#[test]
fn shared_windows_answer_what_embedded_ones_do() {
    let store = store();
    let (mut answered, mut late_or_empty) = (0, 0);
    for seed in 0..12 {
        let mut dice = Dice::new(seed);
        let world = World::new(&dice.windows());
        let (embedded, shared) = (world.embedded(), Lane::new(store.clone(), 3));
        let records = dice.records(700);
        let mut row = 0;
        for (number, batch) in (0..).zip(dice.cut(&records, 90)) {
            let [expected, told] = world.pass((&embedded, number), (&shared, number), batch);
            for (expected, told) in expected.iter().zip(&told) {
                assert_eq!(told, expected, "seed {seed}, record {row}: {:?}", records[row]);
                answered += told.iter().filter(|answer| !matches!(answer, Answered::Absent | Answered::Bad(_))).count();
                late_or_empty += told.iter().filter(|answer| matches!(answer, Answered::Absent)).count();
                row += 1;
            }
            embedded.commit(number);
            shared.committed(number);
        }
    }
    assert!(answered > 20_000 && late_or_empty > 500, "{answered} {late_or_empty}");
}

#[test]
fn what_is_aborted_and_taken_again_changes_nothing() {
    let store = store();
    for seed in 100..106 {
        let mut dice = Dice::new(seed);
        let world = World::new(&dice.windows());
        let embedded = world.embedded();
        let mut shared = Lane::new(store.clone(), 0);
        let records = dice.records(500);
        let (mut first, mut number, mut base) = (0, 0, 0);
        let mut expected = Vec::new();
        // an undisturbed lane first
        for (number, batch) in (0..).zip(dice.cut(&records, 60)) {
            expected.extend(alone(&world, &embedded, number, batch));
            embedded.commit(number);
        }
        let disturbed = world.embedded();
        while first < records.len() {
            let size = 1 + dice.below(60) as usize;
            let batch = &records[first..(first + size).min(records.len())];
            let [_, told] = world.pass((&disturbed, number), (&shared, number - base), batch);
            for (at, told) in told.iter().enumerate() {
                assert_eq!(told, &expected[first + at], "seed {seed}, record {}", first + at);
            }
            match dice.below(4) {
                0 => {
                    // what comes behind is judged too, and all of it is taken back
                    let behind = &records[first + batch.len()..(first + batch.len() + size).min(records.len())];
                    if !behind.is_empty() {
                        world.pass((&disturbed, number + 1), (&shared, number + 1 - base), behind);
                    }
                    disturbed.abort();
                    shared.abort();
                }
                1 => {
                    // the host is killed, and another one goes on with the same lane
                    disturbed.abort();
                    shared = Lane::new(store.clone(), 0);
                    let next = |source| {
                        records[first..]
                            .iter()
                            .filter(|record| record.entry.source == source)
                            .map(|record| record.entry.offset)
                            .min()
                    };
                    shared.begin(&[next(0).or(Some(u64::MAX)), next(1).or(Some(u64::MAX))]);
                    base = number;
                }
                _ => {
                    disturbed.commit(number);
                    shared.committed(number - base);
                    (first, number) = (first + batch.len(), number + 1);
                }
            }
        }
        once_each(&world);
    }
}

/// What the embedded lane of a world says.
fn alone(world: &World, embedded: &sandgate_state::Lane, number: u64, batch: &[Record]) -> Vec<Vec<Answered>> {
    let mut pass = Pass::new(&world.state);
    for record in batch {
        pass.push(record.entry, &record.cells());
    }
    embedded.pass(number, &mut pass).unwrap();
    (0..batch.len()).map(|row| pass.answers(row).to_vec()).collect()
}

/// Every event is in its series once.
fn once_each(world: &World) {
    let names = series(servers::redis(), &world.tenant);
    assert!(!names.is_empty());
    for name in names {
        let members: Vec<Vec<u8>> = redis(servers::redis(), &["ZRANGE", &name, "0", "-1"]);
        // source, partition 0, and the offset behind a byte for its length
        let mut positions: Vec<&[u8]> = members.iter().map(|member| &member[..6 + usize::from(member[5])]).collect();
        let many = positions.len();
        positions.sort_unstable();
        positions.dedup();
        assert_eq!(positions.len(), many, "{name}");
    }
}
