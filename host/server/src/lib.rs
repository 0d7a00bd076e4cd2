//! The host over HTTP: its metrics and its health; and the signals that end it.

mod signals;

pub use signals::stop_on_signal;
