//! Compiled code on disk is run only where it is surely ours.

use crate::guest::{BUDGET, Guest, parameters, rows, sandbox};
use crate::judging::BY_NUMBER;
use sandgate_sandbox::{CacheError, Config, Policy, Sandbox, SetupError, Verdicts};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

fn cached(folder: &Path) -> Config {
    Config { cache: Some(folder.to_owned()), ..Config::default() }
}

fn only_file(folder: &Path) -> PathBuf {
    let files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

fn scores(policy: &Policy) -> Vec<f64> {
    let mut verdicts = Verdicts::new();
    policy.judge(&rows(&[(Some(1), "ab"), (Some(2), "abc")]), &parameters(), BUDGET, &mut verdicts);
    verdicts.scores
}

#[test]
fn code_is_kept_and_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("new").join("code");
    let component = Guest { judge: BY_NUMBER, ..Guest::default() }.component();
    let first = sandbox(cached(&folder)).load(&component).unwrap();
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    let file = only_file(&folder);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let written = fs::metadata(&file).unwrap().modified().unwrap();
    let second = sandbox(cached(&folder)).load(&component).unwrap();
    assert_eq!(scores(&first), [2.0, 3.0]);
    assert_eq!(scores(&second), [2.0, 3.0]);
    assert_eq!(first.manifest(), second.manifest());
    assert_eq!((first.warnings(), second.warnings()), (&[][..], &[][..]));
    assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), written, "it was not written again");
}

#[test]
fn a_damaged_file_is_never_run() {
    let folder = tempfile::tempdir().unwrap();
    let component = Guest { judge: BY_NUMBER, ..Guest::default() }.component();
    sandbox(cached(folder.path())).load(&component).unwrap();
    let file = only_file(folder.path());
    let whole = fs::read(&file).unwrap();
    let mut places: Vec<usize> = (0..160).collect();
    places.extend((160..whole.len()).step_by(whole.len() / 40));
    let sandbox = sandbox(cached(folder.path()));
    for place in places {
        let mut damaged = whole.clone();
        damaged[place] ^= 1;
        fs::write(&file, &damaged).unwrap();
        let policy = sandbox.load(&component).unwrap();
        assert!(policy.warnings()[0].contains("was not used: "), "byte {place}: {:?}", policy.warnings());
        assert_eq!(scores(&policy), [2.0, 3.0]);
        assert_eq!(fs::read(&file).unwrap(), whole, "byte {place}: it was replaced");
    }
    for length in [0, 1, 100, 119, 120, whole.len() / 2, whole.len() - 1] {
        fs::write(&file, &whole[..length]).unwrap();
        assert_eq!(sandbox.load(&component).unwrap().warnings().len(), 1, "cut to {length}");
    }
}

#[test]
fn a_foreign_file_is_never_run() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(cached(folder.path()));
    let one = Guest { judge: BY_NUMBER, ..Guest::default() }.component();
    sandbox.load(&one).unwrap();
    let file = only_file(folder.path());
    // the code of one component under the name of another
    let other = Guest { judge: BY_NUMBER, pages: 1, ..Guest::default() }.component();
    sandbox.load(&other).unwrap();
    let name =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).find(|path| *path != file).unwrap();
    fs::copy(&file, &name).unwrap();
    assert!(sandbox.load(&other).unwrap().warnings()[0].contains("it is the code of another component"));
    // a file that others may write to
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(sandbox.load(&one).unwrap().warnings()[0].contains("not a file that only this host may write"));
    // something that is no file
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(sandbox.load(&one).unwrap().warnings()[0].contains("not a file that only this host may write"));
}

#[test]
fn a_folder_that_others_may_write_to_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: &Path| match Sandbox::new(cached(path)).map(|_| ()).unwrap_err() {
        SetupError::Cache(CacheError::Unsafe { why, .. }) => why,
        error => panic!("{error}"),
    };
    for mode in [0o720, 0o702, 0o777] {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(refused(folder.path()), "others may write to it; take that right away (chmod 700)");
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let link = folder.path().join("link");
    symlink(folder.path(), &link).unwrap();
    assert_eq!(refused(&link), "it is not a folder but a link or a file; name the folder itself");
}

#[test]
fn a_file_in_place_of_the_folder_is_told() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let told = Sandbox::new(cached(file.path())).map(|_| ()).unwrap_err().to_string();
    assert!(told.starts_with("the cache of compiled code at ") && told.contains("cannot be used"), "{told}");
}
