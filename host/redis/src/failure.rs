//! What can go wrong when a Redis is asked.

use std::time::Duration;

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No connection.
    #[error("it cannot be reached ({0})")]
    Unreachable(String),
    /// Wrong password or user.
    #[error("it refuses the user or the password ({0})")]
    Refused(String),
    /// No answer in time.
    #[error("it gave no answer within {} ms", .0.as_millis())]
    Deadline(Duration),
    /// It answered with an error.
    #[error("it answered with an error ({0})")]
    Answer(String),
    /// It has failed before, and is not asked for a while: said by who keeps a breaker.
    #[error("it failed before and is left alone for a while")]
    Open,
}

impl Failure {
    /// What an error of the client means, in a call that may take `limit`.
    pub(crate) fn of(error: &redis::RedisError, limit: Duration) -> Failure {
        if error.is_timeout() {
            return Failure::Deadline(limit);
        }
        let code = error.code().unwrap_or_default();
        let said = || {
            let detail = error.detail().unwrap_or_default();
            // the server's own words; they never hold what was sent as a password
            if code.is_empty() { shortened(&error.to_string()) } else { shortened(&format!("{code} {detail}")) }
        };
        match error.kind() {
            redis::ErrorKind::AuthenticationFailed => Failure::Refused(said()),
            _ if matches!(code, "NOAUTH" | "WRONGPASS" | "NOPERM") => Failure::Refused(said()),
            _ if error.is_io_error() || error.is_connection_dropped() || error.is_connection_refusal() => {
                Failure::Unreachable(said())
            }
            _ => Failure::Answer(said()),
        }
    }
}

/// A message of somebody else, short enough for a line.
fn shortened(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}
