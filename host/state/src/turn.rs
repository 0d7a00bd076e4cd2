//! A turnstile: batch *k* may enter after batch *k* − 1 has left.
//!
//! It orders the batches, it does not guard data: that is what the lock behind
//! it is for, over which batches then never meet. Passing on the turn costs one atomic
//! store where nobody waits, because a batch goes through a turnstile for each
//! shard. A ticket lock was rejected: it orders by arrival, and batches have
//! to go through in the order of the lane.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// How often a waiting batch looks before it lies down: about as long as a small
/// batch takes, and short where there are more threads than cores.
const LOOKS: u32 = 64;

/// Nobody passes any more: the lane was closed, or its open batches were aborted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the lane takes no more batches: it was closed, or its open batches were aborted")]
pub struct Closed;

/// The turnstile.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// Whose turn it is.
    next: AtomicU64,
    closed: AtomicBool,
    /// How many lie down, or are about to.
    waiting: AtomicUsize,
    bed: Mutex<()>,
    bell: Condvar,
}

/// A batch inside the turnstile. Dropping it lets the next one in; dropping it in
/// a panic closes the turnstile, because what it guards is half done.
#[derive(Debug)]
pub(crate) struct Inside<'a> {
    turn: &'a Turn,
    number: u64,
}

impl Turn {
    /// Waits until it is the batch's turn.
    pub(crate) fn enter(&self, number: u64) -> Result<Inside<'_>, Closed> {
        for _ in 0..LOOKS {
            if let Some(answer) = self.look(number) {
                return answer;
            }
            std::hint::spin_loop();
        }
        let mut bed = self.bed.lock().unwrap_or_else(PoisonError::into_inner);
        // before looking again: whoever leaves after that look sees it, and rings
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let answer = loop {
            if let Some(answer) = self.look(number) {
                break answer;
            }
            bed = self.bell.wait(bed).unwrap_or_else(PoisonError::into_inner);
        };
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        answer
    }

    /// What a batch sees from outside: an answer, or nothing yet. One that comes
    /// after its turn will never be let in.
    fn look(&self, number: u64) -> Option<Result<Inside<'_>, Closed>> {
        if self.closed.load(Ordering::SeqCst) {
            return Some(Err(Closed));
        }
        match self.next.load(Ordering::SeqCst) {
            next if next == number => Some(Ok(Inside { turn: self, number })),
            next if next > number => Some(Err(Closed)),
            _ => None,
        }
    }

    /// Refuses everybody who waits or comes, until [`Turn::open`].
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.ring();
    }

    /// Opens the turnstile for batch `next`.
    pub(crate) fn open(&self, next: u64) {
        self.next.store(next, Ordering::SeqCst);
        self.closed.store(false, Ordering::SeqCst);
        self.ring();
    }

    fn ring(&self) {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            // whoever is about to lie down holds the lock from its look to its wait
            drop(self.bed.lock().unwrap_or_else(PoisonError::into_inner));
            self.bell.notify_all();
        }
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return self.turn.close();
        }
        self.turn.next.store(self.number.wrapping_add(1), Ordering::SeqCst);
        self.turn.ring();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn batches_pass_in_order_whoever_carries_them() {
        for threads in [1, 2, 3, 8] {
            let (turn, passed) = (Turn::default(), Mutex::new(Vec::new()));
            thread::scope(|scope| {
                for first in 0..threads {
                    let (turn, passed) = (&turn, &passed);
                    scope.spawn(move || {
                        for number in (first..1_000).step_by(threads as usize) {
                            let inside = turn.enter(number).unwrap();
                            passed.lock().unwrap().push(number);
                            drop(inside);
                        }
                    });
                }
            });
            assert_eq!(passed.into_inner().unwrap(), (0..1_000).collect::<Vec<_>>(), "{threads} threads");
        }
    }

    #[test]
    fn closing_wakes_everybody_who_waits() {
        let turn = Turn::default();
        thread::scope(|scope| {
            let waiting: Vec<_> = (1..5)
                .map(|number| {
                    scope.spawn({
                        let turn = &turn;
                        move || turn.enter(number).map(drop)
                    })
                })
                .collect();
            turn.close();
            for waiting in waiting {
                assert_eq!(waiting.join().unwrap(), Err(Closed));
            }
        });
        assert!(turn.enter(0).is_err(), "nobody gets in afterwards");
        turn.open(7);
        assert!(turn.enter(6).is_err(), "its turn is over");
        assert!(turn.enter(7).is_ok());
    }

    #[test]
    fn a_panic_inside_closes_the_turnstile() {
        let turn = Turn::default();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| turn.enter(1).map(drop));
            let panicking = scope.spawn(|| {
                let _inside = turn.enter(0);
                panic!("as planned");
            });
            assert!(panicking.join().is_err());
            assert_eq!(waiting.join().unwrap(), Err(Closed));
        });
    }
}
