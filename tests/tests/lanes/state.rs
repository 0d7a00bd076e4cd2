//! The state folder as an operator meets it: what goes on, what is refused, and
//! that nothing is lost by either.

use crate::{RUN, every_window};
use sandgate_tests::stream::{payments, prices};
use sandgate_tests::{Desk, account_risk, program, text};
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use xxhash_rust::xxh3::xxh3_64;

const PAYMENTS: &str = sandgate_tests::PAYMENTS;

fn payment(number: u64) -> String {
    format!(
        "{{\"transaction_id\":\"t-{number}\",\"account_id\":\"a\",\"amount\":1.5,\"timestamp\":{}}}\n",
        1_767_225_600 + number
    )
}

fn many(numbers: std::ops::Range<u64>) -> String {
    numbers.map(payment).collect()
}

fn desk(records: &str) -> Desk {
    let desk = Desk::with_host(PAYMENTS, &account_risk(""));
    desk.write("in.jsonl", records);
    desk
}

const FROM: [&str; 7] = ["run", "--config", "sandgate.toml", "--from", "in.jsonl", "--to", "out.jsonl"];

fn append(desk: &Desk, name: &str, text: &str) {
    fs::OpenOptions::new().append(true).open(desk.path(name)).unwrap().write_all(text.as_bytes()).unwrap();
}

/// Runs, must be refused with that status, and what was there stays as it was.
fn refused(desk: &Desk, arguments: &[&str], status: i32, told: &str) {
    let before = fs::read(desk.path("out.jsonl")).ok();
    let output = desk.run(arguments);
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {errors}");
    assert!(errors.contains(told), "{arguments:?}: {errors}");
    assert!(fs::read(desk.path("out.jsonl")).ok() == before, "{arguments:?} left the output alone");
}

#[test]
fn a_finished_run_says_so_and_goes_on_when_its_input_grows() {
    let desk = desk(&many(0..10));
    desk.succeed(FROM);
    let first = desk.read("out.jsonl");
    let again = text(&desk.succeed(FROM).stderr);
    assert!(again.contains("was judged to its end before"), "{again}");
    assert!(again.contains("allow                   10"), "{again}");
    assert_eq!(desk.read("out.jsonl"), first);

    append(&desk, "in.jsonl", &many(10..15));
    let grown = text(&desk.succeed(FROM).stderr);
    assert!(grown.contains("records       5 in") && grown.contains("and 10 by earlier runs"), "{grown}");
    let whole = desk.read("out.jsonl");
    desk.succeed(FROM.iter().chain(&["--force"]));
    assert!(desk.read("out.jsonl") == whole, "as if it had been judged at once");
    assert_eq!(whole.lines().count(), 15);
}

#[test]
fn what_cannot_be_continued_is_refused_with_the_way_out() {
    let desk = desk(&many(0..10));
    desk.succeed(FROM);
    // the output is gone, or shorter
    let whole = fs::read(desk.path("out.jsonl")).unwrap();
    fs::write(desk.path("out.jsonl"), &whole[..100]).unwrap();
    refused(&desk, &FROM, 4, "has 100 bytes, but");
    fs::remove_file(desk.path("out.jsonl")).unwrap();
    refused(&desk, &FROM, 4, "out.jsonl is gone, of which");
    fs::write(desk.path("out.jsonl"), String::from_utf8_lossy(&whole).replacen("allow", "block", 1)).unwrap();
    refused(&desk, &FROM, 4, "something else stands there");
    fs::write(desk.path("out.jsonl"), &whole).unwrap();
    // an output that cannot be made leaves nothing behind that would stand in the way
    refused(
        &desk,
        &["run", "--config", "sandgate.toml", "--from", "in.jsonl", "--to", "no/such.jsonl"],
        4,
        "no folder no",
    );
    desk.succeed(FROM);
    // standard input into the output of a lane takes its state with it
    let piped = desk.run(["run", "--config", "sandgate.toml", "--from", "-", "--to", "out.jsonl", "--force"]);
    assert!(piped.status.success(), "{}", text(&piped.stderr));
    refused(&desk, &FROM, 4, "there already");
    desk.succeed(FROM.iter().chain(&["--force"]));
    assert_eq!(fs::read(desk.path("out.jsonl")).unwrap(), whole);
    // another output for the same input
    refused(&desk, &["run", "--config", "sandgate.toml", "--from", "in.jsonl", "--to", "other.jsonl"], 5, "out.jsonl");
    // a changed input
    let changed = many(0..10).replace("t-3\"", "t-X\"");
    desk.write("in.jsonl", &changed);
    refused(&desk, &FROM, 3, "is not the one whose first");
    desk.write("in.jsonl", &many(0..5));
    refused(&desk, &FROM, 3, "is not the one whose first");
    desk.write("in.jsonl", &many(0..10));
    // another file as the input
    desk.write("in2.jsonl", &many(0..10));
    refused(&desk, &["run", "--config", "sandgate.toml", "--from", "in2.jsonl", "--to", "out.jsonl"], 5, "in2.jsonl");
    // another configuration
    desk.write("tenant.toml", &account_risk("parameters = { medium = \"2000\" }\n"));
    refused(&desk, &FROM, 5, "the policy set of tenant payments changed");
    desk.write("tenant.toml", &account_risk(""));
    desk.succeed(FROM);
    // a last line that had no end
    desk.write("in.jsonl", payment(1).trim_end());
    desk.succeed(FROM.iter().chain(&["--force"]));
    append(&desk, "in.jsonl", "\n");
    refused(&desk, &FROM, 3, "its last line had no end");
    desk.succeed(FROM.iter().chain(&["--force"]));
    // somebody's file
    desk.write("precious.jsonl", "precious\n");
    refused(
        &desk,
        &["run", "--config", "sandgate.toml", "--from", "in2.jsonl", "--to", "precious.jsonl"],
        4,
        "there already",
    );
    assert_eq!(desk.read("precious.jsonl"), "precious\n");
}

#[test]
fn one_of_several_inputs_that_grew_is_refused() {
    let desk = every_window("");
    desk.write("payments.jsonl", &payments(1, 200));
    desk.write("prices.jsonl", &prices(2, 50));
    desk.succeed(RUN);
    append(&desk, "payments.jsonl", &payments(3, 1));
    refused(&desk, &RUN, 3, "after it was judged together with others");
}

#[test]
fn a_second_host_on_one_state_folder_is_refused() {
    let desk = desk(&many(0..10));
    desk.succeed(FROM);
    let lock = fs::File::options().write(true).open(desk.path("state/lock")).unwrap();
    lock.lock().unwrap();
    refused(&desk, &FROM, 5, "is in use by another sandgate");
    let inspected =
        desk.run(["state", "inspect", "--config", "sandgate.toml", "--from", "in.jsonl", "--to", "out.jsonl"]);
    assert_eq!(inspected.status.code(), Some(5));
    lock.unlock().unwrap();
    desk.succeed(FROM);
}

#[test]
fn a_run_without_a_file_says_that_it_cannot_be_taken_up_again() {
    let desk = desk(&many(0..3));
    let output = desk.succeed(["run", "--config", "sandgate.toml", "--from", "in.jsonl", "--to", "-"]);
    assert!(text(&output.stderr).contains("cannot be taken up again"), "{}", text(&output.stderr));
    assert!(!desk.path("state").exists());
    let output = Command::new(program())
        .args(["run", "--config", "sandgate.toml", "--from", "-", "--to", "out.jsonl"])
        .current_dir(desk.path("."))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(text(&output.stderr).contains("standard input is no file"), "{}", text(&output.stderr));
}

/// The only file of that kind below the state folder.
fn stored(desk: &Desk, begins: &str) -> std::path::PathBuf {
    let lanes = fs::read_dir(desk.path("state/lanes")).unwrap().map(|entry| entry.unwrap().path());
    let files = lanes.flat_map(|lane| fs::read_dir(lane).unwrap()).map(|entry| entry.unwrap().path());
    let mut found = files.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(begins));
    found.next().unwrap_or_else(|| panic!("no {begins} in the state"))
}

#[test]
fn a_torn_tail_is_cut_and_a_flipped_bit_in_the_middle_is_named() {
    let desk = every_window("[engine]\nbatch = 10\n[state]\ncommit = \"0ms\"\n");
    desk.write("payments.jsonl", &payments(5, 2_000));
    desk.write("prices.jsonl", &prices(6, 300));
    desk.succeed(RUN);
    let expected = ["out.jsonl", "out.jsonl.dead-letters"].map(|name| desk.read(name));
    let journal = stored(&desk, "journal-");
    let whole = fs::read(&journal).unwrap();
    for torn in [1, 7, 100, whole.len() / 2] {
        let mut bytes = whole[..whole.len() - torn].to_vec();
        bytes.extend_from_slice(&vec![0; torn % 50]);
        fs::write(&journal, &bytes).unwrap();
        desk.succeed(RUN);
        assert!(["out.jsonl", "out.jsonl.dead-letters"].map(|name| desk.read(name)) == expected, "{torn} bytes torn");
    }
    let whole = fs::read(&journal).unwrap();
    // the first commits are small: there are whole ones behind
    for at in [30, 300] {
        let mut bytes = whole.clone();
        bytes[at] ^= 4;
        fs::write(&journal, &bytes).unwrap();
        let name = journal.file_name().unwrap().to_str().unwrap();
        refused(&desk, &RUN, 5, "the state is damaged");
        refused(&desk, &RUN, 5, name);
    }
    desk.succeed(RUN.iter().chain(&["--force"]));
    assert!(["out.jsonl", "out.jsonl.dead-letters"].map(|name| desk.read(name)) == expected);
}

#[test]
fn a_full_disk_ends_the_run_and_the_same_command_goes_on() {
    let desk = every_window("[state]\ncommit = \"0ms\"\n");
    desk.write("payments.jsonl", &payments(41, 5_000));
    desk.write("prices.jsonl", &prices(42, 500));
    desk.succeed(RUN);
    let expected = ["out.jsonl", "out.jsonl.dead-letters"].map(|name| desk.read(name));
    // a file may have so many KiB; the output or the journal comes to that first
    for kib in [64, 200, 1_000] {
        let limited = format!("trap '' XFSZ; ulimit -f {kib}; exec \"$0\" \"$@\"");
        let output = Command::new("bash")
            .args(["-c", &limited])
            .arg(program())
            .args(RUN)
            .arg("--force")
            .current_dir(desk.path("."))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let told = text(&output.stderr);
        assert!(matches!(output.status.code(), Some(4 | 5)), "{kib} KiB: {told}");
        assert!(told.contains("no room is left") && told.contains("the same command"), "{told}");
        desk.succeed(RUN);
        assert!(["out.jsonl", "out.jsonl.dead-letters"].map(|name| desk.read(name)) == expected, "{kib} KiB");
    }
}

#[test]
fn a_state_folder_that_cannot_be_used_says_why() {
    let desk = desk(&many(0..10));
    desk.write("state", "a file");
    refused(&desk, &FROM, 5, "state");
    fs::remove_file(desk.path("state")).unwrap();
    desk.succeed(FROM);
    let identity = stored(&desk, "lane.json");
    let known = fs::read_to_string(&identity).unwrap();
    let (checked, _) = known.split_once(",\n  \"check\"").unwrap();
    let newer = checked.replacen("\"format\": 1", "\"format\": 99", 1);
    assert_ne!(checked, newer);
    // as a newer program would write it
    let check = xxh3_64(newer.as_bytes());
    fs::write(&identity, format!("{newer},\n  \"check\": \"{check:016x}\"\n}}\n")).unwrap();
    refused(&desk, &FROM, 5, "it was written by a newer one");
    fs::write(&identity, known.replacen("in.jsonl", "im.jsonl", 1)).unwrap();
    refused(&desk, &FROM, 5, "lane.json does not fit its check");
    fs::write(&identity, known).unwrap();
    desk.succeed(FROM);
}

#[test]
fn the_state_of_a_key_can_be_looked_at_and_moved() {
    let desk = every_window("");
    desk.write("payments.jsonl", &payments(21, 500));
    desk.write("prices.jsonl", &prices(22, 100));
    let state = |verb: &str, more: &[&str]| {
        let lane = ["--config", "sandgate.toml", "--to", "out.jsonl"];
        text(&desk.succeed(["state", verb].iter().chain(&lane).chain(more)).stdout)
    };
    desk.succeed(RUN);
    let whole = state("inspect", &[]);
    for word in ["clock", "payments", "by account", "prices"] {
        assert!(whole.contains(word), "{word}: {whole}");
    }
    let series: serde_json::Value =
        serde_json::from_str(&state("inspect", &["--key", "account=a-0", "--json"])).unwrap();
    let count = series["series"][0]["count"].as_u64().unwrap();
    assert!(count > 20 && series["series"][0]["events"].as_array().unwrap().len() as u64 == count, "{series}");
    let missing =
        desk.run(["state", "inspect", "--config", "sandgate.toml", "--to", "out.jsonl", "--key", "merchant=m"]);
    assert!(text(&missing.stderr).contains("there are windows by account"), "{}", text(&missing.stderr));

    state("export", &["--file", "lane.state"]);
    let before = state("inspect", &["--json"]);
    fs::remove_dir_all(desk.path("state")).unwrap();
    state("import", &["--file", "lane.state"]);
    let told = |text: &str, key: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()[key].clone();
    let after = state("inspect", &["--json"]);
    for key in ["clock", "ids", "records", "committed", "ended"] {
        assert_eq!(told(&after, key), told(&before, key), "{key}");
    }
    let again = text(&desk.succeed(RUN).stderr);
    assert!(again.contains("was judged to its end before"), "{again}");
}
