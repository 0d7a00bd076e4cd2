use sandgate_sdk::prelude::*;

#[derive(Choice)]
enum Kind {
    Subscribe,
    Redeem,
}

fn main() {}
