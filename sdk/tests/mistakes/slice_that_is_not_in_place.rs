use sandgate_sdk::prelude::*;

#[derive(Parameters)]
struct Limits<'a> {
    levels: &'a [u64],
}

fn main() {}
