//! What the end-to-end tests share: the program, policies built for it, a folder
//! to work in, and a small host to start from.
#![expect(clippy::panic, reason = "what a test stands on must be there, or the test has failed")]

pub mod fleet;
pub mod proxy;
pub mod servers;
pub mod set;
pub mod site;
pub mod stream;
pub mod verdict;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use tempfile::TempDir;

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).components().as_path()
}

/// The program, built if it is not up to date.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        // as `cargo test` itself builds it, so that it is not built twice: the tests of
        // other crates bring features that a plain build goes without
        let built = Command::new("cargo")
            .args(["test", "--release", "--workspace", "--test", "program", "--no-run", "--quiet"])
            .current_dir(root())
            .status();
        assert!(built.is_ok_and(|status| status.success()), "the program must build");
        // this test is target/release/deps/NAME
        let test = std::env::current_exe().unwrap_or_default();
        test.ancestors().nth(2).unwrap_or(Path::new("")).join("sandgate")
    })
}

/// The folder of the built policies that tests use. Those that the examples name
/// are then also where the examples look for them.
pub fn policies() -> &'static Path {
    static POLICIES: OnceLock<PathBuf> = OnceLock::new();
    POLICIES.get_or_init(|| {
        let guests = ["card-windows", "every-window", "six-inputs", "six-windows", "trained", "unruly"];
        let guests = guests.iter().map(|guest| format!("tests/guests/{guest}"));
        let example = "examples/payments-kafka/policy".to_owned();
        build(shipped().iter().map(|policy| format!("policies/{policy}")).chain(guests).chain([example]));
        let folder = program().ancestors().nth(2).unwrap_or(Path::new("")).join("policies");
        // the example names its components where cargo puts them by default
        let named = root().join("target/policies");
        if named.canonicalize().ok() != folder.canonicalize().ok() {
            for policy in shipped() {
                let to = named.join(policy.replace('-', "_")).with_extension("wasm");
                build([format!("policies/{policy}").as_ref(), "--to".as_ref(), to.as_os_str()]);
            }
        }
        folder
    })
}

/// The names of the policies that are shipped: the folders below `policies/`.
pub fn shipped() -> Vec<String> {
    let entries = std::fs::read_dir(root().join("policies")).unwrap_or_else(|error| panic!("policies: {error}"));
    let mut names: Vec<String> =
        entries.flatten().map(|folder| folder.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    assert!(names.len() >= 10, "{names:?}");
    names
}

/// Runs `sandgate build` in the root of the repository.
fn build<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) {
    let built = Command::new(program())
        .arg("build")
        .args(arguments)
        .current_dir(root())
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("the program must start: {error}"));
    assert!(built.status.success(), "the policies must build:\n{}", text(&built.stderr));
}

/// The bytes of an output as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A folder of its own for one test, gone afterwards.
pub struct Desk {
    folder: TempDir,
}

impl Desk {
    /// An empty folder.
    pub fn new() -> Desk {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("a folder for the test: {error}"));
        Desk { folder }
    }

    /// A host with one source and one tenant file, and a tag store that knows
    /// nothing about anybody that a test asks for.
    pub fn with_host(source: &str, tenant: &str) -> Desk {
        let desk = Desk::new();
        desk.write("sandgate.toml", &format!("tenants = [\"tenant.toml\"]\n{source}"));
        desk.write("tenant.toml", tenant);
        desk.succeed(["tags", "--config", "sandgate.toml", "set", "account", "somebody else", "risk_level", "1"]);
        desk
    }

    /// The path of a file here.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file here.
    pub fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        std::fs::write(path, content).unwrap_or_else(|error| panic!("{name}: {error}"));
    }

    /// Reads a file here.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Every line of a file here, as JSON.
    pub fn json_lines(&self, name: &str) -> Vec<serde_json::Value> {
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}: {error}: {line}"));
        self.read(name).lines().map(parse).collect()
    }

    /// Runs the program in this folder.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Output {
        Command::new(program())
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("the program must start: {error}"))
    }

    /// Starts the program in this folder; what it says is not kept.
    pub fn start<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Child {
        Command::new(program())
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("the program must start: {error}"))
    }

    /// Runs the program, which must succeed.
    pub fn succeed<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Output {
        let output = self.run(arguments);
        assert!(output.status.success(), "status {:?}:\n{}", output.status.code(), text(&output.stderr));
        output
    }
}

impl Default for Desk {
    fn default() -> Desk {
        Desk::new()
    }
}

/// Kills a run with SIGKILL when so many bytes of a file are written; says whether
/// it was still running.
///
/// # Panics
/// Where the run fails by itself.
pub fn kill_at(mut run: Child, file: &Path, bytes: u64) -> bool {
    let written = || std::fs::metadata(file).map_or(0, |metadata| metadata.len());
    loop {
        match run.try_wait() {
            Ok(Some(ended)) => {
                assert!(ended.success(), "a run that was not killed ended with {ended}");
                return false;
            }
            Ok(None) if written() >= bytes => {
                let killed = run.kill().and_then(|()| run.wait());
                return killed.is_ok_and(|ended| ended.code().is_none());
            }
            Ok(None) => std::thread::yield_now(),
            Err(error) => panic!("a run that was started: {error}"),
        }
    }
}

/// The source of payments as their users send them.
pub const PAYMENTS: &str = r#"
[[source]]
name = "payments"
id = "id"
account = "account"
time = "time"
amount = "amount"
tenant = { name = "payments" }
[source.fields]
id = { path = "transaction_id", kind = "text" }
account = { path = "account_id", kind = "text" }
time = { path = "timestamp", kind = "instant", unit = "s" }
amount = { path = "amount", kind = "decimal", scale = 2 }
device = { kind = "text" }
probability = { kind = "number" }
impact = { kind = "number" }
"#;

/// A tenant whose only policy is `account-risk`, with more keys for it.
pub fn account_risk(more: &str) -> String {
    let component = policies().join("account_risk.wasm");
    format!(
        "name = \"payments\"\n[[stage]]\nname = \"rules\"\n[[stage.policy]]\nname = \"account-risk\"\ncomponent = {component:?}\n{more}"
    )
}
