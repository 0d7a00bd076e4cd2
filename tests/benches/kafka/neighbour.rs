//! What a tenant whose policy burns its whole budget on every call does to another on
//! its own topic. Both are in the same lanes, which is the worst place to be: a batch of
//! a lane holds what came of both.
//!
//! The other sends the same payments each time; what changes is what the policy of the
//! one is told to do, and what holds it. The ratios are against the run in which it is
//! calm.

use crate::host::Host;
use crate::{PARTITIONS, feed, read, topics};
use sandgate_tests::{Desk, policies, servers};
use std::time::Instant;

/// What the one does, what its file says of that, and what it is called.
const RUNS: [(&str, &str, &str); 4] = [
    ("calm", "", "it is calm"),
    ("loop", "", "it burns, and its breaker opens"),
    ("loop", "breaker = \"off\"\nquota = { fuel = 10_000_000 }\n", "it burns its quota: 1 % of a lane"),
    ("loop", "breaker = \"off\"\n", "it burns, and nothing holds it"),
];

/// Prints the table.
pub(crate) fn table(measured: bool) {
    let (rate, seconds) = if measured { (1_000.0, 20.0) } else { (500.0, 1.0) };
    println!(
        "\nfrom the moment a payment was due until its decision was there, in ms, while the policy of another tenant in the \
         same lanes has {rate} a second"
    );
    println!("{:<44} {:>8} {:>8} {:>10}", "", "p50", "p99", "p99 ratio");
    let mut calm = None;
    for (mood, held, what) in RUNS {
        let [half, most] = run(mood, held, rate, seconds);
        let calm = *calm.get_or_insert(most);
        println!("{what:<44} {half:>8.1} {most:>8.1} {:>10.2}", most / calm);
    }
}

/// The median and the 99th percentile of the other's delays, in ms.
fn run(mood: &str, held: &str, rate: f64, seconds: f64) -> [f64; 2] {
    let names = topics(&["decisions", "dead-letters", "changelog", "quiet", "burning"]);
    let name = names[0].trim_end_matches("-decisions");
    let desk = Desk::new();
    let component = policies().join("unruly.wasm");
    let tenant = |tenant: &str, held: &str| {
        let file = format!(
            "name = {tenant:?}\n{held}[[stage]]\nname = \"rules\"\n[[stage.policy]]\nname = \"unruly\"\ncomponent = {component:?}\n"
        );
        desk.write(&format!("{tenant}.toml"), &file);
    };
    tenant("quiet", "");
    tenant("burning", held);
    let source = |tenant: &str| {
        format!(
            "[[source]]\nname = {tenant:?}\ntopic = \"{name}-{tenant}\"\nkey = \"account\"\nid = \"id\"\naccount = \"account\"\ntime = \"time\"\n\
             amount = \"amount\"\ntenant = {{ name = {tenant:?} }}\n[source.fields]\nid = {{ path = \"transaction_id\", kind = \"text\" }}\n\
             account = {{ path = \"account_id\", kind = \"text\" }}\ntime = {{ kind = \"instant\", unit = \"s\" }}\namount = {{ kind = \"decimal\", scale = 2 }}\n\
             mood = {{ kind = \"text\" }}\n"
        )
    };
    let config = format!(
        "tenants = [\"quiet.toml\", \"burning.toml\"]\n{}{}[sink]\ntopic = \"{name}-decisions\"\ndead_letters = \"{name}-dead-letters\"\n\
         changelog = \"{name}-changelog\"\n[metrics]\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"json\"\n\
         [kafka]\nbrokers = {:?}\ngroup = {name:?}\ncommit = {{ time = \"5ms\", records = 1_000 }}\n",
        source("quiet"),
        source("burning"),
        servers::kafka()
    );
    let host = Host::with(&desk, (servers::kafka(), &names[3], name), &config);
    host.wait_for_lanes(PARTITIONS as usize);
    let payments = |mood: &str| {
        let payment = |id: usize| {
            format!(
                "{{\"transaction_id\":\"t{id}\",\"account_id\":\"a{}\",\"time\":{},\"amount\":1.50,\"mood\":{mood:?}}}",
                id % 500,
                1_767_225_600 + id / 100
            )
        };
        (0..(rate * seconds) as usize).map(payment).collect::<Vec<_>>().join("\n")
    };
    desk.write("quiet.jsonl", &payments("calm"));
    desk.write("burning.jsonl", &payments(mood));
    let [quiet, burning] = ["quiet.jsonl", "burning.jsonl"].map(|file| feed::payments(&desk, file));
    let (zero, warm_up) = (Instant::now(), quiet.len() as u64 * 3 / 10);
    let (begin, begun) = std::sync::mpsc::channel();
    let delays = std::thread::scope(|scope| {
        let (quiet, burning, names) = (&quiet, &burning, &names);
        scope.spawn(move || {
            if begun.recv().is_ok() {
                let other = scope.spawn(move || feed::paced(servers::kafka(), &names[4], burning, rate, None));
                feed::paced(servers::kafka(), &names[3], quiet, rate, Some(zero));
                assert!(other.join().is_ok(), "both can be sent");
            }
        });
        let ready = move || {
            let _ = begin.send(());
        };
        read::delays(servers::kafka(), &names[0], PARTITIONS, quiet.len() as u64, warm_up, zero, ready)
    });
    host.stop();
    [0.5, 0.99].map(|share| delays.value_at_quantile(share) as f64 / 1e3)
}
