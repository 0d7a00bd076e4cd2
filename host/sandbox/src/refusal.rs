//! Why a component is not loaded: the cause, and the mend.

use sandgate_model::Fault;
use sandgate_model::manifest::ManifestError;

/// Why a component was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The bytes are not WebAssembly at all.
    #[error("this is not WebAssembly: {hint}")]
    NotWasm {
        /// What it seems to be, and the mend.
        hint: &'static str,
    },
    /// It is a core module.
    #[error(
        "this is a core module, not a component; wrap it with `sandgate build`, or with \
         `wasm-tools component new` after embedding wit/policy.wit"
    )]
    CoreModule,
    /// It has more bytes than any policy needs.
    #[error("the component has {size} bytes; at most {max} are allowed")]
    TooLarge {
        /// Its bytes.
        size: usize,
        /// The most allowed.
        max: usize,
    },
    /// The engine cannot compile it.
    #[error("the component cannot be compiled: {detail}; it is damaged, or uses what no policy may")]
    Invalid {
        /// What the engine said.
        detail: String,
    },
    /// It imports from a WASI interface.
    #[error(
        "the component imports {imports}; a policy is pure and has no system around it: build it for \
         wasm32-unknown-unknown and not for a wasip target (for Python and JavaScript: with WASI stubbed out)"
    )]
    ImportsWasi {
        /// The names, joined.
        imports: String,
    },
    /// It imports something.
    #[error(
        "the component imports {imports}; a policy imports nothing: declare what it needs as inputs in its manifest"
    )]
    Imports {
        /// The names, joined.
        imports: String,
    },
    /// It exports another interface in place of the contract's.
    #[error("the component exports {exports}, not `{expected}`; build it against wit/policy.wit")]
    OtherWorld {
        /// The names, joined.
        exports: String,
        /// The name of the contract's interface.
        expected: &'static str,
    },
    /// It exports another version of the contract's interface.
    #[error(
        "the component exports `{found}`, but this host speaks `{expected}`; build it against this host's wit/policy.wit"
    )]
    OtherVersion {
        /// What it exports.
        found: String,
        /// The name of the contract's interface.
        expected: &'static str,
    },
    /// It exports the contract's interface with other types in it.
    #[error(
        "the component's `{function}` has not the type of wit/policy.wit: {detail}; build it against this host's copy"
    )]
    Signature {
        /// The function.
        function: &'static str,
        /// What differs.
        detail: String,
    },
    /// It needs more memory from the start than it may have.
    #[error(
        "the component starts with {size} bytes of memory; {max} are allowed: build it with a smaller stack \
         and smaller tables, or raise the memory limit of the sandbox"
    )]
    Memory {
        /// Bytes of all its memories.
        size: u64,
        /// The most allowed.
        max: u64,
    },
    /// Its tables are larger than they may be.
    #[error("the component starts with tables of {size} elements; {max} are allowed")]
    Tables {
        /// Elements of its largest table.
        size: u64,
        /// The most allowed.
        max: u32,
    },
    /// It could not be started, or `describe` gave no manifest.
    #[error("the component could not describe itself ({}): {fault}; {}", .fault.word(), mend(.fault))]
    Describe {
        /// What went wrong.
        fault: Fault,
    },
    /// `describe` gave two different answers.
    #[error("`describe` answered differently the second time; a manifest is the same bytes at every call")]
    Differs,
    /// The manifest is not sound.
    #[error("the manifest is not sound: {0}")]
    Manifest(#[from] ManifestError),
}

fn mend(fault: &Fault) -> &'static str {
    match fault {
        Fault::Fuel { .. } | Fault::Stopped => "a manifest is a constant: return it without computing",
        Fault::Output { .. } => "return a JSON text of at most 256 KiB",
        _ => "try it with `sandgate inspect` and mend the guest",
    }
}
