//! A Redis as the host uses it: one server or a cluster, asked for a whole batch in
//! one call that has one deadline.
//!
//! [`Url`] says where it is and shows no password, an [`Ask`] is what is wanted of one
//! key, and [`Server::exchange`] sends many of them and brings the answers. It knows
//! the slots of a cluster and where they have gone.
//!
//! Absent on purpose: what is kept there (tags, shared series), breakers, asking
//! again after a failure, and any async function: who asks has nothing else to do.

pub mod failure;
pub mod server;
pub mod slot;
pub mod url;

pub use failure::Failure;
pub use redis::Value;
pub use server::{Ask, Server};
pub use url::{Url, UrlError};
