//! Every band at its edges, accounts of which little is known, and bands that
//! contradict each other.

use super::{HIGHEST, Reason, Scale, Seen, credit_score};
use sandgate_sdk::prelude::*;

const SCALE: Scale =
    Scale { per_point: decimal!(1000), very_poor: 20, poor: 50, fair: 100, least_days: 10, thin_score: 0.0 };

/// The score, the reasons, and what the two inputs moved.
fn scored(balances: Decimal, days: u64, scale: &Scale) -> (f64, Vec<&'static str>, [f64; 2]) {
    let mut hits: Hits<Reason> = Hits::new();
    let mut moved: Contributions<Seen> = Default::default();
    let score = credit_score(&Seen { balances, days }, scale, &mut hits, &mut moved);
    (score, hits.codes(), [moved.balances, moved.days])
}

#[test]
fn a_score_on_an_edge_belongs_to_the_lower_band() {
    let table: [(Decimal, f64, &[&str]); 10] = [
        (decimal!(0), 0.0, &["VERY_POOR"]),
        (decimal!(19999.9999), 19.9999999, &["VERY_POOR"]),
        (decimal!(20000), 20.0, &["VERY_POOR"]),
        (decimal!(20000.0001), 20.0000001, &["POOR"]),
        (decimal!(50000), 50.0, &["POOR"]),
        (decimal!(50000.0001), 50.0000001, &["FAIR"]),
        (decimal!(100000), 100.0, &["FAIR"]),
        (decimal!(100000.0001), 100.0000001, &[]),
        (decimal!(1000000), HIGHEST, &[]),
        (decimal!(922337203685477.5807), HIGHEST, &[]),
    ];
    for (balances, score, expected) in table {
        let (found, codes, moved) = scored(balances, 30, &SCALE);
        assert!((found - score).abs() < 1e-9, "{balances}: {found}");
        assert_eq!((codes, moved), (expected.to_vec(), [found, 0.0]), "{balances}");
    }
}

#[test]
fn an_overdrawn_account_has_the_lowest_score() {
    assert_eq!(scored(decimal!(-922337203685477.5808), 30, &SCALE), (0.0, vec!["VERY_POOR"], [0.0, 0.0]));
}

#[test]
fn what_a_point_is_belongs_to_the_tenant() {
    for (per_point, expected) in [(decimal!(0.0001), HIGHEST), (decimal!(1), 300.0), (decimal!(2.5), 120.0)] {
        assert_eq!(scored(decimal!(300), 30, &Scale { per_point, ..SCALE }).0, expected, "{per_point}");
    }
}

#[test]
fn too_few_balances_are_no_file_to_judge_by() {
    let neutral = Scale { thin_score: 500.0, ..SCALE };
    for (days, expected) in [(0, "THIN_FILE"), (9, "THIN_FILE"), (10, "POOR")] {
        assert_eq!(scored(decimal!(50000), days, &SCALE).1, [expected], "{days}");
    }
    assert_eq!(scored(decimal!(50000), 9, &SCALE), (0.0, vec!["THIN_FILE"], [0.0, 0.0]));
    assert_eq!(scored(decimal!(50000), 9, &neutral), (500.0, vec!["THIN_FILE"], [0.0, 500.0]));
    let whoever = Scale { least_days: 0, ..SCALE };
    assert_eq!(scored(decimal!(0), 0, &whoever).1, ["VERY_POOR"]);
}

#[test]
fn equal_bands_leave_one_out_and_falling_ones_let_nothing_through() {
    let without_poor = Scale { poor: 20, ..SCALE };
    assert_eq!(scored(decimal!(20000), 30, &without_poor).1, ["VERY_POOR"]);
    assert_eq!(scored(decimal!(20000.01), 30, &without_poor).1, ["FAIR"]);
    for falling in [Scale { very_poor: 51, ..SCALE }, Scale { fair: 49, ..SCALE }] {
        assert_eq!(scored(decimal!(900000), 30, &falling), (0.0, vec!["BANDS_CONTRADICT"], [0.0, 0.0]));
    }
}

#[test]
fn the_manifest_reads_balances_and_not_payments() {
    let manifest = credit_score::MANIFEST;
    assert_eq!(manifest.matches(r#""sources":["balances"]"#).count(), 2, "{manifest}");
    assert!(manifest.contains(r#""risky":"low""#), "{manifest}");
}
