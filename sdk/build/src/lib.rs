//! What a policy's own build script asks the linker for.
//!
//! A fresh sandbox costs what its memory costs to make and to clear. By default
//! a guest reserves a stack of 1 MiB: 17 pages in place of one. Only the crate
//! that is linked can say otherwise (`rustc-link-arg` of a dependency's build
//! script is ignored), so every policy has a `build.rs` of one line:
//!
//! ```no_run
//! sandgate_sdk_build::guest();
//! ```

/// The stack of a guest in bytes. A policy is a flat function: it needs a few
/// hundred. Recursion that needs more traps, which is a fault and not a crash.
pub const STACK: u32 = 16 * 1024;

/// Asks for a small stack and for no debug information where the build is for
/// the sandbox; a native build, as `cargo test` makes it, is left alone.
pub fn guest() {
    for line in lines(&target()) {
        announce(&line);
    }
}

/// The words for cargo, one a line.
fn lines(target: &str) -> Vec<String> {
    let mut lines = vec!["cargo::rerun-if-changed=build.rs".to_owned()];
    if target == "wasm32" {
        lines.push(format!("cargo::rustc-link-arg-cdylib=-zstack-size={STACK}"));
        lines.push("cargo::rustc-link-arg-cdylib=--strip-all".to_owned());
    }
    lines
}

#[expect(clippy::disallowed_methods, reason = "cargo speaks to a build script through its environment")]
fn target() -> String {
    std::env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default()
}

#[expect(clippy::print_stdout, reason = "a build script speaks to cargo through its standard output")]
fn announce(line: &str) {
    println!("{line}");
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn only_a_build_for_the_sandbox_changes_the_link() {
        assert_eq!(lines("x86_64"), ["cargo::rerun-if-changed=build.rs"]);
        assert_eq!(lines("wasm32").len(), 3);
        assert_eq!(lines("wasm32")[1], "cargo::rustc-link-arg-cdylib=-zstack-size=16384");
    }
}
