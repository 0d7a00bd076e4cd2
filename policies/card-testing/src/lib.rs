//! Stops cards that are tried out with tiny amounts, and the large one that
//! follows. `README.md` is for those who use it.
//!
//! A card is the account. It is tried within minutes and used within a day, so
//! there is a window for each; what is tiny, small and large is for the tenant
//! to say, and the windows count by that.

use sandgate_sdk::prelude::*;

/// What the policy reads. Each window covers the transaction itself.
#[derive(Inputs)]
pub struct Seen {
    /// What is paid, by this transaction alone.
    #[field]
    pub amount: Decimal,
    /// Tiny amounts on the card in the last hour.
    #[window(count, by = "account", span = "1h", only(amount >= 0, amount < tiny))]
    pub tiny_hour: u64,
    /// Tiny amounts on the card in the last 24 hours.
    #[window(count, by = "account", span = "24h", only(amount >= 0, amount < tiny))]
    pub tiny_day: u64,
    /// Cards on which the device paid tiny amounts in the last hour.
    #[window(distinct, of = "account", by = "device", span = "1h", only(amount >= 0, amount < tiny), default = 0)]
    pub device_cards: u64,
    /// Cards on which the merchant took tiny amounts in the last hour.
    #[window(distinct, of = "account", by = "merchant", span = "1h", only(amount >= 0, amount < tiny), default = 0)]
    pub merchant_cards: u64,
}

/// What a tenant may set.
#[derive(Parameters)]
pub struct Limits {
    /// An amount under this is tiny.
    #[parameter(default = "2", minimum = "0")]
    pub tiny: Decimal,
    /// An amount from this on is large.
    #[parameter(default = "100", minimum = "0")]
    pub large: Decimal,
    /// So many tiny amounts on a card in an hour are allowed.
    #[parameter(default = 3)]
    pub tiny_per_hour: u64,
    /// After so many tiny amounts in 24 hours a large one is stopped.
    #[parameter(default = 3, minimum = 1)]
    pub tiny_before_large: u64,
    /// So many cards with tiny amounts on a device in an hour are allowed; 0: any number.
    #[parameter(default = 2)]
    pub cards_per_device: u64,
    /// So many cards with tiny amounts at a merchant in an hour are allowed; 0: any number.
    #[parameter(default = 0)]
    pub cards_per_merchant: u64,
}

/// What the policy may answer.
#[derive(Reasons)]
pub enum Reason {
    /// A large amount on a card that was tried.
    #[reason(block, "{amount} after {tiny_day} amounts under {tiny} on the card in 24 hours")]
    CashOut,
    /// The card is tried.
    #[reason(block, "{tiny_hour} amounts under {tiny} on the card in an hour, {tiny_per_hour} allowed")]
    CardTried,
    /// Cards are tried on the device.
    #[reason(
        block,
        "{device_cards} cards with amounts under {tiny} on the device in an hour, {cards_per_device} allowed"
    )]
    DeviceTriesCards,
    /// Cards are tried at the merchant.
    #[reason(
        review,
        "{merchant_cards} cards with amounts under {tiny} at the merchant in an hour, {cards_per_merchant} allowed"
    )]
    MerchantTriesCards,
    /// The tenant's limits contradict each other, so nothing can be let through.
    #[reason(block, final, "the limits contradict each other: tiny {tiny} is over large {large}")]
    LimitsContradict,
}

/// Stops cards that are tried out with tiny amounts, and what follows.
#[rules]
pub fn card_testing(seen: &Seen, limits: &Limits, hits: &mut Hits<Reason>) {
    if limits.tiny > limits.large {
        hits.add(Reason::LimitsContradict);
        return;
    }
    if seen.amount >= limits.large {
        hits.when(seen.tiny_day >= limits.tiny_before_large, Reason::CashOut);
    }
    // only a tiny amount tries: what else is paid meanwhile is its owner's, and
    // what is given back, below 0, is nobody's try
    if seen.amount >= 0 && seen.amount < limits.tiny {
        let many = |cards: u64, allowed: u64| allowed != 0 && cards > allowed;
        hits.when(seen.tiny_hour > limits.tiny_per_hour, Reason::CardTried);
        hits.when(many(seen.device_cards, limits.cards_per_device), Reason::DeviceTriesCards);
        hits.when(many(seen.merchant_cards, limits.cards_per_merchant), Reason::MerchantTriesCards);
    }
}

#[cfg(test)]
mod tests;
