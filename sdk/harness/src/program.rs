//! Where the program `sandgate` is. A policy's tests compile no engine: they
//! drive the one in this program.

use std::env::consts::EXE_SUFFIX;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The word of the environment that names the program.
const WORD: &str = "SANDGATE";

/// The program, looked for once for each process.
///
/// # Errors
/// Where it is not found: where it was looked for, and what to do.
pub(crate) fn program() -> Result<&'static Path, String> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let test = std::env::current_exe().unwrap_or_default();
        find(word(WORD), &test, word("PATH"), &|path| path.is_file())
    });
    found.as_deref().map_err(Clone::clone)
}

/// What the environment says for a word, if it says anything.
#[expect(clippy::disallowed_methods, reason = "the one place of the harness that reads the environment")]
pub(crate) fn word(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Cargo's folder of a profile, such as `target/release`, that a test program
/// stands in; the test's own folder where cargo did not put it there.
pub(crate) fn profile_folder(test: &Path) -> &Path {
    let folder = test.parent().unwrap_or(Path::new(""));
    match folder.file_name() {
        Some(name) if name == "deps" => folder.parent().unwrap_or(folder),
        _ => folder,
    }
}

fn find(
    named: Option<OsString>,
    test: &Path,
    path: Option<OsString>,
    is_file: &dyn Fn(&Path) -> bool,
) -> Result<PathBuf, String> {
    if let Some(named) = named {
        let named = PathBuf::from(named);
        if is_file(&named) {
            return Ok(named);
        }
        return Err(format!("{WORD} names {}, which is no file; name the program `sandgate`", named.display()));
    }
    let name = format!("sandgate{EXE_SUFFIX}");
    let profile = profile_folder(test);
    let target = profile.parent().unwrap_or(profile);
    let beside = [profile.join(&name), target.join("release").join(&name), target.join("debug").join(&name)];
    let path = path.unwrap_or_default();
    let on_path = std::env::split_paths(<OsString as AsRef<OsStr>>::as_ref(&path)).map(|folder| folder.join(&name));
    beside.iter().cloned().chain(on_path).find(|file| is_file(file)).ok_or_else(|| {
        format!(
            "there is no program `sandgate`: not beside this test in {}, and not on the PATH; build it in a clone of \
             Sandgate with `cargo build --release --workspace`, and put it on the PATH or name it: \
             {WORD}=FILE cargo test",
            target.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::find;
    use std::path::{Path, PathBuf};

    #[test]
    fn the_environment_stands_before_the_target_folder_and_that_before_the_path() {
        let all = ["/named/it", "/t/release/sandgate", "/t/debug/sandgate", "/bin/sandgate"];
        let found = |there: &[&str], named: Option<&str>| {
            let is_file = |path: &Path| there.iter().any(|file| Path::new(file) == path);
            find(named.map(Into::into), Path::new("/t/debug/deps/component-1f"), Some("/usr:/bin".into()), &is_file)
        };
        assert_eq!(found(&all, Some("/named/it")), Ok(PathBuf::from("/named/it")));
        assert_eq!(found(&all, None), Ok(PathBuf::from("/t/debug/sandgate")), "the profile of the test");
        assert_eq!(found(&[all[1], all[3]], None), Ok(PathBuf::from("/t/release/sandgate")));
        assert_eq!(found(&all[3..], None), Ok(PathBuf::from("/bin/sandgate")));
        let none = found(&[], None).unwrap_err();
        assert!(none.contains("in /t,") && none.contains("SANDGATE=FILE cargo test"), "{none}");
        let wrong = found(&all, Some("/named/nothing")).unwrap_err();
        assert!(wrong.starts_with("SANDGATE names /named/nothing, which is no file"), "{wrong}");
    }
}
