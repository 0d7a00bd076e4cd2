//! The components that are shipped: small, without imports, of one page.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where by stopping there")]

use std::path::PathBuf;
use std::process::Command;
use wit_component::{ComponentEncoder, DecodedWasm};

/// The core module of a guest of this workspace, built as an author builds it.
fn build(package: &str) -> Vec<u8> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    // the workspace's own folder, where the guests may be built already
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("..");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--target", "wasm32-unknown-unknown", "--package", package, "--target-dir"])
        .arg(&target)
        .current_dir(root)
        .status()
        .unwrap();
    assert!(status.success(), "{package} does not build");
    let file = package.replace('-', "_") + ".wasm";
    std::fs::read(target.join("wasm32-unknown-unknown/release").join(file)).unwrap()
}

fn componentize(module: &[u8]) -> Vec<u8> {
    ComponentEncoder::default().module(module).unwrap().validate(true).encode().unwrap()
}

/// The pages that the memory of a core module begins with.
fn pages(module: &[u8]) -> u32 {
    const MEMORY_SECTION: u8 = 5;
    let mut at = 8;
    loop {
        let section = module[at];
        let (size, start) = leb(module, at + 1);
        if section == MEMORY_SECTION {
            // one memory, its flags, its first limit
            return leb(module, start + 2).0;
        }
        at = start + size as usize;
    }
}

fn leb(bytes: &[u8], mut at: usize) -> (u32, usize) {
    let (mut value, mut shift) = (0, 0);
    loop {
        value |= u32::from(bytes[at] & 0x7f) << shift;
        shift += 7;
        at += 1;
        if bytes[at - 1] & 0x80 == 0 {
            return (value, at);
        }
    }
}

#[test]
fn shipped_policies_are_small_and_import_nothing() {
    let shipped = [
        "account-risk",
        "card-testing",
        "credit-score",
        "entity-conditions",
        "new-device",
        "risk-matrix",
        "script-detector",
        "structuring",
        "subscription-limits",
        "velocity",
    ];
    for policy in shipped {
        let module = build(policy);
        let component = componentize(&module);
        assert!(component.len() <= 20 * 1024, "{policy} has {} bytes", component.len());
        assert_eq!(pages(&module), 1, "{policy}: a guest of one page is the cheapest to make and to throw away");
        let DecodedWasm::Component(resolve, world) = wit_component::decode(&component).unwrap() else {
            panic!("{policy} is no component");
        };
        let world = &resolve.worlds[world];
        assert!(world.imports.is_empty(), "{policy}: {:?}", world.imports);
        assert_eq!(world.exports.len(), 1, "{policy}");
    }
}
