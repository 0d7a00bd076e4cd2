//! `only(…)`: what an event must fulfil to count.

use crate::errors::Errors;
use crate::json::{Object, array, text};
use crate::literal::Literal;
use crate::words::separated;
use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Ident, Lit, LitStr, Token};

/// The JSON of each condition.
pub(crate) fn conditions(tokens: TokenStream, errors: &mut Errors) -> Vec<String> {
    separated(tokens, errors, condition)
}

fn condition(input: ParseStream<'_>) -> syn::Result<String> {
    // a field whose name is no Rust name stands in quotes
    let field = if input.peek(LitStr) {
        input.parse::<LitStr>()?.value()
    } else {
        input
            .call(Ident::parse_any)
            .map_err(|error| syn::Error::new(error.span(), "a condition begins with a field: trade_type = \"buy\""))?
            .unraw()
            .to_string()
    };
    let (test, ordered) = if input.peek(Token![>=]) {
        input.parse::<Token![>=]>()?;
        ("at_least", true)
    } else if input.peek(Token![!=]) {
        input.parse::<Token![!=]>()?;
        ("none_of", false)
    } else if input.peek(Token![=]) && !input.peek(Token![==]) {
        input.parse::<Token![=]>()?;
        ("any_of", false)
    } else if input.peek(Token![<]) && !input.peek(Token![<=]) {
        input.parse::<Token![<]>()?;
        ("below", true)
    } else {
        return Err(input.error("a condition is one of = \"a\", = [\"a\", \"b\"], != …, >= 10, < 10"));
    };
    let literal = Literal::parse(input)?;
    let json = match (&literal, ordered) {
        (Literal::List(_, list), false) if !list.is_empty() => {
            array(list.iter().map(value).collect::<syn::Result<Vec<String>>>()?)
        }
        (Literal::List(..), _) => return Err(literal.wrong("a list of values belongs to = and !=")),
        (one, false) => array([value(one)?]),
        (one, true) => bound(one)?,
    };
    if !input.is_empty() {
        return Err(input.error("a comma is missing before this"));
    }
    Ok(Object::new().text("field", &field).put(test, json).end())
}

/// A value of whatever kind the host's schema says.
fn value(literal: &Literal) -> syn::Result<String> {
    match literal {
        Literal::One(false, Lit::Str(value)) => Ok(text(&value.value())),
        Literal::One(false, Lit::Bool(flag)) => Ok(flag.value.to_string()),
        other => number(other),
    }
}

/// A number, or a time in quotes.
fn bound(literal: &Literal) -> syn::Result<String> {
    match literal {
        Literal::One(false, Lit::Str(value)) if crate::time::rfc3339(&value.value()).is_some() => {
            Ok(text(&value.value()))
        }
        other => number(other)
            .map_err(|_| other.wrong("this is compared: write a number, or a time as \"2026-01-01T09:00:00Z\"")),
    }
}

fn number(literal: &Literal) -> syn::Result<String> {
    let sign = |minus: &bool| if *minus { "-" } else { "" };
    match literal {
        Literal::One(minus, Lit::Int(number)) => Ok(format!("{}{}", sign(minus), number.base10_digits())),
        // as a text, so that no reader of JSON makes a float of what may be money
        Literal::One(minus, Lit::Float(number)) => Ok(format!("\"{}{}\"", sign(minus), number.base10_digits())),
        other => Err(other.wrong("a value is expected here: \"text\", 10, 0.5, true")),
    }
}
