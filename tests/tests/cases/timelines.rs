//! What a timeline can say: times, tags, inputs set directly, observed sources,
//! faults and records that cannot be used.

use crate::{desk, test};
use sandgate_tests::text;

/// Each is a component and a case that must pass.
const PASSING: [(&str, &str); 9] = [
    (
        "subscription_limits.wasm",
        r#"about = "a window slides with the time of the records"
at = "2026-03-01T00:00:00Z"
[[step]]
send = { trade_type = "subscribe", amount = 1 }
[[step]]
at = "+59s"
send = { trade_type = "subscribe", amount = 1 }
expect = { inputs = { last_minute = 2 } }
[[step]]
at = "+1s"
send = { trade_type = "subscribe", amount = 1 }
expect = { inputs = { last_minute = 2, today = 3 } }
[[step]]
at = "-30s"
send = { trade_type = "subscribe", amount = 1 }
expect = { inputs = { last_minute = 2 } }
[[step]]
at = "2026-03-01T16:00:00Z"
send = { trade_type = "subscribe", amount = 1 }
expect = { inputs = { today = 1 } }
"#,
    ),
    (
        "subscription_limits.wasm",
        r#"about = "an input that is set stands before its window, for its record alone"
[[step]]
send = { trade_type = "subscribe", amount = 1 }
inputs = { last_minute = 4, today = 9 }
expect = { outcome = "block", reasons = ["BURST", "BUSY_DAY"], messages = { BURST = "4 subscriptions in the last minute, 3 allowed" } }
[[step]]
send = { trade_type = "subscribe", amount = 1 }
expect = { outcome = "allow", inputs = { last_minute = 2 } }
"#,
    ),
    (
        "subscription_limits.wasm",
        r#"about = "an input that is missing is a fault, and the fallback stands in"
fallback = "block"
[[step]]
send = { trade_type = "subscribe" }
expect = { outcome = "block", fault = "input", reasons = [] }
[[step]]
send = { trade_type = "subscribe", amount = 1 }
absent = ["amount"]
expect = { outcome = "block", fault = "input" }
[[step]]
send = { trade_type = "subscribe", amount = 1 }
expect = { outcome = "allow" }
"#,
    ),
    (
        "account_risk.wasm",
        r#"about = "tags are there from the start, and may change"
[tags.account.a-1]
risk_level = 3
[[step]]
send = { account = "a-1", amount = 1 }
expect = { inputs = { level = 3 } }
[[step]]
tags = { account = { a-1 = { risk_level = "1" } } }
send = { account = "a-1", amount = 1 }
expect = { inputs = { level = 1 } }
"#,
    ),
    (
        "unruly.wasm",
        r#"about = "a trap and a budget that is used up are faults of their record alone"
budget = "1us"
[[step]]
send = { mood = "panic", amount = 1 }
expect = { outcome = "review", fault = "trap" }
[[step]]
send = { mood = "loop", amount = 1 }
expect = { outcome = "review", fault = "fuel" }
[[step]]
send = { amount = 1 }
expect = { outcome = "allow", score = 0.25 }
"#,
    ),
    (
        "unruly.wasm",
        r#"about = "thresholds make an outcome of a score, which may be given as a range"
thresholds = { review = 0.5, block = 0.9 }
[[step]]
send = { mood = "noted", amount = 1 }
expect = { outcome = "review", score = { at_least = 0.7, at_most = 0.8 } }
[[step]]
send = { mood = "sanctioned", amount = 1 }
expect = { outcome = "block", score = 1.0 }
"#,
    ),
    (
        "every_window.wasm",
        r#"about = "an observed source feeds windows and is not judged"
[[step]]
source = "prices"
send = { account = "a-1", price = "1.50" }
[[step]]
at = "+1s"
send = { account = "a-1", amount = 1 }
expect = { inputs = { price = "1.50" } }
"#,
    ),
    (
        "subscription_limits.wasm",
        r#"about = "a record that cannot be used is a dead letter"
[fields]
account = { kind = "integer" }
[[step]]
send = { account = "a-1", trade_type = "subscribe", amount = 1 }
expect = { dead_letter = "account" }
[[step]]
send = { account = 17, trade_type = "subscribe", amount = 1 }
expect = { outcome = "allow" }
"#,
    ),
    (
        "subscription_limits.wasm",
        r#"about = "a repeat has the first answer, and an id that comes back with another content is a fault"
[[step]]
times = 2
send = { id = "one", trade_type = "subscribe", amount = 2_000_000 }
expect = { outcome = "block", reasons = [] }
[[step]]
send = { id = "one", trade_type = "subscribe", amount = 3_000_000 }
expect = { outcome = "block", fault = "id-reused" }
[[step]]
send = { trade_type = "subscribe", amount = 1 }
expect = { outcome = "allow", inputs = { today = 2 } }
"#,
    ),
];

#[test]
fn timelines_say_what_authors_need() {
    for (component, case) in PASSING {
        let output = test(&desk(&[("case", case)]), component, &[]);
        assert!(
            text(&output.stdout).contains("test result: ok. 1 passed"),
            "{case}\n{}{}",
            text(&output.stdout),
            text(&output.stderr)
        );
    }
}
