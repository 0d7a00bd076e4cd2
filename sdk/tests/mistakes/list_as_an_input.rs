use sandgate_sdk::prelude::*;

#[derive(Inputs)]
struct Seen {
    #[field]
    items: Vec<i64>,
}

fn main() {}
