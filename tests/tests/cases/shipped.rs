//! What is shipped is proven: the cases of every policy hold, and reach all of
//! its reasons; nothing is read or may be set that has no say.

use crate::json;
use sandgate_tests::{Desk, policies, root, shipped, text};

#[test]
fn the_cases_of_every_shipped_policy_hold_and_reach_all_of_its_reasons() {
    for name in shipped() {
        let component = policies().join(name.replace('-', "_")).with_extension("wasm").display().to_string();
        let cases = root().join("policies").join(&name).join("cases").display().to_string();
        let output = Desk::new().run(["test", "--component", &component, "--cases", &cases, "--json"]);
        assert!(output.status.success(), "{name}:\n{}\n{}", text(&output.stdout), text(&output.stderr));
        let told = json(&output);
        let none = serde_json::json!([]);
        assert_eq!(told["reasons"]["never"], none, "{name}");
        for declared in ["inputs", "parameters"] {
            assert_eq!(told["proofs"][declared]["never"], none, "{name}: {declared} without a say");
        }
        assert!(told["cases"].as_array().is_some_and(|cases| cases.len() >= 4), "{name}: {told}");
    }
}
