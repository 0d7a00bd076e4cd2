//! Blocks or exempts payments by conditions that people set for the two parties:
//! a hard block outranks an exemption, that outranks a block. `README.md` is for
//! those who use it.
//!
//! A party may have all three at once, and each is two tags (in which direction
//! and until when) and not one text with a grammar: so the host reads the
//! times, and one that it cannot read is a fault and never "no condition".

use sandgate_sdk::prelude::*;

/// In which role a party has a condition.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Where it pays.
    Debtor,
    /// Where it is paid.
    Creditor,
    /// In either role.
    Both,
    /// In none: the condition was taken back.
    None,
    /// A word that is none of these.
    #[choice(other)]
    Unreadable,
}

/// What the policy reads.
#[derive(Inputs)]
pub struct Seen<'a> {
    /// Who pays.
    #[field]
    pub debtor: &'a str,
    /// Who is paid.
    #[field]
    pub creditor: &'a str,
    /// When it is paid: a condition is over from its `until` on.
    #[field]
    pub time: Instant,
    /// In which role the debtor is blocked for good.
    #[tag(party, "hard_block", by = "debtor")]
    pub debtor_hard_block: Option<Direction>,
    /// Until when.
    #[tag(party, "hard_block_until", by = "debtor")]
    pub debtor_hard_block_until: Option<Instant>,
    /// In which role the debtor is exempt.
    #[tag(party, "exemption", by = "debtor")]
    pub debtor_exemption: Option<Direction>,
    /// Until when.
    #[tag(party, "exemption_until", by = "debtor")]
    pub debtor_exemption_until: Option<Instant>,
    /// In which role the debtor is blocked.
    #[tag(party, "block", by = "debtor")]
    pub debtor_block: Option<Direction>,
    /// Until when.
    #[tag(party, "block_until", by = "debtor")]
    pub debtor_block_until: Option<Instant>,
    /// In which role the creditor is blocked for good.
    #[tag(party, "hard_block", by = "creditor")]
    pub creditor_hard_block: Option<Direction>,
    /// Until when.
    #[tag(party, "hard_block_until", by = "creditor")]
    pub creditor_hard_block_until: Option<Instant>,
    /// In which role the creditor is exempt.
    #[tag(party, "exemption", by = "creditor")]
    pub creditor_exemption: Option<Direction>,
    /// Until when.
    #[tag(party, "exemption_until", by = "creditor")]
    pub creditor_exemption_until: Option<Instant>,
    /// In which role the creditor is blocked.
    #[tag(party, "block", by = "creditor")]
    pub creditor_block: Option<Direction>,
    /// Until when.
    #[tag(party, "block_until", by = "creditor")]
    pub creditor_block_until: Option<Instant>,
}

/// What a tenant may set.
#[derive(Parameters)]
pub struct Rules {
    /// Whether the exemption of one party lifts a block of the other too.
    #[parameter(default = true)]
    pub one_exemption_is_enough: bool,
}

/// What the policy may answer.
#[derive(Reasons)]
pub enum Reason {
    /// The debtor is blocked, whatever else holds.
    #[reason(block, final, "{debtor} may not pay, whatever else holds (until {debtor_hard_block_until})")]
    DebtorHardBlocked,
    /// The creditor is blocked, whatever else holds.
    #[reason(block, final, "{creditor} may not be paid, whatever else holds (until {creditor_hard_block_until})")]
    CreditorHardBlocked,
    /// The debtor's payments are let through.
    #[reason(exempt, "{debtor} is exempt as the one who pays (until {debtor_exemption_until})")]
    DebtorExempt,
    /// Payments to the creditor are let through.
    #[reason(exempt, "{creditor} is exempt as the one who is paid (until {creditor_exemption_until})")]
    CreditorExempt,
    /// An exemption that a block of the other party outweighs.
    #[reason(note, "an exemption of {debtor} or {creditor} does not lift the block of the other party")]
    ExemptionNotEnough,
    /// The debtor is blocked.
    #[reason(block, "{debtor} may not pay (until {debtor_block_until})")]
    DebtorBlocked,
    /// The creditor is blocked.
    #[reason(block, "{creditor} may not be paid (until {creditor_block_until})")]
    CreditorBlocked,
    /// Somebody set a condition that cannot be read, which must let nobody through.
    #[reason(
        block,
        final,
        "a condition of {debtor} or {creditor} is none of debtor, creditor, both, none: set it again"
    )]
    ConditionUnreadable,
}

/// Blocks or exempts payments by what is set for the two parties.
#[rules]
pub fn entity_conditions(seen: &Seen, rules: &Rules, hits: &mut Hits<Reason>) {
    let mut unreadable = false;
    let mut holds = |direction: Option<Direction>, until: Option<Instant>, role: Direction| {
        let over = until.is_some_and(|until| seen.time >= until);
        unreadable |= !over && direction == Some(Direction::Unreadable);
        !over && (direction == Some(role) || direction == Some(Direction::Both))
    };
    let debtor_hard = holds(seen.debtor_hard_block, seen.debtor_hard_block_until, Direction::Debtor);
    let creditor_hard = holds(seen.creditor_hard_block, seen.creditor_hard_block_until, Direction::Creditor);
    let debtor_exempt = holds(seen.debtor_exemption, seen.debtor_exemption_until, Direction::Debtor);
    let creditor_exempt = holds(seen.creditor_exemption, seen.creditor_exemption_until, Direction::Creditor);
    let debtor_blocked = holds(seen.debtor_block, seen.debtor_block_until, Direction::Debtor);
    let creditor_blocked = holds(seen.creditor_block, seen.creditor_block_until, Direction::Creditor);

    // Everything that holds is told; which of it decides is the host's order: a
    // final block, then an exemption, then a block. Only where an exemption is
    // not to lift the other party's block it must be kept back here.
    let stands = (debtor_blocked && !debtor_exempt) || (creditor_blocked && !creditor_exempt);
    let enough = rules.one_exemption_is_enough || !stands;
    hits.when(debtor_hard, Reason::DebtorHardBlocked);
    hits.when(creditor_hard, Reason::CreditorHardBlocked);
    hits.when(debtor_exempt && enough, Reason::DebtorExempt);
    hits.when(creditor_exempt && enough, Reason::CreditorExempt);
    hits.when((debtor_exempt || creditor_exempt) && !enough, Reason::ExemptionNotEnough);
    hits.when(debtor_blocked, Reason::DebtorBlocked);
    hits.when(creditor_blocked, Reason::CreditorBlocked);
    hits.when(unreadable, Reason::ConditionUnreadable);
}

#[cfg(test)]
mod tests;
