//! From a batch of records to its decisions: decode, route, prepare the inputs,
//! judge, combine. File lanes and network doors call the same [`Engine`].
//!
//! Everything here is a function of the records, the generations and the tags:
//! there is no clock, no thread and no I/O but the one look-up of tags, so the
//! bytes that come out do not depend on how a stream was cut into batches.

mod batch;
mod cells;
mod dead_letter;
mod decision;
pub mod decode;
pub mod document;
pub mod generation;
pub mod json;
pub mod judged;
pub mod resolve;
pub mod standing;
pub mod tally;

use batch::Batch;
use cells::Sheet;
use decision::{Origin, Row};
use decode::{Cause, Decoder, Transaction, Transactions, Unusable};
use generation::Generation;
use judged::{Judge, Judged, Record};
use sandgate_model::Decimal;
use sandgate_model::schema::{Schema, TenantRole};
use std::collections::HashMap;
use std::sync::Arc;

/// Judges the records of one source.
pub struct Engine {
    decoder: Decoder,
    generations: Vec<Arc<Generation>>,
    by_tenant: HashMap<Arc<str>, usize>,
    /// Where each generation's reasons begin in a tally.
    first_reasons: Vec<usize>,
    tags: Option<Arc<dyn sandgate_tags::Store>>,
}

/// What became of a record: a row of a tenant's group, or a dead letter.
enum Fate {
    Row { group: usize, row: usize },
    Unusable(Unusable),
}

/// The transactions of one tenant in a batch.
struct Group<'a> {
    generation: &'a Generation,
    transactions: Vec<Transaction<'a>>,
    amounts: Vec<Option<Decimal>>,
}

impl Engine {
    /// An engine for the records of `schema`, with a generation for each tenant.
    /// Without `tags` every tag is absent, for sets that read none.
    pub fn new(
        schema: Arc<Schema>,
        generations: Vec<Generation>,
        tags: Option<Arc<dyn sandgate_tags::Store>>,
    ) -> Engine {
        let generations: Vec<Arc<Generation>> = generations.into_iter().map(Arc::new).collect();
        let by_tenant =
            generations.iter().enumerate().map(|(at, generation)| (Arc::clone(&generation.tenant), at)).collect();
        let first_reasons = generations
            .iter()
            .scan(0, |next, generation| Some(std::mem::replace(next, *next + generation.reasons().count())))
            .collect();
        Engine { decoder: Decoder::new(schema), generations, by_tenant, first_reasons, tags }
    }

    /// The reasons in the order of a tally: tenant, policy and code of each.
    pub fn reasons(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.generations
            .iter()
            .flat_map(|generation| generation.reasons().map(|(policy, code)| (&*generation.tenant, policy, code)))
    }

    /// The generation of each tenant.
    pub fn generations(&self) -> &[Arc<Generation>] {
        &self.generations
    }

    /// The schema of the records.
    pub fn schema(&self) -> &Schema {
        self.decoder.schema()
    }

    /// Sends every usable transaction to its tenant's group.
    fn route<'a>(
        &'a self,
        decoded: Vec<Result<(), Unusable>>,
        transactions: &'a Transactions<'a>,
        groups: &mut [Group<'a>],
    ) -> Vec<Fate> {
        let fixed = match &self.schema().roles.tenant {
            TenantRole::Fixed(tenant) => self.by_tenant.get(tenant).copied(),
            TenantRole::Field(_) => None,
        };
        let mut all = transactions.iter();
        let mut fates = Vec::with_capacity(decoded.len());
        for decoded in decoded {
            let transaction = match (decoded, &mut all) {
                (Err(unusable), _) => {
                    fates.push(Fate::Unusable(unusable));
                    continue;
                }
                (Ok(()), all) => all.next(),
            };
            let Some(transaction) = transaction else { continue };
            let group = fixed.or_else(|| self.by_tenant.get(transaction.tenant()).copied());
            fates.push(match group {
                Some(group) => Fate::Row { group, row: groups[group].push(transaction) },
                None => Fate::Unusable(unknown_tenant(transaction.tenant())),
            });
        }
        fates
    }

    /// Prepares the inputs of a group. Where the tags cannot be fetched they are
    /// absent, their defaults stand in, and the reason is told.
    fn fetch<'a>(&self, group: &Group<'a>) -> (Sheet<'a>, Option<String>) {
        let columns = &group.generation.columns[0];
        let mut sheet = batch::sheet(&group.transactions, columns);
        let missing = batch::fetch_tags(&mut sheet, group.transactions.len(), columns, self.tags.as_deref());
        (sheet, missing.err().map(|error| error.to_string()))
    }
}

impl Judge for Engine {
    fn judge(&self, records: &[Record<'_>], out: &mut Judged) {
        let mut transactions = self.decoder.batch(records.len());
        let decoded: Vec<Result<(), Unusable>> = records.iter().map(|record| transactions.push(record.bytes)).collect();
        let mut groups: Vec<Group<'_>> = self.generations.iter().map(|generation| Group::new(generation)).collect();
        let fates = self.route(decoded, &transactions, &mut groups);
        let mut fetched = Vec::with_capacity(groups.len());
        for group in &groups {
            fetched.push(self.fetch(group));
        }
        let batches: Vec<Batch<'_>> = groups
            .iter()
            .zip(&fetched)
            .map(|(group, (sheet, _))| Batch::judge(group.generation, 0, sheet, &group.amounts))
            .collect();
        for (record, fate) in records.iter().zip(fates) {
            let origin = Origin { schema: self.schema(), partition: 0, offset: record.offset };
            match fate {
                Fate::Unusable(unusable) => out.dead_letter(&origin, record, &unusable),
                Fate::Row { group, row } => {
                    let decision = Row {
                        batch: &batches[group],
                        row,
                        transaction: &groups[group].transactions[row],
                        amount: groups[group].amounts[row],
                        tags_missing: fetched[group].1.as_deref(),
                    };
                    let outcome = decision.write(&origin, &mut out.decisions);
                    decision.count(outcome, self.first_reasons[group], &mut out.tally);
                }
            }
        }
    }
}

impl<'a> Group<'a> {
    fn new(generation: &'a Generation) -> Group<'a> {
        Group { generation, transactions: Vec::new(), amounts: Vec::new() }
    }

    fn push(&mut self, transaction: Transaction<'a>) -> usize {
        self.transactions.push(transaction);
        self.amounts.push(transaction.amount());
        self.transactions.len() - 1
    }
}

#[cold]
fn unknown_tenant(tenant: &str) -> Unusable {
    let shown: String = tenant.chars().take(64).collect();
    Unusable::new(Cause::Tenant, format!("is of tenant {shown:?}, which this host does not have"))
}
