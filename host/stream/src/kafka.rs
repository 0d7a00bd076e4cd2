//! Kafka as a source and a sink: what the C library is told, and what it answers,
//! in the words of this host.
//!
//! Ownership and data are apart. [`Group`] joins the group only to learn which
//! partitions this host owns; records are read by consumers with a manual
//! assignment ([`Clients::reader`]); decisions, dead letters, the changelog and
//! offsets leave together through a [`CommitProducer`]. [`Cluster`] asks what is
//! there: topics, offsets, ends. Lanes and their workers stand on these and are
//! not in here.

mod client;
mod config;
mod group;
mod settings;
mod topics;
mod transaction;
mod wanted;

pub use client::{ClientError, Clients, Context, PlainProducer, Purpose};
pub use config::{Config, Delivery, SourceTopic, Topics, Waiting, Window, WrongKey};
pub use group::{Group, GroupError, Ownership};
pub use settings::{Setting, Settings, Unfit};
pub use topics::{Cluster, Ends, Position, TopicError};
pub use transaction::{CommitFailure, CommitProducer, Failed, Message};
pub use wanted::{Found, Severity, TopicState, Wanted};
