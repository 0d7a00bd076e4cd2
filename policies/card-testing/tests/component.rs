//! What is shipped answers as the function that the other tests call.

use card_testing::card_testing;
use sandgate_harness::agree;

#[test]
fn the_component_answers_as_the_function_does() {
    agree!(card_testing);
}
