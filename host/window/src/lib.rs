//! Exact aggregates over event time: pure arithmetic, without a clock and
//! without I/O.
