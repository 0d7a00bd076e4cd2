//! The host over HTTP: its metrics and its health.
