//! All that is measured, by name.

use crate::plain::plain;
use crate::{Buckets, Counter, Counters, Gauge, Gauges, Histogram, Histograms, Time, Times};
use prometheus_client::encoding::{EncodeMetric, text};
use prometheus_client::registry::Registry as Names;
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What stands before every name.
const PREFIX: &str = "sandgate";

/// All that is measured, by name; a handle, to be cloned freely. A name that is
/// asked for again gives the same numbers.
#[derive(Clone)]
pub struct Registry(Arc<Kept>);

struct Kept {
    names: Mutex<Names>,
    /// what was registered under each name, to give it again
    known: Mutex<BTreeMap<&'static str, Box<dyn Any + Send>>>,
    before: Mutex<Vec<Box<dyn Fn() + Send + Sync>>>,
}

/// How the numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `text/plain; version=0.0.4`: what Prometheus and most others read.
    Plain,
    /// `application/openmetrics-text; version=1.0.0`.
    OpenMetrics,
}

impl Default for Registry {
    fn default() -> Self {
        let names = Mutex::new(Names::with_prefix(PREFIX));
        Registry(Arc::new(Kept { names, known: Mutex::default(), before: Mutex::default() }))
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}

impl Registry {
    /// A number that only grows. `name` has neither `sandgate_` before it nor
    /// `_total` behind it; `help` is a sentence without its full stop.
    pub fn counter(&self, name: &'static str, help: &str) -> Counter {
        self.register(name, help, Counter::default)
    }

    /// Time that was spent; the name ends in `_seconds`.
    pub fn time(&self, name: &'static str, help: &str) -> Time {
        self.register(name, help, Time::default)
    }

    /// A number that goes up and down.
    pub fn gauge(&self, name: &'static str, help: &str) -> Gauge {
        self.register(name, help, Gauge::default)
    }

    /// A histogram; the unit is the last word of the name.
    pub fn histogram(&self, name: &'static str, help: &str, buckets: Buckets) -> Histogram {
        self.register(name, help, || Histogram::new(buckets))
    }

    /// A family of [`Registry::counter`].
    pub fn counters<const N: usize>(&self, name: &'static str, help: &str, labels: [&'static str; N]) -> Counters<N> {
        self.register(name, help, || Counters::counters(labels))
    }

    /// A family of [`Registry::time`].
    pub fn times<const N: usize>(&self, name: &'static str, help: &str, labels: [&'static str; N]) -> Times<N> {
        self.register(name, help, || Times::times(labels))
    }

    /// A family of [`Registry::gauge`].
    pub fn gauges<const N: usize>(&self, name: &'static str, help: &str, labels: [&'static str; N]) -> Gauges<N> {
        self.register(name, help, || Gauges::gauges(labels))
    }

    /// A family of [`Registry::histogram`].
    pub fn histograms<const N: usize>(
        &self,
        name: &'static str,
        help: &str,
        labels: [&'static str; N],
        buckets: Buckets,
    ) -> Histograms<N> {
        self.register(name, help, || Histograms::histograms(labels, buckets))
    }

    /// Is called before each reading, to bring up to date what is known
    /// elsewhere. It must not block.
    pub fn before_reading(&self, refresh: impl Fn() + Send + Sync + 'static) {
        lock(&self.0.before).push(Box::new(refresh));
    }

    /// All numbers as text. A family without a member still tells its name.
    pub fn text(&self, form: Form) -> String {
        lock(&self.0.before).iter().for_each(|refresh| refresh());
        let mut text = String::new();
        // writing into a String does not fail
        let _ = text::encode(&mut text, &lock(&self.0.names));
        match form {
            Form::OpenMetrics => text,
            Form::Plain => plain(&text),
        }
    }

    fn register<M>(&self, name: &'static str, help: &str, make: impl FnOnce() -> M) -> M
    where
        M: EncodeMetric + Clone + fmt::Debug + Send + Sync + 'static,
    {
        let mut known = lock(&self.0.known);
        if let Some(same) = known.get(name).and_then(|known| known.downcast_ref::<M>()) {
            return same.clone();
        }
        let made = make();
        known.insert(name, Box::new(made.clone()));
        lock(&self.0.names).register(name, help, made.clone());
        made
    }
}

impl Form {
    /// The media type of it.
    pub fn media_type(self) -> &'static str {
        match self {
            Form::Plain => "text/plain; version=0.0.4; charset=utf-8",
            Form::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{Form, Registry};
    use crate::Buckets;
    use std::time::Duration;

    fn filled() -> Registry {
        let registry = Registry::default();
        registry.counter("fenced", "Times that this host was fenced").add(2);
        registry.time("judging_seconds", "Time spent in judging").add(Duration::from_millis(1_500));
        registry.gauges("lag", "Records that wait", ["source", "partition"]).with(["pay\"ments", "0"]).set_whole(7);
        registry.counters("faults", "Faults", ["kind"]);
        let commits = registry.histogram("commit_seconds", "Time of a commit", Buckets::of(&[0.001, 0.01]));
        commits.observe(0.0005);
        commits.observe(1.0);
        registry
    }

    #[test]
    fn the_numbers_are_told_in_both_forms() {
        let open = "\
# HELP sandgate_fenced Times that this host was fenced.
# TYPE sandgate_fenced counter
sandgate_fenced_total 2
# HELP sandgate_judging_seconds Time spent in judging.
# TYPE sandgate_judging_seconds counter
sandgate_judging_seconds_total 1.5
# HELP sandgate_lag Records that wait.
# TYPE sandgate_lag gauge
sandgate_lag{source=\"pay\\\"ments\",partition=\"0\"} 7.0
# HELP sandgate_faults Faults.
# TYPE sandgate_faults counter
# HELP sandgate_commit_seconds Time of a commit.
# TYPE sandgate_commit_seconds histogram
sandgate_commit_seconds_sum 1.0005
sandgate_commit_seconds_count 2
sandgate_commit_seconds_bucket{le=\"0.001\"} 1
sandgate_commit_seconds_bucket{le=\"0.01\"} 1
sandgate_commit_seconds_bucket{le=\"+Inf\"} 2
# EOF
";
        assert_eq!(filled().text(Form::OpenMetrics), open);
        let plain = open.replace("fenced c", "fenced_total c").replace("fenced T", "fenced_total T");
        let plain = plain.replace("judging_seconds c", "judging_seconds_total c");
        let plain = plain.replace("judging_seconds T", "judging_seconds_total T");
        let plain = plain.replace("faults F", "faults_total F").replace("faults c", "faults_total c");
        assert_eq!(filled().text(Form::Plain), plain.replace("# EOF\n", ""));
    }

    #[test]
    fn a_name_that_is_asked_for_again_gives_the_same_numbers() {
        let registry = Registry::default();
        registry.counter("fenced", "Times").add(1);
        registry.counter("fenced", "Times").add(1);
        assert_eq!(registry.counter("fenced", "Times").get(), 2);
        assert_eq!(registry.text(Form::Plain).matches("TYPE").count(), 1);
    }

    #[test]
    fn what_is_known_elsewhere_is_read_when_asked() {
        let registry = Registry::default();
        let (read, told) = (registry.gauge("read", "Readings"), registry.counter("told", "Readings"));
        registry.before_reading(move || {
            read.set(read.get() + 1.0);
            told.follow(9 - told.get());
        });
        registry.text(Form::Plain);
        let text = registry.text(Form::Plain);
        assert!(text.contains("sandgate_read 2.0\n") && text.contains("sandgate_told_total 9\n"), "{text}");
    }
}
