//! From the bytes of a component to a [`Policy`], or to the reason why not.

use crate::cache::{Cache, Found};
use crate::config::{COMPONENT_MAX, Config, DESCRIBE_FUEL, MANIFEST_MAX, MEMORY_LEAN};
use crate::guest::{Guest, Limiter, Limits, Program};
use crate::machine::{Machine, SetupError};
use crate::pace::Pace;
use crate::policy::Inner;
use crate::rows::Layout;
use crate::verdicts::Shape;
use crate::{Policy, Refusal};
use sandgate_model::{Digest, Fault, Manifest};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use wasmtime::component::{Component, Linker};

/// The name of the contract's interface, as a policy exports it.
pub const INTERFACE: &str = "sandgate:policy/policy@0.1.0";
/// The beginning of every version's name.
const ANY_VERSION: &str = "sandgate:policy/policy";

/// Loads policies. One for a host, shared by its threads.
pub struct Sandbox {
    machine: Arc<Machine>,
    linker: Linker<Limiter>,
    cache: Option<Cache>,
    limits: Limits,
    /// What is loaded while somebody has it: a component is one program, whoever judges
    /// by it, so that many tenants take no more memory, and no slot of a guest has to
    /// change from one program to another that is the same.
    loaded: Mutex<HashMap<Digest, Weak<Inner>>>,
}

impl Sandbox {
    /// Sets the sandbox up.
    ///
    /// # Errors
    /// Where the machine does not give the address space or the thread that it
    /// needs, or the folder of compiled code cannot be trusted.
    pub fn new(config: Config) -> Result<Sandbox, SetupError> {
        let machine = Arc::new(Machine::new(&config)?);
        let cache = config.cache.as_deref().map(|folder| Cache::open(folder, &machine.engine)).transpose()?;
        Ok(Sandbox {
            linker: Linker::new(&machine.engine),
            limits: Limits::of(&config),
            machine,
            cache,
            loaded: Mutex::default(),
        })
    }

    /// Moves the epoch on by one tick, for a host that does it by hand.
    pub fn tick(&self) {
        self.machine.engine.increment_epoch();
    }

    pub(crate) fn engine(&self) -> &wasmtime::Engine {
        &self.machine.engine
    }

    /// Compiles a component, or takes its code from the cache, and checks it. One that
    /// somebody has loaded and holds is not loaded again.
    ///
    /// # Errors
    /// The cause of the refusal, with the mend.
    pub fn load(&self, component: &[u8]) -> Result<Policy, Refusal> {
        outside(component)?;
        let digest = Digest::of(component);
        let known = self.loaded().get(&digest).and_then(Weak::upgrade);
        let inner = match known {
            Some(known) => known,
            None => {
                let inner = Arc::new(self.inner(digest, component)?);
                let mut loaded = self.loaded();
                loaded.retain(|_, held| held.strong_count() > 0);
                loaded.insert(digest, Arc::downgrade(&inner));
                inner
            }
        };
        Ok(Policy { inner, pace: Arc::new(Pace::new()) })
    }

    fn loaded(&self) -> MutexGuard<'_, HashMap<Digest, Weak<Inner>>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn inner(&self, digest: Digest, component: &[u8]) -> Result<Inner, Refusal> {
        let mut warnings = Vec::new();
        let mut known = None;
        if let Some(cache) = &self.cache {
            match cache.find(&digest, &self.machine.engine) {
                Found::Code(component, manifest) => known = Some((component, manifest)),
                Found::Nothing => {}
                Found::Unusable(why) => warnings.push(why),
            }
        }
        let (component, told) = match known {
            Some((component, manifest)) => (component, Some(manifest)),
            None => {
                let compiled = Component::new(&self.machine.engine, component);
                (compiled.map_err(|error| Refusal::Invalid { detail: format!("{error:#}") })?, None)
            }
        };
        let program = self.program(&component)?;
        let memory = self.fits(&component, &mut warnings)?;
        let (told, manifest) = match told {
            Some(told) => {
                let manifest = Manifest::read(&told)?;
                (told, manifest)
            }
            None => {
                let told = self.describe(&program)?;
                let manifest = Manifest::read(&told)?;
                if let Some(cache) = &self.cache
                    && let Err(error) = cache.store(&digest, &component, &told)
                {
                    warnings.push(error.to_string());
                }
                (told, manifest)
            }
        };
        Ok(Inner {
            digest,
            layout: Layout::of(manifest.inputs.iter().map(|input| input.kind)),
            shape: Shape::of(&manifest),
            manifest: Arc::new(manifest),
            told: told.into(),
            memory,
            warnings,
            program,
            limits: self.limits,
            _machine: Arc::clone(&self.machine),
        })
    }

    /// Checks what the component imports and exports.
    fn program(&self, component: &Component) -> Result<Program, Refusal> {
        let engine = &self.machine.engine;
        let kind = component.component_type();
        let imports: Vec<_> = kind.imports(engine).map(|(name, _)| name.to_owned()).collect();
        if !imports.is_empty() {
            let wasi = imports.iter().any(|name| name.starts_with("wasi:"));
            let imports = listed(&imports);
            return Err(if wasi { Refusal::ImportsWasi { imports } } else { Refusal::Imports { imports } });
        }
        let exports: Vec<_> = kind.exports(engine).map(|(name, _)| name.to_owned()).collect();
        if !exports.iter().any(|name| name == INTERFACE) {
            let version = |name: &&String| name.strip_prefix(ANY_VERSION).is_some_and(|rest| rest.starts_with('@'));
            return Err(match exports.iter().find(version) {
                Some(found) => Refusal::OtherVersion { found: found.clone(), expected: INTERFACE },
                None => Refusal::OtherWorld { exports: listed(&exports), expected: INTERFACE },
            });
        }
        let invalid = |error: wasmtime::Error| Refusal::Invalid { detail: format!("{error:#}") };
        let pre = self.linker.instantiate_pre(component).map_err(invalid)?;
        let interface = component.get_export_index(None, INTERFACE);
        let function = |function| {
            let index = interface.as_ref().and_then(|interface| component.get_export_index(Some(interface), function));
            index.ok_or(Refusal::Signature { function, detail: "it is not there".to_owned() })
        };
        Ok(Program { pre, judge: function("judge")?, describe: function("describe")? })
    }

    /// Checks what the component has from the start; gives its bytes of memory.
    fn fits(&self, component: &Component, warnings: &mut Vec<String>) -> Result<u64, Refusal> {
        let Some(needs) = component.resources_required() else { return Ok(0) };
        // in pages, of which there is one size
        let size = needs.max_initial_memory_size.unwrap_or(0).saturating_mul(1 << 16);
        if size > self.limits.memory_max {
            return Err(Refusal::Memory { size, max: self.limits.memory_max });
        }
        if size > MEMORY_LEAN {
            warnings.push(format!(
                "the component starts with {size} bytes of memory: a fresh sandbox costs several times more than with \
                 {MEMORY_LEAN}; ask the linker for a small stack (a build.rs that calls `sandgate_sdk_build::guest()`)"
            ));
        }
        match needs.max_initial_table_size {
            Some(size) if size > u64::from(self.limits.table_max) => {
                Err(Refusal::Tables { size, max: self.limits.table_max })
            }
            _ => Ok(size),
        }
    }

    /// Asks one instance for the manifest, twice: a fresh one could not but
    /// answer the same.
    fn describe(&self, program: &Program) -> Result<String, Refusal> {
        let refuse = |(fault, _): (Fault, u64)| Refusal::Describe { fault };
        let signature = |function: &'static str| {
            move |error: wasmtime::Error| Refusal::Signature { function, detail: format!("{error:#}") }
        };
        let mut guest = Guest::new(program, self.limits, DESCRIBE_FUEL).map_err(refuse)?;
        guest.judge_function(program).map_err(signature("judge"))?;
        guest.describe_function(program).map_err(signature("describe"))?;
        let told = guest.describe(program, MANIFEST_MAX, DESCRIBE_FUEL).map_err(refuse)?;
        guest.renew(DESCRIBE_FUEL).map_err(refuse)?;
        let again = guest.describe(program, MANIFEST_MAX, DESCRIBE_FUEL).map_err(refuse)?;
        if told == again { Ok(told) } else { Err(Refusal::Differs) }
    }
}

/// Looks at the first bytes.
fn outside(component: &[u8]) -> Result<(), Refusal> {
    if component.len() > COMPONENT_MAX {
        return Err(Refusal::TooLarge { size: component.len(), max: COMPONENT_MAX });
    }
    match component {
        [b'\0', b'a', b's', b'm', _, _, 1, 0, ..] => Ok(()),
        [b'\0', b'a', b's', b'm', 1, 0, 0, 0, ..] => Err(Refusal::CoreModule),
        [] => Err(Refusal::NotWasm { hint: "the file is empty; build the policy again" }),
        _ if component.trim_ascii_start().starts_with(b"(") => {
            Err(Refusal::NotWasm { hint: "it looks like WebAssembly text; turn it into a binary first" })
        }
        _ => Err(Refusal::NotWasm { hint: "it does not begin as WebAssembly does; name the .wasm file of the policy" }),
    }
}

/// Names for a sentence, not all of them where there are many.
fn listed(names: &[String]) -> String {
    const TOLD: usize = 5;
    let mut told = names.iter().take(TOLD).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => told.push_str("nothing"),
        count if count > TOLD => told.push_str(&format!(" and {} more", count - TOLD)),
        _ => {}
    }
    told
}
