//! Exact aggregates over event time: pure arithmetic, without a clock and
//! without I/O.

pub mod exact;
pub mod key;

mod clock;
mod plan;
mod series;
mod shape;
mod span;

pub use clock::{Clock, ClockError};
pub use plan::{Bad, Cell, Declared, Derived, Family, Flaw, Place, Plan, PlanError, Touch, Why, Word};
pub use series::Series;
pub use shape::{Answer, Event, Interval, NO_TEXT, Resolution, Shape, Window};
pub use span::Zones;
