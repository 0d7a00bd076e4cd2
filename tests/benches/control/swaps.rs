//! How late decisions come while the policy set is swapped.

use crate::host::{Host, change, generate, payments, registry, tenant, wait_for};
use sandgate_tests::{Desk, PAYMENTS};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A run and what its program has said of the time in the host.
struct Paced {
    swaps: u64,
    slowest: Duration,
    told: String,
}

/// Runs the same load in turn with and without swaps.
pub(crate) fn measure(measured: bool) {
    let (records, rounds) = if measured { (400_000, 2) } else { (4_000, 1) };
    let desk = desk();
    generate(&desk, records);
    let full = {
        let begin = Instant::now();
        let mut host = Host::start(&desk, 1);
        host.feed(&mut payments(&desk), None);
        host.end();
        records as f64 / begin.elapsed().as_secs_f64()
    };
    let rate = full / 2.0;
    println!("{records} payments, three policies, one worker, {rate:.0} transactions/s: half of what it can");
    println!("{:<10} {:>6} {:>16}   of the decisions", "", "swaps", "slowest swap");
    for _ in 0..rounds {
        for swaps in [false, true] {
            let Paced { swaps: count, slowest, told } = paced(&desk, rate, swaps);
            let name = if swaps { "swapped" } else { "as it is" };
            println!("{name:<10} {count:>6} {:>13.1} ms   {told}", slowest.as_secs_f64() * 1e3);
            assert_eq!(count > 0, swaps);
        }
    }
}

fn desk() -> Desk {
    let source = format!("{PAYMENTS}\n[control]\nsql = \"sqlite:control.db\"\npoll = \"10ms\"\n");
    Desk::with_host(&source, &tenant("payments"))
}

/// Hands the records over at a pace, while somebody changes a limit as often as that
/// comes about, or nobody does.
fn paced(desk: &Desk, rate: f64, swaps: bool) -> Paced {
    let mut host = Host::start(desk, 1);
    let ends = AtomicBool::new(false);
    let (count, slowest) = std::thread::scope(|scope| {
        let changing = scope.spawn(|| {
            let registry = registry(desk);
            let (mut count, mut slowest) = (0, Duration::ZERO);
            while swaps && !ends.load(Ordering::Acquire) {
                let newest = registry.tenant("payments").ok().flatten().map_or(1, |pointer| pointer.newest);
                if count == 0 {
                    wait_for(&registry, "payments", newest);
                }
                slowest = slowest.max(change(&registry, "payments", 4_000 + newest % 1_000));
                count += 1;
                // a change each 20 ms is more than any team has
                std::thread::park_timeout(Duration::from_millis(20));
            }
            (count, slowest)
        });
        host.feed(&mut payments(desk), Some(rate));
        ends.store(true, Ordering::Release);
        changing.join().expect("the changes come about")
    });
    let told = host.end();
    let told = told.lines().find(|line| line.starts_with("time in host")).unwrap_or_default().trim().to_owned();
    Paced { swaps: count, slowest, told }
}
