//! A lane in memory, as the host uses it: what it answers must depend on the
//! order of the records and on nothing else.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod aborts;
mod backfill;
mod bound;
mod changelog;
mod durable;
mod growth;
mod kept;
mod life;
mod model;
mod naive;
mod order;
mod restart;
mod runner;
mod stream;
