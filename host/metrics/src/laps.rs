//! Time from step to step, for those who may not look at a clock themselves.

use std::time::{Duration, Instant};

/// A stopwatch that is running, or is off and always says zero.
#[derive(Clone, Copy, Debug)]
pub struct Laps(Option<Instant>);

impl Laps {
    /// Runs from now on.
    pub fn running() -> Laps {
        Laps(Some(Instant::now()))
    }

    /// Never runs.
    pub fn off() -> Laps {
        Laps(None)
    }

    /// The time since the lap before.
    pub fn lap(&mut self) -> Duration {
        let Some(last) = self.0 else { return Duration::ZERO };
        let now = Instant::now();
        self.0 = Some(now);
        now.saturating_duration_since(last)
    }
}

#[cfg(test)]
mod tests {
    use super::Laps;
    use std::time::Duration;

    #[test]
    fn it_says_zero_where_it_is_off() {
        assert_eq!(Laps::off().lap(), Duration::ZERO);
        let mut laps = Laps::running();
        while laps.lap() == Duration::ZERO {}
    }
}
