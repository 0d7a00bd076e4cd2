//! `sandgate new`: what it makes builds and passes at once, wherever it is made,
//! and what it cannot make it leaves alone.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use sandgate_tests::{Desk, program, root, text};
use std::path::Path;
use std::process::{Command, Output};

/// Runs a program in a folder, fetching nothing and compiling beside the rest.
fn run(program_name: &Path, arguments: &[&str], folder: &Path) -> Output {
    Command::new(program_name)
        .args(arguments)
        .current_dir(folder)
        .env("SANDGATE", program())
        .env("CARGO_TARGET_DIR", program().ancestors().nth(2).unwrap())
        .env("CARGO_NET_OFFLINE", "true")
        .output()
        .unwrap()
}

/// What it prints, which must go well.
fn told(program_name: &Path, arguments: &[&str], folder: &Path) -> String {
    let output = run(program_name, arguments, folder);
    assert!(output.status.success(), "{arguments:?}\n{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

fn passes_at_once(kind: &str, name: &str, shown: &[&str], cases: usize) {
    let desk = Desk::new();
    let made = told(program(), &["new", name, "--kind", kind], &desk.path("."));
    assert!(made.contains(&format!("\nNext\n  cd {name}\n  sandgate build")), "{made}");
    let folder = desk.path(name);
    // the versions that are here already, so that nothing is fetched
    std::fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let built = told(program(), &["build"], &folder);
    assert!(shown.iter().all(|part| built.contains(part)), "{built}");
    let tested = told(program(), &["test"], &folder);
    assert!(tested.contains(&format!("\ntest result: ok. {cases} passed")), "{tested}");
    assert!(!tested.contains("; never "), "every reason has its case: {tested}");
    // with release artifacts, because those of the SDK's macros are there already
    let native = told(Path::new("cargo"), &["test", "--release"], &folder);
    assert!(native.matches("test result: ok. ").count() >= 2 && native.contains("the_component_"), "{native}");
    assert!(!desk.read(&format!("{name}/README.md")).contains("template"));
}

#[test]
fn rules_build_and_pass_at_once() {
    let shown = ["card-limits 0.1.0: Stops large amounts", "amount (field), last_minute (window), risk_level (tag)"];
    passes_at_once("rules", "card-limits", &shown, 3);
}

#[test]
fn a_score_builds_and_passes_at_once() {
    let shown = ["card-fraud 0.1.0: Scores how probable fraud is", "score      0 to 1"];
    passes_at_once("scoring", "card-fraud", &shown, 2);
}

/// A workspace like this repository, without its crates.
fn workspace(members: &str, more: &str) -> Desk {
    let desk = Desk::new();
    desk.write("Cargo.toml", &format!("[workspace]\nresolver = \"3\"\n{members}\n{more}"));
    desk
}

/// The packages that cargo finds in a workspace, and the manifest of one of them.
fn members(desk: &Desk) -> serde_json::Value {
    let found = told(Path::new("cargo"), &["metadata", "--no-deps", "--format-version", "1"], &desk.path("."));
    serde_json::from_str(&found).unwrap()
}

#[test]
fn in_this_repository_the_crate_takes_what_its_workspace_has() {
    let all = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let head = all.split_once("members = [").unwrap().0;
    let rest = all.split_once("\n]\n").unwrap().1.replace("path = \"", &format!("path = \"{}/", root().display()));
    let desk = Desk::new();
    desk.write("Cargo.toml", &format!("{head}members = [\n    \"policies/z\",\n    \"tests\",\n]\n{rest}"));
    for member in ["policies/z", "tests"] {
        desk.write(&format!("{member}/Cargo.toml"), &format!("[package]\nname = {:?}\n", member.replace('/', "-")));
        desk.write(&format!("{member}/src/lib.rs"), "");
    }
    let made = told(program(), &["new", "policies/card-limits"], &desk.path("."));
    assert!(made.contains("added it to the members of ") && !made.contains("note:"), "{made}");
    assert!(
        desk.read("Cargo.toml").contains("[\n    \"policies/card-limits\",\n    \"policies/z\",\n    \"tests\",\n]\n")
    );
    let shipped = std::fs::read_to_string(root().join("policies/subscription-limits/Cargo.toml")).unwrap();
    let own = desk.read("policies/card-limits/Cargo.toml");
    for line in shipped.lines().filter(|line| line.contains("workspace = true")) {
        assert!(own.lines().any(|other| other == line), "{line} is missing in\n{own}");
    }
    assert!(!own.contains("[profile"), "profiles are the workspace's");
    assert!(!desk.path("policies/card-limits/.gitignore").exists(), "the workspace has one");
    assert_eq!(members(&desk)["packages"].as_array().unwrap().len(), 3);
}

#[test]
fn in_a_foreign_workspace_the_crate_becomes_a_member() {
    let desk = workspace("members = [\"policies/*\"]", "[workspace.package]\nedition = \"2021\"\n");
    let before = desk.read("Cargo.toml");
    let made = told(program(), &["new", "policies/card-limits"], &desk.path("."));
    assert!(
        made.contains("note: the workspace builds releases without checks for overflow; set `overflow-checks = true`")
    );
    assert_eq!(desk.read("Cargo.toml"), before, "the star covers it");
    told(program(), &["new", "card-fraud", "--kind", "scoring"], &desk.path("."));
    assert!(desk.read("Cargo.toml").contains("members = [\"policies/*\", \"card-fraud\"]"));
    let found = members(&desk);
    let editions: Vec<_> = found["packages"].as_array().unwrap().iter().map(|package| &package["edition"]).collect();
    assert_eq!(editions, ["2021", "2021"]);
    let excluding = workspace("members = []\nexclude = [\"apart\"]", "");
    told(program(), &["new", "apart/card-limits"], &excluding.path("."));
    assert!(excluding.read("apart/card-limits/Cargo.toml").contains("[profile.release]"), "it stands alone");
}

#[test]
fn the_sdk_is_a_path_or_a_version() {
    let desk = Desk::new();
    desk.write("clone/sdk/Cargo.toml", "[package]\nname = \"sandgate-sdk\"\n");
    let made = |sdk: &str, name: &str| {
        told(program(), &["new", name, "--sdk", sdk], &desk.path("."));
        desk.read(&format!("{name}/Cargo.toml"))
    };
    for sdk in ["clone", "clone/sdk", "./clone/sdk/"] {
        let manifest = made(sdk, &format!("deep/{}", sdk.replace(['.', '/'], "x")));
        assert!(manifest.contains("\nsandgate-sdk = { path = \"../../clone/sdk\" }\n"), "{manifest}");
        assert!(manifest.contains("\nsandgate-harness = { path = \"../../clone/sdk/harness\" }\n"), "{manifest}");
    }
    let manifest = made("0.1.0", "by-version");
    for krate in ["sandgate-sdk", "sandgate-sdk-build", "sandgate-harness"] {
        assert!(manifest.contains(&format!("\n{krate} = \"0.1.0\"\n")), "{manifest}");
    }
}

#[test]
fn what_cannot_be_made_is_refused_and_nothing_is_written() {
    let desk = Desk::new();
    desk.write("full/notes.txt", "mine");
    desk.write("file", "mine");
    std::fs::create_dir(desk.path("empty")).unwrap();
    let cases: [(&[&str], &str); 8] = [
        (&["full"], "full is there already and not empty; choose another name, or clear it away"),
        (&["file"], "file is a file, or below one"),
        (&["Night_Limits"], "did you mean night-limits?"),
        (&["match"], "\"match\" is a word of Rust"),
        (&["tests"], "\"tests\" is the name of something"),
        (&["limits", "--sdk", "empty"], "empty is no SDK of Sandgate; name the folder `sdk` of a clone, or a version"),
        (&["limits", "--sdk", "nowhere"], "nowhere is neither a folder nor a version such as 0.1.0"),
        (&["limits", "--kind", "score"], "invalid value 'score' for '--kind <KIND>'"),
    ];
    for (arguments, expected) in cases {
        let output = run(program(), &[&["new"], arguments].concat(), &desk.path("."));
        assert!(!output.status.success());
        assert!(text(&output.stderr).contains(expected), "{}", text(&output.stderr));
    }
    let mut left: Vec<_> = std::fs::read_dir(desk.path(".")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["empty", "file", "full"]);
    told(program(), &["new", "empty", "--sdk", "0.1.0"], &desk.path("."));
    assert!(desk.path("empty/src/lib.rs").exists(), "an empty folder is free");
}
