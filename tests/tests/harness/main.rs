//! `sandgate harness` as other programs meet it: the document's own session, line
//! by line over pipes; requests that are wrong; a client whose program dies; and
//! what the client says where an expectation does not hold.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod agreement;
mod endings;
mod expectations;
mod pipes;
mod protocol;

use sandgate_harness::Policy;
use sandgate_tests::{policies, program};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A built policy or guest, for the client.
fn policy(name: &str) -> Policy {
    assert!(program().is_file(), "the client finds the program beside its test");
    Policy::new(policies().join(name), "nowhere")
}

/// What a test says that fails.
fn failure(test: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(test)).err();
    assert!(panic.is_some(), "it should have failed");
    let panic = panic.unwrap();
    let literal = panic.downcast_ref::<&str>().map(|text| text.to_string());
    literal.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap()
}
