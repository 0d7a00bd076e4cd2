//! The request `rows`: random rows within what a manifest allows, with what the
//! component says about them, so that a caller can compare it with his own
//! function.

use super::request::{done, told};
use sandgate_engine::json;
use sandgate_engine::resolve::{parameter_rows, settings};
use sandgate_files::setup::parameters;
use sandgate_files::{Report, Section};
use sandgate_sandbox::{Policy, Rows, Verdicts};
use sandgate_trial::trial::FUEL;
use sandgate_trial::{Draw, Sample, sample};
use std::cell::RefCell;

/// The most rows of a request.
const ROWS_MAX: u64 = 10_000;

/// Draws rows, and parameters unless they are given, and has them judged.
///
/// # Errors
/// Everything that is wrong with the request.
pub(super) fn answer(policy: &Policy, section: &Section<'_>, report: &RefCell<Report>) -> Result<Vec<u8>, String> {
    let count = section.whole("count", 256, 1..=ROWS_MAX);
    let seed = section.whole("seed", 1, 0..=u64::MAX);
    let fuel = section.whole("fuel", FUEL, 1..=1_000_000_000_000);
    let given = section.has("parameters").then(|| parameters(section));
    done(section, report)?;
    let manifest = policy.manifest();
    let mut draw = Draw::new(manifest, seed, &[]);
    let settings = match given {
        None => draw.settings(),
        Some(given) => settings(manifest, &given)
            .map_err(|problems| told(problems.iter().map(|problem| (&*problem.key, &*problem.what))))?,
    };
    let samples: Vec<Sample> =
        (0..count).map(|_| Sample { inputs: draw.inputs(&settings), settings: settings.clone() }).collect();
    let (rows, parameters) = (sample::rows(manifest, &samples), parameter_rows(manifest, &settings));
    let mut verdicts = Verdicts::new();
    policy.judge(&rows, &parameters, fuel, &mut verdicts);
    let mut out = b"{\"rows\":".to_vec();
    columns(&rows, &mut out);
    out.extend_from_slice(b",\"parameters\":");
    columns(&parameters, &mut out);
    out.extend_from_slice(b",\"verdicts\":{\"hits\":");
    list(&verdicts.hits, &mut out, |hit, out| {
        list(&[hit.row, hit.reason], out, |index, out| json::integer(out, i64::from(*index)));
    });
    out.extend_from_slice(b",\"scores\":");
    list(&verdicts.scores, &mut out, |score, out| json::number(out, *score));
    out.extend_from_slice(b",\"contributions\":");
    list(&verdicts.contributions, &mut out, |moved, out| json::number(out, *moved));
    out.extend_from_slice(b"},\"faults\":");
    list(&verdicts.faults, &mut out, |(row, fault), out| {
        out.push(b'[');
        json::integer(out, i64::from(*row));
        for text in [fault.word(), &fault.to_string()] {
            out.push(b',');
            json::string(out, text);
        }
        out.push(b']');
    });
    out.push(b'}');
    Ok(out)
}

/// Rows as they cross the contract, a list for each column.
fn columns(rows: &Rows, out: &mut Vec<u8>) {
    let rows = rows.whole();
    out.extend_from_slice(b"{\"count\":");
    json::integer(out, i64::from(rows.count));
    out.extend_from_slice(b",\"integers\":");
    list(rows.integers, out, |integer, out| json::integer(out, *integer));
    out.extend_from_slice(b",\"numbers\":");
    list(rows.numbers, out, |number, out| json::number(out, *number));
    out.extend_from_slice(b",\"texts\":");
    json::string(out, rows.texts);
    out.extend_from_slice(b",\"text_ends\":");
    list(rows.text_ends, out, |end, out| json::integer(out, i64::from(*end)));
    out.extend_from_slice(b",\"present\":");
    list(rows.present, out, |word, out| out.extend_from_slice(word.to_string().as_bytes()));
    out.push(b'}');
}

fn list<T>(all: &[T], out: &mut Vec<u8>, one: impl Fn(&T, &mut Vec<u8>)) {
    out.push(b'[');
    for (at, element) in all.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        one(element, out);
    }
    out.push(b']');
}
