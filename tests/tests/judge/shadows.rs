//! Shadows of a lane without the program around it: what they judge, when it counts, and
//! what is shed where there is no room.

use sandgate_engine::document::MissingTag;
use sandgate_engine::generation::SiteSource;
use sandgate_engine::judged::{Judge as _, Judged, Record};
use sandgate_engine::{Counts, Engine, LaneJudge, MissingState, Room, Shadow, Team};
use sandgate_state::{Lane, Settings};
use sandgate_tests::set;
use std::sync::Arc;
use std::time::Duration;

const COMPONENT: &str = "six_windows.wasm";

/// A lane with a shadow that is the active set again, and what is counted of that.
fn shadowed(room: Room) -> (Arc<Engine>, LaneJudge, Counts) {
    let engine = Arc::new(crate::engine(COMPONENT, None, MissingTag::Default).with_room(room));
    let sources = [SiteSource { schema: set::schema("payments"), observe: false, keyed: None }];
    let generation = set::generation("payments", COMPONENT, &sources, (MissingTag::Default, MissingState::default()));
    let counts = Counts::default();
    let mut team = Team::of(engine.generations().remove(0));
    team.shadows.push(Shadow { generation: Arc::new(generation), counts: counts.clone() });
    engine.swap(team).unwrap();
    let bounds = Settings { lateness: 60_000, repeats: 3_600_000, ids: 1_000, events: 100_000 };
    let lane = Arc::new(Lane::new(engine.layout(), bounds, 2));
    (Arc::clone(&engine), LaneJudge::new(engine, lane), counts)
}

/// Judges a batch of these payments; answers its decisions.
fn pass(judge: &LaneJudge, number: u64, payments: std::ops::Range<u64>) -> Vec<u8> {
    let texts: Vec<String> = payments
        .map(|at| {
            let (account, device, second) = (at % 3, at % 2, 1_767_225_600 + at);
            format!("{{\"id\":\"t-{at}\",\"account\":\"a-{account}\",\"device\":\"d-{device}\",\"time\":{second}000,\"amount\":7.05}}")
        })
        .collect();
    let records: Vec<Record<'_>> = texts
        .iter()
        .zip(0..)
        .map(|(text, at)| Record {
            source: 0,
            offset: number * 1_000_000 + at,
            key: None,
            bytes: text.as_bytes(),
            size: text.len() as u64,
        })
        .collect();
    let mut judged = Judged::default();
    judge.judge(number, &records, &mut judged).unwrap();
    judge.settle(&mut judged);
    judged.decisions
}

fn compare(engine: &Engine) -> u64 {
    let mut batches = 0;
    while engine.compare_next(Duration::ZERO, &|| Duration::ZERO) {
        batches += 1;
    }
    batches
}

#[test]
fn a_shadow_sees_the_windows_as_they_were_and_an_aborted_batch_counts_once() {
    let (engine, judge, counts) = shadowed(Room::DEFAULT);
    pass(&judge, 0, 0..100);
    assert_eq!(compare(&engine), 0, "nothing is handed over before it is committed");
    judge.committed(0);
    for _ in 0..3 {
        pass(&judge, 1, 100..250);
        // another was open behind it
        pass(&judge, 2, 250..300);
        judge.abort();
    }
    pass(&judge, 1, 100..250);
    judge.committed(1);
    // by now the windows are much further
    pass(&judge, 2, 250..300);
    assert_eq!(compare(&engine), 2);
    let counted = counts.read();
    assert_eq!((counted.compared(), counted.agreed(), counted.dropped), (250, 250, 0));
    assert_eq!(counted.active.fuel, counted.candidate.fuel, "the same rows cost the same");
    assert_eq!(counted.active.amounts, counted.candidate.amounts);
    let amounts: Vec<String> = counted.active.amounts.iter().map(ToString::to_string).collect();
    assert_eq!(amounts, ["70.50", "1692.00", "0"], "1762.50 in all");
}

#[test]
fn what_finds_no_room_is_shed_and_the_lane_decides_as_without() {
    let undisturbed =
        crate::judge(COMPONENT, None, Settings { lateness: 60_000, repeats: 3_600_000, ids: 1_000, events: 100_000 });
    let (engine, judge, counts) = shadowed(Room { events: 250, bytes: 64 << 20 });
    for number in 0..10 {
        let payments = number * 100..number * 100 + 100;
        assert_eq!(pass(&judge, number, payments.clone()), pass(&undisturbed, number, payments));
        judge.committed(number);
        undisturbed.committed(number);
    }
    assert_eq!(counts.read().dropped, 800, "there was room for two batches");
    assert_eq!(compare(&engine), 2);
    pass(&judge, 10, 1_000..1_100);
    judge.committed(10);
    // nobody has time for it any more
    engine.shed();
    assert_eq!((compare(&engine), counts.read().compared(), counts.read().dropped), (0, 200, 900));
    let (_, judge, counts) = shadowed(Room { events: 1_000, bytes: 1_000 });
    pass(&judge, 0, 0..100);
    judge.committed(0);
    assert_eq!(counts.read().dropped, 100, "bytes are bounded too");
}
