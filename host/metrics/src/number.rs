//! The numbers: what only grows, what goes up and down, and time that was spent.

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// A number that only grows. Its name ends in `_total`, which is added here.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicU64>);

/// A number that goes up and down.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<AtomicU64>);

/// Time that was spent, told in seconds; to the nanosecond, up to 584 years.
#[derive(Clone, Debug, Default)]
pub struct Time(Arc<AtomicU64>);

impl Counter {
    /// Counts so many more.
    pub fn add(&self, more: u64) {
        // most batches have none of most things, and a line that others write to is not free
        if more > 0 {
            self.0.fetch_add(more, Relaxed);
        }
    }

    /// Follows a total that is counted elsewhere. Never falls.
    pub fn follow(&self, total: u64) {
        self.0.fetch_max(total, Relaxed);
    }

    /// The count.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

impl Gauge {
    /// It is this now.
    pub fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Relaxed);
    }

    /// It is this whole number now; exact up to 2^53.
    pub fn set_whole(&self, value: u64) {
        self.set(value as f64);
    }

    /// It is true or false now: 1 or 0.
    pub fn set_flag(&self, value: bool) {
        self.set_whole(u64::from(value));
    }

    /// It is this length of time now, in seconds.
    pub fn set_time(&self, value: Duration) {
        self.set(value.as_secs_f64());
    }

    /// What it is.
    pub fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Relaxed))
    }
}

impl Time {
    /// Counts so much more.
    pub fn add(&self, more: Duration) {
        self.0.fetch_add(nanoseconds(more), Relaxed);
    }

    /// Follows a total that is kept elsewhere. Never falls.
    pub fn follow(&self, total: Duration) {
        self.0.fetch_max(nanoseconds(total), Relaxed);
    }

    /// How much it is.
    pub fn get(&self) -> Duration {
        Duration::from_nanos(self.0.load(Relaxed))
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl EncodeMetric for Counter {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        encoder.encode_counter::<NoLabelSet, u64, u64>(&self.get(), None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Counter
    }
}

impl EncodeMetric for Gauge {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        encoder.encode_gauge(&self.get())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Gauge
    }
}

impl EncodeMetric for Time {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        encoder.encode_counter::<NoLabelSet, f64, f64>(&self.get().as_secs_f64(), None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Counter
    }
}
