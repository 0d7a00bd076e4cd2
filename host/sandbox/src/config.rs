//! What an operator may set, and the limits that nobody may.

use std::path::PathBuf;
use std::time::Duration;

/// Settings of the sandbox.
#[derive(Clone, Debug)]
pub struct Config {
    /// Bytes of linear memory that one guest store may have, all its memories together.
    pub memory_max: u64,
    /// Bytes that one call may return.
    pub result_max: u64,
    /// Elements that the tables of one guest store may have, all together.
    pub table_max: u32,
    /// The folder of compiled code; without one every start compiles again.
    pub cache: Option<PathBuf>,
    /// Guest stores alive at once: at least one for each thread that judges,
    /// and one for each session.
    pub slots: u32,
    /// Whether to ask the kernel which pages a guest has written, where it can
    /// tell ([`crate::scans_pages`]), instead of resetting all of a guest's first
    /// 256 KiB. That costs about a microsecond more for a policy of one page, and
    /// far less for one of many.
    pub scan_pages: bool,
    /// How long a row may run before the epoch stops it; less than two seconds
    /// counts as two, because a shared core can stand still for long.
    pub stop_after: Duration,
    /// Who moves the epoch on.
    pub ticker: Ticker,
}

/// Who moves the epoch on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ticker {
    /// A thread of the sandbox, by the clock.
    Thread,
    /// Whoever calls [`crate::Sandbox::tick`]: for tests.
    Hand,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            memory_max: 4 << 20,
            result_max: 1 << 20,
            table_max: 10_000,
            cache: None,
            slots: 64,
            scan_pages: false,
            stop_after: Config::STOP_AFTER_MIN,
            ticker: Ticker::Thread,
        }
    }
}

impl Config {
    /// The least that [`Config::stop_after`] can be.
    pub const STOP_AFTER_MIN: Duration = Duration::from_secs(2);
    /// How often the epoch moves on.
    pub(crate) const TICK: Duration = Duration::from_millis(250);

    /// Ticks after which a call is stopped: at least [`Config::stop_after`],
    /// wherever between two ticks it began.
    pub(crate) fn ticks(&self) -> u64 {
        let stop_after = self.stop_after.max(Config::STOP_AFTER_MIN);
        u64::try_from(stop_after.as_millis().div_ceil(Config::TICK.as_millis())).unwrap_or(u64::MAX / 2) + 1
    }
}

/// Bytes of native stack that a guest may use.
pub(crate) const STACK_MAX: usize = 256 << 10;
/// Bytes of a component, at most.
pub(crate) const COMPONENT_MAX: usize = 64 << 20;
/// Bytes of a manifest, at most.
pub(crate) const MANIFEST_MAX: usize = 256 << 10;
/// Fuel that `describe` may use.
pub(crate) const DESCRIBE_FUEL: u64 = 50_000_000;
/// Core instances, memories and tables of one component, at most. A component
/// has one or two; those of interpreters have dozens.
pub(crate) const CORE_INSTANCES_MAX: u32 = 64;
pub(crate) const MEMORIES_MAX: u32 = 8;
pub(crate) const TABLES_MAX: u32 = 64;
/// Initial memory above which a fresh sandbox becomes noticeably dearer.
pub(crate) const MEMORY_LEAN: u64 = 2 << 16;

#[cfg(test)]
mod tests {
    use super::Config;
    use std::time::Duration;

    #[test]
    fn nothing_is_stopped_within_two_seconds() {
        for (stop_after, ticks) in [(0, 9), (1_999, 9), (2_000, 9), (2_001, 10), (60_000, 241)] {
            let config = Config { stop_after: Duration::from_millis(stop_after), ..Config::default() };
            assert_eq!(config.ticks(), ticks);
            // the first tick may come at once
            assert!(Config::TICK * (ticks as u32 - 1) >= Config::STOP_AFTER_MIN);
        }
    }
}
