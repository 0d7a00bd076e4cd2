//! How often a measure fell into which bucket. Kept in atomics: the library's
//! own takes a lock for each measure, and cannot take one for many rows at once.

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The upper bounds of a histogram's buckets, rising; everything above them is one more bucket.
#[derive(Clone, Debug)]
pub struct Buckets(Arc<[f64]>);

/// How often a measure fell into which bucket, and the sum of all.
#[derive(Clone, Debug)]
pub struct Histogram(Arc<Kept>);

#[derive(Debug)]
struct Kept {
    bounds: Buckets,
    /// one more than the bounds
    counts: Box<[AtomicU64]>,
    /// the bits of a float
    sum: AtomicU64,
}

impl Buckets {
    /// For time in seconds: three steps a decade, from 10 µs to 10 s.
    pub fn time() -> Buckets {
        Buckets::of(&[
            10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 0.1, 0.25, 0.5, 1.0,
            2.5, 5.0, 10.0,
        ])
    }

    /// For counts: powers of four, from 1 to about a million.
    pub fn counts() -> Buckets {
        Buckets::of(&[1.0, 4.0, 16.0, 64.0, 256.0, 1_024.0, 4_096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0])
    }

    /// For fuel: three steps a decade, from 100 to 25 million.
    pub fn fuel() -> Buckets {
        let steps = (2..8).flat_map(|decade| [1.0, 2.5, 5.0].map(|step| step * 10f64.powi(decade)));
        Buckets::of(&steps.take_while(|bound| *bound < 5e7).collect::<Vec<_>>())
    }

    /// These bounds; put in order, each once, and none that is no number.
    pub fn of(bounds: &[f64]) -> Buckets {
        let mut bounds: Vec<f64> = bounds.iter().copied().filter(|bound| bound.is_finite()).collect();
        bounds.sort_by(f64::total_cmp);
        bounds.dedup();
        Buckets(bounds.into())
    }
}

impl Histogram {
    /// An empty one.
    pub fn new(bounds: Buckets) -> Histogram {
        let counts = (0..=bounds.0.len()).map(|_| AtomicU64::new(0)).collect();
        Histogram(Arc::new(Kept { bounds, counts, sum: AtomicU64::new(0f64.to_bits()) }))
    }

    /// Takes one measure.
    pub fn observe(&self, value: f64) {
        self.observe_many(value, 1);
    }

    /// Takes one measure of time, in seconds.
    pub fn observe_time(&self, time: Duration) {
        self.observe_many(time.as_secs_f64(), 1);
    }

    /// Takes the same measure so many times, as for the rows of a batch.
    pub fn observe_many(&self, value: f64, times: u64) {
        if times == 0 || !value.is_finite() {
            return;
        }
        let Kept { bounds, counts, sum } = &*self.0;
        let bucket = bounds.0.partition_point(|bound| *bound < value);
        counts[bucket].fetch_add(times, Relaxed);
        let more = value * times as f64;
        let _ = sum.fetch_update(Relaxed, Relaxed, |bits| Some((f64::from_bits(bits) + more).to_bits()));
    }

    /// How many measures there were.
    pub fn count(&self) -> u64 {
        self.0.counts.iter().map(|count| count.load(Relaxed)).sum()
    }

    /// The sum of all measures.
    pub fn sum(&self) -> f64 {
        f64::from_bits(self.0.sum.load(Relaxed))
    }
}

impl EncodeMetric for Histogram {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let bounds = self.0.bounds.0.iter().copied().chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = bounds.zip(self.0.counts.iter().map(|count| count.load(Relaxed))).collect();
        // the count is that of the buckets that are told, even while others count
        let count = buckets.iter().map(|(_, count)| count).sum();
        encoder.encode_histogram::<NoLabelSet>(self.sum(), count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

#[cfg(test)]
mod tests {
    use super::{Buckets, Histogram};
    use std::time::Duration;

    #[test]
    fn a_measure_falls_into_the_first_bucket_that_is_not_below_it() {
        let histogram = Histogram::new(Buckets::of(&[2.0, 1.0, 2.0, f64::NAN]));
        for value in [0.5, 1.0, 1.5, 2.0, 9.0, f64::INFINITY] {
            histogram.observe(value);
        }
        histogram.observe_many(2.0, 10);
        histogram.observe_many(3.0, 0);
        let counts: Vec<u64> = histogram.0.counts.iter().map(|count| count.load(super::Relaxed)).collect();
        assert_eq!(counts, [2, 12, 1]);
        assert_eq!((histogram.count(), histogram.sum()), (15, 34.0));
        let time = Histogram::new(Buckets::time());
        time.observe_time(Duration::from_millis(3));
        assert_eq!((time.count(), time.sum()), (1, 0.003));
    }
}
