//! What is shipped answers as the function that the other tests call.

use entity_conditions::entity_conditions;
use sandgate_harness::agree;

#[test]
fn the_component_answers_as_the_function_does() {
    agree!(entity_conditions);
}
