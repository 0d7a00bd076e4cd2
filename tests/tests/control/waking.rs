//! Who follows a registry in PostgreSQL is woken by its changes.

use crate::{LONG, bundle, places, who};
use sandgate_control::{Error, Location, Wake};
use std::time::{Duration, Instant};

#[test]
fn a_change_wakes_whoever_waits_and_nothing_else_does() {
    let [file, server] = places();
    assert!(Wake::of(&file.location, LONG).is_none());
    let registry = server.open();
    registry.push(&bundle(b"first"), &who("anne"), 1).unwrap();
    let mut wakes = [0, 1].map(|_| Wake::of(&server.location, LONG).unwrap());
    for wake in &mut wakes {
        // it may have missed something until it listened
        assert!(wake.wait(Duration::ZERO).unwrap());
        assert!(!wake.wait(Duration::from_millis(50)).unwrap());
    }
    std::thread::scope(|scope| {
        let waits = wakes.each_mut().map(|wake| scope.spawn(move || wake.wait(LONG).unwrap()));
        registry.push(&bundle(b"second"), &who("anne"), 2).unwrap();
        waits.into_iter().for_each(|wait| assert!(wait.join().unwrap()));
    });
    // what is known already is no change, nor is a sign of life
    registry.push(&bundle(b"second"), &who("anne"), 3).unwrap();
    registry.report("one", &[], 3).unwrap();
    assert!(!wakes[0].wait(Duration::from_millis(200)).unwrap());
}

#[test]
fn a_registry_that_is_away_is_an_error_and_no_wait_without_end() {
    let location = Location::parse("postgres://nobody@127.0.0.1:1/nowhere").unwrap();
    let mut wake = Wake::of(&location, Duration::from_secs(2)).unwrap();
    let begun = Instant::now();
    let error = wake.wait(LONG).unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. } | Error::Late { .. }), "{error}");
    assert!(begun.elapsed() < LONG);
}
