//! Components that are not loaded, each with its own sentence.

use crate::guest::{Guest, MANIFEST, WIT, beside, component, fault, sandbox};
use sandgate_model::Fault;
use sandgate_sandbox::{Config, Refusal};

fn refusal(bytes: &[u8]) -> Refusal {
    refusal_with(Config::default(), bytes)
}

fn refusal_with(config: Config, bytes: &[u8]) -> Refusal {
    let sandbox = sandbox(config);
    let refused = sandbox.load(bytes).map(|_| ()).unwrap_err();
    // the host goes on
    sandbox.load(&Guest::default().component()).unwrap();
    refused
}

#[test]
fn bytes_that_are_no_component_are_refused() {
    let core = wat::parse_str(Guest::default().text()).unwrap();
    let mut cut = Guest::default().component();
    cut.truncate(cut.len() / 2);
    let random: Vec<u8> = (0..10_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let mut headed = random.clone();
    headed[..8].copy_from_slice(b"\0asm\x0d\0\x01\0");
    let table: [(&[u8], &str); 6] = [
        (b"", "this is not WebAssembly: the file is empty"),
        (b"(component)", "this is not WebAssembly: it looks like WebAssembly text"),
        (&random, "this is not WebAssembly: it does not begin as WebAssembly does"),
        (&core, "this is a core module, not a component; wrap it with `sandgate build`"),
        (&cut, "the component cannot be compiled:"),
        (&headed, "the component cannot be compiled:"),
    ];
    for (bytes, expected) in table {
        let told = refusal(bytes).to_string();
        assert!(told.starts_with(expected), "{told}");
    }
    let huge = vec![0; (64 << 20) + 1];
    assert_eq!(refusal(&huge), Refusal::TooLarge { size: huge.len(), max: 64 << 20 });
}

#[test]
fn imports_are_refused() {
    let wasi =
        r#"(component (import "wasi:cli/environment@0.2.0" (instance)) (import "wasi:io/streams@0.2.0" (instance)))"#;
    let told = refusal(&wat::parse_str(wasi).unwrap());
    let imports = "`wasi:cli/environment@0.2.0`, `wasi:io/streams@0.2.0`".to_owned();
    assert_eq!(told, Refusal::ImportsWasi { imports });
    assert!(told.to_string().contains("build it for wasm32-unknown-unknown"), "{told}");
    let own = r#"(component (import "fetch-rates" (func)))"#;
    let told = refusal(&wat::parse_str(own).unwrap());
    assert_eq!(told, Refusal::Imports { imports: "`fetch-rates`".into() });
    assert!(told.to_string().contains("declare what it needs as inputs"), "{told}");
}

#[test]
fn other_worlds_and_versions_are_refused() {
    let text = Guest::default().text();
    let empty = wat::parse_str("(component)").unwrap();
    let told = refusal(&empty).to_string();
    assert!(told.starts_with("the component exports nothing, not `sandgate:policy/policy@0.1.0`"), "{told}");
    for version in ["0.2.0", "0.1.1", "1.0.0"] {
        let wit = WIT.replace("@0.1.0", &format!("@{version}"));
        let other = component(&text.replace("@0.1.0", &format!("@{version}")), &wit);
        let told = refusal(&other).to_string();
        let expected = format!(
            "the component exports `sandgate:policy/policy@{version}`, but this host speaks `sandgate:policy/policy@0.1.0`"
        );
        assert!(told.starts_with(&expected), "{told}");
    }
    let wit = WIT.replace("sandgate:policy", "acme:rules");
    let told = refusal(&component(&text.replace("sandgate:policy", "acme:rules"), &wit)).to_string();
    assert!(told.starts_with("the component exports `acme:rules/policy@0.1.0`, not"), "{told}");
}

#[test]
fn other_types_under_the_same_name_are_refused() {
    let text = Guest::default().text();
    let wider = WIT.replace("count: u32,", "count: u32, extra: u32,");
    assert!(matches!(refusal(&component(&text, &wider)), Refusal::Signature { function: "judge", .. }));
    let bytes = WIT.replace("describe: func() -> string", "describe: func() -> list<u8>");
    assert!(matches!(refusal(&component(&text, &bytes)), Refusal::Signature { function: "describe", .. }));
    let without = WIT.replace("describe: func() -> string;", "");
    let less = text.replace("(export \"sandgate:policy/policy@0.1.0#describe\")", "");
    assert!(matches!(refusal(&component(&less, &without)), Refusal::Signature { function: "describe", .. }));
}

#[test]
fn what_starts_too_large_is_refused() {
    let told = refusal(&Guest { pages: 65, ..Guest::default() }.component());
    assert_eq!(told, Refusal::Memory { size: 65 << 16, max: 4 << 20 });
    let tables = |elements| Guest { module: elements, ..Guest::default() }.component();
    assert_eq!(refusal(&tables("(table 10001 funcref)")), Refusal::Tables { size: 10_001, max: 10_000 });
    // two that are only together too large
    let told = refusal(&tables("(table 6000 funcref) (table 6000 funcref)")).to_string();
    assert!(told.contains("asked for more than its 10000 table elements"), "{told}");
    assert!(matches!(refusal(&tables("(table 10000000 funcref)")), Refusal::Invalid { .. }));
}

#[test]
fn more_instances_memories_or_tables_than_any_policy_has_are_refused() {
    let guest = Guest::default().component();
    let five_tables =
        "(module (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref))";
    // the guest itself is one instance with one memory
    let table = [
        ("(module)", 63, 64, "contains 65 core module instances"),
        ("(module (memory 0))", 7, 8, "contains 9 Wasm linear memories"),
        (five_tables, 12, 13, "contains 65"),
    ];
    for (module, most, more, what) in table {
        assert!(sandbox(Config::default()).load(&beside(&guest, module, most)).is_ok(), "{most} of {module}");
        let told = refusal(&beside(&guest, module, more)).to_string();
        assert!(told.contains(what), "{told}");
    }
}

#[test]
fn memories_that_are_only_together_too_large_are_refused() {
    let guest = Guest::default().component();
    let of_pages = |pages| beside(&guest, &format!("(module (memory {pages}))"), 2);
    assert_eq!(refusal(&of_pages(40)), Refusal::Describe { fault: Fault::Memory { limit: 4 << 20 } });
    // with the guest's own two they are the 64 pages of the limit
    assert!(sandbox(Config::default()).load(&of_pages(31)).is_ok());
    assert!(matches!(refusal(&of_pages(32)), Refusal::Describe { fault: Fault::Memory { .. } }));
}

#[test]
fn more_memory_than_two_pages_is_warned_of() {
    let warnings = |pages| Guest { pages, ..Guest::default() }.load().warnings().to_vec();
    assert!(warnings(2).is_empty());
    assert!(warnings(3)[0].starts_with("the component starts with 196608 bytes of memory"), "{:?}", warnings(3));
}

#[test]
fn a_describe_that_misbehaves_is_refused() {
    let describe = |describe| refusal(&Guest { describe, ..Guest::default() }.component()).to_string();
    let told = describe("(loop $ever (br $ever))");
    assert!(
        told.starts_with("the component could not describe itself (fuel): used more than its 50000000 units"),
        "{told}"
    );
    let told = describe("unreachable");
    assert!(
        told.starts_with("the component could not describe itself (trap): it panicked (wasm trap: wasm `unreachable`"),
        "{told}"
    );
    let told = describe("(drop (memory.grow (i32.const 9999)))");
    assert!(told.starts_with("the component could not describe itself (memory): asked for more"), "{told}");
    // a byte of the manifest changes with every call
    let told = describe("(i32.store8 (i32.const 64) (i32.add (i32.load8_u (i32.const 64)) (i32.const 1)))");
    assert_eq!(told, Refusal::Differs.to_string());
}

#[test]
fn a_manifest_of_ten_megabytes_is_refused() {
    let long = format!("{MANIFEST}{}", " ".repeat(10 << 20));
    let config = Config { memory_max: 64 << 20, ..Config::default() };
    let told = refusal_with(config, &Guest { manifest: &long, ..Guest::default() }.component()).to_string();
    assert!(told.contains("(output): the answer cannot be read, or has more than the 262144 bytes allowed"), "{told}");
    assert!(told.ends_with("return a JSON text of at most 256 KiB"), "{told}");
    // the bound itself is allowed
    let exact = format!("{MANIFEST}{}", " ".repeat((256 << 10) - MANIFEST.len()));
    assert!(sandbox(Config::default()).load(&Guest { manifest: &exact, ..Guest::default() }.component()).is_ok());
    let over = format!("{exact} ");
    assert!(sandbox(Config::default()).load(&Guest { manifest: &over, ..Guest::default() }.component()).is_err());
}

#[test]
fn a_manifest_that_is_not_utf8_is_refused() {
    let describe = "(i32.store8 (i32.const 70) (i32.const 255))";
    let told = refusal(&Guest { describe, ..Guest::default() }.component()).to_string();
    assert!(told.starts_with("the component could not describe itself (output)") && told.contains("utf-8"), "{told}");
}

#[test]
fn unsound_manifests_are_refused_with_all_problems() {
    let table = [
        ("{", "the manifest is not sound: the manifest is not JSON: EOF"),
        (
            r#"{ "schema": 1, "name": "x" }"#,
            "the manifest is not sound: the manifest lacks the word \"version\"; the manifest has neither",
        ),
    ];
    for (manifest, expected) in table {
        let told = refusal(&Guest { manifest, ..Guest::default() }.component()).to_string();
        assert!(told.starts_with(expected), "{told}");
    }
    let part = [
        (r#""name": "word""#, r#""name": "n""#, "inputs[1].name is \"n\", as inputs[0].name is"),
        (
            r#""optional": true"#,
            r#""optionel": true"#,
            "inputs[0] has the word \"optionel\", which this host does not know; did you mean \"optional\"?",
        ),
        (r#""default": 3"#, r#""default": 3, "maximum": 2"#, "parameters[0].default is above the maximum"),
        (
            r#"{ "field": "n" }"#,
            r#"{ "window": { "aggregate": "count", "by": ["a"], "span": { "calendar": { "unit": "day", "zone": "Mars/Base" } } } }"#,
            "zone is the zone \"Mars/Base\", which the zone database does not know",
        ),
    ];
    for (from, to, expected) in part {
        let manifest = MANIFEST.replace(from, to);
        let told = refusal(&Guest { manifest: &manifest, ..Guest::default() }.component()).to_string();
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn proposals_that_no_policy_needs_are_off() {
    // a component around a core module, which the text form would check itself
    let with = |module: &str| {
        let core = wat::parse_str(format!("(module {module})")).unwrap();
        let mut bytes = wat::parse_str("(component)").unwrap();
        bytes.truncate(8);
        bytes.extend_from_slice(&[1, u8::try_from(core.len()).unwrap()]);
        assert!(core.len() < 128, "the length is one byte");
        bytes.extend_from_slice(&core);
        refusal(&bytes)
    };
    let allowed = "(memory 1) (func (result v128) (i32x4.splat (i32.const 1)))";
    assert!(matches!(with(allowed), Refusal::OtherWorld { .. }));
    let table = [
        "(func $f (result i32) (return_call $f))",
        "(memory 1) (memory 1)",
        "(memory i64 1)",
        "(memory 1 1 shared)",
        "(func (param v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 0)))",
        "(tag $t) (func (throw $t))",
        "(type $s (struct))",
    ];
    for module in table {
        assert!(matches!(with(module), Refusal::Invalid { .. }), "{module}");
    }
}

#[test]
fn a_policy_outlives_the_sandbox_that_loaded_it() {
    let policy = {
        let sandbox = sandbox(Config::default());
        sandbox.load(&Guest::default().component()).unwrap()
    };
    assert!(fault(&policy).is_some_and(|fault| fault.to_string() == "there are 0 scores in place of 1"));
}
