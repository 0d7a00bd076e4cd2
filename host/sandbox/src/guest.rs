//! A guest store: one instance of a policy with its limits, and one call in it.

use crate::config::{CORE_INSTANCES_MAX, Config, MEMORIES_MAX, TABLES_MAX};
use crate::wire::{WireRows, WireVerdicts};
use sandgate_model::Fault;
use wasmtime::component::{ComponentExportIndex, Instance, InstancePre, TypedFunc};
use wasmtime::{PoolConcurrencyLimitError, ResourceLimiter, Store, Trap};

/// The signature of `judge`.
type Judge<'a> = TypedFunc<(WireRows<'a>, WireRows<'a>), (WireVerdicts,)>;

/// The limits of every guest store of a sandbox.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) memory_max: u64,
    pub(crate) result_max: u64,
    pub(crate) table_max: u32,
    /// Ticks of the epoch after which a call is stopped.
    pub(crate) ticks: u64,
}

impl Limits {
    pub(crate) fn of(config: &Config) -> Limits {
        Limits {
            memory_max: config.memory_max,
            result_max: config.result_max,
            table_max: config.table_max,
            ticks: config.ticks(),
        }
    }
}

/// What can be instantiated, and where its functions are.
#[derive(Clone)]
pub(crate) struct Program {
    pub(crate) pre: InstancePre<Limiter>,
    pub(crate) judge: ComponentExportIndex,
    pub(crate) describe: ComponentExportIndex,
}

/// A guest store with an instance in it.
pub(crate) struct Guest {
    store: Store<Limiter>,
    instance: Instance,
    /// Found at the first call.
    judge: Option<Judge<'static>>,
}

impl Guest {
    /// A fresh instance with so much fuel. Waits while all slots are taken:
    /// every guest store ends, at the latest by the epoch.
    pub(crate) fn new(program: &Program, limits: Limits, fuel: u64) -> Result<Guest, (Fault, u64)> {
        loop {
            let mut store = Store::new(program.pre.engine(), Limiter { limits, memory: 0, table: 0 });
            store.limiter(|limiter| limiter);
            begin(&mut store, fuel).map_err(|error| (fault(&error, fuel, limits), 0))?;
            match program.pre.instantiate(&mut store) {
                Ok(instance) => return Ok(Guest { store, instance, judge: None }),
                Err(error) if error.is::<PoolConcurrencyLimitError>() => std::thread::yield_now(),
                Err(error) => return Err((fault(&error, fuel, limits), used(&store, fuel))),
            }
        }
    }

    /// Gives a used instance the fuel and the time of a new call.
    pub(crate) fn renew(&mut self, fuel: u64) -> Result<(), (Fault, u64)> {
        begin(&mut self.store, fuel).map_err(|error| (fault(&error, fuel, self.store.data().limits), 0))
    }

    /// Calls `judge`; gives the answer and the fuel used since the guest was
    /// made or renewed, or the fault. After a fault the guest must be dropped.
    pub(crate) fn judge(
        &mut self,
        program: &Program,
        rows: WireRows<'_>,
        parameters: WireRows<'_>,
        fuel: u64,
    ) -> Result<(WireVerdicts, u64), (Fault, u64)> {
        let called = self.judge_function(program).and_then(|judge| {
            // what it takes may live shorter than the function
            let judge: Judge<'_> = judge;
            judge.call(&mut self.store, (rows, parameters))
        });
        let used = used(&self.store, fuel);
        match called {
            Ok((answer,)) => Ok((answer, used)),
            Err(error) => Err((fault(&error, fuel, self.store.data().limits), used)),
        }
    }

    /// Bytes of its linear memories.
    pub(crate) fn memory(&self) -> u64 {
        self.store.data().memory
    }

    /// The function of the contract, its type compared with ours.
    pub(crate) fn judge_function(&mut self, program: &Program) -> wasmtime::Result<Judge<'static>> {
        if let Some(judge) = self.judge {
            return Ok(judge);
        }
        let judge = self.instance.get_typed_func(&mut self.store, program.judge)?;
        self.judge = Some(judge);
        Ok(judge)
    }

    /// Calls `describe`, which may return so many bytes.
    pub(crate) fn describe(&mut self, program: &Program, result_max: usize, fuel: u64) -> Result<String, (Fault, u64)> {
        self.store.set_hostcall_fuel(result_max);
        let called = self.describe_function(program).and_then(|describe| describe.call(&mut self.store, ()));
        let limits = Limits { result_max: result_max as u64, ..self.store.data().limits };
        called.map(|(manifest,)| manifest).map_err(|error| (fault(&error, fuel, limits), used(&self.store, fuel)))
    }

    /// The function of the contract, its type compared with ours.
    pub(crate) fn describe_function(&mut self, program: &Program) -> wasmtime::Result<TypedFunc<(), (String,)>> {
        self.instance.get_typed_func(&mut self.store, program.describe)
    }
}

fn begin(store: &mut Store<Limiter>, fuel: u64) -> wasmtime::Result<()> {
    let limits = store.data().limits;
    store.set_epoch_deadline(limits.ticks);
    store.set_hostcall_fuel(usize::try_from(limits.result_max).unwrap_or(usize::MAX));
    store.set_fuel(fuel)
}

fn used(store: &Store<Limiter>, fuel: u64) -> u64 {
    fuel.saturating_sub(store.get_fuel().unwrap_or(0))
}

/// What an error of a call means. Only types are looked at; what is neither a
/// limit nor a trap is an answer that breaks the rules of the component model.
fn fault(error: &wasmtime::Error, fuel: u64, limits: Limits) -> Fault {
    if error.is::<MemoryLimit>() {
        return Fault::Memory { limit: limits.memory_max };
    }
    if let Some(limit) = error.downcast_ref::<TableLimit>() {
        return Fault::Trap { detail: limit.to_string() };
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => Fault::Fuel { budget: fuel },
        Some(Trap::Interrupt) => Fault::Stopped,
        // what Rust makes of a panic, and of a recursion that leaves the stack of a guest
        Some(trap @ Trap::UnreachableCodeReached) => Fault::Trap { detail: format!("it panicked ({trap})") },
        Some(trap @ Trap::MemoryOutOfBounds) => {
            Fault::Trap { detail: format!("it left its memory, often by too deep a recursion ({trap})") }
        }
        Some(trap) => Fault::Trap { detail: trap.to_string() },
        None => Fault::Output {
            detail: format!(
                "the answer cannot be read, or has more than the {} bytes allowed: {error:#}",
                limits.result_max
            ),
        },
    }
}

/// Bounds what a guest store may have. Asking for more is a trap and not a
/// refused growth, so that a policy cannot answer one thing where there is
/// memory and another where there is none.
pub(crate) struct Limiter {
    limits: Limits,
    /// Bytes of all memories.
    memory: u64,
    /// Elements of all tables.
    table: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("more memory than allowed")]
struct MemoryLimit;

#[derive(Debug, thiserror::Error)]
#[error("asked for more than its {0} table elements")]
struct TableLimit(u32);

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let memory = self.memory + (desired - current) as u64;
        if memory > self.limits.memory_max {
            return Err(MemoryLimit.into());
        }
        self.memory = memory;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let table = self.table + (desired - current) as u64;
        if table > u64::from(self.limits.table_max) {
            return Err(TableLimit(self.limits.table_max).into());
        }
        self.table = table;
        Ok(true)
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES_MAX as usize
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX as usize
    }

    fn tables(&self) -> usize {
        TABLES_MAX as usize
    }
}
