//! A window's conditions compare with what the tenant sets: each tenant has its
//! own windows, and a limit that does not fit the field is told before anything runs.

use sandgate_tests::{Desk, PAYMENTS, policies, text};

/// A tenant whose only policy is `card-testing`, with these parameters.
fn tenant(parameters: &str) -> String {
    let component = policies().join("card_testing.wasm");
    format!(
        "name = \"payments\"\n[[stage]]\nname = \"rules\"\n[[stage.policy]]\nname = \"card-testing\"\n\
         component = {component:?}\nparameters = {{ {parameters} }}\n"
    )
}

/// A host for it, and four payments of one card, a second apart.
fn desk(parameters: &str) -> Desk {
    let desk = Desk::with_host(&format!("{PAYMENTS}merchant = {{ kind = \"text\" }}\n"), &tenant(parameters));
    let payment = |(at, amount): (usize, &&str)| {
        let time = 1_767_225_600 + at;
        format!("{{\"transaction_id\":\"t-{at}\",\"account_id\":\"a\",\"amount\":{amount},\"timestamp\":{time}}}\n")
    };
    desk.write("in.jsonl", &["1.99", "2.00", "4.99", "500"].iter().enumerate().map(payment).collect::<String>());
    desk
}

#[test]
fn each_tenants_window_counts_by_its_own_limit() {
    for (tiny, counted) in [("1", 0), ("2", 1), ("2.01", 2), ("4.99", 2), ("5", 3)] {
        let desk = desk(&format!("tiny = \"{tiny}\", tiny_before_large = 3"));
        desk.succeed(["run", "--config", "sandgate.toml", "--from", "in.jsonl", "--to", "out.jsonl"]);
        let decisions = desk.json_lines("out.jsonl");
        let large = &decisions[3];
        assert_eq!(large["policies"][0]["inputs"]["tiny_day"], counted, "tiny under {tiny}: {large}");
        assert_eq!(large["outcome"], if counted == 3 { "block" } else { "allow" }, "tiny under {tiny}");
    }
}

#[test]
fn a_limit_with_more_digits_than_the_field_is_told() {
    let refused = desk("tiny = \"1.999\"").run(["check", "--config", "sandgate.toml"]);
    let told = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{told}");
    let expected = "tenant.toml:7: stage[0].policy[0].parameters.tiny: 1.9990 cannot be compared with field `amount`, \
                    which is a decimal";
    assert!(told.contains(expected), "{told}");
    assert_eq!(told.matches("1.9990").count(), 1, "one parameter of four windows is told once: {told}");
}
