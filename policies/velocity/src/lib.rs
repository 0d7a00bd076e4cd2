//! Tells who moves too much too fast: counts and sums of a minute, an hour and a
//! day, by account and by device. `README.md` is for those who use it.
//!
//! All spans slide: the day is the last 24 hours, so nobody moves twice as much
//! around midnight.

use sandgate_sdk::prelude::*;

/// What the policy reads. Each covers the transaction itself.
#[derive(Inputs)]
pub struct Seen {
    /// Transactions of the account in the last minute.
    #[window(count, by = "account", span = "1m")]
    pub account_minute_count: u64,
    /// Transactions of the account in the last hour.
    #[window(count, by = "account", span = "1h")]
    pub account_hour_count: u64,
    /// Transactions of the account in the last 24 hours.
    #[window(count, by = "account", span = "24h")]
    pub account_day_count: u64,
    /// What the account moved in the last minute.
    #[window(sum, of = "amount", by = "account", span = "1m")]
    pub account_minute_sum: Decimal,
    /// What the account moved in the last hour.
    #[window(sum, of = "amount", by = "account", span = "1h")]
    pub account_hour_sum: Decimal,
    /// What the account moved in the last 24 hours.
    #[window(sum, of = "amount", by = "account", span = "24h")]
    pub account_day_sum: Decimal,
    /// Transactions of the device in the last minute.
    #[window(count, by = "device", span = "1m", default = 0)]
    pub device_minute_count: u64,
    /// Transactions of the device in the last hour.
    #[window(count, by = "device", span = "1h", default = 0)]
    pub device_hour_count: u64,
    /// Transactions of the device in the last 24 hours.
    #[window(count, by = "device", span = "24h", default = 0)]
    pub device_day_count: u64,
    /// What the device moved in the last minute.
    #[window(sum, of = "amount", by = "device", span = "1m", default = 0)]
    pub device_minute_sum: Decimal,
    /// What the device moved in the last hour.
    #[window(sum, of = "amount", by = "device", span = "1h", default = 0)]
    pub device_hour_sum: Decimal,
    /// What the device moved in the last 24 hours.
    #[window(sum, of = "amount", by = "device", span = "24h", default = 0)]
    pub device_day_sum: Decimal,
}

/// What a tenant may set. A limit of 0 is none.
#[derive(Parameters)]
pub struct Limits {
    /// So many transactions of an account in a minute are allowed.
    #[parameter(default = 10)]
    pub account_per_minute: u64,
    /// So many transactions of an account in an hour are allowed.
    #[parameter(default = 60)]
    pub account_per_hour: u64,
    /// So many transactions of an account in a day are allowed.
    #[parameter(default = 200)]
    pub account_per_day: u64,
    /// So much by an account in a minute is allowed.
    #[parameter(default = 0, minimum = 0)]
    pub account_sum_per_minute: Decimal,
    /// So much by an account in an hour is allowed.
    #[parameter(default = 0, minimum = 0)]
    pub account_sum_per_hour: Decimal,
    /// So much by an account in a day is allowed.
    #[parameter(default = 0, minimum = 0)]
    pub account_sum_per_day: Decimal,
    /// So many transactions of a device in a minute are allowed.
    #[parameter(default = 20)]
    pub device_per_minute: u64,
    /// So many transactions of a device in an hour are allowed.
    #[parameter(default = 120)]
    pub device_per_hour: u64,
    /// So many transactions of a device in a day are allowed.
    #[parameter(default = 400)]
    pub device_per_day: u64,
    /// So much by a device in a minute is allowed.
    #[parameter(default = 0, minimum = 0)]
    pub device_sum_per_minute: Decimal,
    /// So much by a device in an hour is allowed.
    #[parameter(default = 0, minimum = 0)]
    pub device_sum_per_hour: Decimal,
    /// So much by a device in a day is allowed.
    #[parameter(default = 0, minimum = 0)]
    pub device_sum_per_day: Decimal,
}

/// What the policy may answer.
#[derive(Reasons)]
pub enum Reason {
    /// Too many transactions of one account in a minute.
    #[reason(review, "{account_minute_count} by the account in the last minute, {account_per_minute} allowed")]
    AccountMinuteCount,
    /// Too many transactions of one account in an hour.
    #[reason(review, "{account_hour_count} by the account in the last hour, {account_per_hour} allowed")]
    AccountHourCount,
    /// Too many transactions of one account in a day.
    #[reason(review, "{account_day_count} by the account in the last 24 hours, {account_per_day} allowed")]
    AccountDayCount,
    /// Too much by one account in a minute.
    #[reason(review, "{account_minute_sum} by the account in the last minute, {account_sum_per_minute} allowed")]
    AccountMinuteSum,
    /// Too much by one account in an hour.
    #[reason(review, "{account_hour_sum} by the account in the last hour, {account_sum_per_hour} allowed")]
    AccountHourSum,
    /// Too much by one account in a day.
    #[reason(review, "{account_day_sum} by the account in the last 24 hours, {account_sum_per_day} allowed")]
    AccountDaySum,
    /// Too many transactions of one device in a minute.
    #[reason(review, "{device_minute_count} by the device in the last minute, {device_per_minute} allowed")]
    DeviceMinuteCount,
    /// Too many transactions of one device in an hour.
    #[reason(review, "{device_hour_count} by the device in the last hour, {device_per_hour} allowed")]
    DeviceHourCount,
    /// Too many transactions of one device in a day.
    #[reason(review, "{device_day_count} by the device in the last 24 hours, {device_per_day} allowed")]
    DeviceDayCount,
    /// Too much by one device in a minute.
    #[reason(review, "{device_minute_sum} by the device in the last minute, {device_sum_per_minute} allowed")]
    DeviceMinuteSum,
    /// Too much by one device in an hour.
    #[reason(review, "{device_hour_sum} by the device in the last hour, {device_sum_per_hour} allowed")]
    DeviceHourSum,
    /// Too much by one device in a day.
    #[reason(review, "{device_day_sum} by the device in the last 24 hours, {device_sum_per_day} allowed")]
    DeviceDaySum,
}

/// Tells who moves too much too fast, by account and by device.
#[rules]
pub fn velocity(seen: &Seen, limits: &Limits, hits: &mut Hits<Reason>) {
    let many = |count: u64, limit: u64| limit != 0 && count > limit;
    let much = |sum: Decimal, limit: Decimal| limit != 0 && sum > limit;

    hits.when(many(seen.account_minute_count, limits.account_per_minute), Reason::AccountMinuteCount);
    hits.when(many(seen.account_hour_count, limits.account_per_hour), Reason::AccountHourCount);
    hits.when(many(seen.account_day_count, limits.account_per_day), Reason::AccountDayCount);
    hits.when(much(seen.account_minute_sum, limits.account_sum_per_minute), Reason::AccountMinuteSum);
    hits.when(much(seen.account_hour_sum, limits.account_sum_per_hour), Reason::AccountHourSum);
    hits.when(much(seen.account_day_sum, limits.account_sum_per_day), Reason::AccountDaySum);
    hits.when(many(seen.device_minute_count, limits.device_per_minute), Reason::DeviceMinuteCount);
    hits.when(many(seen.device_hour_count, limits.device_per_hour), Reason::DeviceHourCount);
    hits.when(many(seen.device_day_count, limits.device_per_day), Reason::DeviceDayCount);
    hits.when(much(seen.device_minute_sum, limits.device_sum_per_minute), Reason::DeviceMinuteSum);
    hits.when(much(seen.device_hour_sum, limits.device_sum_per_hour), Reason::DeviceHourSum);
    hits.when(much(seen.device_day_sum, limits.device_sum_per_day), Reason::DeviceDaySum);
}

#[cfg(test)]
mod tests;
