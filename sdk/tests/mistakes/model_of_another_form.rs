use sandgate_sdk::model::Logistic;

#[derive(Logistic)]
#[logistic("Cargo.toml")]
struct Features {
    amount: f64,
}

fn main() {}
