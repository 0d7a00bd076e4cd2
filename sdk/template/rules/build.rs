//! Asks the linker for a small guest: without this every sandbox costs more.

fn main() {
    sandgate_sdk_build::guest();
}
