//! The reasons that hold for a transaction.

use std::fmt;
use std::marker::PhantomData;

/// The closed set of answers of a policy; `#[derive(Reasons)]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of reasons",
    note = "put #[derive(Reasons)] above the enum"
)]
pub trait Reasons: Sized + 'static {
    /// The reasons of the manifest, as JSON objects with commas between them.
    #[doc(hidden)]
    const JSON: &'static str;
    /// Every reason, in declared order.
    const ALL: &'static [Self];
    /// The codes of [`Reasons::ALL`].
    const CODES: &'static [&'static str];

    /// The place of this reason in [`Reasons::ALL`].
    fn index(&self) -> u32;
}

/// The reasons that hold for one transaction: a set of at most 64, which is
/// also the most that a policy may declare.
pub struct Hits<R> {
    bits: u64,
    reasons: PhantomData<R>,
}

impl<R: Reasons> Hits<R> {
    /// No reason yet.
    #[inline]
    pub const fn new() -> Hits<R> {
        Hits { bits: 0, reasons: PhantomData }
    }

    /// Adds a reason if the condition holds.
    #[inline]
    pub fn when(&mut self, condition: bool, reason: R) {
        self.bits |= u64::from(condition) << (reason.index() & 63);
    }

    /// Adds a reason; adding it twice is adding it once.
    #[inline]
    pub fn add(&mut self, reason: R) {
        self.when(true, reason);
    }

    /// Whether the reason holds.
    #[inline]
    pub fn contains(&self, reason: R) -> bool {
        self.bits >> (reason.index() & 63) & 1 == 1
    }

    /// Whether no reason holds.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.bits == 0
    }

    /// How many reasons hold.
    #[inline]
    pub const fn len(&self) -> usize {
        self.bits.count_ones() as usize
    }

    /// The reasons that hold, in declared order.
    pub fn iter(&self) -> impl Iterator<Item = &'static R> + use<R> {
        let bits = self.bits;
        R::ALL.iter().enumerate().filter_map(move |(index, reason)| (bits >> index & 1 == 1).then_some(reason))
    }

    /// The codes of the reasons that hold, in declared order.
    pub fn codes(&self) -> Vec<&'static str> {
        let codes = R::CODES.iter().enumerate();
        codes.filter_map(|(index, code)| (self.bits >> index & 1 == 1).then_some(*code)).collect()
    }

    /// The set as bits, the first reason lowest.
    #[inline]
    pub(crate) const fn bits(&self) -> u64 {
        self.bits
    }
}

impl<R: Reasons> Default for Hits<R> {
    fn default() -> Hits<R> {
        Hits::new()
    }
}

/// By the codes: `{"LARGE_AMOUNT", "BURST"}`.
impl<R: Reasons> fmt::Debug for Hits<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.codes()).finish()
    }
}

impl<R> PartialEq for Hits<R> {
    fn eq(&self, other: &Hits<R>) -> bool {
        self.bits == other.bits
    }
}

impl<R> Eq for Hits<R> {}
