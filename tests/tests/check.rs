//! `sandgate check` tells every problem of a configuration at once, each with
//! its file, its line, its key and the mend.

use sandgate_tests::stream::SOURCES;
use sandgate_tests::{Desk, PAYMENTS, account_risk, policies, root, text};

/// Runs `check` and gives the problems, one a line.
fn problems(desk: &Desk) -> Vec<String> {
    let output = desk.run(["check", "--config", "sandgate.toml"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stdout));
    text(&output.stderr).trim_start_matches("error: ").lines().map(str::to_owned).collect()
}

#[test]
fn the_examples_have_no_problems() {
    policies();
    let config = root().join("examples/payments/sandgate.toml");
    let output = Desk::new().succeed(["check".as_ref(), "--config".as_ref(), config.as_os_str()]);
    let told = text(&output.stdout);
    assert!(told.contains("rules: account-risk 0.1.0") && told.ends_with("no problems\n"), "{told}");
}

#[test]
fn all_problems_are_told_at_once_with_their_lines() {
    let host = PAYMENTS
        .replace("amount = \"amount\"", "amuont = \"amount\"")
        .replace("unit = \"s\"", "unit = \"sec\"")
        .replace("tenant = { name = \"payments\" }", "tenant = { name = \"paymets\" }\nsize = \"64 KB\"");
    let tenant = account_risk(
        "budget = \"10 minutes\"\nfallback = \"stop\"\nparameters = { largest = \"1\", medium = \"-1\", large_level = 2.5 }\n\
         reasons.LARGE = { effect = \"warn\" }\nthresholds = { review = 1 }\n\
         [[stage.policy]]\nname = \"gone\"\ncomponent = \"none.wasm\"\n",
    );
    let desk = Desk::new();
    desk.write("sandgate.toml", &format!("tenants = [\"tenant.toml\"]\n{host}\n[engine]\nbatch = 0\n"));
    desk.write("tenant.toml", &format!("deny = [\"devise\", \"amount\"]\n{tenant}"));
    let told = problems(&desk);
    let expected = [
        "sandgate.toml:8: source[0].amuont: is no key of this table; did you mean `amount`?",
        "sandgate.toml:9: source[0].tenant.name: no tenant file is of `paymets`; did you mean `payments`?",
        "sandgate.toml:10: source[0].size: is not a size such as \"64 KiB\": a whole number and one of B, KiB, MiB, GiB",
        "sandgate.toml:14: source[0].fields.time.unit: is `sec`; there are s, ms, rfc3339",
        "sandgate.toml:21: engine.batch: must be a whole number from 1 to 4096",
        "tenant.toml:1: deny[0]: source `payments` declares no field `devise`; did you mean `device`?",
        "tenant.toml:5: stage[0].policy[0]: input `amount` of policy `account-risk` reads field `amount`, which is denied to this tenant",
        "tenant.toml:8: stage[0].policy[0].budget: is not a length of time such as \"250ms\": a whole number and one of us, ms, s, m, h, d",
        "tenant.toml:9: stage[0].policy[0].fallback: is `stop`; there are allow, review, block",
        "tenant.toml:10: stage[0].policy[0].parameters.largest: policy `account-risk` has no parameter `largest`; did you mean `large`?",
        "tenant.toml:10: stage[0].policy[0].parameters.medium: is -1.0000, below the minimum of 0.0000",
        "tenant.toml:10: stage[0].policy[0].parameters.large_level: must be a whole number of 64 bits, not 2.5",
        "tenant.toml:11: stage[0].policy[0].reasons.LARGE.effect: is `warn`; there are note, review, block, exempt",
        "tenant.toml:11: stage[0].policy[0].reasons.LARGE: policy `account-risk` has no reason `LARGE`; there are LARGE_AMOUNT, MEDIUM_AMOUNT, LIMITS_CONTRADICT",
        "tenant.toml:12: stage[0].policy[0].thresholds: this policy gives no score; remove the thresholds",
        "tenant.toml:15: stage[0].policy[1].component: none.wasm cannot be read: No such file or directory (os error 2); build it with `sandgate build`, or mend the path",
    ];
    // and nothing is told twice: the last line counts them
    assert_eq!(told[..told.len() - 1], expected);
    assert_eq!(told[told.len() - 1], format!("{} problems; nothing was started", expected.len()));
}

#[test]
fn a_source_without_a_usable_schema_hides_no_tenant() {
    let desk = Desk::new();
    let host = PAYMENTS.replace("kind = \"number\"", "kind = \"float\"").replace("\"payments\" }", "\"paymets\" }");
    desk.write("sandgate.toml", &format!("tenants = [\"tenant.toml\"]\n{host}"));
    // what needs the fields of the source waits; everything else is told
    desk.write("tenant.toml", &format!("deny = [\"devise\"]\n{}", account_risk("parameters = { largest = \"1\" }\n")));
    let told = problems(&desk);
    let expected = [
        "sandgate.toml:9: source[0].tenant.name: no tenant file is of `paymets`; did you mean `payments`?",
        "sandgate.toml:16: source[0].fields.probability.kind: is `float`; there are flag, integer, number, decimal, text, instant",
        "sandgate.toml:17: source[0].fields.impact.kind: is `float`; there are flag, integer, number, decimal, text, instant",
        "tenant.toml:8: stage[0].policy[0].parameters.largest: policy `account-risk` has no parameter `largest`; did you mean `large`?",
        "4 problems; nothing was started",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_tenants_problems_name_the_policy_and_the_nearest_word() {
    let more = "budget = \"10 minutes\"\nfallback = \"stop\"\nparameters = { largest = \"1\", medium = \"-1\", large_level = 2.5 }\n\
         reasons.LARGE = { effect = \"warn\" }\nthresholds = { review = 1 }\nnmae = \"x\"\n";
    let desk = Desk::new();
    desk.write("sandgate.toml", &format!("tenants = [\"tenant.toml\", \"none.toml\"]\n{PAYMENTS}"));
    desk.write(
        "tenant.toml",
        &format!(
            "deny = [\"devise\"]\nbands = [{{ at = 5, outcome = \"block\" }}, {{ at = 5, outcome = \"review\" }}]\n{}",
            account_risk(more)
        ),
    );
    let told = problems(&desk);
    let expected = [
        "sandgate.toml:1: tenants[1]: there is no file none.toml; mend the path or write the file",
        "tenant.toml:1: deny[0]: source `payments` declares no field `devise`; did you mean `device`?",
        "tenant.toml:2: bands[1]: bands must rise: a larger `at` and a stricter `outcome` than the band before",
        "tenant.toml:9: stage[0].policy[0].budget: is not a length of time such as \"250ms\": a whole number and one of us, ms, s, m, h, d",
        "tenant.toml:10: stage[0].policy[0].fallback: is `stop`; there are allow, review, block",
        "tenant.toml:11: stage[0].policy[0].parameters.largest: policy `account-risk` has no parameter `largest`; did you mean `large`?",
        "tenant.toml:11: stage[0].policy[0].parameters.medium: is -1.0000, below the minimum of 0.0000",
        "tenant.toml:11: stage[0].policy[0].parameters.large_level: must be a whole number of 64 bits, not 2.5",
        "tenant.toml:12: stage[0].policy[0].reasons.LARGE.effect: is `warn`; there are note, review, block, exempt",
        "tenant.toml:13: stage[0].policy[0].thresholds: this policy gives no score; remove the thresholds",
        "tenant.toml:14: stage[0].policy[0].nmae: is no key of this table; did you mean `name`?",
    ];
    for line in expected {
        assert!(told.iter().any(|told| told == line), "{line}\nis not among\n{}", told.join("\n"));
    }
    assert!(told.iter().any(|told| told.contains("has no reason `LARGE`")), "{}", told.join("\n"));
}

#[test]
fn inputs_are_checked_against_the_source_and_what_is_denied() {
    let amount = "amount = { path = \"amount\", kind = \"decimal\", scale = 2 }";
    let table = [
        (
            amount,
            "amount = { kind = \"text\" }",
            "",
            "input `amount` of policy `account-risk` reads field `amount` as decimal with scale 4, but the source declares it as text",
        ),
        (amount, "amount = { kind = \"decimal\", scale = 6 }", "", "the source declares it as decimal with scale 6"),
        (
            amount,
            "amuont = { path = \"amount\", kind = \"decimal\" }",
            "",
            "which source `payments` does not declare; did you mean `amuont`?",
        ),
        ("", "", "deny = [\"amount\"]", "reads field `amount`, which is denied to this tenant"),
        ("", "", "deny = [\"account\"]", "reads field `account`, which is denied to this tenant"),
        ("", "", "deny = [\"device\"]\nkeep = [\"device\"]", "field `device` is denied to this tenant"),
    ];
    for (from, to, tenant, what) in table {
        let desk = Desk::new();
        let host = PAYMENTS.replace(from, to).replace("\namount = \"amount\"", "");
        desk.write("sandgate.toml", &format!("tenants = [\"tenant.toml\"]\n{host}"));
        desk.write("tenant.toml", &format!("{tenant}\n{}", account_risk("")));
        let told = problems(&desk).join("\n");
        assert!(told.contains(what), "{what}\nis not among\n{told}");
    }
}

#[test]
fn a_component_that_cannot_be_used_is_refused_with_the_mend() {
    let table: [(&str, &[u8], &str); 3] = [
        ("none.wasm", b"", "build it with `sandgate build`"),
        ("noise.wasm", b"\x01\x02\x03 not wasm at all", "is refused:"),
        ("core.wasm", b"\0asm\x01\0\0\0", "is refused:"),
    ];
    for (name, bytes, what) in table {
        let desk = Desk::new();
        desk.write("sandgate.toml", &format!("tenants = [\"tenant.toml\"]\n{PAYMENTS}"));
        desk.write(
            "tenant.toml",
            &account_risk("").replace(policies().join("account_risk.wasm").to_str().unwrap(), name),
        );
        if !bytes.is_empty() {
            std::fs::write(desk.path(name), bytes).unwrap();
        }
        let told = problems(&desk).join("\n");
        assert!(told.contains("tenant.toml:6: stage[0].policy[0].component: ") && told.contains(what), "{told}");
    }
}

#[test]
fn windows_are_checked_against_every_source_that_they_read() {
    let component = policies().join("every_window.wasm");
    let check = |source: &str, tenant: &str| {
        let desk = Desk::new();
        desk.write("sandgate.toml", &format!("tenants = [\"tenant.toml\"]\n{source}"));
        let policy = "[[stage]]\nname = \"rules\"\n[[stage.policy]]\nname = \"windows\"\n";
        desk.write("tenant.toml", &format!("name = \"payments\"\n{tenant}{policy}component = {component:?}\n"));
        desk.run(["check", "--config", "sandgate.toml"])
    };
    let sound = check(SOURCES, "");
    assert!(sound.status.success(), "{}", text(&sound.stderr));
    let table = [
        (
            SOURCES.replace("kind = \"decimal\", scale = 2 }\ndevice", "kind = \"number\" }\ndevice"),
            "",
            "input `sum` of policy `every-window` is computed of field `amount`, which is a number, and a sum of floats \
             would depend on their order; declare the field as a decimal",
        ),
        (
            SOURCES.replace("name = \"prices\"", "name = \"quotes\""),
            "",
            "input `price` of policy `every-window` reads source `prices`, which this tenant does not have",
        ),
        (
            SOURCES.replace("price = {", "quote = {"),
            "",
            "input `price` of policy `every-window` reads field `price`, which source `prices` does not declare",
        ),
        (
            SOURCES.replace("account = { kind = \"text\" }", "account = { kind = \"integer\" }"),
            "",
            "reads field `account`, which is an integer in source `prices` and a text in another; declare one kind",
        ),
        (
            SOURCES.to_owned(),
            "deny = [\"device\"]\n",
            "input `accounts` of policy `every-window` reads field `device`, which is denied to this tenant",
        ),
        (
            SOURCES.replace("device = { kind = \"text\" }", "device = { kind = \"number\" }"),
            "",
            "input `accounts` of policy `every-window` counts by field `device`, which is a number; a key is",
        ),
        (
            SOURCES.replace("device = { kind = \"text\" }", "gadget = { kind = \"text\" }"),
            "",
            "input `accounts` of policy `every-window` reads field `device`, which source `payments` does not declare",
        ),
        (
            // a window over prices only still needs the key in every payment
            SOURCES.replace("account = { path = \"account_id\"", "payer = { path = \"account_id\"").replacen(
                "account = \"account\"",
                "account = \"payer\"",
                1,
            ),
            "",
            "input `price` of policy `every-window` reads field `account`, which source `payments` does not declare",
        ),
        (SOURCES.to_owned(), "keep = [\"merchant\"]\n", "declares a field `merchant`"),
        (format!("{SOURCES}\n[state]\nlateness = \"soon\"\n"), "", "state.lateness: is not a length of time"),
        (
            SOURCES.replace("name = \"prices\"", "name = \"payments\""),
            "",
            "there are two sources `payments`; rename one",
        ),
        (
            SOURCES.replace("path = \"payments.jsonl\"", "observe = true"),
            "",
            "every source is only observed; one must be judged",
        ),
    ];
    for (source, tenant, what) in table {
        let output = check(&source, tenant);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{what}");
        assert!(told.contains(what), "{what}\n{told}");
    }
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let desk = Desk::new();
    desk.write("sandgate.toml", "tenants = [\n[[source]\n");
    let told = problems(&desk).join("\n");
    assert!(told.contains("sandgate.toml:2: is no TOML"), "{told}");
    let missing = Desk::new();
    let told = problems(&missing).join("\n");
    assert!(told.contains("sandgate.toml: cannot be read"), "{told}");
}

/// What `check` says where all is well.
fn notes(desk: &Desk) -> String {
    text(&desk.succeed(["check", "--config", "sandgate.toml"]).stdout)
}

#[test]
fn a_cache_that_cannot_be_used_is_noted_and_the_host_goes_on() {
    use std::os::unix::fs::PermissionsExt as _;
    let mend = "compiling at every start; set [sandbox] cache to a folder that only this user may write to, or to \"\"";
    for (cache, why) in [("tenant.toml/code", "cannot be used: "), ("open", "is not safe: others may write to it")] {
        let desk = Desk::with_host(&format!("{PAYMENTS}[sandbox]\ncache = \"{cache}\"\n"), &account_risk(""));
        desk.write(
            "in.jsonl",
            "{\"transaction_id\":\"t\",\"account_id\":\"a\",\"amount\":1,\"timestamp\":1767225600}\n",
        );
        std::fs::create_dir(desk.path("open")).unwrap();
        std::fs::set_permissions(desk.path("open"), std::fs::Permissions::from_mode(0o777)).unwrap();
        let told = notes(&desk);
        assert!(told.starts_with("note: sandgate.toml:19: sandbox.cache: the cache of compiled code at "), "{told}");
        assert!(told.contains(why) && told.contains(mend) && told.ends_with("no problems\n"), "{told}");
        let run = desk.succeed(["run", "--config", "sandgate.toml", "--from", "in.jsonl", "--to", "out.jsonl"]);
        assert!(text(&run.stderr).contains(mend), "{}", text(&run.stderr));
        assert_eq!(desk.json_lines("out.jsonl").len(), 1);
        assert_eq!(std::fs::read_dir(desk.path("open")).unwrap().count(), 0, "nothing is kept there");
    }
}

#[test]
fn a_missing_tag_store_is_noted_where_a_policy_reads_tags() {
    let desk = Desk::with_host(&format!("{PAYMENTS}[tags]\nsql = \"sqlite:tags.db\"\n"), &account_risk(""));
    assert!(!notes(&desk).contains("note:"), "{}", notes(&desk));
    std::fs::remove_file(desk.path("tags.db")).unwrap();
    let told = notes(&desk);
    let expected = "note: sandgate.toml:19: tags.sql: policies read tags, so that no run can start: there is no tag store at tags.db: ";
    assert!(told.starts_with(expected) && told.ends_with("no problems\n"), "{told}");
    // a policy that reads none needs no store
    let (account, matrix) = (policies().join("account_risk.wasm"), policies().join("risk_matrix.wasm"));
    desk.write("tenant.toml", &account_risk("").replace(account.to_str().unwrap(), matrix.to_str().unwrap()));
    assert!(!notes(&desk).contains("note:"), "{}", notes(&desk));
}

#[test]
fn fallback_bands_need_an_amount() {
    let bands = "fallback = [{ below = \"10\", outcome = \"allow\" }, { outcome = \"block\" }]\n";
    let desk = Desk::with_host(&PAYMENTS.replace("\namount = \"amount\"", ""), &account_risk(bands));
    let expected = "tenant.toml:7: stage[0].policy[0].fallback: the source names no `amount`, so no band can apply; give \
                    the [[source]] the key `amount`, or write one outcome";
    assert_eq!(problems(&desk), [expected, "1 problem; nothing was started"]);
    desk.write("tenant.toml", &account_risk("fallback = [{ outcome = \"block\" }]\n"));
    notes(&desk);
    let desk = Desk::with_host(PAYMENTS, &account_risk(bands));
    notes(&desk);
}

#[test]
fn a_number_may_have_a_plus_sign() {
    let more = "parameters = { large = +20_000, medium = +5.5, large_level = +2 }\nfuel = +1_000\n";
    let desk = Desk::with_host(PAYMENTS, &account_risk(more));
    let with = notes(&desk);
    desk.write("tenant.toml", &account_risk(&more.replace('+', "")));
    assert_eq!(with, notes(&desk));
}

#[test]
fn a_fallback_that_an_exemption_can_pass_is_noted() {
    let note = "stage[0].policy[0].fallback: this policy can block finally; with this fallback an exemption lets through \
                what it could not judge; write fallback = \"block\" to be strict\n";
    let exempting = "reasons.MEDIUM_AMOUNT = { effect = \"exempt\" }\n";
    // keys of a policy that can block finally, keys of another one, and the line of the note
    let table = [
        ("", exempting, Some(4)),
        ("fallback = \"allow\"\n", exempting, Some(7)),
        ("fallback = [{ below = \"10\", outcome = \"review\" }, { outcome = \"block\" }]\n", exempting, Some(7)),
        ("fallback = \"block\"\n", exempting, None),
        ("reasons.SANCTIONED = { effect = \"review\" }\n", exempting, None),
        // the policy can exempt too, but not where it fails
        ("", "", None),
    ];
    let desk = Desk::with_host(&format!("{PAYMENTS}mood = {{ kind = \"text\" }}\n"), &account_risk(""));
    for (finally, other, line) in table {
        let strict = format!("fallback = \"block\"\n{other}");
        let unruly = policies().join("unruly.wasm");
        let unruly =
            format!("name = \"unruly\"\ncomponent = {unruly:?}\n{finally}[[stage.policy]]\nname = \"account-risk\"");
        desk.write("tenant.toml", &account_risk(&strict).replace("name = \"account-risk\"", &unruly));
        let told = notes(&desk);
        let notes: Vec<&str> = told.split_inclusive('\n').filter_map(|line| line.strip_prefix("note: ")).collect();
        let expected: Vec<String> = line.iter().map(|line| format!("tenant.toml:{line}: {note}")).collect();
        assert_eq!(notes, expected, "{finally}{other}");
    }
}

#[test]
fn programs_read_the_same_as_json() {
    let desk = Desk::with_host(PAYMENTS, &account_risk("budgte = \"1ms\"\n"));
    let check = ["check", "--config", "sandgate.toml", "--json"];
    let wrong = desk.run(check);
    assert_eq!(wrong.status.code(), Some(2));
    let told: serde_json::Value = serde_json::from_slice(&wrong.stdout).unwrap();
    let expected = serde_json::json!({
        "file": "tenant.toml",
        "line": 7,
        "key": "stage[0].policy[0].budgte",
        "what": "is no key of this table; did you mean `budget`?",
    });
    assert_eq!((&told["problems"], &told["tenants"]), (&serde_json::json!([expected]), &serde_json::json!([])));
    desk.write("tenant.toml", &account_risk(""));
    let told: serde_json::Value = serde_json::from_slice(&desk.succeed(check).stdout).unwrap();
    assert_eq!(told["problems"], serde_json::json!([]));
    assert_eq!(told["tenants"][0]["tenant"], "payments");
    assert!(told["tenants"][0]["set"].as_str().unwrap().starts_with("sha256:"));
}
