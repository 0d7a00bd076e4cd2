//! Who asks, who waits, and what is kept.

use super::{Boarding, Flights};
use crate::{Answer, Wanted};
use std::sync::Arc;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(10);

fn level(id: &str) -> Wanted<'_> {
    Wanted { entity: "account", attribute: "level", id }
}

fn found(text: &str) -> Answer {
    Answer::Found(Arc::from(text))
}

#[test]
fn a_name_is_claimed_once_and_all_get_its_answer() {
    let flights = Flights::default();
    let wanted = [level("a"), level("b"), level("a")];
    let (claim, boarded) = flights.board(wanted.iter(), |_| None);
    assert!(matches!(boarded[..], [Boarding::Claimed, Boarding::Claimed, Boarding::Awaited(_)]));
    let other = [level("b"), level("c")];
    let (others, mixed) = flights.board(other.iter(), |_| None);
    assert!(matches!(mixed[..], [Boarding::Awaited(_), Boarding::Claimed]));
    let mut kept = Vec::new();
    claim.land(vec![found("1"), Answer::Absent], |place| kept.push(place));
    assert_eq!(kept, [0, 1]);
    let wait = |boarding: &Boarding| match boarding {
        Boarding::Awaited(awaited) => awaited.wait(LONG),
        _ => panic!("it is awaited"),
    };
    assert_eq!((wait(&boarded[2]), wait(&mixed[0])), (Some(found("1")), Some(Answer::Absent)));
    drop(others);
    let (_, anew) = flights.board(wanted.iter(), |_| None);
    assert!(matches!(anew[0], Boarding::Claimed), "what has landed is asked for anew");
}

#[test]
fn what_has_become_known_is_not_claimed() {
    let flights = Flights::default();
    let wanted = [level("a"), level("b")];
    let (claim, boarded) = flights.board(wanted.iter(), |name| (name.id == "b").then(|| found("2")));
    assert!(matches!(&boarded[..], [Boarding::Claimed, Boarding::Known(answer)] if *answer == found("2")));
    claim.land(vec![found("1")], |_| {});
}

#[test]
fn who_waits_for_a_thread_that_is_gone_gets_no_answer() {
    let flights = Flights::default();
    let (claim, _) = flights.board([level("a")].iter(), |_| None);
    let (_, boarded) = flights.board([level("a")].iter(), |_| None);
    let Boarding::Awaited(awaited) = &boarded[0] else { panic!("it is awaited") };
    assert_eq!(awaited.wait(Duration::ZERO), None);
    drop(claim);
    assert_eq!(awaited.wait(LONG), None);
}

#[test]
fn a_name_that_changes_meanwhile_serves_those_who_asked_before_and_is_not_kept() {
    let flights = Flights::default();
    let wanted = [level("a"), level("b")];
    let (old, _) = flights.board(wanted.iter(), |_| None);
    let (_, before) = flights.board([level("a")].iter(), |_| None);
    flights.spoil(&level("a"));
    flights.spoil(&level("nobody asks for this"));
    let (new, after) = flights.board([level("a")].iter(), |_| None);
    assert!(matches!(after[..], [Boarding::Claimed]), "who asks after the change asks anew");
    let mut kept = Vec::new();
    old.land(vec![found("old"), found("b")], |place| kept.push(place));
    assert_eq!(kept, [1]);
    let Boarding::Awaited(awaited) = &before[0] else { panic!("it is awaited") };
    assert_eq!(awaited.wait(LONG), Some(found("old")));
    kept.clear();
    new.land(vec![found("new")], |place| kept.push(place));
    assert_eq!(kept, [0]);
}

#[test]
fn everything_can_change_at_once() {
    let flights = Flights::default();
    let wanted = [level("a"), level("b")];
    let (claim, _) = flights.board(wanted.iter(), |_| None);
    flights.spoil_all();
    claim.land(vec![found("1"), found("2")], |_| panic!("nothing is kept"));
}
