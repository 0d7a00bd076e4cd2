//! A guard around calls that fail, are late, or work.

use super::{Rank, Tier, Why};
use crate::Error;
use sandgate_remote::breaker::{Config, State};
use std::sync::atomic::Ordering;
use std::time::Duration;

fn tier(failures: u32) -> Tier {
    let config = Config { failures, open: Duration::from_secs(60), ..Config::default() };
    Tier::new(Rank::Postgres, Duration::from_secs(5), config)
}

fn gone() -> Error {
    Error::Unreachable { server: "postgres://host".to_owned(), said: "connection refused".to_owned() }
}

#[test]
fn a_call_that_failed_at_once_is_made_again() {
    let tier = tier(5);
    let mut answers = vec![Ok(7), Err(gone())];
    assert_eq!(tier.call(|_| answers.pop().unwrap()), Ok(7));
    assert_eq!(tier.state(), State::Closed);
    assert_eq!(tier.counts().calls.load(Ordering::Relaxed), 2);
    assert_eq!(tier.counts().failures.load(Ordering::Relaxed), 1);
}

#[test]
fn what_would_fail_again_is_not_asked_again() {
    let tier = tier(5);
    let mut calls = 0;
    let refused = tier.call(|_| -> Result<(), Error> {
        calls += 1;
        Err(Error::Refused { server: "s".to_owned(), said: "password".to_owned() })
    });
    assert_eq!((refused, calls), (Err(Why::Failed), 1));
}

#[test]
fn an_open_breaker_asks_nobody() {
    let tier = tier(4);
    for _ in 0..2 {
        assert_eq!(tier.call(|_| -> Result<(), Error> { Err(gone()) }), Err(Why::Failed));
    }
    assert_eq!(tier.state(), State::Open);
    let mut asked = false;
    let answer = tier.call(|_| {
        asked = true;
        Ok(())
    });
    assert_eq!((answer, asked, tier.times_opened()), (Err(Why::Open), false, 1));
}

#[test]
fn a_call_is_told_how_long_it_may_take() {
    let tier = tier(5);
    let late = || Error::Late { server: "s".to_owned(), limit: Duration::ZERO };
    let mut told = Vec::new();
    let answer = tier.call(|left| -> Result<(), Error> {
        told.push(left);
        Err(late())
    });
    assert_eq!(answer, Err(Why::Late));
    assert!(told.iter().all(|left| *left <= Duration::from_secs(5)) && told.is_sorted_by(|a, b| a > b), "{told:?}");
}

#[test]
fn an_answer_after_the_deadline_counts_against_the_tier_and_is_used() {
    let config = Config { failures: 1, ..Config::default() };
    let tier = Tier::new(Rank::Redis, Duration::from_nanos(1), config);
    // the deadline may pass before the call, or within it
    let answer = tier.call(|_| Ok(1));
    match answer {
        Ok(1) => assert_eq!(tier.state(), State::Open),
        other => assert_eq!(other, Err(Why::Late)),
    }
}
