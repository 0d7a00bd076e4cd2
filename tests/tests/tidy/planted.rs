//! Small trees with one fault each, and one without.

/// A tree that breaks a rule.
pub(crate) struct Fault {
    /// The rule that has to find it.
    pub(crate) rule: &'static str,
    /// What its problem has to say.
    pub(crate) found: &'static str,
    /// The files of the tree.
    pub(crate) files: &'static [(&'static str, &'static str)],
}

const fn fault(rule: &'static str, found: &'static str, files: &'static [(&'static str, &'static str)]) -> Fault {
    Fault { rule, found, files }
}

const MODEL: (&str, &str) = ("host/model/Cargo.toml", "[package]\nname = 'sandgate-model'");
const SANDBOX: (&str, &str) = ("host/sandbox/Cargo.toml", "[package]\nname = 'sandgate-sandbox'");
const SDK: (&str, &str) = ("sdk/Cargo.toml", "[package]\nname = 'sandgate-sdk'");
const LONG: &str = concat!("//! A long file.\n", include_str!("../../../LICENSE"), include_str!("../../../LICENSE"));

/// Every fault that a rule has to find.
pub(crate) const FAULTS: &[Fault] = &[
    fault(
        "layers",
        "host/tags may not know host/sandbox",
        &[
            SANDBOX,
            (
                "host/tags/Cargo.toml",
                "[package]\nname = 'sandgate-tags'\n[dependencies]\nsandgate-sandbox.workspace = true",
            ),
        ],
    ),
    fault(
        "layers",
        "host/sandbox may not know sdk",
        &[
            SDK,
            (
                "host/sandbox/Cargo.toml",
                "[package]\nname = 'sandgate-sandbox'\n[dev-dependencies]\nsandgate-sdk.workspace = true",
            ),
        ],
    ),
    fault(
        "layers",
        "policies/new may not know host/model",
        &[
            MODEL,
            (
                "policies/new/Cargo.toml",
                "[package]\nname = 'new'\n[build-dependencies]\nsandgate-model.workspace = true",
            ),
        ],
    ),
    fault("layers", "host/new has no place", &[("host/new/Cargo.toml", "[package]\nname = 'new'")]),
    fault(
        "owned",
        "host/engine may not know wasmtime",
        &[("host/engine/Cargo.toml", "[package]\nname = 'e'\n[dependencies]\nwasmtime = { version = '1' }")],
    ),
    fault(
        "cycles",
        "host/model: modules use each other in a circle: a -> b -> c -> a",
        &[
            MODEL,
            ("host/model/src/lib.rs", "//! x\npub mod a; pub mod b; pub mod c;\npub use c::Chair;"),
            ("host/model/src/a.rs", "//! x\nuse crate::b::Thing;"),
            ("host/model/src/b.rs", "//! x\nuse std::fmt;\nuse crate::{Other, Chair};"),
            ("host/model/src/c/inner.rs", "//! x\nfn f(x: crate::a::Thing) {}"),
        ],
    ),
    fault(
        "cycles",
        "a -> b -> a",
        &[
            MODEL,
            ("host/model/src/a.rs", "//! x\nuse super::b::Thing;"),
            ("host/model/src/b.rs", "//! x\nuse crate::{c::{d, e}, a::f};"),
        ],
    ),
    fault(
        "cycles",
        "host/model/src/a: modules use each other in a circle: b -> c -> b",
        &[
            MODEL,
            ("host/model/src/a/b.rs", "//! x\nuse super::{Room, c::Thing};"),
            ("host/model/src/a/c.rs", "//! x\nfn f(x: super::b::Thing) {}"),
        ],
    ),
    fault("openings", "host/a.rs does not open", &[("host/a.rs", "use std::fmt;\n//! Too late.")]),
    fault("openings", "host/a.rs does not open", &[("host/a.rs", "//! .\n")]),
    fault("sizes", "host/a.rs has 4", &[("host/a.rs", LONG)]),
    fault("names", "host/src/util.rs", &[("host/src/util.rs", "//! x")]),
    fault("names", "host/src/a/mod.rs", &[("host/src/a/mod.rs", "//! x")]),
    fault("names", "host/src/helpers/a.rs", &[("host/src/helpers/a.rs", "//! x")]),
    fault("depth", "host/src/a/b/c.rs is deeper", &[("host/src/a/b/c.rs", "//! x")]),
    fault("depth", "tests/tests/a/b/c.rs is deeper", &[("tests/tests/a/b/c.rs", "//! x")]),
    fault("reasons", "a.rs:2: the exception gives no reason", &[("a.rs", "//! x\n#[expect(dead_code)]\nfn f() {}")]),
    fault(
        "reasons",
        "a.rs:3: the exception gives no reason",
        &[("a.rs", "//! x\n// reason = \"of another line\"\n    #![allow(\n    dead_code\n)]\nfn f() {}")],
    ),
    fault("places", "a.md:2: ", &[("a.md", concat!("# A\nsee /ho", "me/me/notes"))]),
    fault("places", "Makefile:1: ", &[("Makefile", concat!("X='/ro", "ot/x'"))]),
    fault("links", "docs/a.md:2: ../b.md leads nowhere", &[("docs/a.md", "# A\n[b](../b.md)"), ("docs/b.md", "# B")]),
    fault("links", "a.md:1: b.md has no heading #here", &[("a.md", "[b](b.md#here)"), ("b.md", "# There")]),
];

/// A tree with nothing wrong in it, close to the faulty ones.
pub(crate) const SOUND: &[(&str, &str)] = &[
    MODEL,
    SDK,
    ("host/tags/Cargo.toml", "[package]\nname = 'sandgate-tags'\n[dependencies]\nsandgate-model = '1'\nsqlx = '1'"),
    ("host/model/src/lib.rs", "//! The words.\npub mod a; pub mod b;\npub use b::Thing;"),
    ("host/model/src/a.rs", "//! One of them.\nuse crate::Thing;\nuse crate::root_item;\n// crate::a::x"),
    ("host/model/src/b.rs", "//! Another one.\nuse std::b;\n#[cfg(test)]\nmod tests {\n    use crate::a::X;\n}"),
    ("host/model/src/a/inner.rs", "//! Inside of it.\n#[expect(dead_code, reason = \"of that\")]\nfn f() {}"),
    (
        "a.md",
        "# All of it\n[b](docs/b.md#the-first-one), [docs](docs/), [self](#all-of-it), [out](https://example.com/ho/x)",
    ),
    ("docs/b.md", "# The `first` one\n```sh\nx](nowhere)\n```\n`[x](nowhere)` target/home/x and [up](../a.md)"),
];
