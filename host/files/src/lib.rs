//! The files that people write: TOML, read key by key, so that all problems of
//! all files are reported at once, each with its line, its key and the mend.
//!
//! The reading is by hand rather than by a derive, because a derive stops at the
//! first problem and knows neither lines nor what a key was meant to be.

pub mod field;
pub mod file;
pub mod key;
pub mod keys;
pub mod section;
pub mod setup;
pub mod substitute;

pub use file::{Content, File, Node, Problem, Report};
pub use section::{Section, known};
