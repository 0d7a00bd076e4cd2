use sandgate_sdk::model::Logistic;

#[derive(Logistic)]
#[logistic("no_such_model.json")]
struct Features {
    amount: f64,
}

fn main() {
    // told once: what uses the struct is not at fault
    let features = Features { amount: 1.0 };
    let _ = features.explain().contributions.amount;
}
