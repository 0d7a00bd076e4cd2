//! What is shipped answers as the function that the other tests call.

use credit_score::credit_score;
use sandgate_harness::agree;

#[test]
fn the_component_answers_as_the_function_does() {
    agree!(credit_score);
}
