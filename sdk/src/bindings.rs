//! The contract's types and exports, generated from `wit/policy.wit`.
//!
//! Public because the export macro names them from a policy's crate; a policy
//! written with the SDK never does.
#![expect(missing_docs, reason = "generated, as wit-bindgen writes it")]

wit_bindgen::generate!({
    path: "../wit",
    world: "policy-component",
    runtime_path: "::sandgate_sdk::bindings::runtime",
    default_bindings_module: "::sandgate_sdk::bindings",
    export_macro_name: "export_policy",
    pub_export_macro: true,
});

pub use wit_bindgen::rt as runtime;
