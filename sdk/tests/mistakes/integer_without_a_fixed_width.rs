use sandgate_sdk::prelude::*;

#[derive(Inputs)]
struct Seen {
    #[field]
    count: usize,
    #[field]
    large: u128,
    #[field]
    small: f32,
}

fn main() {}
