use sandgate_sdk::prelude::*;

#[derive(Inputs)]
struct Seen<'a> {
    #[field(default = 1, spam)]
    amount: Option<Decimal>,
    #[window(count, closed = 1, by = 2, span = "1")]
    recent: u64,
    #[tag(account)]
    risk: &'a str,
    forgotten: i64,
    #[field]
    wide: usize,
}

fn main() {}
