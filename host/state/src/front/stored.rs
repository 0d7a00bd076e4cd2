//! The bytes of a front, the header of a snapshot.
//!
//! ```text
//! 1 byte     version, 1
//! the clock as `sandgate_window::Clock` writes it
//! option     the clock's first value
//! unsigned   how many tenants follow; each:
//!   text     its name
//!   bytes    its bound (see `bound.rs`)
//! ```
//! *bytes* is a length and as many bytes, *text* the same in UTF-8, *option* a flag
//! byte and, if it is 1, a signed number; numbers are as `varint.rs` writes them.
//! Tenants are found by name, families by their key and reach: one that is new is
//! counted anew from the entries that are restored.

use super::Front;
use crate::layout::Layout;
use crate::varint::{self, Bytes};
use sandgate_window::Clock;

const VERSION: u8 = 1;

/// Why the bytes of a front are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrontError {
    /// Another version wrote them.
    #[error("the state's header has version {0}, this program reads version 1")]
    Version(u8),
    /// They are cut off or hold what nobody writes.
    #[error("the state's header is damaged")]
    Damaged,
}

impl Front {
    /// Appends the bytes.
    pub(crate) fn encode(&self, layout: &Layout, out: &mut Vec<u8>) {
        out.push(VERSION);
        self.clock.encode(out);
        varint::option(self.began, out);
        varint::unsigned(layout.tenants.len() as u64, out);
        let mut part = Vec::new();
        for (tenant, bound) in layout.tenants.iter().zip(&self.bounds) {
            varint::bytes(tenant.name.as_bytes(), out);
            part.clear();
            // as the clock leaves it: when a bound was looked at last is nobody's business
            let mut bound = bound.clone();
            bound.expire(self.horizon());
            bound.encode(&mut part);
            varint::bytes(&part, out);
        }
    }

    /// Takes over what the bytes say of the tenants and families that are here.
    pub(crate) fn decode(&mut self, layout: &Layout, bytes: &[u8]) -> Result<(), FrontError> {
        let mut rest = Bytes(bytes);
        match rest.byte() {
            Some(VERSION) => self.fields(layout, &mut rest).ok_or(FrontError::Damaged),
            Some(version) => Err(FrontError::Version(version)),
            None => Err(FrontError::Damaged),
        }
    }

    fn fields(&mut self, layout: &Layout, rest: &mut Bytes<'_>) -> Option<()> {
        (self.clock, rest.0) = Clock::decode(rest.0).ok()?;
        self.began = rest.option()?;
        for _ in 0..rest.unsigned()? {
            let (name, bound) = (rest.text()?, rest.bytes()?);
            let known = layout.tenants.iter().position(|tenant| *tenant.name == *name);
            if let Some(here) = known.and_then(|at| self.bounds.get_mut(at)) {
                here.decode(&mut Bytes(bound))?;
            }
        }
        rest.0.is_empty().then_some(())
    }
}
