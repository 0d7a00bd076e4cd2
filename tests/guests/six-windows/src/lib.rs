//! The policy that the road is measured with: windows over two keys, three spans
//! each, and a rule for every one of them.

use sandgate_sdk::prelude::*;

/// What the policy reads.
#[derive(Inputs)]
pub struct Seen {
    /// Payments of the account in a minute.
    #[window(count, by = "account", span = "1m")]
    pub account_minute: u64,
    /// What the account moved in a day.
    #[window(sum, of = "amount", by = "account", span = "1d")]
    pub account_day: Decimal,
    /// What the account moved in 30 days.
    #[window(sum, of = "amount", by = "account", span = "30d")]
    pub account_month: Decimal,
    /// Payments of the device in a minute.
    #[window(count, by = "device", span = "1m", default = 0)]
    pub device_minute: u64,
    /// Payments of the device in a day.
    #[window(count, by = "device", span = "1d", default = 0)]
    pub device_day: u64,
    /// What was moved from the device in 30 days.
    #[window(sum, of = "amount", by = "device", span = "30d", default = 0)]
    pub device_month: Decimal,
}

/// What the policy may answer.
#[derive(Reasons)]
pub enum Reason {
    /// The account is quick.
    #[reason(review, "{account_minute} payments in a minute")]
    AccountQuick,
    /// The device is quick.
    #[reason(review, "{device_minute} payments in a minute, {device_day} in a day")]
    DeviceQuick,
    /// Today is unlike the month.
    #[reason(note, "{account_day} today of {account_month} in 30 days, {device_month} from this device")]
    Unusual,
}

/// Compares the last minute and the last day with the month.
#[rules]
pub fn six_windows(seen: &Seen, hits: &mut Hits<Reason>) {
    hits.when(seen.account_minute > 5, Reason::AccountQuick);
    hits.when(seen.device_minute > 5 || seen.device_day > 100, Reason::DeviceQuick);
    hits.when(seen.account_day == seen.account_month && seen.device_month > seen.account_month, Reason::Unusual);
}
