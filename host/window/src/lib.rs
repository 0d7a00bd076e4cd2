//! Exact aggregates over event time: pure arithmetic, without a clock and
//! without I/O.

pub mod exact;
mod series;
mod shape;

pub use series::Series;
pub use shape::{Answer, Event, Interval, NO_TEXT, Resolution, Shape, Window};
