//! Tells devices that are new, too many or shared, and stops what an account
//! does when it was taken over. `README.md` is for those who use it.
//!
//! "New" is an age and not "never seen": a window that left the transaction
//! itself out would call a device known from a thief's second payment on. Its
//! first time counts the transaction itself, so the first payment has age 0,
//! and the tenant says how old a known device is.

use sandgate_sdk::prelude::*;

/// What the policy reads. Each window covers the transaction itself.
#[derive(Inputs)]
pub struct Seen {
    /// When it happens.
    #[field]
    pub time: Instant,
    /// When the account was first seen, of the last year.
    #[window(first_seen, by = "account", span = "365d")]
    pub account_first_seen: Instant,
    /// When the account first used this device; absent where none is named.
    #[window(first_seen, by("account", "device"), span = "365d")]
    pub device_first_seen: Option<Instant>,
    /// When the account first paid this beneficiary.
    #[window(first_seen, by("account", "beneficiary"), span = "365d")]
    pub beneficiary_first_seen: Option<Instant>,
    /// How many devices the account used in the last 30 days.
    #[window(distinct, of = "device", by = "account", span = "30d")]
    pub devices: u64,
    /// How many accounts used this device in the last 30 days.
    #[window(distinct, of = "account", by = "device", span = "30d", default = 0)]
    pub accounts: u64,
    /// What the account moved on this device in the last 24 hours, so that many
    /// payments add up to what one would have been.
    #[window(sum, of = "amount", by("account", "device"), span = "24h", default = 0)]
    pub moved: Decimal,
}

/// What a tenant may set.
#[derive(Parameters)]
pub struct Limits {
    /// A device is known so many hours after it was first seen.
    #[parameter(default = 72, maximum = 8760)]
    pub device_known_after: u64,
    /// A beneficiary is known so many hours after it was first paid.
    #[parameter(default = 24, maximum = 8760)]
    pub beneficiary_known_after: u64,
    /// Whether the first device of an account is new too.
    #[parameter(default = false)]
    pub first_device_is_new: bool,
    /// A high amount is more than this.
    #[parameter(default = "1000", minimum = "0")]
    pub high: Decimal,
    /// So many devices of an account in 30 days are allowed; 0: any number.
    #[parameter(default = 4)]
    pub devices_allowed: u64,
    /// So many accounts of a device in 30 days are allowed; 0: any number.
    #[parameter(default = 5)]
    pub accounts_allowed: u64,
}

/// What the policy may answer.
#[derive(Reasons)]
pub enum Reason {
    /// A new device, a new beneficiary and a high amount.
    #[reason(
        block,
        "{moved} in 24 hours on a device first seen {device_first_seen}, to a beneficiary first paid \
         {beneficiary_first_seen}: over {high}"
    )]
    AccountTakeover,
    /// A new device and a new beneficiary.
    #[reason(review, "beneficiary first paid {beneficiary_first_seen} on a device first seen {device_first_seen}")]
    NewBeneficiaryOnNewDevice,
    /// The account uses many devices.
    #[reason(review, "{devices} devices of the account in 30 days, {devices_allowed} allowed")]
    ManyDevices,
    /// The device is used by many accounts.
    #[reason(review, "{accounts} accounts on the device in 30 days, {accounts_allowed} allowed")]
    SharedDevice,
    /// The device is new to the account.
    #[reason(note, "the device was first seen {device_first_seen}, less than {device_known_after} hours ago")]
    NewDevice,
    /// Nobody says what it is done with.
    #[reason(note, "the transaction names no device")]
    NoDevice,
}

/// Tells new and shared devices, and stops accounts that are taken over.
#[rules]
pub fn new_device(seen: &Seen, limits: &Limits, hits: &mut Hits<Reason>) {
    let younger = |first: Instant, hours: u64| seen.time.since(first).as_millis() < u128::from(hours) * 3_600_000;
    let device = seen.device_first_seen.is_some_and(|first| {
        let first_device = first <= seen.account_first_seen;
        younger(first, limits.device_known_after) && (limits.first_device_is_new || !first_device)
    });
    let beneficiary = seen.beneficiary_first_seen.is_some_and(|first| younger(first, limits.beneficiary_known_after));

    hits.when(device && beneficiary && seen.moved > limits.high, Reason::AccountTakeover);
    hits.when(device && beneficiary, Reason::NewBeneficiaryOnNewDevice);
    hits.when(limits.devices_allowed != 0 && seen.devices > limits.devices_allowed, Reason::ManyDevices);
    hits.when(limits.accounts_allowed != 0 && seen.accounts > limits.accounts_allowed, Reason::SharedDevice);
    hits.when(device, Reason::NewDevice);
    hits.when(seen.device_first_seen.is_none(), Reason::NoDevice);
}

#[cfg(test)]
mod tests;
