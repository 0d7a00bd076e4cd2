//! Two calls of the C library that the crate wraps into waits of its own: it looks
//! once in 100 ms whether everything has arrived. Both need only that somebody serves
//! the delivery reports meanwhile, which the thread of a producer does.

use super::client::Context;
use rdkafka::bindings as native;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::{Producer as _, ThreadedProducer};
use std::ffi::CStr;
use std::time::Duration;

/// Sends everything that was handed over at once, and waits until each message has
/// arrived or failed, or the limit has passed.
///
/// Until then nothing should be handed over. The library sends one request after the
/// other to a partition, and while messages wait behind one its thread asks without a
/// pause whether they may go: such a thread takes a core, and on a busy machine the
/// time that the broker needs for the answer.
#[expect(unsafe_code, reason = "the crate's flush looks once in 100 ms")]
pub(super) fn flush(producer: &ThreadedProducer<Context>, limit: Duration) {
    let limit = i32::try_from(limit.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: the client lives as long as the producer that is borrowed here, and the
    // call may be made from any thread; who asks looks at what is still in flight
    let _ = unsafe { native::rd_kafka_flush(producer.client().native_ptr(), limit) };
}

/// Why a commit did not come about, in the library's words.
pub(super) struct Refused {
    /// It has to be taken back, and the producer can go on.
    pub(super) is_abortable: bool,
    /// The producer is of no use any more.
    pub(super) is_fatal: bool,
    pub(super) code: RDKafkaErrorCode,
    pub(super) what: String,
}

/// The C library's commit, without the crate's own flush before it.
#[expect(unsafe_code, reason = "the crate's commit waits 100 ms for what the C library does by itself")]
pub(super) fn commit(producer: &ThreadedProducer<Context>) -> Result<(), Refused> {
    // SAFETY: the client lives as long as the producer that is borrowed here, and the
    // call may be made from any thread
    let error = unsafe { native::rd_kafka_commit_transaction(producer.client().native_ptr(), -1) };
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: the error is ours until it is destroyed, once, at the end; its text is a C
    // string that is copied before
    let answer = unsafe {
        let is_abortable = native::rd_kafka_error_txn_requires_abort(error) != 0;
        let is_fatal = native::rd_kafka_error_is_fatal(error) != 0;
        let code = native::rd_kafka_error_code(error).into();
        let what = CStr::from_ptr(native::rd_kafka_error_string(error)).to_string_lossy().into_owned();
        native::rd_kafka_error_destroy(error);
        Refused { is_abortable, is_fatal, code, what }
    };
    Err(answer)
}
