//! What a tenant's file says about its breakers and its quota.

use sandgate_engine::breaker::Limits;
use sandgate_engine::quota::Quota;
use sandgate_files::{Content, Section};

/// The most rows that a breaker looks at, rests for or tries.
const ROWS_MAX: u64 = 100_000_000;
/// The most of its last rows: each fault of them is remembered.
const LAST_MAX: u64 = 100_000;

/// The most of a quota.
const QUOTA_MAX: u64 = 1_000_000_000_000_000;

/// When policies are taken out: `breaker` of a tenant or of a policy, each key that is
/// not there as in `default`. `off` is never.
pub(super) fn breaker(section: &Section<'_>, default: Option<Limits>) -> Option<Limits> {
    match section.node("breaker").map(|node| &node.content) {
        None | Some(Content::Table(_)) => {}
        Some(Content::Text(word)) if word == "off" => return None,
        Some(_) => {
            let what =
                "must be \"off\" or a table such as { share = 0.5, rows = 1000, rest = 10000, probe = 100, back = 3 }";
            section.problem("breaker", what);
            return default;
        }
    }
    let Some(table) = section.section("breaker") else { return default };
    let limits = default.unwrap_or_default();
    let whole =
        |name, default: u32, bounds| u32::try_from(table.whole(name, default.into(), bounds)).unwrap_or(default);
    let read = Limits {
        share: share(&table, limits.share),
        rows: whole("rows", limits.rows, 1..=LAST_MAX),
        rest: whole("rest", limits.rest, 1..=ROWS_MAX),
        probe: whole("probe", limits.probe, 1..=LAST_MAX),
        back: whole("back", limits.back, 0..=1_000),
    };
    table.done();
    Some(read)
}

fn share(table: &Section<'_>, default: f64) -> f64 {
    let Some(node) = table.node("share") else { return default };
    let share = match &node.content {
        Content::Number(digits) => digits.parse().ok().filter(|share: &f64| *share > 0.0 && *share < 1.0),
        _ => None,
    };
    share.unwrap_or_else(|| {
        table.problem("share", "must be a number between 0 and 1, such as 0.5");
        default
    })
}

/// What a tenant may take of each lane in a second; nothing where the file says nothing.
pub(super) fn quota(section: &Section<'_>) -> Quota {
    let Some(table) = section.section("quota") else { return Quota::default() };
    let read = |name| {
        let number = match &table.node(name)?.content {
            Content::Number(digits) => digits.parse().ok().filter(|number| (1..=QUOTA_MAX).contains(number)),
            _ => None,
        };
        if number.is_none() {
            table.problem(
                name,
                format!("must be a whole number from 1 to {QUOTA_MAX}, of a second; leave it out for no bound"),
            );
        }
        number
    };
    let quota = Quota { transactions: read("transactions"), fuel: read("fuel") };
    table.done();
    quota
}
