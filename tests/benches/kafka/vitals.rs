//! What a host answers about itself, and the quantiles of its histograms.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// Everything that the host at this address counts.
pub(crate) fn ask(address: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the host answers");
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: host\r\nConnection: close\r\n\r\n").expect("it listens");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it tells");
    answer
}

/// A quantile of a histogram without labels, in its unit: straight on between the
/// bounds of its bucket, as Prometheus takes it.
pub(crate) fn quantile(told: &str, histogram: &str, quantile: f64) -> f64 {
    let begin = format!("{histogram}_bucket{{le=\"");
    let buckets = told.lines().filter_map(|line| {
        let (bound, count) = line.strip_prefix(&begin)?.split_once("\"} ")?;
        let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().ok()? };
        Some((bound, count.parse::<f64>().ok()?))
    });
    let buckets: Vec<(f64, f64)> = buckets.collect();
    let all = buckets.last().expect("the host has this histogram").1;
    let rank = all * quantile;
    let mut before = (0.0, 0.0);
    for (bound, count) in buckets {
        if count >= rank {
            // who is beyond the last bound is there at least
            let share = if count > before.1 { (rank - before.1) / (count - before.1) } else { 0.0 };
            return if bound.is_finite() { before.0 + (bound - before.0) * share } else { before.0 };
        }
        before = (bound, count);
    }
    f64::NAN
}
