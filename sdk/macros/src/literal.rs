//! The values that a declaration may hold, and their JSON.

use crate::shape::{Kind, Shape};
use proc_macro2::Span;
use syn::parse::ParseStream;
use syn::{Lit, LitStr, Token};

/// A value as the author wrote it.
#[derive(Clone)]
pub(crate) enum Literal {
    /// A single value, with whether a minus stands before it.
    One(bool, Lit),
    /// A list in brackets.
    List(Span, Vec<Literal>),
}

/// A value that has been checked against its kind.
#[derive(Clone)]
pub(crate) struct Value {
    /// Its JSON.
    pub(crate) json: String,
    /// Where it stands in the order of its kind, if the kind has one.
    pub(crate) rank: Option<Rank>,
}

/// A place in the order of a kind.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(crate) enum Rank {
    /// Of integers, units of decimals, milliseconds.
    Whole(i128),
    /// Of numbers.
    Float(f64),
}

impl Literal {
    /// Parses a literal, a negative one or a list.
    pub(crate) fn parse(input: ParseStream<'_>) -> syn::Result<Literal> {
        if input.peek(syn::token::Bracket) {
            let inside;
            let bracket = syn::bracketed!(inside in input);
            let mut list = Vec::new();
            while !inside.is_empty() {
                list.push(Literal::parse(&inside)?);
                if !inside.is_empty() {
                    inside.parse::<Token![,]>()?;
                }
            }
            return Ok(Literal::List(bracket.span.join(), list));
        }
        let minus = input.parse::<Option<Token![-]>>()?;
        let literal: Lit = input
            .parse()
            .map_err(|error| syn::Error::new(error.span(), "a value is expected here: 1, -0.5, \"text\", true"))?;
        Ok(Literal::One(minus.is_some(), literal))
    }

    /// Where it stands.
    pub(crate) fn span(&self) -> Span {
        match self {
            Literal::One(_, literal) => literal.span(),
            Literal::List(span, _) => *span,
        }
    }

    /// The text, if it is one.
    pub(crate) fn text(&self) -> syn::Result<&LitStr> {
        match self {
            Literal::One(false, Lit::Str(text)) => Ok(text),
            other => Err(other.wrong("a text in quotes is expected here")),
        }
    }

    /// The whole number, if it is one within these bounds.
    pub(crate) fn whole(&self, least: i64, most: i64) -> syn::Result<i64> {
        let wrong = || self.wrong(format!("a whole number from {least} to {most} is expected here"));
        match self {
            Literal::One(minus, Lit::Int(number)) => {
                let number: i64 = format!("{}{}", if *minus { "-" } else { "" }, number.base10_digits())
                    .parse()
                    .map_err(|_| wrong())?;
                if (least..=most).contains(&number) { Ok(number) } else { Err(wrong()) }
            }
            _ => Err(wrong()),
        }
    }

    /// The finite number, if it is one.
    pub(crate) fn number(&self) -> syn::Result<f64> {
        let number = match self {
            Literal::One(minus, Lit::Int(_) | Lit::Float(_)) => {
                self.digits().parse::<f64>().ok().map(|number| if *minus { -number } else { number })
            }
            _ => None,
        };
        // -0 is 0: one number, one way to write it
        number
            .filter(|number| number.is_finite())
            .map(|number| number + 0.0)
            .ok_or_else(|| self.wrong("a number is expected here"))
    }

    /// The value as one of this shape, which is what each element of a list has.
    pub(crate) fn value(&self, shape: &Shape, scale: u8) -> syn::Result<Value> {
        let whole = |rank: i128, json: String| Value { json, rank: Some(Rank::Whole(rank)) };
        match &shape.kind {
            Kind::Flag => match self {
                Literal::One(false, Lit::Bool(flag)) => Ok(Value { json: flag.value.to_string(), rank: None }),
                _ => Err(self.wrong("this value is a flag: true or false")),
            },
            Kind::Integer { minimum, maximum } => {
                let (least, most) = (minimum.unwrap_or(i64::MIN), maximum.unwrap_or(i64::MAX));
                self.whole(least, most).map(|integer| whole(integer.into(), integer.to_string()))
            }
            Kind::Number => {
                self.number().map(|number| Value { json: format!("{number:?}"), rank: Some(Rank::Float(number)) })
            }
            Kind::Decimal => {
                let (text, units) = self.decimal(scale)?;
                Ok(whole(units, format!("\"{text}\"")))
            }
            Kind::Text | Kind::Choice => {
                let text = self.text().map_err(|_| self.wrong("this value is a text: put it in quotes"))?;
                Ok(Value { json: crate::json::text(&text.value()), rank: None })
            }
            Kind::Instant => {
                let text = self.text().ok().map(LitStr::value);
                let millis = text.as_deref().and_then(crate::time::rfc3339);
                match (text, millis) {
                    (Some(text), Some(millis)) => Ok(whole(millis.into(), format!("\"{text}\""))),
                    _ => Err(self.wrong("this value is a time: write it as \"2026-01-01T09:00:00Z\"")),
                }
            }
        }
    }

    /// The digits as written, without a sign before a number.
    fn digits(&self) -> String {
        match self {
            Literal::One(_, Lit::Int(number)) => number.base10_digits().to_owned(),
            Literal::One(_, Lit::Float(number)) => number.base10_digits().to_owned(),
            Literal::One(_, Lit::Str(text)) => text.value(),
            _ => String::new(),
        }
    }

    /// A decimal as text and in units at the scale.
    fn decimal(&self, scale: u8) -> syn::Result<(String, i128)> {
        let digits = self.digits();
        let (minus, digits) = match (self, digits.strip_prefix('-')) {
            (Literal::One(true, _), None) => ("-", digits.as_str()),
            (_, Some(rest)) => ("-", rest),
            (_, None) => ("", digits.as_str()),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let pointless = !digits.contains('.') || !fraction.is_empty();
        if whole.is_empty() || !all(whole) || !all(fraction) || !pointless {
            return Err(self.wrong("this value is a decimal: write it as \"1000.25\""));
        }
        let kept = fraction.trim_end_matches('0');
        if kept.len() > usize::from(scale) {
            return Err(
                self.wrong(format!("this value has {} digits after the point, its scale is {scale}", kept.len()))
            );
        }
        let units = format!("{minus}{whole}{kept:0<width$}", width = usize::from(scale));
        match units.parse::<i64>() {
            Ok(units) => Ok((format!("{minus}{digits}"), units.into())),
            Err(_) => Err(self.wrong(format!("this value does not fit into 64 bits at a scale of {scale}"))),
        }
    }

    /// A mistake at this value.
    pub(crate) fn wrong(&self, message: impl std::fmt::Display) -> syn::Error {
        syn::Error::new(self.span(), message)
    }
}
