//! Series that lanes share, against a real Redis: they answer what embedded ones
//! do, whatever is aborted, replayed, moved or gone meanwhile.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bounds;
mod cluster;
mod conformance;
mod gone;
mod host;
mod lanes;
mod opening;
mod stream;
