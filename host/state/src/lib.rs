//! The state of a lane: series, ids and the lane's clock, in memory and made
//! durable.
