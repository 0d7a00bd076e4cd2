//! The bytes of a front, the header of a snapshot.
//!
//! ```text
//! 1 byte     version, 3
//! the clock as `sandgate_window::Clock` writes it
//! option     the clock's first value
//! flag       whether anything has happened yet
//! unsigned   how many tenants follow; each:
//!   text     its name
//!   bytes    its bound (see `bound.rs`)
//! ```
//! *bytes* is a length and as many bytes, *text* the same in UTF-8, *option* a flag
//! byte and, if it is 1, a signed number; numbers are as `varint.rs` writes them.
//! Tenants are found by name. A bound has the families that were ever fed, which are
//! the first of those that the tenant has. A tenant of which nothing is counted has no part.

use super::Front;
use crate::bound::Bound;
use crate::layout::Layout;
use crate::varint::{self, Bytes};
use sandgate_window::Clock;

const VERSION: u8 = 3;

/// Why the bytes of a front are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrontError {
    /// Another version wrote them.
    #[error("the state's header has version {0}, this program reads version {VERSION}", VERSION = VERSION)]
    Version(u8),
    /// They are cut off or hold what nobody writes.
    #[error("the state's header is damaged")]
    Damaged,
    /// A tenant's events are counted by families that it does not have.
    #[error("the state counts events for windows that tenant {0} does not have here, or has otherwise")]
    Families(String),
}

impl Front {
    /// Appends the bytes.
    pub(crate) fn encode(&self, layout: &Layout, out: &mut Vec<u8>) {
        out.push(VERSION);
        self.clock.encode(out);
        varint::option(self.began, out);
        out.push(u8::from(self.begun));
        let counted = || layout.tenants.iter().zip(&self.bounds).filter(|(_, bound)| !bound.is_empty());
        varint::unsigned(counted().count() as u64, out);
        let mut part = Vec::new();
        for (tenant, bound) in counted() {
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
            Some(VERSION) => self.fields(layout, &mut rest).unwrap_or(Err(FrontError::Damaged)),
            Some(version) => Err(FrontError::Version(version)),
            None => Err(FrontError::Damaged),
        }
    }

    fn fields(&mut self, layout: &Layout, rest: &mut Bytes<'_>) -> Option<Result<(), FrontError>> {
        (self.clock, rest.0) = Clock::decode(rest.0).ok()?;
        (self.began, self.begun) = (rest.option()?, rest.flag()?);
        let mut unknown = None;
        for _ in 0..rest.unsigned()? {
            let (name, bound) = (rest.text()?, rest.bytes()?);
            let at = layout.tenants.iter().position(|tenant| *tenant.name == *name);
            let families = at.and_then(|at| layout.tenants.get(at)).map_or(&[][..], |tenant| tenant.plan.families());
            let mut read = Bound::default();
            if !read.decode(families, &mut Bytes(bound))? {
                unknown = unknown.or_else(|| Some(name.to_owned()));
            }
            if let Some(here) = at.and_then(|at| self.bounds.get_mut(at)) {
                *here = read;
            }
        }
        rest.end()?;
        Some(unknown.map_or(Ok(()), |name| Err(FrontError::Families(name))))
    }
}
