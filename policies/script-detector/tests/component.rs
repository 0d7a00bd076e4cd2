//! What is shipped answers as the function that the other tests call.

use sandgate_harness::agree;
use script_detector::script_detector;

#[test]
fn the_component_answers_as_the_function_does() {
    agree!(script_detector);
}
