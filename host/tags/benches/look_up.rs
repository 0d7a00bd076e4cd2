//! What a look-up costs: from the process cache, from Redis, from a database.
//!
//! `cargo bench --bench look_up` prints the numbers; a test run does a little of
//! it and checks the answers. Each line is a ratio to what a plain hash map costs
//! in the same run. The tiers that are servers are measured where the servers of the
//! tests run (`scripts/services start`, which `make bench` does), or where the
//! arguments `--postgres URL`, of a database that it may fill, and `--redis URL` say.

use sandgate_tags::between::{Between, Entry, Put};
use sandgate_tags::cache::{Bounds, Cache};
use sandgate_tags::database::Database;
use sandgate_tags::writer::{Writer, reader};
use sandgate_tags::{Answer, Config, Location, Store, Tag, Url, Wanted};
use std::collections::HashMap;
use std::error::Error;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(30);

/// Nanoseconds a name, the least of several rounds over all batches.
fn measure(rounds: usize, batch: usize, wanted: &[Wanted<'_>], mut look_up: impl FnMut(&[Wanted<'_>]) -> usize) -> f64 {
    let mut least = f64::INFINITY;
    for _ in 0..rounds {
        let start = Instant::now();
        let found: usize = wanted.chunks(batch).map(&mut look_up).sum();
        least = least.min(start.elapsed().as_nanos() as f64 / wanted.len() as f64);
        assert_eq!(found, wanted.len(), "every tag is there");
    }
    least
}

/// The lines of the table.
struct Table {
    plain: f64,
    lines: String,
}

impl Table {
    fn line(&mut self, what: &str, cost: f64, batch: Option<usize>) {
        let whole = batch.map_or_else(String::new, |batch| format!("{:>10.1} µs a batch", cost * batch as f64 / 1e3));
        self.lines.push_str(&format!("{what:<38}{cost:>9.0} ns a tag{:>9.1} x plain{whole}\n", cost / self.plain));
    }

    /// Batches asked of a database as it is.
    fn database(&mut self, what: &str, rounds: usize, wanted: &[Wanted<'_>], database: &dyn Database) {
        let mut found = Vec::new();
        for (batch, wanted) in batches(wanted) {
            let cost = measure(rounds, batch, wanted, |names| match database.look_up(names, LIMIT, &mut found) {
                Ok(()) => found.iter().flatten().count(),
                Err(_) => 0,
            });
            self.line(&format!("{what}, batches of {batch}"), cost, Some(batch));
        }
    }
}

fn load(sql: &Location, ids: &[String]) -> Result<f64, sandgate_tags::Error> {
    let start = Instant::now();
    let mut loading = Writer::open(sql)?.load()?;
    for id in ids {
        loading.put(Tag { entity: "account", id, attribute: "risk_level", value: "2" })?;
    }
    loading.commit()?;
    Ok(start.elapsed().as_nanos() as f64 / ids.len() as f64)
}

/// Sizes of batches with what is asked in them: fewer names one by one, which takes long.
fn batches<'w>(wanted: &'w [Wanted<'w>]) -> [(usize, &'w [Wanted<'w>]); 3] {
    [(1, &wanted[..wanted.len() / 10]), (64, wanted), (256, wanted)]
}

/// Where a server is: what follows an argument of the command line, or what
/// `scripts/services` says of the servers of the tests.
fn place(argument: &str, name: &str, large: bool) -> Option<String> {
    let told = std::env::args().skip_while(|given| given != argument).nth(1);
    told.or_else(|| {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let services = Command::new("scripts/services").arg("env").current_dir(root).output();
        let lines = String::from_utf8(services.ok().filter(|_| large)?.stdout).ok()?;
        lines.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let large = std::env::args().any(|argument| argument == "--bench");
    let (tags, rounds) = if large { (100_000, 7) } else { (2_000, 1) };
    let folder = tempfile::tempdir()?;
    let ids: Vec<_> = (0..tags).map(|id| format!("account{}", id * 7919 % tags)).collect();
    let wanted: Vec<_> = ids.iter().map(|id| Wanted { entity: "account", attribute: "risk_level", id }).collect();
    let some = &wanted[..tags / 5];

    let plain: HashMap<&str, Arc<str>> = ids.iter().map(|id| (id.as_str(), Arc::from("2"))).collect();
    let mut values: Vec<Option<Arc<str>>> = Vec::new();
    let plain = measure(rounds, 256, &wanted, |batch| {
        values.clear();
        values.extend(batch.iter().map(|name| plain.get(name.id).cloned()));
        values.iter().flatten().count()
    });
    let mut table = Table { plain, lines: String::new() };
    table.line("plain hash map", plain, None);
    cache(&mut table, rounds, &wanted);

    let file = Location::Sqlite(folder.path().join("tags.db"));
    let loading = load(&file, &ids)?;
    cascade(&mut table, rounds, &wanted, &file)?;
    table.database("SQLite", rounds, some, &*reader(&file)?);
    table.line("SQLite, load", loading, None);
    let server = place("--postgres", "POSTGRES", large).map(|url| Location::parse(&url)).transpose()?;
    match &server {
        Some(server) => {
            let loading = load(server, &ids)?;
            table.database("PostgreSQL", rounds, some, &*reader(server)?);
            table.line("PostgreSQL, load", loading, None);
        }
        None => table.lines.push_str("PostgreSQL                            not measured: no server\n"),
    }
    match place("--redis", "REDIS", large).map(|url| Url::parse(&url)).transpose()? {
        Some(url) => {
            redis(&mut table, rounds, some, &Between::new(std::slice::from_ref(&url)))?;
            let cold = Config { redis: vec![url], entries_max: 0, redis_deadline: LIMIT, ..Config::default() };
            cold_cascade(&mut table, rounds, some, "Redis", Config { sql: file, ..cold })?;
        }
        None => table.lines.push_str("Redis                                 not measured: no server\n"),
    }
    if let Some(sql) = server {
        let cold = Config { sql, entries_max: 0, sql_deadline: LIMIT, filter_max: 0, warm_max: 0, ..Config::default() };
        cold_cascade(&mut table, rounds, some, "PostgreSQL", cold)?;
    }
    std::io::Write::write_all(&mut std::io::stdout(), table.lines.as_bytes())?;
    Ok(())
}

/// The process cache alone, with all tags in it.
fn cache(table: &mut Table, rounds: usize, wanted: &[Wanted<'_>]) {
    let ttl = Duration::from_secs(3_600);
    let cache = Cache::new(Bounds { ttl, stale: ttl, present_max: 200_000, absent_max: 0 });
    wanted.iter().for_each(|name| cache.put(name, Some(Arc::from("2")), Duration::ZERO));
    assert_eq!(cache.len(), (wanted.len() as u64, 0));
    let now = Duration::from_secs(1);
    let cost = measure(rounds, 256, wanted, |batch| batch.iter().filter_map(|name| cache.get(name, now)).count());
    table.line("process cache, all tags in turn", cost, None);
}

/// The whole cascade with a warm cache.
fn cascade(
    table: &mut Table,
    rounds: usize,
    wanted: &[Wanted<'_>],
    sql: &Location,
) -> Result<(), sandgate_tags::Error> {
    let config = Config { sql: sql.clone(), sql_deadline: LIMIT, ttl: LIMIT * 100, ..Config::default() };
    let store = sandgate_tags::open(&config)?;
    let mut found = Vec::new();
    let mut count = |names: &[Wanted<'_>]| {
        store.look_up(names, &mut found);
        found.iter().filter(|answer| matches!(answer, Answer::Found(_))).count()
    };
    measure(2, 256, wanted, &mut count);
    for batch in [64, 256] {
        let cost = measure(rounds, batch, wanted, &mut count);
        table.line(&format!("warm cascade, batches of {batch}"), cost, Some(batch));
    }
    let hot = measure(rounds * 10, 256, &wanted[..wanted.len() / 10], &mut count);
    table.line("warm cascade, a tenth of the tags", hot, None);
    Ok(())
}

/// The whole cascade without a process cache, so that every name is asked of a tier.
fn cold_cascade(
    table: &mut Table,
    rounds: usize,
    wanted: &[Wanted<'_>],
    tier: &str,
    config: Config,
) -> Result<(), sandgate_tags::Error> {
    let store = sandgate_tags::open(&config)?;
    let mut found = Vec::new();
    for (batch, wanted) in batches(wanted) {
        let cost = measure(rounds, batch, wanted, |names| {
            store.look_up(names, &mut found);
            found.iter().filter(|answer| matches!(answer, Answer::Found(_))).count()
        });
        table.line(&format!("cascade, from {tier}, batches of {batch}"), cost, Some(batch));
    }
    Ok(())
}

fn redis(
    table: &mut Table,
    rounds: usize,
    wanted: &[Wanted<'_>],
    between: &Between,
) -> Result<(), sandgate_tags::Error> {
    let puts: Vec<Put<'_>> =
        wanted.iter().map(|name| Put { name: *name, value: Some("2"), number: i64::MAX, over: true }).collect();
    let start = Instant::now();
    for batch in puts.chunks(256) {
        between.put(batch, LIMIT * 20, LIMIT)?;
    }
    let written = start.elapsed().as_nanos() as f64 / wanted.len() as f64;
    let mut found: Vec<Option<Entry>> = Vec::new();
    for (batch, wanted) in batches(wanted) {
        let cost = measure(rounds, batch, wanted, |names| match between.look_up(names, LIMIT, &mut found) {
            Ok(()) => found.iter().flatten().filter(|entry| entry.value.is_some()).count(),
            Err(_) => 0,
        });
        table.line(&format!("Redis, batches of {batch}"), cost, Some(batch));
    }
    table.line("Redis, write back", written, None);
    Ok(())
}
