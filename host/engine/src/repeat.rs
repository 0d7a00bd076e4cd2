//! Decisions that no policy made: of a record that came before, and of a record
//! whose id was another's.
//!
//! A repeat gets the outcome and the generation of the first one. Both may still be
//! on their way when the repeat is seen, so the line is left open and completed in
//! the order of the lane, when everything before it is settled.

use crate::circumstance::{self, Circumstance};
use crate::decision::{Origin, position};
use crate::decode::Transaction;
use crate::generation::Generation;
use crate::json;
use sandgate_model::{Fault, Outcome, Value};
use sandgate_state::{Repeat, Settled};
use std::sync::Arc;

/// A decision about a repeat, still without what the first one had.
#[derive(Debug)]
pub(crate) struct RepeatLine {
    /// Where in the decisions it belongs.
    at: usize,
    pub(crate) repeat: Repeat,
    tenant: usize,
    /// Up to the outcome, between outcome and generation, and behind that.
    parts: [Vec<u8>; 3],
    /// What stands for the generation, where that of the first one is not known.
    present: Arc<[u8]>,
}

/// The lists of a decision that no policy made.
const NOTHING: &[u8] = b"\"reasons\":[],\"weight\":0,\"scores\":[],\"policies\":[]";

impl RepeatLine {
    pub(crate) fn new(
        repeat: Repeat,
        (tenant, generation): (usize, &Generation),
        transaction: &Transaction<'_>,
        origin: &Origin<'_>,
        at: usize,
    ) -> RepeatLine {
        let mut parts = [const { Vec::new() }; 3];
        let [head, middle, tail] = &mut parts;
        begin(generation, transaction, head);
        middle.extend_from_slice(b"\",\"because\":[],");
        middle.extend_from_slice(NOTHING);
        middle.extend_from_slice(b",\"faults\":[],\"circumstances\":[],\"repeat_of\":");
        place(&Origin { offset: repeat.offset, source: origin.source, partition: origin.partition }, middle);
        end(transaction, origin, tail);
        RepeatLine { at, repeat, tenant, parts, present: generation.named() }
    }
}

/// Puts open lines into the decisions; `first` says what the first ones had, and `named`
/// what stands for a generation of a tenant.
pub(crate) fn complete(
    decisions: &mut Vec<u8>,
    open: &[RepeatLine],
    first: impl Fn(&Repeat) -> Option<Settled>,
    named: impl Fn(usize, u64) -> Option<Arc<[u8]>>,
) {
    if open.is_empty() {
        return;
    }
    let mut all = Vec::with_capacity(decisions.len() + open.len() * 512);
    let mut copied = 0;
    for line in open {
        all.extend_from_slice(&decisions[copied..line.at]);
        copied = line.at;
        // the strictest, if it could ever be that nothing is known
        let settled = first(&line.repeat);
        let outcome = settled.and_then(|settled| Outcome::ALL.get(usize::from(settled.outcome)).copied());
        let generation = settled.and_then(|settled| named(line.tenant, settled.generation.into()));
        let [head, middle, tail] = &line.parts;
        all.extend_from_slice(head);
        all.extend_from_slice(outcome.unwrap_or(Outcome::Block).word().as_bytes());
        all.extend_from_slice(middle);
        all.extend_from_slice(generation.as_ref().unwrap_or(&line.present));
        all.extend_from_slice(tail);
    }
    all.extend_from_slice(&decisions[copied..]);
    *decisions = all;
}

/// Appends the decision about a record whose id was used before with another
/// content: no policy has seen it.
pub(crate) fn reused(
    first: u64,
    late: Option<&Circumstance>,
    outcome: Outcome,
    generation: &Generation,
    transaction: &Transaction<'_>,
    origin: &Origin<'_>,
    out: &mut Vec<u8>,
) {
    begin(generation, transaction, out);
    out.extend_from_slice(outcome.word().as_bytes());
    out.extend_from_slice(b"\",\"because\":[");
    if outcome != Outcome::Allow {
        out.extend_from_slice(b"{\"what\":\"fallback\",\"policy\":null,\"code\":null,\"value\":null,\"limit\":null}");
    }
    out.extend_from_slice(b"],");
    out.extend_from_slice(NOTHING);
    out.extend_from_slice(b",\"faults\":[{\"policy\":null,\"fault\":\"id-reused\",\"detail\":");
    json::string(out, &format!("{}, at offset {first} of the same source", Fault::IdReused));
    out.extend_from_slice(b",\"fallback\":");
    json::string(out, outcome.word());
    out.extend_from_slice(b"}],\"circumstances\":[");
    circumstance::write(late, out);
    out.extend_from_slice(b"],\"repeat_of\":null");
    out.extend_from_slice(&generation.fixed.generation);
    end(transaction, origin, out);
}

fn begin(generation: &Generation, transaction: &Transaction<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"transaction\":");
    json::string(out, transaction.id());
    out.extend_from_slice(&generation.fixed.tenant);
    json::string(out, transaction.account());
    out.extend_from_slice(b",\"outcome\":\"");
}

fn end(transaction: &Transaction<'_>, origin: &Origin<'_>, out: &mut Vec<u8>) {
    out.push(b',');
    position(origin, out);
    out.extend_from_slice(b",\"time\":");
    json::value(out, Value::Instant(transaction.time()));
    out.extend_from_slice(b"}\n");
}

/// A position as a value of its own.
fn place(origin: &Origin<'_>, out: &mut Vec<u8>) {
    let from = out.len();
    position(origin, out);
    out.drain(from..from + b"\"position\":".len());
}
