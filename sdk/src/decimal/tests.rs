//! Facts about exact decimals.

use super::Decimal;
use std::cmp::Ordering;

fn read(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

#[test]
fn literals_are_read_exactly() {
    assert_eq!(decimal!(1_000_000.01).to_string(), "1000000.01");
    assert_eq!(decimal!(-0.05).to_string(), "-0.05");
    assert_eq!(decimal!(7).to_string(), "7");
    for text in ["", "-", ".5", "5.", "1.2.3", "1e3", "abc", "+1", "- ", "1 2", "_1", &"9".repeat(40)] {
        assert_eq!(Decimal::parse(text), None, "{text}");
    }
}

#[test]
fn order_is_that_of_the_numbers_at_any_scale() {
    let largest = Decimal { units: i128::MAX, scale: 0 };
    let table = [
        (read("1"), read("1.00"), Ordering::Equal),
        (read("0.1"), read("0.09"), Ordering::Greater),
        (read("-0.1"), read("-0.09"), Ordering::Less),
        (largest, read("0.000000000000000001"), Ordering::Greater),
        (-largest, read("0.000000000000000001"), Ordering::Less),
        (read("0.000000000000000001"), largest, Ordering::Less),
    ];
    for (one, other, expected) in table {
        assert_eq!(one.cmp(&other), expected, "{one} and {other}");
        assert_eq!(one < other, expected == Ordering::Less, "{one} < {other}");
        assert_eq!(one > other, expected == Ordering::Greater, "{one} > {other}");
        assert_eq!(one <= other, expected != Ordering::Greater, "{one} <= {other}");
        assert_eq!(one >= other, expected != Ordering::Less, "{one} >= {other}");
        assert_eq!(one == other, expected == Ordering::Equal, "{one} == {other}");
    }
    assert!(read("10000.01") > 10_000 && read("10000.00") <= 10_000 && read("10000.00") == 10_000);
}

#[test]
fn sums_and_products_are_exact_or_refused() {
    assert_eq!(read("0.1") + read("0.2"), read("0.3"));
    assert_eq!(read("12.5") - read("0.0001"), read("12.4999"));
    assert_eq!((read("19.99") * 3).to_string(), "59.97");
    assert_eq!((read("0.25") * read("0.0004")).to_string(), "0.000100");
    assert_eq!([read("0.1"); 10].into_iter().sum::<Decimal>(), 1);
    let large = read("99999999999999999999999999999999999999");
    assert_eq!(large.checked_mul(read("10")), None);
    // zeros after the point make room before the product is refused
    assert_eq!(read("2.0000000000000000000000000000000000").checked_mul(read("3.00000")), Some(read("6")));
}

#[test]
fn quotients_round_half_to_even() {
    let table = [
        ("1", "3", 4, Some("0.3333")),
        ("2", "3", 4, Some("0.6667")),
        ("0.125", "1", 2, Some("0.12")),
        ("0.135", "1", 2, Some("0.14")),
        ("-0.125", "1", 2, Some("-0.12")),
        ("-0.126", "1", 2, Some("-0.13")),
        ("5", "-2", 0, Some("-2")),
        ("7", "-2", 0, Some("-4")),
        ("1", "0", 2, None),
    ];
    for (one, by, scale, expected) in table {
        let quotient = read(one).checked_div(read(by), scale).map(|quotient| quotient.to_string());
        assert_eq!(quotient.as_deref(), expected, "{one} / {by}");
    }
    assert_eq!(read("2.5").rounded(0), Some(read("2")));
}

#[test]
fn floats_are_the_nearest() {
    for text in ["0.1", "12000.1", "-0.05", "1000000.01", "0.000000000000000001"] {
        assert_eq!(read(text).to_f64(), text.parse::<f64>().unwrap(), "{text}");
    }
}

#[test]
fn printing_pads_as_asked() {
    assert_eq!(format!("{:>8}|{:<8}|{:+}", read("-1.50"), read("1.50"), read("1.50")), "   -1.50|1.50    |+1.50");
}
