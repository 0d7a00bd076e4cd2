//! What a look-up costs: from the process cache, and from the file.
//!
//! `cargo bench --bench look_up` prints the numbers; a test run does a little of
//! it and checks the answers. Each line is a ratio to what a plain hash map
//! costs in the same run.

use sandgate_tags::sqlite::{Reader, Writer};
use sandgate_tags::{Config, Location, Store, Tag, Wanted};
use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

const BATCH: usize = 256;

/// Nanoseconds a name, the least of several rounds over all batches.
fn measure(rounds: usize, wanted: &[Wanted<'_>], mut look_up: impl FnMut(&[Wanted<'_>]) -> usize) -> f64 {
    let mut least = f64::INFINITY;
    for _ in 0..rounds {
        let start = Instant::now();
        let found: usize = wanted.chunks(BATCH).map(&mut look_up).sum();
        least = least.min(start.elapsed().as_nanos() as f64 / wanted.len() as f64);
        assert_eq!(found, wanted.len(), "every tag is there");
    }
    least
}

fn count(store: &impl Store, wanted: &[Wanted<'_>], found: &mut Vec<Option<Arc<str>>>) -> usize {
    match store.look_up(wanted, found) {
        Ok(()) => found.iter().flatten().count(),
        Err(_) => 0,
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let large = std::env::args().any(|argument| argument == "--bench");
    let (tags, rounds) = if large { (100_000, 7) } else { (2_000, 1) };
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("tags.db");
    let ids: Vec<_> = (0..tags).map(|id| format!("account{}", id * 7919 % tags)).collect();

    let start = Instant::now();
    let mut loading = Writer::open(&path)?.load()?;
    for id in &ids {
        loading.put(Tag { entity: "account", id, attribute: "risk_level", value: "2" })?;
    }
    loading.commit()?;
    let load = start.elapsed().as_nanos() as f64 / tags as f64;

    let wanted: Vec<_> = ids.iter().map(|id| Wanted { entity: "account", attribute: "risk_level", id }).collect();
    let mut found = Vec::new();

    let plain: HashMap<&str, Arc<str>> = ids.iter().map(|id| (id.as_str(), Arc::from("2"))).collect();
    let plain = measure(rounds, &wanted, |batch| {
        found.clear();
        found.extend(batch.iter().map(|name| plain.get(name.id).cloned()));
        found.iter().flatten().count()
    });

    let config = Config { sql: Location::Sqlite(path.clone()), ..Config::default() };
    let cached = sandgate_tags::open(&config)?;
    measure(2, &wanted, |batch| count(&cached, batch, &mut found));
    let warm = measure(rounds, &wanted, |batch| count(&cached, batch, &mut found));
    let hot = measure(rounds * 10, &wanted[..tags / 10], |batch| count(&cached, batch, &mut found));

    let reader = Reader::open(&path)?;
    let file = measure(rounds, &wanted, |batch| count(&reader, batch, &mut found));
    let alone = &wanted[..tags / 20];
    let single = measure(rounds, alone, |batch| batch.chunks(1).map(|one| count(&reader, one, &mut found)).sum());
    let start = Instant::now();
    std::thread::scope(|scope| {
        for half in wanted.chunks(tags / 2) {
            let reader = &reader;
            scope.spawn(move || {
                let mut found = Vec::new();
                measure(rounds, half, |batch| count(reader, batch, &mut found))
            });
        }
    });
    let threads = start.elapsed().as_nanos() as f64 / (tags * rounds) as f64;

    let mut report = String::new();
    for (what, cost) in [
        ("plain hash map", plain),
        ("process cache, all tags in turn", warm),
        ("process cache, a tenth of them", hot),
        ("file, batches of 256", file),
        ("file, batches of 256, two threads", threads),
        ("file, one by one", single),
        ("load", load),
    ] {
        report.push_str(&format!("{what:<36}{cost:>10.0} ns a tag{:>10.1} x plain\n", cost / plain));
    }
    std::io::Write::write_all(&mut std::io::stdout(), report.as_bytes())?;
    Ok(())
}
