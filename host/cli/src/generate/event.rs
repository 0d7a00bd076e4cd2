//! One generated transaction: what all profiles write, each in its own form.

/// One transaction, before it is written in the form of a profile.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// Whose it is, by number.
    pub(super) account: usize,
    /// When, in milliseconds since 1970.
    pub(super) time: u64,
    /// How much, in cents.
    pub(super) amount: u64,
    /// From which device, by number.
    pub(super) device: u32,
    /// To which merchant, or of which fund, by number.
    pub(super) merchant: u16,
    /// Where: an index into the countries of `account`.
    pub(super) country: u8,
    /// What is done with the fund.
    pub(super) trade: Trade,
    /// What a model in front of us thinks of it: chance of fraud in thousandths.
    pub(super) probability: u32,
    /// The fraud that it belongs to.
    pub(super) label: Option<Label>,
}

/// What is done with a fund.
#[derive(Clone, Copy, Debug)]
pub(super) enum Trade {
    Subscribe,
    Redeem,
    Switch,
}

/// What a fraud is called in the field `label`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// A script pays at regular intervals.
    Burst,
    /// One amount far above the usual.
    Oversized,
    /// Somebody else uses the account, from another device and country.
    Stolen,
    /// A script has many accounts on one device.
    Farm,
    /// A script takes its time, so that no limit is passed.
    Slow,
}

impl Label {
    /// The word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Label::Burst => "burst",
            Label::Oversized => "oversized",
            Label::Stolen => "stolen",
            Label::Farm => "farm",
            Label::Slow => "slow",
        }
    }
}
