//! Rows in columns, as `wit/policy.wit` lays them out and the protocol writes
//! them: taken apart row by row, and given names for a message.

use serde_json::{Map, Value, json};

/// Rows of values in columns by kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// How many rows.
    pub count: u32,
    /// Flags, integers, decimals in units, instants in milliseconds.
    pub integers: Vec<i64>,
    /// Numbers.
    pub numbers: Vec<f64>,
    /// Every text end to end.
    pub texts: String,
    /// Where each text ends, in bytes.
    pub text_ends: Vec<u32>,
    /// A bit for each value, set where there is one.
    pub present: Vec<u64>,
}

impl Columns {
    /// What an answer holds; nothing where it is no such thing.
    pub(super) fn read(json: &Value) -> Option<Columns> {
        fn all<T>(list: &Value, one: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
            list.as_array()?.iter().map(one).collect()
        }
        let small = |value: &Value| u32::try_from(value.as_u64()?).ok();
        Some(Columns {
            count: small(&json["count"])?,
            integers: all(&json["integers"], Value::as_i64)?,
            numbers: all(&json["numbers"], Value::as_f64)?,
            texts: json["texts"].as_str()?.to_owned(),
            text_ends: all(&json["text_ends"], small)?,
            present: all(&json["present"], Value::as_u64)?,
        })
    }

    /// One of several rows without lists, as if it had come alone.
    pub(super) fn row(&self, row: usize) -> Columns {
        let count = (self.count as usize).max(1);
        let of = |length: usize| row * (length / count)..(row + 1) * (length / count);
        let ends = of(self.text_ends.len());
        let first = ends.start.checked_sub(1).map_or(0, |before| self.text_ends[before]);
        let last = self.text_ends[ends.clone()].last().copied().unwrap_or(first);
        let bits = of(self.integers.len() + self.numbers.len() + self.text_ends.len());
        let mut present = vec![0; bits.len().div_ceil(64)];
        for (to, from) in bits.enumerate() {
            present[to / 64] |= u64::from(self.bit(from)) << (to % 64);
        }
        Columns {
            count: 1,
            integers: self.integers[of(self.integers.len())].to_vec(),
            numbers: self.numbers[of(self.numbers.len())].to_vec(),
            texts: self.texts[first as usize..last as usize].to_owned(),
            text_ends: self.text_ends[ends].iter().map(|end| end - first).collect(),
            present,
        }
    }

    /// The values of a single row by their names, as a case would write them;
    /// `declared` are the inputs or the parameters of a manifest.
    pub(super) fn named(&self, declared: &[Value]) -> Value {
        let mut reader = Reader { columns: self, integer: 0, number: 0, text: 0 };
        let mut named = Map::new();
        for (at, declared) in declared.iter().enumerate() {
            let value = if declared["list"] == true {
                let length = reader.integer();
                (0..length).map(|_| reader.value(declared)).collect()
            } else {
                reader.value(declared)
            };
            let value = if self.bit(at) { value } else { Value::Null };
            named.insert(declared["name"].as_str().unwrap_or("").to_owned(), value);
        }
        Value::Object(named)
    }

    fn bit(&self, at: usize) -> bool {
        self.present.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }
}

/// Where reading stands in the columns.
struct Reader<'a> {
    columns: &'a Columns,
    integer: usize,
    number: usize,
    text: usize,
}

impl Reader<'_> {
    fn integer(&mut self) -> i64 {
        self.integer += 1;
        self.columns.integers.get(self.integer - 1).copied().unwrap_or(0)
    }

    fn value(&mut self, declared: &Value) -> Value {
        match declared["kind"].as_str() {
            Some("number") => {
                self.number += 1;
                json!(self.columns.numbers.get(self.number - 1))
            }
            Some("text") => {
                let ends = &self.columns.text_ends;
                let start = self.text.checked_sub(1).and_then(|before| ends.get(before)).map_or(0, |end| *end as usize);
                self.text += 1;
                let end = ends.get(self.text - 1).map_or(start, |end| *end as usize);
                json!(self.columns.texts.get(start..end))
            }
            Some("flag") => json!(self.integer() != 0),
            Some("decimal") => json!(decimal(self.integer(), declared["scale"].as_u64().unwrap_or(4))),
            Some("instant") => json!(instant(self.integer())),
            _ => json!(self.integer()),
        }
    }
}

fn decimal(units: i64, scale: u64) -> String {
    let scale = scale as usize;
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if units < 0 { "-" } else { "" };
    let point = if scale > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{fraction}")
}

/// Milliseconds since 1970 as a time of the calendar, after Howard Hinnant's
/// `civil_from_days`: years begin in March, so that a leap day is the last.
fn instant(millis: i64) -> String {
    let (days, of_day) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let (seconds, millis) = (of_day / 1_000, of_day % 1_000);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::{Columns, decimal, instant};
    use serde_json::json;

    /// A flag, a text, a number and an integer in each of three rows; in the
    /// second the text is absent.
    fn three() -> Columns {
        Columns {
            count: 3,
            integers: vec![1, -7, 0, 8, 1, 9],
            numbers: vec![0.5, 1.5, 2.5],
            texts: "申购ab".to_owned(),
            text_ends: vec![6, 6, 8],
            present: vec![0b1111_1101_1111],
        }
    }

    #[test]
    fn a_row_is_taken_out_as_if_it_had_come_alone() {
        let row = |integers: [i64; 2], number, texts: &str, present| Columns {
            count: 1,
            integers: integers.to_vec(),
            numbers: vec![number],
            texts: texts.to_owned(),
            text_ends: vec![texts.len() as u32],
            present: vec![present],
        };
        assert_eq!(three().row(0), row([1, -7], 0.5, "申购", 0b1111));
        assert_eq!(three().row(1), row([0, 8], 1.5, "", 0b1101));
        assert_eq!(three().row(2), row([1, 9], 2.5, "ab", 0b1111));
    }

    #[test]
    fn values_have_their_names_again() {
        let declared = [
            json!({ "name": "new", "kind": "flag" }),
            json!({ "name": "kind", "kind": "text" }),
            json!({ "name": "share", "kind": "number" }),
            json!({ "name": "count", "kind": "integer" }),
        ];
        let named = three().row(1).named(&declared);
        assert_eq!(named, json!({ "new": false, "kind": null, "share": 1.5, "count": 8 }));
        let parameters = Columns { count: 1, integers: vec![2, 10, -25, 3], present: vec![0b11], ..Columns::default() };
        let declared = [
            json!({ "name": "steps", "kind": "decimal", "scale": 1, "list": true }),
            json!({ "name": "most", "kind": "integer" }),
        ];
        assert_eq!(parameters.named(&declared), json!({ "steps": ["1.0", "-2.5"], "most": 3 }));
    }

    #[test]
    fn decimals_and_times_are_written_as_a_case_writes_them() {
        assert_eq!(
            [decimal(-5, 4), decimal(123, 0), decimal(i64::MIN, 18)],
            ["-0.0005", "123", "-9.223372036854775808"]
        );
        let table = [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_767_225_599_001, "2025-12-31T23:59:59.001Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ];
        for (millis, expected) in table {
            assert_eq!(instant(millis), expected);
        }
    }
}
