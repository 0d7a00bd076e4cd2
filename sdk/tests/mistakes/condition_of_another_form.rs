use sandgate_sdk::prelude::*;

#[derive(Inputs)]
struct Seen {
    #[window(count, by = "account", span = "1m", only(amount > 10))]
    over: u64,
    #[window(count, by = "account", span = "1m", only(trade_type < "buy", trade_type == "sell"))]
    both: u64,
}

fn main() {}
