use sandgate_sdk::model::Logistic;

#[derive(Logistic)]
#[logistic("no_such_model.json")]
struct Features {
    amount: f64,
}

fn main() {}
