//! Scores a transaction by how probable a loss is and how much it would hurt:
//! as a product, or by a table of levels. `README.md` is for those who use it.
//!
//! One policy and not two, because both forms answer the same question on the
//! same scale, and a tenant that outgrows the product keeps its thresholds'
//! place. The form is a word and not "the lists are empty", so that a list
//! forgotten in the matrix form is a mistake that is told.

mod table;

use sandgate_sdk::prelude::*;
use table::Table;

/// What the policy reads.
#[derive(Inputs)]
pub struct Seen {
    /// How probable a loss is.
    #[field(minimum = 0, maximum = 1)]
    pub probability: f64,
    /// How much a loss would hurt, in the unit of the tenant's choice.
    #[field(minimum = 0)]
    pub impact: f64,
}

/// How the score is computed.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Probability × impact.
    Product,
    /// A table of likelihood levels × impact levels.
    Matrix,
    /// A word that the manifest does not allow; the host refuses it.
    #[choice(other)]
    Unknown,
}

/// What a tenant may set.
#[derive(Parameters)]
pub struct Settings<'a> {
    /// How the score is computed.
    #[parameter(default = "product")]
    pub form: Form,
    /// Where the next level of probability begins, rising.
    #[parameter(default = [], minimum = 0, maximum = 1, longest = 31)]
    pub likelihood_levels: &'a [f64],
    /// Where the next level of impact begins, rising.
    #[parameter(default = [], minimum = 0, longest = 31)]
    pub impact_levels: &'a [f64],
    /// The risk of each pair of levels, row by row from the lowest likelihood.
    #[parameter(default = [], minimum = 0, longest = 1024)]
    pub risks: &'a [f64],
}

/// What the policy may answer.
#[derive(Reasons)]
pub enum Reason {
    /// The tenant's table cannot be read, so nothing can be let through.
    #[reason(
        block,
        final,
        "the risk matrix is malformed: levels must rise, and risks needs (likelihood levels + 1) x (impact levels + 1) entries"
    )]
    TableMalformed,
}

/// The highest score.
pub const HIGHEST: f64 = 1_000_000.0;

/// Scores a transaction by probability and impact.
#[scoring(
    minimum = 0,
    maximum = 1_000_000,
    risky = "high",
    contributions,
    summary = "risk: probability x impact, or the table's entry"
)]
pub fn risk_matrix(seen: &Seen, settings: &Settings, hits: &mut Hits<Reason>, moved: &mut Contributions<Seen>) -> f64 {
    let table = match settings.form {
        Form::Product => {
            let score = (seen.probability * seen.impact).min(HIGHEST);
            (moved.probability, moved.impact) = (score / 2.0, score / 2.0);
            return score;
        }
        Form::Matrix => Table::new(settings.likelihood_levels, settings.impact_levels, settings.risks),
        Form::Unknown => None,
    };
    let Some(table) = table else {
        hits.add(Reason::TableMalformed);
        return HIGHEST;
    };
    let (likelihood, impact) = (table.likelihood(seen.probability), table.impact(seen.impact));
    let risk = |likelihood, impact| table.risk(likelihood, impact).min(HIGHEST);
    let (score, lowest) = (risk(likelihood, impact), risk(0, 0));
    // what each adds, averaged over which of the two is raised first
    moved.probability = (risk(likelihood, 0) - lowest + score - risk(0, impact)) / 2.0;
    moved.impact = (risk(0, impact) - lowest + score - risk(likelihood, 0)) / 2.0;
    score
}

#[cfg(test)]
mod tests {
    use super::{Contributions, Form, HIGHEST, Reason, Seen, Settings, risk_matrix};
    use sandgate_sdk::prelude::*;

    const PRODUCT: Settings<'static> =
        Settings { form: Form::Product, likelihood_levels: &[], impact_levels: &[], risks: &[] };
    const MATRIX: Settings<'static> = Settings {
        form: Form::Matrix,
        likelihood_levels: &[0.1, 0.4, 0.7],
        impact_levels: &[100.0, 1000.0],
        risks: &[1.0, 2.0, 3.0, 2.0, 4.0, 6.0, 3.0, 8.0, 12.0, 4.0, 12.0, 20.0],
    };

    fn score(probability: f64, impact: f64, settings: &Settings) -> (f64, Vec<&'static str>, f64) {
        let mut hits: Hits<Reason> = Hits::new();
        let mut moved: Contributions<Seen> = Default::default();
        let score = risk_matrix(&Seen { probability, impact }, settings, &mut hits, &mut moved);
        (score, hits.codes(), moved.probability + moved.impact)
    }

    #[test]
    fn the_product_is_probability_times_impact() {
        let table = [(0.0, 1e9, 0.0), (0.5, 1000.0, 500.0), (1.0, 0.25, 0.25), (1.0, 1e9, HIGHEST)];
        for (probability, impact, expected) in table {
            assert_eq!(score(probability, impact, &PRODUCT), (expected, vec![], expected));
        }
    }

    #[test]
    fn a_value_on_a_border_belongs_to_the_upper_level() {
        let table = [
            (0.0, 0.0, 1.0),
            (0.0999, 99.99, 1.0),
            (0.1, 99.99, 2.0),
            (0.1, 100.0, 4.0),
            (0.5, 1000.0, 12.0),
            (0.7, 999.0, 12.0),
            (1.0, 1e9, 20.0),
        ];
        for (probability, impact, expected) in table {
            // the contributions lead from the lowest risk to the score
            assert_eq!(score(probability, impact, &MATRIX), (expected, vec![], expected - 1.0));
        }
    }

    #[test]
    fn one_level_of_each_is_a_table_of_one_entry() {
        let constant = Settings { form: Form::Matrix, risks: &[7.0], ..PRODUCT };
        assert_eq!(score(0.9, 5.0, &constant), (7.0, vec![], 0.0));
    }

    #[test]
    fn a_malformed_table_lets_nothing_through() {
        let table = [
            ("empty", Settings { form: Form::Matrix, ..PRODUCT }),
            ("an entry too few", Settings { risks: &MATRIX.risks[1..], ..MATRIX }),
            ("an entry too many", Settings { likelihood_levels: &[0.1, 0.4], ..MATRIX }),
            ("falling levels", Settings { impact_levels: &[1000.0, 100.0], ..MATRIX }),
            ("equal levels", Settings { likelihood_levels: &[0.1, 0.4, 0.4], ..MATRIX }),
            ("another form", Settings { form: Form::Unknown, ..MATRIX }),
        ];
        for (what, settings) in table {
            assert_eq!(score(0.0, 0.0, &settings), (HIGHEST, vec!["TABLE_MALFORMED"], 0.0), "{what}");
        }
    }

    #[test]
    fn the_manifest_allows_the_two_forms() {
        assert!(risk_matrix::MANIFEST.contains(r#""any_of":["product","matrix"]"#));
    }
}
