use sandgate_sdk::prelude::*;

#[derive(Inputs)]
struct Seen {
    #[window(sum, by = "account", span = "1d")]
    total: Decimal,
    #[window(count, of = "amount", by = "account", span = "1d")]
    recent: u64,
}

fn main() {}
