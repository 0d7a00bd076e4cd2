//! A policy written by hand against `wit/policy.wit`, without the SDK: what
//! any language with a WIT generator can do. `wit/README.md` walks through it.
//!
//! It declares a decimal, a text, an optional integer and a list parameter, and
//! reads them from the columns. What the SDK does besides: a small stack, an
//! arena, texts in place. This guest has 17 pages of memory, which a host says
//! when it loads it.

#[cfg_attr(target_arch = "wasm32", expect(unsafe_code, reason = "generated, as wit-bindgen writes it"))]
mod contract {
    wit_bindgen::generate!({ path: "../../../wit", world: "policy-component" });

    // natively there is nobody to export to, and no linker that takes such names
    #[cfg(target_arch = "wasm32")]
    use super::Countries;
    #[cfg(target_arch = "wasm32")]
    export!(Countries with_types_in self);
}
use contract::exports::sandgate::policy::policy::{Guest, Hit, Rows, Verdicts};

/// The manifest, after `wit/manifest.schema.json`.
const MANIFEST: &str = r#"{
  "schema": 1, "name": "countries", "version": "1.0.0",
  "summary": "Stops refused countries, and large amounts of young accounts.",
  "inputs": [
    { "name": "amount", "kind": "decimal", "scale": 2, "from": { "field": "amount" } },
    { "name": "country", "kind": "text", "from": { "field": "country" } },
    { "name": "age_days", "kind": "integer", "optional": true,
      "from": { "tag": { "entity": "account", "by": "account", "attribute": "age_days" } } }
  ],
  "parameters": [
    { "name": "refused", "kind": "text", "list": true, "default": ["KP"], "longest": 300 }
  ],
  "reasons": [
    { "code": "COUNTRY", "effect": "block", "message": "{country} is refused" },
    { "code": "YOUNG", "effect": "review", "weight": 20, "message": "{amount} by an account {age_days} days old" }
  ],
  "score": null
}"#;

/// The reasons, as they stand in the manifest.
const COUNTRY: u32 = 0;
const YOUNG: u32 = 1;
/// 1,000.00 in units of 10^-2, the scale of `amount`.
const LARGE: i64 = 100_000;
/// The days from which an account is no longer young.
const GROWN: i64 = 30;

/// The values of a row, the integers among them, the texts among them.
const VALUES: usize = 3;
const INTEGERS: usize = 2;
const AGE_DAYS: usize = 2;

/// The policy.
#[derive(Debug)]
pub struct Countries;

impl Guest for Countries {
    fn describe() -> String {
        MANIFEST.to_owned()
    }

    fn judge(rows: Rows, parameters: Rows) -> Verdicts {
        // a list: its length stands in `integers`, its elements in their column
        let refused: Vec<&str> = (0..parameters.integers[0] as usize).map(|at| text(&parameters, at)).collect();
        let mut hits = Vec::new();
        for row in 0..rows.count {
            let at = row as usize;
            let (amount, age_days) = (rows.integers[at * INTEGERS], rows.integers[at * INTEGERS + 1]);
            if refused.contains(&text(&rows, at)) {
                hits.push(Hit { row, reason: COUNTRY });
            }
            // an absent value keeps its slot; whether it is there is a bit
            let young = !present(&rows, at * VALUES + AGE_DAYS) || age_days < GROWN;
            if young && amount > LARGE {
                hits.push(Hit { row, reason: YOUNG });
            }
        }
        Verdicts { hits, scores: Vec::new(), contributions: Vec::new() }
    }
}

/// A text of the column: it begins where the one before it ends.
fn text(rows: &Rows, at: usize) -> &str {
    let start = if at == 0 { 0 } else { rows.text_ends[at - 1] };
    &rows.texts[start as usize..rows.text_ends[at] as usize]
}

/// Whether there is a value: bit `row * VALUES + index`, least significant first.
fn present(rows: &Rows, bit: usize) -> bool {
    rows.present[bit / 64] >> (bit % 64) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::{COUNTRY, Countries, Guest, Rows, YOUNG};

    /// The rows of the example in `wit/README.md`.
    fn example() -> Rows {
        Rows {
            count: 2,
            integers: vec![1_250, 400, 200_000, 0],
            numbers: Vec::new(),
            texts: "DEKP".to_owned(),
            text_ends: vec![2, 4],
            present: vec![0b011_111],
        }
    }

    fn refused(countries: &[&str]) -> Rows {
        let mut end = 0;
        let ends = countries.iter().map(|country| {
            end += country.len() as u32;
            end
        });
        Rows {
            count: 1,
            integers: vec![countries.len() as i64],
            numbers: Vec::new(),
            text_ends: ends.collect(),
            texts: countries.concat(),
            present: vec![1],
        }
    }

    #[test]
    fn each_row_is_judged_by_its_own_values() {
        type Case<'a> = (&'a [&'a str], &'a [(u32, u32)]);
        let table: [Case<'_>; 3] = [
            (&["KP", "IR"], &[(1, COUNTRY), (1, YOUNG)]),
            (&["IR", "DE"], &[(0, COUNTRY), (1, YOUNG)]),
            (&[], &[(1, YOUNG)]),
        ];
        for (countries, expected) in table {
            let hits = Countries::judge(example(), refused(countries)).hits;
            let hits: Vec<(u32, u32)> = hits.iter().map(|hit| (hit.row, hit.reason)).collect();
            assert_eq!(hits, expected, "{countries:?}");
        }
    }

    #[test]
    fn the_example_has_the_bytes_of_the_documentation() {
        let rows = example();
        let integers: Vec<String> = rows.integers.iter().map(|integer| hex(&integer.to_le_bytes())).collect();
        let documentation = include_str!("../../../../wit/README.md");
        for line in [
            format!("integers   {}", integers.join("  ")),
            format!("texts      {}", hex(rows.texts.as_bytes())),
            format!(
                "text-ends  {}",
                rows.text_ends.iter().map(|end| hex(&end.to_le_bytes())).collect::<Vec<_>>().join("  ")
            ),
            format!("present    {}", hex(&rows.present[0].to_le_bytes())),
        ] {
            assert!(documentation.contains(&line), "wit/README.md lacks: {line}");
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
    }
}
