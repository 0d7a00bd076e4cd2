//! A transaction as a line of JSON, in the form of each profile.

use super::Profile;
use super::account::COUNTRIES;
use super::event::{Event, Trade};
use std::io::{Result, Write};

/// Writes a record. The `number`th one counts from 0; `ids` is what ids begin with.
pub(super) fn record(out: &mut Vec<u8>, profile: Profile, ids: &str, number: u64, event: &Event) -> Result<()> {
    match profile {
        Profile::Payments => payment(out, ids, number, event),
        Profile::Subscriptions => subscription(out, event),
    }
}

/// Writes the id of an account.
pub(super) fn account(out: &mut dyn Write, profile: Profile, number: usize) -> Result<()> {
    let word = match profile {
        Profile::Payments => "account",
        Profile::Subscriptions => "user_",
    };
    write!(out, "{word}{}", number + 100)
}

fn payment(out: &mut Vec<u8>, ids: &str, number: u64, event: &Event) -> Result<()> {
    write!(out, r#"{{"transaction_id":"{ids}{}","account_id":""#, number + 1_001)?;
    account(out, Profile::Payments, event.account)?;
    let Event { amount, time, device, merchant, probability, .. } = event;
    write!(
        out,
        r#"","amount":{}.{:02},"timestamp":{}.{:02}"#,
        amount / 100,
        amount % 100,
        time / 1_000,
        time / 10 % 100
    )?;
    let country = COUNTRIES[usize::from(event.country)].0;
    write!(out, r#","device":"d{device:08x}","merchant":"m{merchant:04}","country":"{country}""#)?;
    write!(out, r#","probability":{}.{:03},"impact":{}"#, probability / 1_000, probability % 1_000, impact(*amount))?;
    label(out, event)
}

/// What an amount in cents would cost us if it were lost, on a scale from 0 to
/// 100: 20 for each power of ten from 10.00 on, straight lines between them.
fn impact(cents: u64) -> u64 {
    let mut power = 1_000;
    let mut impact = 0;
    while cents >= power * 10 && impact < 80 {
        power *= 10;
        impact += 20;
    }
    let beyond = cents.saturating_sub(power) * 20 / (power * 9);
    (impact + beyond).min(100)
}

fn subscription(out: &mut Vec<u8>, event: &Event) -> Result<()> {
    out.extend_from_slice(br#"{"userId":""#);
    account(out, Profile::Subscriptions, event.account)?;
    let trade = match event.trade {
        Trade::Subscribe => "申购",
        Trade::Redeem => "赎回",
        Trade::Switch => "转换",
    };
    let Event { amount, time, device, merchant, .. } = event;
    write!(out, r#"","amount":{}.{:02},"tradeType":"{trade}","timestamp":{time}"#, amount / 100, amount % 100)?;
    write!(out, r#","fund":"{merchant:06}","device":"d{device:08x}""#)?;
    label(out, event)
}

fn label(out: &mut Vec<u8>, event: &Event) -> Result<()> {
    match event.label {
        None => out.extend_from_slice(b",\"label\":null}\n"),
        Some(label) => writeln!(out, r#","label":"{}"}}"#, label.word())?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::impact;

    #[test]
    fn impact_grows_with_the_power_of_ten() {
        let table = [
            (1, 0),
            (1_000, 0),
            (5_500, 10),
            (10_000, 20),
            (100_000, 40),
            (1_000_000, 60),
            (10_000_000, 80),
            (100_000_000, 100),
            (u64::from(u32::MAX) * 1_000, 100),
        ];
        for (cents, expected) in table {
            assert_eq!(impact(cents), expected, "{cents} cents");
        }
    }
}
