//! The parts of a decision that are the same for every transaction of a
//! generation, written once.

use super::{Generation, Seat};
use crate::json;
use std::sync::Arc;

/// The fixed text of a generation's decisions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fixed {
    /// From `,"tenant":` to `,"account":`.
    pub(crate) tenant: Vec<u8>,
    /// `,"generation":` and `,"set":`.
    pub(crate) generation: Arc<[u8]>,
    pub(crate) seats: Vec<FixedSeat>,
}

/// The fixed text about one policy.
#[derive(Clone, Debug)]
pub(crate) struct FixedSeat {
    /// Its name as a JSON string.
    pub(crate) name: Vec<u8>,
    /// Its entry in `policies`, up to the members of `inputs`.
    pub(crate) ran: Vec<u8>,
    /// The same where its fallback answered in its place.
    pub(crate) out: Vec<u8>,
    /// Its whole entry in `policies` where it did not run.
    pub(crate) not_run: Vec<u8>,
    /// `"name":` of each input.
    pub(crate) inputs: Vec<Vec<u8>>,
    /// Each reason's entry in `reasons`, up to the text of the message.
    pub(crate) reasons: Vec<Vec<u8>>,
}

impl Fixed {
    pub(crate) fn of(generation: &Generation) -> Fixed {
        let mut tenant = b",\"tenant\":".to_vec();
        json::string(&mut tenant, &generation.tenant);
        tenant.extend_from_slice(b",\"account\":");
        let named = super::named(generation.number, &generation.set);
        Fixed { tenant, generation: named, seats: generation.seats.iter().map(FixedSeat::of).collect() }
    }
}

impl FixedSeat {
    fn of(seat: &Seat) -> FixedSeat {
        let manifest = seat.policy.manifest();
        let name = quoted(&seat.name);
        let mut entry = b"{\"name\":".to_vec();
        entry.extend_from_slice(&name);
        entry.extend_from_slice(b",\"version\":");
        json::string(&mut entry, &manifest.version);
        entry.extend_from_slice(format!(",\"digest\":\"{}\",\"stage\":", seat.policy.digest()).as_bytes());
        json::string(&mut entry, &seat.stage);
        let with = |end: &str| [entry.as_slice(), end.as_bytes()].concat();
        FixedSeat {
            ran: with(",\"ran\":true,\"inputs\":{"),
            out: with(",\"ran\":false,\"inputs\":{"),
            not_run: with(",\"ran\":false,\"inputs\":{},\"defaulted\":[]}"),
            inputs: manifest.inputs.iter().map(|input| [quoted(&input.name), b":".to_vec()].concat()).collect(),
            reasons: seat
                .reasons
                .iter()
                .map(|reason| {
                    let mut text = b"{\"policy\":".to_vec();
                    text.extend_from_slice(&name);
                    text.extend_from_slice(b",\"code\":");
                    json::string(&mut text, &reason.code);
                    let rest = format!(",\"effect\":\"{}\",\"weight\":{},\"message\":\"", reason.effect, reason.weight);
                    text.extend_from_slice(rest.as_bytes());
                    text
                })
                .collect(),
            name,
        }
    }
}

fn quoted(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    json::string(&mut out, text);
    out
}
