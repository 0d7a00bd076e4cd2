//! The one way through a record, noting where its declared fields stand.

use super::Decoder;
use super::scan::{DEPTH_MAX, Expected, Quoted, Scanner, Stop};
use super::slot::Slot;
use super::unescape::unescape;
use super::unusable::{Cause, Unusable};
use std::borrow::Cow;

/// A walk through one record.
pub(super) struct Walk<'w, 'a> {
    scanner: Scanner<'a>,
    decoder: &'w Decoder,
    slots: &'w mut [Slot<'a>],
    /// The newest declared key, for the sentence about it.
    key: &'a str,
}

impl<'w, 'a> Walk<'w, 'a> {
    pub(super) fn new(text: &'a str, decoder: &'w Decoder, slots: &'w mut [Slot<'a>]) -> Walk<'w, 'a> {
        Walk { scanner: Scanner::new(text), decoder, slots, key: "" }
    }

    /// The record: one object and nothing behind it.
    pub(super) fn record(&mut self) -> Result<(), Unusable> {
        let object = self.scanner.peek() == Some(b'{');
        let walked = if object { self.object(0, 0) } else { self.scanner.skip(0) };
        walked.map_err(|stop| self.unusable(stop))?;
        if self.scanner.peek().is_some() {
            let more = self.unusable(Stop::Expected(Expected::End));
            self.scanner.skip(0).map_err(|_| more)?;
            return Err(Unusable::new(Cause::TwoValues, "holds more than one JSON value"));
        }
        if object { Ok(()) } else { Err(Unusable::new(Cause::NotObject, "is JSON, but not an object")) }
    }

    /// An object that declared paths lead into, inside `open` others. Recursive,
    /// and bounded by the longest path.
    fn object(&mut self, node: usize, open: u32) -> Result<(), Stop> {
        Scanner::check_depth(open)?;
        self.scanner.take();
        if self.scanner.eat(b'}') {
            return Ok(());
        }
        let decoder = self.decoder;
        let node = decoder.paths.node(node);
        loop {
            let key = self.scanner.key()?;
            let edge = if key.escaped {
                // a key that is no text is no declared one
                unescape(key.inner).ok().and_then(|key| node.edge(&key))
            } else {
                node.edge(key.inner)
            };
            match edge {
                None => self.scanner.skip(open + 1)?,
                Some(edge) => {
                    self.key = key.inner;
                    if !matches!(self.slots[edge.slot], Slot::Missing) {
                        return Err(Stop::Twice);
                    }
                    self.slots[edge.slot] = match edge.into {
                        None => self.value(open + 1)?,
                        Some(into) if self.scanner.peek() == Some(b'{') => {
                            self.object(into, open + 1)?;
                            Slot::Object
                        }
                        Some(_) => {
                            self.scanner.skip(open + 1)?;
                            Slot::Null
                        }
                    };
                }
            }
            if !self.scanner.eat(b',') {
                break;
            }
        }
        if self.scanner.eat(b'}') { Ok(()) } else { Err(Stop::Expected(Expected::Member)) }
    }

    /// The value of a declared field.
    #[inline]
    fn value(&mut self, open: u32) -> Result<Slot<'a>, Stop> {
        Ok(match self.scanner.peek() {
            Some(b'"') => {
                self.scanner.take();
                let Quoted { inner, escaped } = self.scanner.quoted()?;
                Slot::Text(if escaped {
                    Cow::Owned(unescape(inner).map_err(|_| Stop::Surrogate)?)
                } else {
                    Cow::Borrowed(inner)
                })
            }
            Some(b'-' | b'0'..=b'9') => Slot::Number(self.scanner.number()?),
            Some(b't') => self.scanner.word("true").map(|()| Slot::Flag(true))?,
            Some(b'f') => self.scanner.word("false").map(|()| Slot::Flag(false))?,
            Some(b'n') => self.scanner.word("null").map(|()| Slot::Null)?,
            Some(b'[') => self.scanner.skip(open).map(|()| Slot::List)?,
            Some(b'{') => self.scanner.skip(open).map(|()| Slot::Object)?,
            _ => return Err(Stop::Expected(Expected::Value)),
        })
    }

    #[cold]
    fn unusable(&self, stop: Stop) -> Unusable {
        let key = self.key;
        match stop {
            Stop::Expected(expected) => Unusable::new(Cause::NotJson, self.scanner.sentence(expected)),
            Stop::Deep => Unusable::new(Cause::Depth, format!("is nested deeper than {DEPTH_MAX} objects and lists")),
            Stop::Twice => Unusable::new(Cause::DuplicateKey, format!("has the declared key `{key}` twice")),
            Stop::Surrogate => Unusable::new(
                Cause::Surrogate,
                format!("holds half of a surrogate pair under `{key}`, which is no text"),
            ),
        }
    }
}
