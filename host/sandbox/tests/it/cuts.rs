//! No cut of a stream into batches changes an answer.

use crate::guest::{BUDGET, Guest, parameters, rows};
use crate::judging::BY_NUMBER;
use proptest::prelude::*;
use sandgate_sandbox::{Policy, Verdicts};

/// What is told of one row.
#[derive(Debug, PartialEq)]
struct Answer {
    reasons: Vec<u32>,
    score: u64,
    contributions: Vec<u64>,
    fault: Option<String>,
}

fn answers(policy: &Policy, values: &[(Option<i64>, &str)], sizes: &[usize]) -> Vec<Answer> {
    let parameters = parameters();
    let mut verdicts = Verdicts::new();
    let mut answers = Vec::new();
    let mut rest = values;
    for size in sizes.iter().copied().chain([values.len()]) {
        let (batch, left) = rest.split_at(size.min(rest.len()));
        rest = left;
        policy.judge(&rows(batch), &parameters, BUDGET, &mut verdicts);
        assert_eq!(verdicts.scores.len(), batch.len());
        assert_eq!(verdicts.contributions.len(), batch.len() * 2);
        assert!(verdicts.hits.is_sorted() && verdicts.faults.is_sorted_by_key(|(row, _)| *row));
        for row in 0..batch.len() {
            let hits = verdicts.hits.iter().filter(|hit| hit.row as usize == row);
            let fault = verdicts.faults.iter().find(|(at, _)| *at as usize == row);
            answers.push(Answer {
                reasons: hits.map(|hit| hit.reason).collect(),
                score: verdicts.scores[row].to_bits(),
                contributions: verdicts.contributions[row * 2..][..2].iter().map(|number| number.to_bits()).collect(),
                fault: fault.map(|(_, fault)| format!("{} {fault}", fault.word())),
            });
        }
    }
    answers
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_cut_changes_an_answer(
        kinds in prop::collection::vec((0u8..20, 0usize..6), 1..40),
        sizes in prop::collection::vec(1usize..12, 0..12),
    ) {
        let policy = Guest { judge: BY_NUMBER, ..Guest::default() }.load();
        let words = ["", "a", "申", "ab", "申购", "long enough to matter"];
        // a third of the rows misbehave
        let values: Vec<_> = kinds.iter().map(|(kind, word)| match kind {
            0 => (None, words[*word]),
            1..=8 => (Some(100 + i64::from(*kind)), words[*word]),
            kind => (Some(i64::from(*kind)), words[*word]),
        }).collect();
        let alone = answers(&policy, &values, &vec![1; values.len()]);
        prop_assert_eq!(&answers(&policy, &values, &sizes), &alone);
        prop_assert_eq!(&answers(&policy, &values, &[]), &alone);
    }
}

#[test]
fn each_way_to_misbehave_faults_its_row_alone() {
    let policy = Guest { judge: BY_NUMBER, ..Guest::default() }.load();
    let table = [
        (101, None),
        (102, Some("fuel used more than its 100000 units of fuel")),
        (103, Some("trap it panicked (wasm trap: wasm `unreachable` instruction executed)")),
        (104, Some("memory asked for more than its 4194304 bytes of memory")),
        (105, Some("output the score 1000000000 is not on the declared scale from 0 to 100")),
        (106, Some("output the score NaN is not on the declared scale from 0 to 100")),
        (107, Some("output a hit names row 1, but there are 1 rows, counted from 0")),
        (108, Some("output a hit names reason 77, but 2 are declared, counted from 0")),
    ];
    for (n, fault) in table {
        let values = [(Some(1), "a"), (Some(2), "bc"), (Some(n), "guilty"), (Some(3), "def"), (None, "")];
        let answers = answers(&policy, &values, &[]);
        assert_eq!(answers[2].fault.as_deref(), fault, "{n}");
        let rest: Vec<_> = [0, 1, 3, 4].map(|row: usize| &answers[row]).into_iter().collect();
        assert!(rest.iter().all(|answer| answer.fault.is_none()), "{n}: {rest:?}");
        assert_eq!(
            rest.iter().map(|answer| answer.reasons.clone()).collect::<Vec<_>>(),
            [vec![0], vec![], vec![0], vec![1]]
        );
    }
}

#[test]
fn rows_that_are_heavy_together_are_judged_apart() {
    // each needs most of a budget, so no two of them fit into one
    let policy = Guest { judge: BY_NUMBER, ..Guest::default() }.load();
    let values = vec![(Some(101), "ab"); 30];
    let answers = answers(&policy, &values, &[]);
    assert!(answers.iter().all(|answer| answer.fault.is_none() && answer.score == 2f64.to_bits()), "{answers:?}");
    let mut verdicts = Verdicts::new();
    policy.judge(&rows(&values), &parameters(), BUDGET, &mut verdicts);
    // what was learned spares the halves: every row is judged once, alone
    let mut alone = Verdicts::new();
    policy.judge(&rows(&values[..1]), &parameters(), BUDGET, &mut alone);
    assert!(verdicts.fuel <= alone.fuel * 30, "{} {}", verdicts.fuel, alone.fuel);
}
