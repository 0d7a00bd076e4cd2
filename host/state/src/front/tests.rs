//! The two fronts of a lane, and the bytes of one.

use super::*;
use crate::layout::Tenant;
use sandgate_window::Plan;
use std::sync::Arc;

fn layout(names: &[&str]) -> Layout {
    let plan = Arc::new(Plan::new(&[], &[]).unwrap());
    let tenant = |name: &&str| Tenant { name: (*name).into(), plan: plan.clone(), fields: Vec::new() };
    Layout { tenants: names.iter().map(tenant).collect(), sources: Vec::new() }
}

const SETTINGS: Settings = Settings { lateness: 10, repeats: 0, ids: 0, events: 0 };

#[test]
fn the_clock_begins_once() {
    let mut front = Front::new(&layout(&[]), SETTINGS);
    for time in 0..31 {
        front.take(Step::Push { time }, &layout(&[]));
    }
    assert_eq!((front.ages(), front.horizon()), (Ages::default(), None));
    for time in 31..100 {
        front.take(Step::Push { time }, &layout(&[]));
    }
    assert_eq!(front.ages(), Ages { clock: Some(49), began: Some(15) });
    assert_eq!(front.horizon(), Some(39));
}

#[test]
fn a_front_is_these_bytes_and_is_read_again() {
    let layout = layout(&["a", "bc"]);
    let mut front = Front::new(&layout, SETTINGS);
    front.take(Step::Push { time: 258 }, &layout);
    front.take(Step::Refuse { tenant: 1 }, &layout);
    let mut bytes = Vec::new();
    front.encode(&layout, &mut bytes);
    let clock = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 1, 0, 0, 0, 0, 0, 0];
    let tenants = [1, 2, b'b', b'c', 6, 1, 1, 0, 0, 0, 0];
    assert_eq!(bytes, [&[3][..], &clock, &[0, 0], &tenants].concat(), "nothing is said of a tenant that has nothing");

    let mut read = Front::new(&layout, SETTINGS);
    read.decode(&layout, &bytes).unwrap();
    assert_eq!((&read.clock, &read.bounds), (&front.clock, &front.bounds));
    let former = [&[VERSION_1][..], &clock, &[0, 0]].concat();
    assert_eq!(Front::new(&layout, SETTINGS).decode(&layout, &former), Err(FrontError::Version(1)));
    bytes.push(0);
    assert_eq!(Front::new(&layout, SETTINGS).decode(&layout, &bytes), Err(FrontError::Damaged));
}

/// The first byte of fronts whose tenants had all their families from the beginning.
const VERSION_1: u8 = 1;

#[test]
fn tenants_are_found_by_their_names() {
    let (before, after) = (layout(&["a", "b"]), layout(&["b", "new"]));
    let mut front = Front::new(&before, SETTINGS);
    front.take(Step::Refuse { tenant: 1 }, &before);
    let mut bytes = Vec::new();
    front.encode(&before, &mut bytes);
    let mut read = Front::new(&after, SETTINGS);
    read.decode(&after, &bytes).unwrap();
    assert_eq!(read.bounds.iter().map(|bound| bound.refused).collect::<Vec<_>>(), [1, 0]);
}
