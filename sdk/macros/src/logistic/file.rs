//! The JSON file of a logistic model.

use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::value::RawValue;
use std::path::Path;

/// A logistic model as it was exported.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    /// For people.
    #[serde(rename = "about")]
    _about: Option<String>,
    pub(crate) intercept: Number,
    pub(crate) features: Vec<Weighed>,
}

/// A feature and its weight.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Weighed {
    pub(crate) name: String,
    pub(crate) coefficient: Number,
    /// What is taken off it first.
    pub(crate) mean: Option<Number>,
    /// What it is then divided by.
    pub(crate) scale: Option<Number>,
}

/// A finite number, correctly rounded from its digits.
#[derive(Clone, Copy)]
pub(crate) struct Number(pub(crate) f64);

impl<'de> Deserialize<'de> for Number {
    /// By way of the digits, because serde_json may round wrongly.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
        let digits = <&RawValue>::deserialize(deserializer)?.get();
        let number = if digits.starts_with(['"', '[', '{']) { None } else { digits.parse().ok() };
        match number.filter(|number: &f64| number.is_finite()) {
            Some(number) => Ok(Number(number)),
            None => Err(D::Error::custom(format!("a number is expected in place of {digits}"))),
        }
    }
}

impl File {
    /// Reads a file that is there.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub(crate) fn read(path: &Path) -> Result<File, String> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            format!("cannot be read: {error}; the path begins at the folder of the crate's Cargo.toml")
        })?;
        File::parse(&text).map_err(|problem| format!("is no logistic model: {problem}"))
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub(crate) fn parse(text: &str) -> Result<File, String> {
        let file: File = serde_json::from_str(text).map_err(|error| {
            let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
            match ["NaN", "Infinity"].into_iter().find(|word| error.is_syntax() && line.contains(word)) {
                Some(word) => format!("{word} in line {} is no number: the training has failed", error.line()),
                None => error.to_string(),
            }
        })?;
        if file.features.is_empty() {
            return Err("it has no features".to_owned());
        }
        for (at, Weighed { name, scale, .. }) in file.features.iter().enumerate() {
            if file.features[..at].iter().any(|before| before.name == *name) {
                return Err(format!("two features are called `{name}`"));
            }
            if let Some(Number(scale)) = scale
                && *scale <= 0.0
            {
                return Err(format!("the scale of `{name}` is {scale}: a feature is divided by it, so it is above 0"));
            }
        }
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::{File, Number};

    #[test]
    fn mistakes_are_told_with_their_place() {
        let one = r#"{"name": "a", "coefficient": 1}"#;
        let table = [
            ("".to_owned(), "EOF while parsing a value at line 1 column 0"),
            ("[]".to_owned(), "invalid length 0, expected struct File with 3 elements at line 1 column 2"),
            (format!(r#"{{"features": [{one}]}}"#), "missing field `intercept` at line 1 column 47"),
            (
                format!(r#"{{"intercept": "1", "features": [{one}]}}"#),
                r#"a number is expected in place of "1" at line 1"#,
            ),
            (
                format!(r#"{{"intercept": 1e999, "features": [{one}]}}"#),
                "a number is expected in place of 1e999 at line 1",
            ),
            (
                format!("{{\"intercept\": 1,\n \"features\": [{one}],\n \"bias\": 1}}"),
                "unknown field `bias`, expected one of",
            ),
            (
                format!("{{\"features\": [{one}],\n \"intercept\": NaN}}"),
                "NaN in line 2 is no number: the training has failed",
            ),
            (format!("{{\"intercept\": -Infinity,\n \"features\": [{one}]}}"), "Infinity in line 1 is no number"),
            (
                format!(r#"{{"intercept": 1, "intercept": 2, "features": [{one}]}}"#),
                "duplicate field `intercept` at line 1",
            ),
            (r#"{"intercept": 1, "features": []}"#.to_owned(), "it has no features"),
            (format!(r#"{{"intercept": 1, "features": [{one}, {one}]}}"#), "two features are called `a`"),
            (
                r#"{"intercept": 1, "features": [{"name": "a", "coefficient": 1, "scale": 0.0}]}"#.to_owned(),
                "the scale of `a` is 0: a feature is divided by it, so it is above 0",
            ),
            (
                r#"{"intercept": 1, "features": [{"name": "a", "coefficient": 1, "mean": [0]}]}"#.to_owned(),
                "a number is expected in place of [0]",
            ),
        ];
        for (text, expected) in table {
            let told = File::parse(&text).map(|_| ()).unwrap_err();
            assert!(told.starts_with(expected), "{text}\n{told}");
        }
    }

    #[test]
    fn no_digit_is_lost() {
        for digits in
            ["0.1", "-8.480000000000001", "1e-7", "2.2250738585072014e-308", "123456789012345678", "5E+20", "-0"]
        {
            let text = format!(
                r#"{{"about": "x", "intercept": {digits}, "features": [{{"name": "a", "coefficient": 0, "mean": null}}]}}"#
            );
            let File { intercept: Number(read), features, .. } = File::parse(&text).unwrap();
            assert_eq!(read.to_bits(), digits.parse::<f64>().unwrap().to_bits(), "{digits}");
            assert!(features[0].mean.is_none() && features[0].scale.is_none());
        }
    }
}
