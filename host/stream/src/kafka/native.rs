//! Calls of the C library for which the crate has no call, or wraps it into waits of its
//! own: it looks once in 100 ms whether everything has arrived. Flush and commit need
//! only that somebody serves the delivery reports meanwhile, which the thread of a
//! producer does.

use super::client::Context;
use rdkafka::bindings as native;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
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

/// By which name the group knows this member now; empty while it joins.
#[expect(unsafe_code, reason = "the crate has no call for it")]
pub(super) fn member_id<C: ConsumerContext>(consumer: &BaseConsumer<C>) -> String {
    // SAFETY: the client lives as long as the consumer that is borrowed here, and the call
    // may be made from any thread; the text is ours until it is freed, once, after it was copied
    unsafe {
        let id = native::rd_kafka_memberid(consumer.client().native_ptr());
        if id.is_null() {
            return String::new();
        }
        let copy = CStr::from_ptr(id).to_string_lossy().into_owned();
        native::rd_kafka_mem_free(consumer.client().native_ptr(), id.cast());
        copy
    }
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
