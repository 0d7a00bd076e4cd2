use sandgate_sdk::model::Logistic;

#[derive(Logistic)]
struct Features {
    amount: f64,
}

#[derive(Logistic)]
#[logistic]
struct Empty {
    amount: f64,
}

#[derive(Logistic)]
#[logistic(model, 1)]
struct Words {
    amount: f64,
}

fn main() {}
