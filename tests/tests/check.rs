//! `sandgate check` tells every problem of a configuration at once, each with
//! its file, its line, its key and the mend.

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
         reasons.LARGE = { effect = \"warn\" }\nthresholds = { review = 1 }\n",
    );
    let desk = Desk::new();
    desk.write("sandgate.toml", &format!("tenants = [\"tenant.toml\", \"none.toml\"]\n{host}\n[engine]\nbatch = 0\n"));
    desk.write("tenant.toml", &tenant);
    let told = problems(&desk);
    let expected = [
        "sandgate.toml:8: source[0].amuont: is no key of this table; did you mean `amount`?",
        "sandgate.toml:10: source[0].size: is not a size such as \"64 KiB\": a whole number and one of B, KiB, MiB, GiB",
        "sandgate.toml:14: source[0].fields.time.unit: is `sec`; there are s, ms, rfc3339",
        "sandgate.toml:21: engine.batch: must be a whole number from 1 to 4096",
    ];
    // and nothing is told twice: the last line counts them
    assert_eq!(told[..told.len() - 1], expected);
    assert_eq!(told[told.len() - 1], "4 problems; nothing was started");
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
fn a_window_is_refused_until_windows_are_answered() {
    let desk = Desk::new();
    desk.write(
        "sandgate.toml",
        &format!("tenants = [\"tenant.toml\"]\n{PAYMENTS}trade_type = {{ kind = \"text\" }}\n"),
    );
    let component = policies().join("subscription_limits.wasm");
    desk.write(
        "tenant.toml",
        &account_risk("").replace(policies().join("account_risk.wasm").to_str().unwrap(), component.to_str().unwrap()),
    );
    let told = problems(&desk).join("\n");
    assert!(told.contains("is a window, and this version does not answer windows yet"), "{told}");
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
