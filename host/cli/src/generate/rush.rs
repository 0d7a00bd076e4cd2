//! When a fund opens, and for how long people come.

use super::draw::Draw;

/// The weeks before begin at 2026-01-01T00:00:00Z, in milliseconds since 1970.
pub(super) const BEGIN: u64 = 1_767_225_600_000;
/// Days before the opening.
pub(super) const DAYS: u32 = 25;
/// The fund opens on Monday, 2026-01-26, at 09:30 in Shanghai.
pub(super) const OPENS: u64 = BEGIN + DAYS as u64 * 86_400_000 + 90 * 60_000;
/// And the rush lasts so long, in milliseconds.
pub(super) const RUSH_MS: u32 = 600_000;
/// The fund, by number.
pub(super) const FUND: u16 = 1_628;

/// A time at which people come: most of them early.
pub(super) fn arrival(draw: &mut Draw) -> u64 {
    OPENS + u64::from(draw.early(RUSH_MS))
}
