//! What is shipped answers as the function that the other tests call.

use account_risk::account_risk;
use sandgate_harness::agree;

#[test]
fn the_component_answers_as_the_function_does() {
    agree!(account_risk);
}
