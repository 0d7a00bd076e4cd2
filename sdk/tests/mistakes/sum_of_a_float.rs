use sandgate_sdk::prelude::*;

#[derive(Inputs)]
struct Seen {
    #[field]
    price: f64,
    #[window(sum, of = "price", by = "account", span = "1d")]
    exact: Decimal,
    #[window(sum, of = "amount", by = "account", span = "1d")]
    total: f64,
}

fn main() {}
