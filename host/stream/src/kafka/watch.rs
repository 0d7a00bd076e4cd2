//! A thread that looks at the host from outside of its work: whether the broker
//! answers, how far each lane is behind, how large its state is.

use super::config::Topics;
use super::counts::Counts;
use super::lane::Lane;
use super::topics::Cluster;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often it looks.
const EVERY: Duration = Duration::from_secs(5);
/// How often it counts the bytes of a state, which takes a look at every series
/// while the lane waits.
const BYTES: Duration = Duration::from_secs(300);
/// How long a question may take.
const ASK: Duration = Duration::from_secs(3);
/// After so long a host that the group has given nothing stands by, which is all
/// that is asked of it: there are more hosts than partitions.
const STANDS_BY: Duration = Duration::from_secs(30);

/// Looks until the sender is dropped.
pub(super) fn start(
    cluster: &Arc<Cluster>,
    topics: &Arc<Topics>,
    counts: &Arc<Counts>,
) -> io::Result<(Sender<()>, JoinHandle<()>)> {
    let (stop, stopped) = channel();
    let (cluster, topics, counts) = (Arc::clone(cluster), Arc::clone(topics), Arc::clone(counts));
    let thread = std::thread::Builder::new().name("sandgate-watch".to_owned());
    let thread = thread.spawn(move || {
        let begin = Instant::now();
        let mut bytes: Option<Instant> = None;
        loop {
            let sized = bytes.is_none_or(|last| last.elapsed() >= BYTES);
            look(&cluster, &topics, &counts, sized);
            if sized && !counts.lanes().is_empty() {
                bytes = Some(Instant::now());
            }
            if begin.elapsed() >= STANDS_BY {
                counts.group.holds();
            }
            if stopped.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    })?;
    Ok((stop, thread))
}

fn look(cluster: &Cluster, topics: &Topics, counts: &Counts, sized: bool) {
    let lanes = counts.lanes();
    let asked = match lanes.is_empty() {
        true => cluster.ends(&topics.leading().topic, 0, ASK).map(drop),
        false => lanes.iter().try_for_each(|lane| lag(cluster, topics, counts, lane)),
    };
    match asked {
        Ok(()) => counts.broker.holds(),
        Err(error) => counts.broker.fails(error.to_string()),
    }
    for lane in lanes.iter().filter(|lane| !lane.is_gone()) {
        state(counts, lane, sized);
    }
}

fn lag(cluster: &Cluster, topics: &Topics, counts: &Counts, lane: &Lane) -> Result<(), super::topics::TopicError> {
    // asked first, so that what is committed meanwhile does not count as lag
    let committed = lane.kept().last.positions.clone();
    for (source, committed) in topics.sources.iter().zip(committed) {
        let ends = cluster.ends(&source.topic, lane.partition, ASK)?;
        let lag = ends.stable.unsigned_abs().saturating_sub(committed);
        if !lane.is_gone() {
            counts.lag.with([&source.topic, &lane.partition.to_string()]).set_whole(lag);
        }
    }
    Ok(())
}

fn state(counts: &Counts, lane: &Lane, sized: bool) {
    let partition = lane.partition.to_string();
    let held = lane.judge.lane();
    let size = held.size();
    for (tenant, events) in held.layout().tenants.iter().zip(size.events) {
        counts.events.with([&partition, &tenant.name]).set_whole(events);
    }
    counts.ids.with([&partition]).set_whole(size.ids);
    if sized {
        counts.bytes.with([&partition]).set_whole(held.report().bytes);
    }
}
