//! Several lanes feed the same series.

use crate::stream::{Dice, HOUR, MINUTE, Record, SECOND, World, store};
use sandgate_model::manifest::{Aggregate, Span};
use sandgate_shared::Lane;
use sandgate_state::{Answered, Pass};
use sandgate_window::Declared;

pub(crate) fn sliding(aggregate: Aggregate, of: Option<usize>, length: i64) -> Declared {
    let span = Span::Sliding { length, delay: 0, closed: false, resolution: None };
    Declared { by: vec![1], aggregate, of, span, current: true, only: Vec::new(), sources: 1 }
}

fn windows() -> Vec<Declared> {
    vec![
        sliding(Aggregate::Count, None, MINUTE),
        sliding(Aggregate::Sum, Some(2), HOUR),
        sliding(Aggregate::Distinct, Some(0), HOUR),
        Declared { current: false, ..sliding(Aggregate::Latest, Some(2), HOUR) },
    ]
}

#[test]
fn lanes_in_turn_answer_what_one_lane_would() {
    let store = store();
    let world = World::new(&windows());
    let (embedded, lanes) = (world.embedded(), [0, 1, 7].map(|partition| Lane::new(store.clone(), partition)));
    let (mut dice, mut numbers, mut offsets) = (Dice::new(5), [0; 3], [0; 3]);
    for round in 0..60 {
        let lane = dice.below(3) as usize;
        let many = 1 + dice.below(20);
        let records: Vec<Record> = (0..many)
            .map(|at| {
                let time = round * 30 * SECOND + at as i64 * SECOND;
                let mut record = Record::plain(round as u64 * 100 + at, time, &format!("d{}", dice.below(4)), 100);
                // offsets of two lanes are the same numbers
                record.entry.offset = offsets[lane] + at;
                record
            })
            .collect();
        let told = world.ask(&lanes[lane], numbers[lane], &records);
        let mut pass = Pass::new(&world.state);
        for record in &records {
            // positions of one lane only: the embedded one has no partitions
            let entry = sandgate_state::Entry { offset: round as u64 * 100 + record.entry.offset, ..record.entry };
            pass.push(entry, &record.cells());
        }
        embedded.pass(round as u64, &mut pass).unwrap();
        for (row, told) in told.iter().enumerate() {
            assert_eq!(told, pass.answers(row), "round {round}, row {row}");
        }
        (numbers[lane], offsets[lane]) = (numbers[lane] + 1, offsets[lane] + many);
    }
}

#[test]
fn lanes_at_once_lose_and_double_nothing() {
    let store = store();
    let world = World::new(&windows());
    let of_lane = |lane: u32| -> Vec<Record> {
        (0..600)
            .map(|at| Record::plain(u64::from(lane) * 10_000 + at, 10 * at as i64 + i64::from(lane), "d", 1))
            .collect()
    };
    std::thread::scope(|scope| {
        for lane in 0..4 {
            let (world, store) = (&world, store.clone());
            scope.spawn(move || {
                let shared = Lane::new(store, lane);
                let mut before = 0;
                for (number, batch) in (0..).zip(of_lane(lane).chunks(37)) {
                    for told in world.ask(&shared, number, batch) {
                        let Answered::Integer(count) = told[0] else { panic!("{told:?}") };
                        assert!(count > before, "a lane sees at least all of its own: {count} after {before}");
                        before = count - 1;
                    }
                    before = i128::from(37 * number);
                }
            });
        }
    });
    let last = world.ask(&Lane::new(store, 50), 0, &[Record::plain(900_000, 10_000, "d", 1)]);
    assert_eq!(last[0][..3], [2_401, 2_401, 2_401].map(Answered::Integer));
}

#[test]
fn a_lane_is_blind_to_its_own_later_positions_and_to_no_others() {
    let store = store();
    let world = World::new(&windows());
    let records: Vec<Record> = (0..10).map(|at| Record::plain(at, 100, "d", 1)).collect();
    let first = world.ask(&Lane::new(store.clone(), 4), 0, &records);
    assert_eq!(first[9][0], Answered::Integer(10));
    // all of them are there already, at the same moment
    let again = Lane::new(store.clone(), 4);
    for (number, record) in records.iter().enumerate() {
        let told = world.ask(&again, number as u64, std::slice::from_ref(record));
        assert_eq!(told[0], first[number], "{number}");
    }
    let elsewhere = world.ask(&Lane::new(store, 5), 0, &records[..1]);
    assert_eq!(elsewhere[0][0], Answered::Integer(11), "another partition sees all of them");
}
