//! Many tenants on one host, each with three policies of its own parameters.

use crate::host::{Host, change, generate, payments, registry, tenant, wait_for};
use sandgate_tests::{Desk, PAYMENTS};
use std::time::{Duration, Instant};

/// Prints a row for each number of tenants.
pub(crate) fn measure(measured: bool) {
    let (counts, records): (&[usize], u64) = if measured { (&[1, 10, 100, 1_000], 200_000) } else { (&[1, 3], 1_000) };
    println!("tenants with three policies each on one host, two workers, {records} payments in turn");
    println!(
        "{:>8} {:>14} {:>12} {:>14} {:>14} {:>16} {:>7}",
        "tenants", "first start", "start", "memory", "a swap takes", "transactions/s", "ratio"
    );
    let mut one = None;
    for count in counts {
        let row = row(*count, records);
        let ratio = row.rate / *one.get_or_insert(row.rate);
        println!(
            "{count:>8} {:>11.2} s {:>10.2} s {:>11.0} MB {:>11.1} ms {:>16.0} {ratio:>7.2}",
            row.first.as_secs_f64(),
            row.start.as_secs_f64(),
            row.memory as f64 / 1e6,
            row.swap.as_secs_f64() * 1e3,
            row.rate
        );
    }
}

/// What was measured with so many tenants.
struct Row {
    first: Duration,
    start: Duration,
    memory: u64,
    swap: Duration,
    rate: f64,
}

fn row(count: usize, records: u64) -> Row {
    let desk = desk(count);
    generate(&desk, records);
    let begin = Instant::now();
    Host::start(&desk, 2).end();
    let first = begin.elapsed();
    let begin = Instant::now();
    Host::start(&desk, 2).end();
    let start = begin.elapsed();

    let mut of_tenants = payments(&desk).enumerate().map(|(at, line)| {
        let mut named = format!("{{\"tenant\":\"t{}\",", at % count).into_bytes();
        named.extend_from_slice(line.get(1..).unwrap_or_default());
        named
    });
    let mut host = Host::start(&desk, 2);
    let registry = registry(&desk);
    let last = format!("t{}", count - 1);
    wait_for(&registry, &last, 1);
    let mut swaps: Vec<Duration> = (0..5).map(|at| change(&registry, &last, 4_000 + at)).collect();
    swaps.sort_unstable();
    let begin = Instant::now();
    let sent = host.feed(&mut of_tenants, None);
    let memory = host.memory();
    host.end();
    Row { first, start, memory, swap: swaps[swaps.len() / 2], rate: sent as f64 / begin.elapsed().as_secs_f64() }
}

/// A host of so many tenants, whose records say whose they are.
fn desk(count: usize) -> Desk {
    let source = PAYMENTS
        .replace("tenant = { name = \"payments\" }", "tenant = { field = \"tenant\" }")
        .replace("[source.fields]", "[source.fields]\ntenant = { kind = \"text\" }");
    let source = format!("{source}\n[control]\nsql = \"sqlite:control.db\"\npoll = \"10ms\"\n");
    let desk = Desk::with_host(&source, &tenant("t0"));
    let files: Vec<String> = (0..count).map(|at| format!("tenants/t{at}.toml")).collect();
    for (at, file) in files.iter().enumerate() {
        // each has a limit of its own, so that no two have one set
        desk.write(file, &tenant(&format!("t{at}")).replace("\"5000\"", &format!("\"{}\"", 5_000 + at)));
    }
    desk.write("sandgate.toml", &desk.read("sandgate.toml").replace("[\"tenant.toml\"]", &format!("{files:?}")));
    desk
}
