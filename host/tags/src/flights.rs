//! Single flight, for batches: of the names that several threads want at the same
//! time each is asked for by one of them, and the others wait for its answer.
//!
//! A thread claims the names that nobody asks for yet, asks for them together,
//! *lands* with the answers, and only then waits for what others have claimed: so
//! nobody waits for somebody who waits. A name that changes while it is asked for
//! is *spoiled*: its answer serves those who asked before, and is not kept.
//!
//! Rejected: `get_with` of moka, which keeps the answers: it is for one key at a time,
//! so that a batch of 256 would be 256 questions.

use crate::{Answer, Wanted};
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is being asked for.
#[derive(Default)]
pub(crate) struct Flights {
    names: Mutex<HashMap<String, Seat>>,
}

/// The place of a name among those that one thread asks for.
#[derive(Clone)]
struct Seat {
    flight: Arc<Flight>,
    place: usize,
    spoiled: bool,
}

#[derive(Default)]
struct Flight {
    /// The answers, once they are there; none of them if the asking thread is gone.
    landed: Mutex<Option<Vec<Answer>>>,
    arrival: Condvar,
}

/// Names that this thread has to ask for. Dropped without [`Claim::land`] those
/// who wait get no answer, instead of waiting for ever.
pub(crate) struct Claim<'f> {
    flights: &'f Flights,
    flight: Arc<Flight>,
    keys: Vec<String>,
}

/// An answer that another name of this batch, or another thread, asks for.
pub(crate) struct Awaited {
    flight: Arc<Flight>,
    place: usize,
}

/// What becomes of one name.
pub(crate) enum Boarding {
    /// It was known after all.
    Known(Answer),
    /// This thread asks for it, at the next place of its claim.
    Claimed,
    /// It is asked for already.
    Awaited(Awaited),
}

impl Flights {
    /// Settles for each of `wanted` who asks. `known` is looked at once more, now
    /// that nobody else can land meanwhile.
    pub(crate) fn board<'w>(
        &self,
        wanted: impl Iterator<Item = &'w Wanted<'w>>,
        known: impl Fn(&Wanted<'_>) -> Option<Answer>,
    ) -> (Claim<'_>, Vec<Boarding>) {
        let mut claim = Claim { flights: self, flight: Arc::default(), keys: Vec::new() };
        let mut names = self.lock();
        let boarded = wanted.map(|name| {
            let key = key(name);
            if let Some(seat) = names.get(&key).filter(|seat| !seat.spoiled) {
                return Boarding::Awaited(Awaited { flight: Arc::clone(&seat.flight), place: seat.place });
            }
            if let Some(answer) = known(name) {
                return Boarding::Known(answer);
            }
            let seat = Seat { flight: Arc::clone(&claim.flight), place: claim.keys.len(), spoiled: false };
            names.insert(key.clone(), seat);
            claim.keys.push(key);
            Boarding::Claimed
        });
        let boarded = boarded.collect();
        (claim, boarded)
    }

    /// Spoils a name that has changed, if it is being asked for.
    pub(crate) fn spoil(&self, name: &Wanted<'_>) {
        if let Some(seat) = self.lock().get_mut(&key(name)) {
            seat.spoiled = true;
        }
    }

    /// Spoils all names.
    pub(crate) fn spoil_all(&self) {
        self.lock().values_mut().for_each(|seat| seat.spoiled = true);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Seat>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claim<'_> {
    /// Hands the answers, one for each claimed name, to those who wait. `keep` is
    /// told the places whose answers may be remembered, before anybody can claim
    /// these names anew.
    pub(crate) fn land(mut self, answers: Vec<Answer>, keep: impl FnMut(usize)) {
        self.leave(keep);
        self.flight.land(answers);
    }

    /// Takes the names out of what is being asked for.
    fn leave(&mut self, mut keep: impl FnMut(usize)) {
        if self.keys.is_empty() {
            return;
        }
        let mut names = self.flights.lock();
        for (place, key) in std::mem::take(&mut self.keys).into_iter().enumerate() {
            // a spoiled name may have been claimed anew by another thread meanwhile
            let ours = names.get(&key).filter(|seat| Arc::ptr_eq(&seat.flight, &self.flight));
            if let Some(spoiled) = ours.map(|seat| seat.spoiled) {
                names.remove(&key);
                if !spoiled {
                    keep(place);
                }
            }
        }
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.leave(|_| {});
        self.flight.land(Vec::new());
    }
}

impl Flight {
    fn land(&self, answers: Vec<Answer>) {
        let mut landed = self.landed.lock().unwrap_or_else(PoisonError::into_inner);
        if landed.is_none() {
            *landed = Some(answers);
            self.arrival.notify_all();
        }
    }
}

impl Awaited {
    /// Waits for the answer; `None` if there is none within `limit`.
    pub(crate) fn wait(&self, limit: Duration) -> Option<Answer> {
        let landed = self.flight.landed.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.flight.arrival.wait_timeout_while(landed, limit, |landed| landed.is_none());
        let (landed, _) = waited.unwrap_or_else(PoisonError::into_inner);
        landed.as_ref()?.get(self.place).cloned()
    }
}

/// The three parts as one text. No part of a tag has a control character.
pub(crate) fn key(name: &Wanted<'_>) -> String {
    [name.entity, name.attribute, name.id].join("\0")
}

#[cfg(test)]
mod tests;
