//! From decoded records to rows of the pass: whose each is, and what the state of the
//! lane must know of it. It looks at nothing of the lane: that comes in its turn.

use super::LaneJudge;
use crate::decode::{Transaction, Transactions, Unusable};
use crate::fingerprint;
use crate::judged::Record;
use crate::roster::Roster;
use crate::shared::SharedBatch;
use crate::team::Party;
use sandgate_state::{Entry, Pass};

/// A usable record, and where it went.
pub(super) struct Known<'a> {
    pub(super) transaction: Transaction<'a>,
    pub(super) tenant: usize,
    /// By whom its account is judged.
    pub(super) party: Party,
    /// Its group and its row there, where policies judge it.
    pub(super) judged: Option<(usize, usize)>,
}

impl LaneJudge {
    /// Finds the tenant of every record and hands the usable ones to the pass.
    pub(super) fn route<'a>(
        &self,
        roster: &Roster,
        records: &[Record<'_>],
        decoded: Vec<Result<(), Unusable>>,
        transactions: &'a [Transactions<'a>],
        (pass, shared): (&mut Pass<'a>, &mut SharedBatch<'a>),
        wrong_keys: &mut u64,
    ) -> Vec<Result<Known<'a>, Unusable>> {
        let mut rows: Vec<_> = transactions.iter().map(Transactions::iter).collect();
        let mut cells = Vec::new();
        let mut buffer = Vec::new();
        let mut all = Vec::with_capacity(records.len());
        for (record, decoded) in records.iter().zip(decoded) {
            let source = &self.engine.sources[record.source];
            let usable = decoded.and_then(|()| match rows[record.source].next() {
                Some(transaction) => {
                    source.check_key(record, &transaction, wrong_keys)?;
                    Ok((transaction, self.engine.tenant(source, transaction.tenant())?))
                }
                None => unreachable!("a transaction for every record that was decoded"),
            });
            all.push(usable.map(|(transaction, tenant)| {
                roster.generations[tenant].windows.cells(record.source, &transaction, &mut cells);
                let content = fingerprint::of_content(source.decoder.schema(), &transaction, &mut buffer);
                let entry = Entry {
                    tenant: tenant as u32,
                    source: record.source as u32,
                    judged: !source.observe,
                    time: transaction.time().millis(),
                    offset: record.offset,
                    id: match source.composed {
                        true => fingerprint::of_composed(transaction.id(), &content),
                        false => fingerprint::of_id(transaction.id()),
                    },
                    content,
                    composed: source.composed,
                };
                pass.push(entry, &cells);
                shared.push(&entry, &cells);
                let party = roster.party(tenant, transaction.account());
                Known { transaction, tenant, party, judged: None }
            }));
        }
        all
    }
}
