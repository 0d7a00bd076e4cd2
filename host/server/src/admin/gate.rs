//! Who comes in, and how often: buckets that fill with time, one for each token, and one
//! for each address whose logins fail.
//!
//! An address that has failed too often is not looked up any more, so that guessing
//! costs the registry nothing; a token that was good before is, so that nobody is locked
//! out by a neighbour behind the same address. Everything here is bounded in number.

use super::problem::Problem;
use sandgate_control::{Login, Registry, Token, tokens};
use sandgate_model::digest::Digest;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Logins that may fail at once from one address.
const FAILURES: f64 = 20.0;
/// And each second from then on.
const FAILURES_RATE: f64 = 0.5;
/// Most buckets of a kind; beyond that strangers share one.
const BUCKETS_MAX: usize = 10_000;
/// Most tokens that are known to be good.
const GOOD_MAX: usize = 10_000;

/// The gate.
pub(super) struct Gate {
    tokens: Mutex<Buckets<String>>,
    failures: Mutex<Buckets<u128>>,
    good: Mutex<BTreeSet<Digest>>,
}

/// Buckets that hold at most `most`, and get `rate` each second.
struct Buckets<K> {
    most: f64,
    rate: f64,
    levels: BTreeMap<Option<K>, (f64, Instant)>,
}

impl<K: Ord> Buckets<K> {
    fn new(most: f64, rate: f64) -> Buckets<K> {
        Buckets { most, rate, levels: BTreeMap::new() }
    }

    /// What is in a bucket now.
    fn level(&self, key: &Option<K>, now: Instant) -> f64 {
        self.levels.get(key).map_or(self.most, |(level, at)| {
            (level + now.saturating_duration_since(*at).as_secs_f64() * self.rate).min(self.most)
        })
    }

    /// Takes one out; or says in how many seconds there is one.
    fn take(&mut self, key: K, now: Instant) -> Result<(), u32> {
        let key = self.place(key, now);
        let level = self.level(&key, now);
        if level < 1.0 {
            return Err(((1.0 - level) / self.rate).ceil().max(1.0) as u32);
        }
        self.levels.insert(key, (level - 1.0, now));
        Ok(())
    }

    /// Whether there is one; else in how many seconds.
    fn look(&mut self, key: K, now: Instant) -> Result<(), u32> {
        let key = self.place(key, now);
        let level = self.level(&key, now);
        if level < 1.0 { Err(((1.0 - level) / self.rate).ceil().max(1.0) as u32) } else { Ok(()) }
    }

    fn place(&mut self, key: K, now: Instant) -> Option<K> {
        let key = Some(key);
        if self.levels.len() >= BUCKETS_MAX && !self.levels.contains_key(&key) {
            let (most, rate) = (self.most, self.rate);
            self.levels
                .retain(|_, (level, at)| *level + now.saturating_duration_since(*at).as_secs_f64() * rate < most);
            if self.levels.len() >= BUCKETS_MAX {
                return None;
            }
        }
        key
    }
}

impl Gate {
    /// A gate that lets each token ask so often in a second, and twice as often at once.
    pub(super) fn new(rate: u32) -> Gate {
        let rate = f64::from(rate);
        Gate {
            tokens: Mutex::new(Buckets::new(rate * 2.0, rate)),
            failures: Mutex::new(Buckets::new(FAILURES, FAILURES_RATE)),
            good: Mutex::default(),
        }
    }

    /// Who shows this header `Authorization`, if they may come in.
    pub(super) fn admit(
        &self,
        header: Option<&[u8]>,
        (from, registry): (IpAddr, &Registry),
        (now, at): (Instant, i64),
    ) -> Result<Token, Problem> {
        let header = header.ok_or_else(|| {
            Problem::login("there is no token: send `Authorization: Bearer TOKEN`; `sandgate token create` makes one")
        })?;
        let text = bearer(header).filter(|text| tokens::parsed(text).is_some());
        let Some(text) = text else {
            return Err(self.failed(from, now, "what stands in `Authorization` has not the form of a token"));
        };
        let digest = Digest::of(text.as_bytes());
        if !lock(&self.good).contains(&digest) {
            let limit = lock(&self.failures).look(prefix(from), now);
            limit.map_err(|seconds| Problem::often("too many logins from this address have failed", seconds))?;
        }
        let gone = |detail: &str| {
            lock(&self.good).remove(&digest);
            self.failed(from, now, detail)
        };
        let token = match registry.login(text, at)? {
            Login::Known(token) => token,
            Login::Expired(_) => return Err(gone("the token has ended: let somebody make a new one")),
            Login::Revoked(_) => return Err(gone("the token was revoked")),
            Login::Unknown => return Err(gone("there is no such token")),
        };
        let mut good = lock(&self.good);
        if good.len() >= GOOD_MAX {
            good.clear();
        }
        good.insert(digest);
        drop(good);
        let limit = lock(&self.tokens).take(token.id.clone(), now);
        limit.map_err(|seconds| Problem::often("this token asks too often", seconds))?;
        Ok(token)
    }

    /// Notes a login that failed.
    fn failed(&self, from: IpAddr, now: Instant, detail: &str) -> Problem {
        match lock(&self.failures).take(prefix(from), now) {
            Ok(()) => Problem::login(detail),
            Err(seconds) => Problem::often("too many logins from this address have failed", seconds),
        }
    }
}

/// The token of the header; the word before it in any case.
fn bearer(header: &[u8]) -> Option<&str> {
    let (scheme, text) = std::str::from_utf8(header).ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| text.trim())
}

/// What counts as one address: of IPv6 the network, of which somebody has all.
fn prefix(from: IpAddr) -> u128 {
    match from.to_canonical() {
        IpAddr::V4(from) => u128::from(u32::from(from)),
        IpAddr::V6(from) => u128::from(from) >> 64 << 64,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{BUCKETS_MAX, Buckets, bearer, prefix};
    use std::time::{Duration, Instant};

    #[test]
    fn a_bucket_is_empty_after_its_most_and_fills_with_time() {
        let (mut buckets, now) = (Buckets::new(2.0, 0.5), Instant::now());
        assert_eq!([buckets.take(1, now), buckets.take(1, now)], [Ok(()), Ok(())]);
        assert_eq!((buckets.take(1, now), buckets.look(1, now)), (Err(2), Err(2)));
        assert_eq!(buckets.take(2, now), Ok(()), "another one has its own");
        let later = now + Duration::from_secs(2);
        assert_eq!((buckets.look(1, later), buckets.take(1, later)), (Ok(()), Ok(())));
        assert_eq!(buckets.take(1, later), Err(2));
    }

    #[test]
    fn strangers_beyond_the_bound_share_one_bucket() {
        let (mut buckets, now) = (Buckets::new(2.0, 0.5), Instant::now());
        assert!((0..BUCKETS_MAX).all(|key| buckets.take(key, now).is_ok()));
        assert_eq!([buckets.take(1 << 20, now), buckets.take(1 << 21, now)], [Ok(()), Ok(())]);
        assert_eq!(buckets.take(1 << 22, now), Err(2));
        // full ones are forgotten
        let later = now + Duration::from_secs(60);
        assert_eq!(buckets.take(1 << 22, later), Ok(()));
        assert_eq!(buckets.levels.len(), 1);
    }

    #[test]
    fn a_header_and_an_address_are_read_as_they_are_meant() {
        assert_eq!(bearer(b"bearer  x"), Some("x"));
        assert_eq!((bearer(b"Basic x"), bearer(b"Bearer"), bearer(b"Bearer \xff")), (None, None, None));
        let of = |text: &str| prefix(text.parse().unwrap());
        assert_eq!(of("127.0.0.1"), of("::ffff:127.0.0.1"));
        assert_eq!(of("2001:db8::1"), of("2001:db8::2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
    }
}
