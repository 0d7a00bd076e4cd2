//! What tests stand on when they run against real servers: the servers and how
//! they are started, what reads and writes them, and the proxy in front of them.
//! Where one of these is wrong, every test with a server proves nothing.

#![expect(clippy::expect_used, clippy::panic, reason = "what a test stands on must be there, or the test has failed")]

mod broker;
mod compose;
mod login;
mod own;
mod proxy;
mod script;
mod stores;
