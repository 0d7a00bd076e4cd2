//! The doors to the engine that carry streams: a source of records, a lane that
//! takes them through the judge in order, a sink for what comes out.
//!
//! A lane knows nothing of policies: it hands batches to a
//! [`Judge`](sandgate_engine::judged::Judge) and writes down what comes back.
//! Its output is the same bytes however many workers judge, however batches are
//! cut, and however often the run was killed and taken up again. Files and
//! standard streams are built here.

mod batch;
mod commit;
pub mod kafka;
pub mod lane;
mod lines;
mod merge;
pub mod sink;
pub mod source;
pub mod summary;

pub use commit::{CommitError, Durable, committed};
pub use lane::{Progress, Run, Settings, Told, run};
pub use sink::{Committed, Protected, Sink, SinkError, Target, Written};
pub use source::{Source, SourceError};
pub use summary::Summary;
