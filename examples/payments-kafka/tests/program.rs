//! That this file is here makes cargo build the program with the tests, where those
//! that run it find it.

#[test]
fn says_how_it_is_called() {
    let told = std::process::Command::new(env!("CARGO_BIN_EXE_payments-kafka")).output().expect("the program starts");
    assert!(!told.status.success());
    assert!(String::from_utf8_lossy(&told.stderr).contains("payments-kafka BROKERS PREFIX"));
}
