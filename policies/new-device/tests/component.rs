//! What is shipped answers as the function that the other tests call.

use new_device::new_device;
use sandgate_harness::agree;

#[test]
fn the_component_answers_as_the_function_does() {
    agree!(new_device);
}
