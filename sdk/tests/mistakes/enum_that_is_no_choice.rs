use sandgate_sdk::prelude::*;

enum Kind {
    Subscribe,
    Other,
}

#[derive(Inputs)]
struct Seen {
    #[field]
    kind: Kind,
}

fn main() {}
