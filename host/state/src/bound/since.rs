//! Since when a family is fed.
//!
//! A family that came while its lane went on has seen nothing of what was before, so
//! windows that reach back behind its beginning know less than they would say. Its
//! beginning is the highest time that the lane's clock looked at then: the clock itself
//! lies behind what has come, by half of those times. That is told until the clock has
//! passed it by the reach of the family, and is forgotten then. It follows from the order of the lane and its clock alone, like the counts.
//!
//! # Bytes
//! ```text
//! u8      0 always, 1 since before the clock had a value, 2 since a time
//! signed  the time, if there is one
//! ```

use crate::varint::{self, Bytes};

/// Since when a family is fed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Since {
    /// Since the lane began, or so long that no window reaches back there.
    #[default]
    Always,
    /// Since before the clock had its first value, which becomes the beginning.
    Unclocked,
    /// Since nothing later than this had come.
    Clock(i64),
}

impl Since {
    /// What it is for a family that comes now.
    pub(crate) fn now(highest: Option<i64>) -> Since {
        highest.map_or(Since::Unclocked, Since::Clock)
    }

    /// The one of two that began earlier: what is known since either is known since that.
    pub(crate) fn earlier(self, other: Since) -> Since {
        match (self, other) {
            (Since::Always, _) | (_, Since::Always) => Since::Always,
            (Since::Clock(one), Since::Clock(other)) => Since::Clock(one.min(other)),
            (Since::Clock(clock), Since::Unclocked) | (Since::Unclocked, Since::Clock(clock)) => Since::Clock(clock),
            (Since::Unclocked, Since::Unclocked) => Since::Unclocked,
        }
    }

    /// The beginning, if there is one: `Some(None)` before the clock has a value.
    pub(crate) fn beginning(self) -> Option<Option<i64>> {
        match self {
            Since::Always => None,
            Since::Unclocked => Some(None),
            Since::Clock(clock) => Some(Some(clock)),
        }
    }

    /// The clock has its first value.
    pub(super) fn clocked(&mut self, began: i64) {
        if *self == Since::Unclocked {
            *self = Since::Clock(began);
        }
    }

    /// Forgets a beginning that is not behind the floor.
    pub(super) fn expire(&mut self, floor: i64) {
        if let Since::Clock(beginning) = *self
            && beginning <= floor
        {
            *self = Since::Always;
        }
    }

    /// Appends the bytes.
    pub(crate) fn encode(self, out: &mut Vec<u8>) {
        match self {
            Since::Always => out.push(0),
            Since::Unclocked => out.push(1),
            Since::Clock(clock) => {
                out.push(2);
                varint::signed(clock, out);
            }
        }
    }

    /// Reads the bytes.
    pub(crate) fn decode(rest: &mut Bytes<'_>) -> Option<Since> {
        Some(match rest.byte()? {
            0 => Since::Always,
            1 => Since::Unclocked,
            2 => Since::Clock(rest.signed()?),
            _ => return None,
        })
    }
}
