//! The one engine of a host, and the thread that moves its epoch on.
//!
//! Everything here is part of what a decision depends on: with another setting
//! or another version of wasmtime a policy may use another amount of fuel.

use crate::config::{CORE_INSTANCES_MAX, Config, MEMORIES_MAX, STACK_MAX, TABLES_MAX, Ticker};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use wasmtime::{Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Why the sandbox could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The engine refused its settings or the machine lacks something.
    #[error(
        "the sandbox could not be set up for {slots} guests at once: {cause}; allow more address space or fewer slots"
    )]
    Engine {
        /// How many guests were asked for.
        slots: u32,
        /// What the engine said.
        cause: String,
    },
    /// The thread that moves the epoch on could not be started.
    #[error("the sandbox could not start its clock thread: {0}")]
    Thread(#[from] std::io::Error),
    /// The folder of compiled code cannot be trusted or used.
    #[error(transparent)]
    Cache(#[from] crate::CacheError),
}

/// The engine and its ticker. Ends the ticker when dropped.
pub(crate) struct Machine {
    pub(crate) engine: Engine,
    /// Never sent to: that it is gone ends the thread.
    _ticker: Option<Sender<()>>,
}

impl Machine {
    pub(crate) fn new(config: &Config) -> Result<Machine, SetupError> {
        let engine = Engine::new(&settings(config))
            .map_err(|error| SetupError::Engine { slots: config.slots, cause: format!("{error:#}") })?;
        let ticker = match config.ticker {
            Ticker::Thread => Some(start_ticker(&engine)?),
            Ticker::Hand => None,
        };
        Ok(Machine { engine, _ticker: ticker })
    }
}

fn start_ticker(engine: &Engine) -> std::io::Result<Sender<()>> {
    let (sender, receiver) = channel::<()>();
    let engine = engine.weak();
    let tick = move || {
        while receiver.recv_timeout(Config::TICK) == Err(RecvTimeoutError::Timeout) {
            let Some(engine) = engine.upgrade() else { return };
            engine.increment_epoch();
        }
    };
    std::thread::Builder::new().name("sandbox-epoch".into()).spawn(tick)?;
    Ok(sender)
}

/// Whether the kernel can say which pages of a guest were written, so that
/// only those are reset after a batch.
pub fn scans_pages() -> bool {
    PoolingAllocationConfig::is_pagemap_scan_available()
}

fn settings(config: &Config) -> wasmtime::Config {
    let scan = config.scan_pages && scans_pages();
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(config.slots)
        .total_core_instances(config.slots.saturating_mul(CORE_INSTANCES_MAX))
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .total_memories(config.slots.saturating_mul(MEMORIES_MAX))
        .max_memories_per_component(MEMORIES_MAX)
        .total_tables(config.slots.saturating_mul(TABLES_MAX))
        .max_tables_per_component(TABLES_MAX)
        .max_tables_per_module(TABLES_MAX)
        // What a guest store may have is the limiter's to say, typed; the pool
        // only needs room for it.
        .table_elements(config.table_max.max(100_000) as usize)
        // What a guest has dirtied is written back instead of given back to the
        // kernel and faulted in again. Without a scan all pages up to the bound
        // are written, so it is low: a policy built with the SDK has one page.
        .linear_memory_keep_resident(if scan { 4 << 20 } else { 4 << 16 })
        .table_keep_resident(64 << 10)
        .pagemap_scan(if scan { Enabled::Yes } else { Enabled::No });
    let mut settings = wasmtime::Config::new();
    settings
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .concurrency_support(false)
        .consume_fuel(true)
        .epoch_interruption(true)
        .max_wasm_stack(STACK_MAX)
        // Same bytes in, same bytes out.
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        // Traps are told by their word; nobody walks a guest's stack.
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .native_unwind_info(false)
        // No policy needs these: less to trust.
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .wasm_stack_switching(false);
    settings
}
