//! The program `sandgate`.

fn main() {}
