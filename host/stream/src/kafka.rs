//! Kafka as a source and a sink: what the C library is told, and what it answers,
//! in the words of this host.
//!
//! Ownership and data are apart. [`Group`] joins the group only to learn which
//! partitions this host owns; records are read by consumers with a manual
//! assignment ([`Clients::reader`]); decisions, dead letters, the changelog and
//! offsets leave together through a [`CommitProducer`]. [`Cluster`] asks what is
//! there: topics, offsets, ends. On these stands what works:
//!
//! ```text
//!   group ──► host ──► worker 0 ─► committer 0      a worker reads and judges for
//!   (owns)    (gives)  worker 1 ─► committer 1      its lanes; its committer writes
//!                         ▲                         and commits, window by window
//!                      rebuild                      a lane is taken over beside it
//! ```

mod batch;
mod client;
mod commits;
mod committer;
mod config;
mod copy;
mod counts;
mod group;
mod handover;
mod heard;
mod host;
mod lane;
mod mend;
mod native;
mod orders;
mod plain;
mod reader;
mod reading;
mod rebuild;
mod refusal;
mod settings;
mod sink;
mod tail;
mod topics;
mod transaction;
mod waiting;
mod wanted;
mod watch;
mod worker;
mod writer;

pub use client::{ClientError, Clients, Context, PlainProducer, Purpose};
pub use config::{Config, Delivery, SourceTopic, Topics, Waiting, Window, WrongKey};
pub use copy::Copies;
pub use counts::Counts;
pub use group::{Group, GroupError, Ownership};
pub use host::{HostError, Job, run};
pub use refusal::LaneError;
pub use settings::{Setting, Settings, Unfit};
pub use sink::DECISION_ID;
pub use tail::{From, Tail, TailError, Told};
pub use topics::{Cluster, Ends, Position, TopicError};
pub use transaction::{CommitFailure, CommitProducer, Failed, Message};
pub use wanted::{Found, Severity, TopicState, Wanted};
pub use writer::{Undelivered, Writer};
