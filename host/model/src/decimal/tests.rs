//! Decimals by table, and against the point moved in the text.

use super::{Decimal, DecimalError};

#[test]
fn numbers_are_read_exactly() {
    use DecimalError::{Malformed, TooFine, TooLarge};
    let table: &[(&str, u8, Result<i64, DecimalError>)] = &[
        ("0", 2, Ok(0)),
        ("-0", 2, Ok(0)),
        ("12000.1", 2, Ok(1_200_010)),
        ("12000.0", 2, Ok(1_200_000)),
        ("1000000.01", 2, Ok(100_000_001)),
        ("12.500", 2, Ok(1_250)),
        ("12.505", 2, Err(TooFine { scale: 2 })),
        ("0.01", 2, Ok(1)),
        ("0.001", 2, Err(TooFine { scale: 2 })),
        ("100", 0, Ok(100)),
        ("1010", 0, Ok(1010)),
        ("1e3", 2, Ok(100_000)),
        ("1.5E+2", 1, Ok(1_500)),
        ("25e-1", 1, Ok(25)),
        ("1000e-3", 0, Ok(1)),
        ("1e400", 2, Err(TooLarge { scale: 2 })),
        ("1e-400", 2, Err(TooFine { scale: 2 })),
        ("0e400", 2, Ok(0)),
        ("1e99999999999999999999", 2, Err(TooLarge { scale: 2 })),
        ("9223372036854775807", 0, Ok(i64::MAX)),
        ("-9223372036854775808", 0, Ok(i64::MIN)),
        ("9223372036854775808", 0, Err(TooLarge { scale: 0 })),
        ("123456789012345678901234567890123456789012345", 0, Err(TooLarge { scale: 0 })),
        ("0.1000000000000000000000000000000000000000000000000000000", 2, Ok(10)),
        ("0.00000000000000000000000000000000000000000000000000000", 2, Ok(0)),
        ("", 2, Err(Malformed)),
        ("-", 2, Err(Malformed)),
        (".5", 2, Err(Malformed)),
        ("5.", 2, Err(Malformed)),
        ("1.2.3", 2, Err(Malformed)),
        ("1e", 2, Err(Malformed)),
        ("abc", 2, Err(Malformed)),
        ("+1", 2, Err(Malformed)),
        ("1_000", 2, Err(Malformed)),
        ("NaN", 2, Err(Malformed)),
    ];
    for (text, scale, expected) in table {
        let read = Decimal::parse(text, *scale).map(|decimal| decimal.units);
        assert_eq!(read, *expected, "{text} at scale {scale}");
        let read = Decimal::parse_any(text, *scale).map(|decimal| decimal.units);
        assert_eq!(read, *expected, "{text} at scale {scale}, the long way");
    }
}

#[test]
fn flooring_cuts_towards_negative_infinity() {
    let table = [
        ("1767225600.25", 1_767_225_600_250),
        ("1767225600.2509", 1_767_225_600_250),
        ("1767225600.250900000000000000", 1_767_225_600_250),
        ("1767225600", 1_767_225_600_000),
        ("-1767225600.2501", -1_767_225_600_251),
        ("-0.000", 0),
        ("-0.0001", -1),
        ("1e-400", 0),
        ("-1e-400", -1),
        ("3500000000.00000000000000000000000000001", 3_500_000_000_000),
        ("1767225600.250000000000000000000000000000001", 1_767_225_600_250),
        ("-1767225600.250000000000000000000000000000001", -1_767_225_600_251),
        ("1.00000000000000000000000000000000000000000000000000001", 1_000),
    ];
    for (text, units) in table {
        assert_eq!(Decimal::parse_floor(text, 3).map(|decimal| decimal.units), Ok(units), "{text}");
    }
}

/// Numbers of all lengths, from a fixed seed.
fn written(count: usize) -> impl Iterator<Item = String> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut below = move |bound: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 20) % bound
    };
    std::iter::repeat_with(move || {
        let mut text = if below(2) == 0 { "-".to_owned() } else { String::new() };
        // much padding, and few digits beside it: what a carry or a cut gets wrong
        let mut digits = |text: &mut String, most: u64| {
            let dense = below(2) == 0;
            for _ in 0..=below(most) {
                let digit = if dense || below(8) == 0 { below(10) } else { 0 };
                text.push(char::from(b'0' + digit as u8));
            }
            below(3)
        };
        if digits(&mut text, 24) > 0 {
            text.push('.');
            if digits(&mut text, 60) == 0 {
                text.push_str("e-");
                digits(&mut text, 2);
            }
        } else {
            text.push('e');
            digits(&mut text, 2);
        }
        text
    })
    .take(count)
}

/// The number in units, floored, and whether that is exact: by moving the
/// point in the text.
fn moved(text: &str, scale: u8) -> (Option<i64>, bool) {
    let (sign, number) = text.strip_prefix('-').map_or((1, text), |number| (-1, number));
    let (number, exponent) = number.split_once('e').unwrap_or((number, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let point = whole.len() as i64 + exponent.parse::<i64>().unwrap() + i64::from(scale);
    let zeros = "0".repeat(200);
    let digits = format!("{zeros}{whole}{fraction}{zeros}");
    let (units, rest) = digits.split_at((point + 200) as usize);
    let units = units.trim_start_matches('0');
    let exact = rest.bytes().all(|digit| digit == b'0');
    let units = if units.is_empty() { Some(0) } else { units.parse::<i128>().ok() };
    let floored = units.map(|units| sign * units - i128::from(sign < 0 && !exact));
    (floored.and_then(|units| i64::try_from(units).ok()), exact)
}

#[test]
fn numbers_of_any_length_agree_with_moving_the_point_in_the_text() {
    let mut seen = [0; 3];
    for text in written(50_000) {
        for scale in [0, 3, 18] {
            let (floored, exact) = moved(&text, scale);
            let units = |read: Result<Decimal, DecimalError>| read.map(|decimal| decimal.units).ok();
            assert_eq!(units(Decimal::parse_floor(&text, scale)), floored, "{text} at scale {scale}");
            assert_eq!(
                units(Decimal::parse(&text, scale)),
                floored.filter(|_| exact),
                "{text} at scale {scale}, exactly"
            );
            seen[floored.map_or(0, |_| 1 + usize::from(exact))] += 1;
        }
    }
    assert!(seen.iter().all(|count| *count > 5_000), "too large, cut and exact: {seen:?}");
}

#[test]
fn printing_keeps_the_scale() {
    let table = [
        (0, 2, "0.00"),
        (-5, 2, "-0.05"),
        (1_200_010, 2, "12000.10"),
        (7, 0, "7"),
        (i64::MIN, 4, "-922337203685477.5808"),
    ];
    for (units, scale, text) in table {
        assert_eq!(Decimal { units, scale }.to_string(), text);
    }
}

#[test]
fn order_is_that_of_the_numbers() {
    let one = Decimal { units: 100, scale: 2 };
    assert_eq!(one, Decimal { units: 1, scale: 0 });
    assert!(one < Decimal { units: 10_001, scale: 4 });
    assert!(Decimal { units: i64::MAX, scale: 0 } > Decimal { units: i64::MAX, scale: 18 });
}
