//! Asks the linker for a small guest.

fn main() {
    sandgate_sdk_build::guest();
}
