//! Windows over the whole road of a transaction: from what policies declare, over the
//! plan, the edges and the lane's clock, to the answer of a series.
//!
//! * [`timelines`], [`calendars`], [`late`], [`records`]: what each word of a window
//!   means, as examples for people to read;
//! * [`streams`]: random streams against a recomputation from the definition;
//! * [`shrinking`]: generated timelines, whose failures print as an example to paste;
//! * [`derive`], [`refusals`]: what a plan takes from a record, and what it cannot keep;
//! * [`growth`]: a plan to which windows are added.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a timeline that cannot be read is a failed test"
)]

mod calendars;
mod derive;
mod growth;
mod lane;
mod late;
mod notation;
mod oracle;
mod play;
mod print;
mod records;
mod refusals;
mod shrinking;
mod streams;
mod timelines;
