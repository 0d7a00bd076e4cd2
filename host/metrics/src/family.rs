//! Numbers of the same name that differ by their labels. Bounded: what comes
//! from a configuration or from a broker cannot fill the memory of the host or
//! of whoever scrapes it.

use crate::{Buckets, Counter, Gauge, Histogram, Time};
use prometheus_client::encoding::{EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Most members of a family; what comes after them is counted together, with [`OTHER`] in every label.
pub const MEMBERS_MAX: usize = 4_096;
/// The label of what there was no room for.
pub const OTHER: &str = "other";
/// Longest value of a label, in characters; the rest is cut.
const LABEL_MAX: usize = 128;

/// Numbers of the same name, told apart by the values of `N` labels.
pub struct Family<M, const N: usize>(Arc<Kept<M, N>>);

/// A family of numbers that only grow.
pub type Counters<const N: usize> = Family<Counter, N>;
/// A family of numbers that go up and down.
pub type Gauges<const N: usize> = Family<Gauge, N>;
/// A family of histograms.
pub type Histograms<const N: usize> = Family<Histogram, N>;
/// A family of times that were spent.
pub type Times<const N: usize> = Family<Time, N>;

struct Kept<M, const N: usize> {
    labels: [&'static str; N],
    members: Mutex<BTreeMap<[String; N], M>>,
    make: Box<dyn Fn() -> M + Send + Sync>,
    kind: MetricType,
}

impl<M, const N: usize> Clone for Family<M, N> {
    fn clone(&self) -> Self {
        Family(self.0.clone())
    }
}

impl<M, const N: usize> fmt::Debug for Family<M, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Family").field("labels", &self.0.labels).finish_non_exhaustive()
    }
}

impl<const N: usize> Counters<N> {
    pub(crate) fn counters(labels: [&'static str; N]) -> Self {
        Family::of(labels, MetricType::Counter, Counter::default)
    }
}

impl<const N: usize> Times<N> {
    pub(crate) fn times(labels: [&'static str; N]) -> Self {
        Family::of(labels, MetricType::Counter, Time::default)
    }
}

impl<const N: usize> Gauges<N> {
    pub(crate) fn gauges(labels: [&'static str; N]) -> Self {
        Family::of(labels, MetricType::Gauge, Gauge::default)
    }
}

impl<const N: usize> Histograms<N> {
    pub(crate) fn histograms(labels: [&'static str; N], buckets: Buckets) -> Self {
        Family::of(labels, MetricType::Histogram, move || Histogram::new(buckets.clone()))
    }
}

impl<M: Clone, const N: usize> Family<M, N> {
    fn of(labels: [&'static str; N], kind: MetricType, make: impl Fn() -> M + Send + Sync + 'static) -> Self {
        Family(Arc::new(Kept { labels, members: Mutex::default(), make: Box::new(make), kind }))
    }

    /// The member with these values, in the order of the labels; a new one at
    /// the first time. Keep it where it is counted often.
    pub fn with(&self, values: [&str; N]) -> M {
        let key = values.map(|value| value.chars().take(LABEL_MAX).collect::<String>());
        let mut members = self.0.members.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(member) = members.get(&key) {
            return member.clone();
        }
        let key = if members.len() < MEMBERS_MAX { key } else { [const { OTHER }; N].map(str::to_owned) };
        members.entry(key).or_insert_with(|| (self.0.make)()).clone()
    }

    /// Forgets a member, as when a partition has gone to another host.
    pub fn remove(&self, values: [&str; N]) {
        let key = values.map(|value| value.chars().take(LABEL_MAX).collect::<String>());
        self.0.members.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    }

    /// Forgets the members whose values are not to be kept.
    pub fn retain(&self, keep: impl Fn(&[String; N]) -> bool) {
        self.0.members.lock().unwrap_or_else(PoisonError::into_inner).retain(|values, _| keep(values));
    }

    /// How many members there are.
    pub fn members(&self) -> usize {
        self.0.members.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl<M: EncodeMetric + Clone, const N: usize> EncodeMetric for Family<M, N> {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let members = self.0.members.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (values, member) in &members {
            let labels: Vec<(&str, &str)> = self.0.labels.into_iter().zip(values.iter().map(String::as_str)).collect();
            member.encode(encoder.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        self.0.kind
    }
}

#[cfg(test)]
mod tests {
    use super::{Counters, MEMBERS_MAX, OTHER};

    #[test]
    fn a_member_is_the_same_each_time_and_gone_when_removed() {
        let family = Counters::counters(["tenant", "outcome"]);
        family.with(["a", "allow"]).add(2);
        family.with(["a", "allow"]).add(3);
        family.with(["a", "block"]).add(1);
        assert_eq!((family.with(["a", "allow"]).get(), family.members()), (5, 2));
        family.remove(["a", "allow"]);
        assert_eq!((family.with(["a", "allow"]).get(), family.members()), (0, 2));
        let long = "x".repeat(1_000);
        family.with([&long, ""]).add(1);
        assert_eq!(family.with([&long[..128], ""]).get(), 1);
    }

    #[test]
    fn what_there_is_no_room_for_is_counted_together() {
        let family = Counters::counters(["tenant"]);
        for at in 0..MEMBERS_MAX + 10 {
            family.with([&at.to_string()]).add(1);
        }
        assert_eq!(family.members(), MEMBERS_MAX + 1);
        assert_eq!(family.with([OTHER]).get(), 10);
    }
}
