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
use sandgate_trial::{Constants, Draw, Sample, sample};
use std::cell::RefCell;

/// The most rows of a request.
const ROWS_MAX: u64 = 10_000;

/// Draws rows, and parameters unless they are given, and has them judged.
/// `constants` are what the component may compare with.
///
/// # Errors
/// Everything that is wrong with the request.
pub(super) fn answer(
    policy: &Policy,
    constants: &Constants,
    section: &Section<'_>,
    report: &RefCell<Report>,
) -> Result<Vec<u8>, String> {
    let count = section.whole("count", 256, 1..=ROWS_MAX);
    let seed = section.whole("seed", 1, 0..=u64::MAX);
    let fuel = section.whole("fuel", FUEL, 1..=1_000_000_000_000);
    let given = section.has("parameters").then(|| parameters(section));
    done(section, report)?;
    let manifest = policy.manifest();
    let mut draw = Draw::new(manifest, seed, &[]);
    draw.also(constants);
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
    json::list(&mut out, &verdicts.hits, |out, hit| {
        json::list(out, &[hit.row, hit.reason], |out, index| json::integer(out, i64::from(*index)));
    });
    out.extend_from_slice(b",\"scores\":");
    json::list(&mut out, &verdicts.scores, |out, score| json::number(out, *score));
    out.extend_from_slice(b",\"contributions\":");
    json::list(&mut out, &verdicts.contributions, |out, moved| json::number(out, *moved));
    out.extend_from_slice(b"},\"faults\":");
    json::list(&mut out, &verdicts.faults, |out, (row, fault)| {
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
    json::list(out, rows.integers, |out, integer| json::integer(out, *integer));
    out.extend_from_slice(b",\"numbers\":");
    json::list(out, rows.numbers, |out, number| json::number(out, *number));
    out.extend_from_slice(b",\"texts\":");
    json::string(out, rows.texts);
    out.extend_from_slice(b",\"text_ends\":");
    json::list(out, rows.text_ends, |out, end| json::integer(out, i64::from(*end)));
    out.extend_from_slice(b",\"present\":");
    json::list(out, rows.present, |out, word| out.extend_from_slice(word.to_string().as_bytes()));
    out.push(b'}');
}
