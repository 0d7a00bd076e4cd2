//! What is shipped answers as the function that the other tests call.

use risk_matrix::risk_matrix;
use sandgate_harness::agree;

#[test]
fn the_component_answers_as_the_function_does() {
    agree!(risk_matrix);
}
