//! Lengths of time and points in time as people write them.

/// The milliseconds of `30s`, `5m`, `24h`, `7d` or `250ms`; at least one, at most ten years.
pub(crate) fn length(text: &str) -> Result<i64, String> {
    let wrong =
        || format!("`{text}` is no length of time: write a whole number and one of ms, s, m, h, d, such as \"30m\"");
    let end = text.find(|character: char| !character.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(end);
    let factor = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    number.parse::<i64>().ok().and_then(|number| number.checked_mul(factor)).ok_or_else(wrong)
}

/// The milliseconds since 1970 of an RFC 3339 time; finer digits are dropped.
pub(crate) fn rfc3339(text: &str) -> Option<i64> {
    let text = text.strip_suffix('Z').map(|local| format!("{local}+00:00")).unwrap_or_else(|| text.to_owned());
    if !text.is_ascii() || text.len() < 25 {
        return None;
    }
    let (local, offset) = text.split_at(text.len() - 6);
    let (seconds, fraction) = match local.split_once('.') {
        Some((seconds, fraction)) if !fraction.is_empty() => (seconds, fraction),
        Some(_) => return None,
        None => (local, "0"),
    };
    let shape = |text: &str, shape: &str| {
        text.len() == shape.len()
            && text
                .bytes()
                .zip(shape.bytes())
                .all(|(byte, like)| if like == b'0' { byte.is_ascii_digit() } else { byte == like })
    };
    let signed = shape(offset, "+00:00") || shape(offset, "-00:00");
    if !shape(seconds, "0000-00-00T00:00:00") || !signed || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| seconds[from..to].parse::<i64>().ok();
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
    let (offset_hour, offset_minute) = (offset[1..3].parse::<i64>().ok()?, offset[4..6].parse::<i64>().ok()?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_of_month = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    let sound = year >= 1 && (1..=days_of_month).contains(&day) && hour < 24 && minute < 60 && second < 60;
    if !sound || offset_hour > 23 || offset_minute > 59 {
        return None;
    }
    let before = year - 1;
    let days_of_years = before * 365 + before / 4 - before / 100 + before / 400;
    let days_of_months: i64 = (1..month)
        .map(|month| match month {
            2 => 28 + i64::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        })
        .sum();
    let days = days_of_years + days_of_months + day - 1 - 719_162;
    let east = (offset_hour * 60 + offset_minute) * if offset.starts_with('-') { -1 } else { 1 };
    let millis: i64 = format!("{fraction:0<3}")[..3].parse().ok()?;
    Some(((days * 24 + hour) * 60 + minute - east) * 60_000 + second * 1_000 + millis)
}

#[cfg(test)]
mod tests {
    use super::{length, rfc3339};

    #[test]
    fn lengths_have_one_number_and_one_unit() {
        assert_eq!(length("30m"), Ok(1_800_000));
        assert_eq!(length("250ms"), Ok(250));
        for text in ["", "30", "m", "1h30m", "1.5h", "-1s", "10us", "30 m", "99999999999999999999d"] {
            assert!(length(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_counted_from_1970() {
        let table = [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2026-01-01T00:00:00Z", Some(1_767_225_600_000)),
            ("2026-01-01T08:00:00.25+08:00", Some(1_767_225_600_250)),
            ("2024-02-29T12:30:15Z", Some(1_709_209_815_000)),
            ("0001-01-01T00:00:00Z", Some(-62_135_596_800_000)),
            ("2026-02-29T00:00:00Z", None),
            ("2026-01-01", None),
            ("2026-01-01T00:00:00", None),
            ("2026-01-01T24:00:00Z", None),
            ("2026-13-01T00:00:00Z", None),
            ("tomorrow", None),
        ];
        for (text, expected) in table {
            assert_eq!(rfc3339(text), expected, "{text}");
        }
    }
}
