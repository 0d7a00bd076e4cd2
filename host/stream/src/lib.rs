//! The doors to the engine that carry streams: a source of records, a lane that
//! takes them through the judge in order, a sink for what comes out.
//!
//! A lane knows nothing of policies: it hands batches to a
//! [`Judge`](sandgate_engine::judged::Judge) and writes down what comes back.
//! Its output is the same bytes however many workers judge and however batches
//! are cut. Files and standard streams are built here; nothing of it survives a
//! run, so a run that was stopped begins again.

mod batch;
pub mod lane;
mod lines;
pub mod sink;
pub mod source;
pub mod summary;

pub use lane::{Progress, Run, Settings, run};
pub use sink::{Protected, Sink, SinkError, Target};
pub use source::{Source, SourceError};
pub use summary::Summary;
