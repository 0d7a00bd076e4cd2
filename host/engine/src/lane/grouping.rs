//! The transactions that policies judge, put together by tenant and source, with
//! everything that the policies read of them. Once the lane has answered.

use super::LaneJudge;
use super::routing::Known;
use crate::batch;
use crate::cells::Sheet;
use crate::circumstance::Circumstance;
use crate::decode::{Transaction, Unusable};
use crate::fetch::fetch_tags;
use crate::judged::Record;
use crate::roster::Roster;
use crate::shared::SharedBatch;
use crate::team::Party;
use sandgate_model::Decimal;
use sandgate_state::{Fate, Pass};

/// The transactions of one tenant, source and side in a batch that are to be judged.
pub(super) struct Group<'a> {
    pub(super) tenant: usize,
    pub(super) source: usize,
    pub(super) party: Party,
    pub(super) transactions: Vec<Transaction<'a>>,
    pub(super) amounts: Vec<Option<Decimal>>,
    pub(super) sheet: Sheet<'a>,
}

impl LaneJudge {
    /// Puts the transactions that policies judge into groups, with their inputs.
    pub(super) fn group<'a>(
        &self,
        roster: &Roster,
        records: &[Record<'_>],
        known: &mut [Result<Known<'a>, Unusable>],
        pass: &Pass<'_>,
        shared: &SharedBatch<'_>,
    ) -> Vec<Group<'a>> {
        let mut groups: Vec<Group<'a>> = Vec::new();
        let usable = records.iter().zip(known).filter_map(|(record, known)| Some((record, known.as_mut().ok()?)));
        for (row, (record, known)) in usable.enumerate() {
            if self.engine.sources[record.source].observe || !matches!(pass.fate(row), Fate::New | Fate::Full) {
                continue;
            }
            let (tenant, source, party) = (known.tenant, record.source, known.party);
            let (generation, ..) = roster.side(tenant, party);
            let is_it = |group: &Group<'_>| (group.tenant, group.source, group.party) == (tenant, source, party);
            let at = groups.iter().position(is_it);
            let at = at.unwrap_or_else(|| {
                groups.push(Group::new(tenant, source, party));
                groups.len() - 1
            });
            let group = &mut groups[at];
            known.judged = Some((at, group.transactions.len()));
            group.transactions.push(known.transaction);
            group.amounts.push(known.transaction.amount());
            generation.windows.answers(pass, shared, row, &mut group.sheet.windows);
            if let Some(missing) = shared.missing(row) {
                group.sheet.circumstances.add_to(group.transactions.len() - 1, missing);
            }
            if let Some(warming) = generation.windows.warming(pass, row) {
                group.sheet.circumstances.add_to(group.transactions.len() - 1, Circumstance::warming(warming));
            }
        }
        for group in &mut groups {
            let (generation, ..) = roster.side(group.tenant, group.party);
            let columns = &generation.columns[group.source];
            batch::read_fields(&mut group.sheet, &group.transactions, columns);
            group.sheet.windows_each = generation.windows.base.kinds.len();
            let tags = self.engine.tags.as_deref();
            fetch_tags(&mut group.sheet, group.transactions.len(), columns, tags, generation.missing_tag);
        }
        groups
    }
}

impl<'a> Group<'a> {
    fn new(tenant: usize, source: usize, party: Party) -> Group<'a> {
        Group { tenant, source, party, transactions: Vec::new(), amounts: Vec::new(), sheet: Sheet::default() }
    }
}
