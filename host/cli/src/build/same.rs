//! The same source gives the same component, in any folder and for any user.
//!
//! Two things of the place get into what the compiler writes. Paths: each
//! place where a panic may happen names its file, absolute for a crate outside
//! of the workspace. And `-C metadata`, by which symbols are told apart and
//! sorted: cargo makes it from the path of such a crate. So `sandgate build`
//! puts itself between cargo and the compiler (`RUSTC_WRAPPER`), and shortens
//! the one and replaces the other for what goes into the sandbox.
//!
//! A flag marks those calls. It also keeps what cargo built this way apart from
//! what plain `cargo build` does beside it, in the same target folder, because
//! cargo tells units by their flags (though not by their wrapper). Remapping
//! by flags alone, without a wrapper, would leave the second difference; a
//! target folder of our own would compile every macro again.

use anyhow::Context as _;
use sandgate_model::Digest;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Set for cargo where the program stands in for the compiler; its value is the
/// wrapper that the user has, if any.
const STAND_IN: &str = "SANDGATE_RUSTC_WRAPPER";

/// Marks the calls that matter. The number rises with every change of what is
/// done to them, so that nothing older is used.
const MARK: &str = "-Cmetadata=sandgate-1";

/// Lets cargo compile with this program before the compiler. What the user set
/// in the environment stays: his flags come first, his wrapper is called. Of
/// cargo's own configuration the flags of the target stay, and `build.rustflags`
/// and `build.rustc-wrapper`, which are for a machine, do not apply.
pub(super) fn wrap(cargo: &mut Command, target: &str) -> anyhow::Result<()> {
    let program = std::env::current_exe().context("the place of this program is not known")?;
    let wrapper = environment("RUSTC_WRAPPER").unwrap_or_default();
    cargo.env("RUSTC_WRAPPER", program).env(STAND_IN, wrapper);
    if let Some(mut flags) = environment("CARGO_ENCODED_RUSTFLAGS") {
        if !flags.is_empty() {
            flags.push("\u{1f}");
        }
        flags.push(MARK);
        cargo.env("CARGO_ENCODED_RUSTFLAGS", flags);
    } else if let Some(mut flags) = environment("RUSTFLAGS") {
        flags.push(" ");
        flags.push(MARK);
        cargo.env("RUSTFLAGS", flags);
    } else {
        cargo.arg("--config").arg(format!("target.{target}.rustflags = [{MARK:?}]"));
    }
    Ok(())
}

/// What this program does in place of the compiler, if that is what cargo
/// started it for.
pub(crate) fn as_compiler() -> Option<ExitCode> {
    let wrapper = environment(STAND_IN)?;
    let mut words = std::env::args_os().skip(1).peekable();
    // a build script may start this program for what it is: then a verb comes first
    let compiler = words.peek()?.as_encoded_bytes();
    if !compiler.contains(&b'/') && !compiler.ends_with(b"rustc") {
        return None;
    }
    // the compiler, or another wrapper with the compiler behind it
    let mut compiler: Vec<OsString> = Some(wrapper).filter(|wrapper| !wrapper.is_empty()).into_iter().collect();
    while let Some(program) = words.next_if(|word| !word.as_encoded_bytes().starts_with(b"-")) {
        compiler.push(program);
    }
    let arguments = settled(&compiler, words.collect());
    let (program, before) = compiler.split_first()?;
    let done = Command::new(program).args(before).args(arguments).env_remove(STAND_IN).status();
    Some(match done {
        Ok(status) => ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)),
        Err(error) => {
            // nothing is left to do where even standard error is gone
            let _ = std::io::Write::write_fmt(
                &mut std::io::stderr(),
                format_args!("error: {} cannot be started: {error}\n", program.display()),
            );
            ExitCode::FAILURE
        }
    })
}

/// The compiler's arguments without what depends on the place.
fn settled(compiler: &[OsString], arguments: Vec<OsString>) -> Vec<OsString> {
    // cargo also asks for what it needs to know, with the same flags
    let asks = |word: &OsString| word.as_encoded_bytes().starts_with(b"--print");
    if !arguments.iter().any(|word| word == MARK) || arguments.iter().any(asks) {
        return arguments;
    }
    let variable = |name| environment(name).unwrap_or_default().to_string_lossy().into_owned();
    let package = format!("{}-{}", variable("CARGO_PKG_NAME"), variable("CARGO_PKG_VERSION"));
    let mut kept = without_metadata(arguments);
    let metadata = metadata(&package, &kept);
    kept.extend(["-C".into(), format!("metadata={metadata}").into()]);
    // messages to people keep the paths that they can open
    kept.push("--remap-path-scope=object".into());
    // of those that fit, the last one counts: from the outer folder to the inner one
    let here = std::env::current_dir().ok().filter(|here| here.parent().is_some());
    let places = [
        here.map(|here| (here, ".".to_owned())),
        environment("CARGO_MANIFEST_DIR").map(|folder| (folder.into(), package.clone())),
        environment("OUT_DIR").map(|folder| (folder.into(), format!("{package}/out"))),
        library(compiler),
    ];
    for (from, to) in places.into_iter().flatten() {
        let mut remap = OsString::from("--remap-path-prefix=");
        remap.push(from);
        remap.push(format!("={to}"));
        kept.push(remap);
    }
    kept
}

/// The arguments without the mark and without what cargo made of the path.
fn without_metadata(arguments: Vec<OsString>) -> Vec<OsString> {
    let mut kept: Vec<OsString> = Vec::with_capacity(arguments.len() + 8);
    for word in arguments {
        let bytes = word.as_encoded_bytes();
        if bytes.starts_with(b"-Cmetadata=") {
            continue;
        }
        if bytes.starts_with(b"metadata=") && kept.last().is_some_and(|last| last == "-C") {
            kept.pop();
            continue;
        }
        kept.push(word);
    }
    kept
}

/// What tells this crate from the others: its name, version and features.
fn metadata(package: &str, arguments: &[OsString]) -> String {
    let mut told = package.to_owned();
    for pair in arguments
        .windows(2)
        .filter(|pair| ["--crate-name", "--crate-type", "--cfg"].iter().any(|word| pair[0] == *word))
    {
        told.push('\n');
        told.push_str(&pair[1].to_string_lossy());
    }
    Digest::of(told.as_bytes()).hex()[..16].to_owned()
}

/// Where the sources of the standard library are, if they are installed, and
/// what they are called where they are not.
fn library(compiler: &[OsString]) -> Option<(PathBuf, String)> {
    let ask = |question: &[&str]| {
        let (program, before) = compiler.split_first()?;
        let output = Command::new(program).args(before).args(question).env_remove(STAND_IN).output().ok()?;
        String::from_utf8(output.stdout).ok()
    };
    let sources = Path::new(ask(&["--print", "sysroot"])?.trim_end()).join("lib/rustlib/src/rust");
    if !sources.is_dir() {
        return None;
    }
    let version = ask(&["-vV"])?;
    let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: "))?;
    Some((sources, format!("/rustc/{commit}")))
}

#[expect(
    clippy::disallowed_methods,
    reason = "cargo and those who call it speak to a compiler through its environment"
)]
pub(super) fn environment(name: impl AsRef<OsStr>) -> Option<OsString> {
    std::env::var_os(name)
}
