//! `sandgate build`: what comes out does not depend on the place, and what is
//! wrong with a crate is said with its mend.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use sandgate_tests::{Desk, program, root, text};
use std::ffi::OsString;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Writes a file unless it is so already: what is older than what was built of
/// it is not built again.
fn settle(path: &Path, content: &[u8]) {
    if std::fs::read(path).ok().as_deref() != Some(content) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}

/// Copies a folder as it is.
fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let (entry, to) = (entry.as_ref().unwrap().path(), to.join(entry.as_ref().unwrap().file_name()));
        if entry.is_dir() {
            copy(&entry, &to);
        } else {
            settle(&to, &std::fs::read(&entry).unwrap());
        }
    }
}

/// The sources of a shipped policy as a crate of their own, with the SDK by path.
/// It has a name of its own too: cargo keeps modules of one name in one place.
fn write_policy(folder: &Path, sdk: &Path) {
    let manifest = format!(
        "[package]\nname = \"risk-elsewhere\"\nversion = \"1.0.0\"\nedition = \"2024\"\n\
         [lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n[workspace]\n\
         [dependencies]\nsandgate-sdk = {{ path = {sdk:?} }}\n\
         [build-dependencies]\nsandgate-sdk-build = {{ path = {:?} }}\n\
         [profile.release]\noverflow-checks = true\n",
        sdk.join("build")
    );
    settle(&folder.join("Cargo.toml"), manifest.as_bytes());
    for file in ["src/lib.rs", "build.rs"] {
        settle(&folder.join(file), &std::fs::read(root().join("policies/account-risk").join(file)).unwrap());
    }
    // the versions that are here already, so that nothing is fetched
    if !folder.join("Cargo.lock").exists() {
        std::fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    }
}

#[expect(clippy::disallowed_methods, reason = "the homes of the user who runs the tests")]
fn home(variable: &str, folder: &str) -> PathBuf {
    let of_user = || Path::new(&std::env::var_os("HOME").unwrap_or_default()).join(folder);
    std::env::var_os(variable).map_or_else(of_user, PathBuf::from)
}

#[test]
fn another_folder_and_another_user_give_the_same_component() {
    let desk = Desk::new();
    let target = program().ancestors().nth(2).unwrap();
    write_policy(&desk.path("policy"), &root().join("sdk"));
    let here = desk.path("here.wasm");
    let built = Command::new(program())
        .args(["build".as_ref(), desk.path("policy").as_os_str(), "--to".as_ref(), here.as_os_str()])
        .env("CARGO_TARGET_DIR", target)
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", text(&built.stderr));

    // kept, so that only a change is built again
    let elsewhere = target.join("tests/elsewhere");
    let clone = elsewhere.join("a clone");
    for part in ["sdk", "wit"] {
        copy(&root().join(part), &clone.join(part));
    }
    settle(&clone.join("Cargo.toml"), &std::fs::read(root().join("Cargo.toml")).unwrap());
    write_policy(&elsewhere.join("policies/policy"), &clone.join("sdk"));
    let user = elsewhere.join("user");
    std::fs::create_dir_all(&user).unwrap();
    for shared in ["registry", "config.toml"] {
        let from = home("CARGO_HOME", ".cargo").join(shared);
        if from.exists() && !user.join(shared).exists() {
            symlink(from, user.join(shared)).unwrap();
        }
    }
    let built = Command::new(program())
        .args(["build", "policy", "--to", "there.wasm"])
        .current_dir(elsewhere.join("policies"))
        .env("HOME", &user)
        .env("CARGO_HOME", &user)
        .env("RUSTUP_HOME", home("RUSTUP_HOME", ".rustup"))
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_TARGET_DIR", elsewhere.join("target"))
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", text(&built.stderr));

    let here = std::fs::read(here).unwrap();
    let told = String::from_utf8_lossy(&here);
    for place in [root(), target, home("CARGO_HOME", ".cargo").as_path(), &desk.path("policy")] {
        assert!(!told.contains(place.to_str().unwrap()), "the component names {}", place.display());
    }
    assert!(told.contains("sandgate-sdk-0.1.0/src/"), "it names the places where it may panic");
    assert!(here == std::fs::read(elsewhere.join("policies/there.wasm")).unwrap(), "the components differ");
}

/// A crate without dependencies, so that it compiles at once.
fn write_crate(desk: &Desk, library: &str, source: &str) {
    let name = "[package]\nname = \"odd\"\nversion = \"1.0.0\"\nedition = \"2024\"\n[workspace]\n";
    desk.write("odd/Cargo.toml", &format!("{name}{library}"));
    desk.write("odd/src/lib.rs", source);
}

const CDYLIB: &str = "[lib]\ncrate-type = [\"cdylib\"]\n";

fn build(desk: &Desk, more: &[(&str, OsString)]) -> Output {
    let mut command = Command::new(program());
    command.args(["build", "odd"]).current_dir(desk.path(".")).env("CARGO_TARGET_DIR", desk.path("target"));
    command.envs(more.iter().map(|(name, value)| (name, value))).output().unwrap()
}

/// What is said of a crate that cannot be built.
fn complaint(desk: &Desk) -> String {
    let output = build(desk, &[]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(!desk.path("target/policies").exists(), "a host would find it");
    text(&output.stderr)
}

#[test]
fn a_crate_that_is_no_policy_is_told_what_it_lacks() {
    let desk = Desk::new();
    let cases = [
        ("", "pub fn f() {}", "is no policy: its [lib] needs crate-type = [\"cdylib\", \"rlib\"]"),
        (CDYLIB, "#[unsafe(no_mangle)]\npub extern \"C\" fn f() {}", "it has no function with #[rules] or #[scoring]"),
        (
            CDYLIB,
            "unsafe extern \"C\" { fn now() -> i64; }\n#[unsafe(no_mangle)]\npub extern \"C\" fn f() -> i64 { unsafe { now() } }",
            "it imports `env::now`, and a policy imports nothing; declare what it needs as inputs",
        ),
        (
            CDYLIB,
            "#[link(wasm_import_module = \"wasi_snapshot_preview1\")]\nunsafe extern \"C\" { fn random_get(at: i32, length: i32) -> i32; }\n\
             #[unsafe(no_mangle)]\npub extern \"C\" fn f() -> i32 { unsafe { random_get(0, 0) } }",
            "there is no system around it: leave out what reads a clock, a file or the environment (`cargo tree",
        ),
        (
            CDYLIB,
            "#[link(wasm_import_module = \"__wbindgen_placeholder__\")]\nunsafe extern \"C\" { fn now() -> f64; }\n\
             #[unsafe(no_mangle)]\npub extern \"C\" fn f() -> f64 { unsafe { now() } }",
            "a dependency expects a browser around it",
        ),
    ];
    for (library, source, expected) in cases {
        write_crate(&desk, library, source);
        let told = complaint(&desk);
        assert!(told.contains(expected), "{told}");
        assert!(!told.contains("rustup target add"), "the target is there: {told}");
    }
}

#[test]
fn what_the_compiler_says_passes_through() {
    let desk = Desk::new();
    write_crate(&desk, CDYLIB, "pub fn f() -> u32 {\n    \"text\"\n}\n");
    let told = complaint(&desk);
    assert!(told.contains("error[E0308]: mismatched types\n --> src/lib.rs:2:5\n"), "{told}");
    assert!(
        told.ends_with("error: cargo could not build odd for wasm32-unknown-unknown; the cause stands above\n"),
        "{told}"
    );
}

#[test]
fn a_missing_target_is_named_with_its_mend() {
    let desk = Desk::new();
    write_crate(&desk, CDYLIB, "pub fn f() {}");
    // a compiler whose sysroot has the library of the host alone
    let ask =
        |question: &[&str]| text(&Command::new("rustc").args(question).output().unwrap().stdout).trim_end().to_owned();
    let host = ask(&["-vV"]).lines().find_map(|line| line.strip_prefix("host: ").map(str::to_owned)).unwrap();
    let libraries = Path::new(&ask(&["--print", "sysroot"])).join("lib/rustlib").join(&host);
    desk.write("sysroot/lib/rustlib/README", "one target");
    symlink(libraries, desk.path("sysroot/lib/rustlib").join(&host)).unwrap();
    desk.write("rustc", &format!("#!/bin/sh\nexec rustc --sysroot {} \"$@\"\n", desk.path("sysroot").display()));
    std::fs::set_permissions(desk.path("rustc"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let output = build(&desk, &[("RUSTC", desk.path("rustc").into())]);
    let told = text(&output.stderr);
    assert!(told.contains("error[E0463]: can't find crate for `"), "{told}");
    assert!(told.ends_with("; rustup target add wasm32-unknown-unknown\n"), "{told}");
}

#[test]
fn flags_and_wrapper_of_the_user_stay() {
    let desk = Desk::new();
    let source = "#[cfg(not(mine))]\ncompile_error!(\"the flag is lost\");\n";
    write_crate(&desk, CDYLIB, source);
    desk.write("wrapper", &format!("#!/bin/sh\necho called >> {}\nexec \"$@\"\n", desk.path("calls").display()));
    std::fs::set_permissions(desk.path("wrapper"), std::fs::Permissions::from_mode(0o755)).unwrap();
    for (name, flags) in [("RUSTFLAGS", "--cfg mine"), ("CARGO_ENCODED_RUSTFLAGS", "--cfg\u{1f}mine")] {
        let output = build(&desk, &[(name, flags.into()), ("RUSTC_WRAPPER", desk.path("wrapper").into())]);
        let told = text(&output.stderr);
        assert!(told.contains("it has no function with #[rules]"), "{name}: it was compiled: {told}");
    }
    desk.write("odd/.cargo/config.toml", "");
    desk.write(".cargo/config.toml", "[target.wasm32-unknown-unknown]\nrustflags = [\"--cfg\", \"mine\"]\n");
    let told = complaint(&desk);
    assert!(told.contains("it has no function with #[rules]"), "configuration: it was compiled: {told}");
    assert!(desk.read("calls").lines().count() > 1);
}

#[test]
fn programs_are_told_what_was_built() {
    let desk = Desk::new();
    let to = desk.path("risk.wasm");
    let policy = root().join("policies/account-risk");
    let output =
        desk.succeed(["build".as_ref(), policy.as_os_str(), "--json".as_ref(), "--to".as_ref(), to.as_os_str()]);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["name"], "account-risk");
    assert_eq!(told["component"], to.to_str().unwrap());
    assert_eq!(told["size"], std::fs::metadata(&to).unwrap().len());
    assert_eq!(told["inputs"], serde_json::json!(["amount", "level"]));
    assert_eq!(told["reasons"], serde_json::json!(["LARGE_AMOUNT", "MEDIUM_AMOUNT", "LIMITS_CONTRADICT"]));
    assert_eq!(told["warnings"], serde_json::json!([]));
    assert!(told["digest"].as_str().unwrap().starts_with("sha256:"));
}
