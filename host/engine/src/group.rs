//! What a batch is sorted into on its way: usable records, and by tenant and source
//! those of them that policies judge.

use crate::cells::Sheet;
use crate::decode::Transaction;
use sandgate_model::Decimal;

/// A usable record, and where it went.
pub(crate) struct Known<'a> {
    pub(crate) transaction: Transaction<'a>,
    pub(crate) tenant: usize,
    /// Its group and its row there, where policies judge it.
    pub(crate) judged: Option<(usize, usize)>,
}

/// The transactions of one tenant and source in a batch that are to be judged.
pub(crate) struct Group<'a> {
    pub(crate) tenant: usize,
    pub(crate) source: usize,
    pub(crate) transactions: Vec<Transaction<'a>>,
    pub(crate) amounts: Vec<Option<Decimal>>,
    pub(crate) sheet: Sheet<'a>,
}

impl Group<'_> {
    pub(crate) fn new(tenant: usize, source: usize) -> Self {
        Group { tenant, source, transactions: Vec::new(), amounts: Vec::new(), sheet: Sheet::default() }
    }
}
