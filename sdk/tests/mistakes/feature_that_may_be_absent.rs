use sandgate_sdk::model::weigh;

// as #[derive(Logistic)] writes it
fn weighed(risk: Option<i64>) -> f64 {
    weigh(risk, 1.0, 0.0, 1.0)
}

fn main() {}
