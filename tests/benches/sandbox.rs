//! What a sandbox costs: the same six inputs and five rules in plain Rust, in a
//! used instance and in a fresh sandbox for every batch, one after the other in
//! one run, every answer compared with the plain one.
//!
//! `cargo bench --bench sandbox` measures; `cargo test` only goes through the
//! motions, so that this cannot rot.
#![expect(clippy::print_stdout, reason = "a program that measures and prints")]

use sandgate_model::{Kind, Value, manifest::Setting};
use sandgate_sandbox::{Config, Policy, Rows, Sandbox, Verdicts, scans_pages};
use six_inputs::{PLAIN_LIMITS, Plain, plain};
use std::hint::black_box;
use std::time::{Duration, Instant};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Fuel of a transaction: 100 µs at the default constant.
const BUDGET: u64 = 1_000_000;
/// Transactions, judged over and over.
const TRANSACTIONS: usize = 1_024;
const BATCHES: [usize; 5] = [1, 4, 16, 64, 256];

/// How long to measure.
struct Effort {
    repeats: usize,
    each: Duration,
}

fn main() -> anyhow::Result<()> {
    let measuring = std::env::args().any(|argument| argument == "--bench");
    let effort = if measuring {
        Effort { repeats: 7, each: Duration::from_millis(150) }
    } else {
        println!("a run for the checks only: its times mean nothing\n");
        Effort { repeats: 1, each: Duration::ZERO }
    };
    let component = std::fs::read(sandgate_tests::policies().join("six_inputs.wasm"))?;
    let policy = Sandbox::new(Config::default())?.load(&component)?;
    let transactions = transactions();
    let bits: Vec<u64> = transactions.iter().map(|seen| plain(seen, &PLAIN_LIMITS)).collect();
    anyhow::ensure!((0..5).all(|rule| bits.iter().any(|bits| bits >> rule & 1 == 1)), "every rule is hit by some");
    let scanned = Sandbox::new(Config { scan_pages: true, ..Config::default() })?.load(&component)?;
    judging(&policy, &scanned, &transactions, &bits, &effort)?;
    lifting(&policy, &component, &effort)
}

/// The table of judging. `scanned` is the same policy where the kernel is asked
/// which pages a guest has written.
fn judging(
    policy: &Policy,
    scanned: &Policy,
    transactions: &[Plain<'_>],
    bits: &[u64],
    effort: &Effort,
) -> anyhow::Result<()> {
    let parameters = parameters(policy);
    println!("six inputs, one of them a text read in place, five rules; inputs ready");
    println!("ns of processor time per transaction, best of {}", effort.repeats);
    let scan = if scans_pages() { "asks the kernel which were written" } else { "the same, this kernel cannot tell" };
    println!("fresh: a sandbox for each batch, its pages reset by writing; scan: {scan}\n");
    println!(
        "{:>6}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>10}",
        "batch", "plain", "fill", "used", "fresh", "scan", "used÷", "fresh÷", "fuel/row"
    );
    for size in BATCHES {
        let batches: Vec<Rows> = transactions.chunks(size).map(|chunk| filled(chunk, Rows::new())).collect();
        let mut verdicts = Verdicts::new();
        let mut session = policy.session();
        let mut fuel = 0;
        for (at, rows) in batches.iter().enumerate() {
            policy.judge(rows, &parameters, BUDGET, &mut verdicts);
            fuel += verdicts.fuel;
            let of = &bits[at * size..][..size];
            anyhow::ensure!(same(&verdicts, of), "batch {at} of {size} in a fresh sandbox");
            scanned.judge(rows, &parameters, BUDGET, &mut verdicts);
            anyhow::ensure!(same(&verdicts, of), "batch {at} of {size} in a scanned sandbox");
            session.judge(rows, &parameters, BUDGET, &mut verdicts);
            anyhow::ensure!(same(&verdicts, of), "batch {at} of {size} in a used instance");
        }
        let chunks: Vec<_> = transactions.chunks(size).collect();
        let each = size as f64;
        let plain_ns = best(effort, &chunks, |chunk| {
            for seen in *chunk {
                black_box(plain(black_box(seen), &PLAIN_LIMITS));
            }
        }) / each;
        let mut buffer = Rows::new();
        let fill_ns = best(effort, &chunks, |chunk| buffer = filled(chunk, std::mem::take(&mut buffer))) / each;
        let used_ns = best(effort, &batches, |rows| session.judge(rows, &parameters, BUDGET, &mut verdicts)) / each;
        let fresh_ns = best(effort, &batches, |rows| policy.judge(rows, &parameters, BUDGET, &mut verdicts)) / each;
        let scan_ns = best(effort, &batches, |rows| scanned.judge(rows, &parameters, BUDGET, &mut verdicts)) / each;
        println!(
            "{size:>6}{plain_ns:>9.1}{fill_ns:>9.1}{used_ns:>9.1}{fresh_ns:>9.1}{scan_ns:>9.1}{:>9.1}{:>9.1}{:>10}",
            used_ns / plain_ns,
            fresh_ns / plain_ns,
            fuel / bits.len() as u64
        );
    }
    Ok(())
}

/// What happens once: a sandbox, a compilation, a start from the cache.
fn lifting(policy: &Policy, component: &[u8], effort: &Effort) -> anyhow::Result<()> {
    let instantiate = best(effort, &[()], |()| {
        black_box(policy.instantiate().is_ok());
    });
    println!("\nmake a sandbox and throw it away  {:>9.2} µs", instantiate / 1e3);
    let large = component_of(100 << 10)?;
    for (what, component) in [("this policy", component), ("a component of 100 KB", &large)] {
        let folder = tempfile::tempdir()?;
        let config = || Config { cache: Some(folder.path().join("code")), ..Config::default() };
        let cold = Sandbox::new(Config::default())?;
        let compile = best(effort, &[()], |()| {
            black_box(cold.load(component).is_ok());
        });
        let warm = Sandbox::new(config())?;
        let digest = warm.load(component)?.digest();
        let cached = best(effort, &[()], |()| {
            black_box(warm.load(component).is_ok());
        });
        anyhow::ensure!(warm.load(component)?.digest() == digest && warm.load(component)?.warnings().is_empty());
        println!(
            "{what} ({} bytes): compile and check {:>9.2} ms, from the cache {:>6.2} ms (1 : {:.0})",
            component.len(),
            compile / 1e6,
            cached / 1e6,
            compile / cached
        );
    }
    Ok(())
}

/// The best mean time of one call, in ns, over all cases.
fn best<T>(effort: &Effort, cases: &[T], mut call: impl FnMut(&T)) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..effort.repeats {
        let mut calls = 0;
        let (start, cpu) = (Instant::now(), cpu_ns());
        while calls == 0 || start.elapsed() < effort.each {
            cases.iter().for_each(&mut call);
            calls += cases.len();
        }
        let wall = start.elapsed().as_nanos() as f64;
        let spent = cpu.zip(cpu_ns()).map_or(wall, |(from, to)| (to - from) as f64);
        best = best.min(spent / calls as f64);
    }
    best
}

/// The processor time of this thread, so that a busy machine measures the same;
/// exact to a tick of the kernel. Where the kernel does not tell, the clock does.
fn cpu_ns() -> Option<u64> {
    // yielding brings the count up to date
    std::thread::yield_now();
    std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
}

/// Whether the hits are the plain function's bits, and nothing faulted.
fn same(verdicts: &Verdicts, bits: &[u64]) -> bool {
    let mut told = vec![0; bits.len()];
    for hit in &verdicts.hits {
        told[hit.row as usize] |= 1 << hit.reason;
    }
    verdicts.faults.is_empty() && told == bits
}

/// Transactions of which most are harmless, the same in every run.
fn transactions() -> Vec<Plain<'static>> {
    let mut state = 0x5eed_u64;
    let mut below = |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let kinds = ["subscribe", "redeem", "transfer", "申购"];
    (0..TRANSACTIONS)
        .map(|_| Plain {
            amount: if below(50) == 0 { 20_000_000_000 } else { below(100_000_000) as i64 },
            kind: kinds[below(4) as usize],
            age_s: below(2_000_000) as i64,
            probability: below(1_000) as f64 / 1_050.0,
            risk: if below(40) == 0 { 5 } else { 1 + below(3) as i64 },
            new_device: below(20) == 0,
        })
        .collect()
}

fn filled(transactions: &[Plain<'_>], mut rows: Rows) -> Rows {
    rows.clear();
    for seen in transactions {
        rows.push_decimal_units(seen.amount);
        rows.push_text(seen.kind);
        rows.push_integer(seen.age_s);
        rows.push_number(seen.probability);
        rows.push_integer(seen.risk);
        rows.push_flag(seen.new_device);
        rows.end_row();
    }
    rows
}

/// The declared defaults.
fn parameters(policy: &Policy) -> Rows {
    let mut rows = Rows::new();
    for parameter in &policy.manifest().parameters {
        match &parameter.default {
            Some(Setting::One(value)) => rows.push(Value::borrowed(value)),
            Some(Setting::List(values)) => rows.push_list(values),
            None => rows.push_absent(Kind::Integer),
        }
    }
    rows.end_row();
    rows
}

/// A component of about so many bytes of code.
fn component_of(bytes: usize) -> anyhow::Result<Vec<u8>> {
    let manifest = r#"{"schema":1,"name":"large","version":"1","reasons":[{"code":"A","effect":"note","message":""}]}"#;
    let body: String = (0..40)
        .map(|at| {
            format!(
                "(if (i64.gt_s (local.get 0) (i64.const {at})) (then (local.set 1 (f64.add (f64.mul (local.get 1) \
                 (f64.const {at}.5)) (f64.load (i32.and (i32.wrap_i64 (local.get 0)) (i32.const 4088)))))))"
            )
        })
        .collect();
    // each of these functions has some 1,200 bytes
    let functions: String = (0..bytes / 1_190)
        .map(|at| format!("(func (export \"f{at}\") (param i64 f64) (result f64) {body} (local.get 1))"))
        .collect();
    let text = format!(
        r#"(module (memory (export "memory") 1) (data (i32.const 64) "{}") {functions}
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
        (func (export "sandgate:policy/policy@0.1.0#describe") (result i32)
          (i32.store (i32.const 16) (i32.const 64)) (i32.store (i32.const 20) (i32.const {})) (i32.const 16))
        (func (export "sandgate:policy/policy@0.1.0#judge") (param i32) (result i32) (i32.const 32)))"#,
        manifest.replace('"', "\\22"),
        manifest.len()
    );
    let mut module = wat::parse_str(&text)?;
    let mut resolve = Resolve::default();
    let package = resolve.push_source("policy.wit", include_str!("../../wit/policy.wit"))?;
    let world = resolve.select_world(&[package], None)?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    ComponentEncoder::default().module(&module)?.validate(true).encode()
}
