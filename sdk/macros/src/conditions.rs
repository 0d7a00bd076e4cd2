//! `only(…)`: what an event must fulfil to count.

use crate::errors::{CHECKS, Errors};
use crate::json::{Object, array, text};
use crate::literal::Literal;
use crate::words::separated;
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Ident, Lit, LitStr, Token};

/// A condition, once it is understood.
pub(crate) struct Condition {
    pub(crate) json: String,
    /// The parameter that it compares with, if it is no value.
    pub(crate) mention: Option<Mention>,
}

/// A parameter that a condition names.
pub(crate) struct Mention {
    pub(crate) ident: Ident,
    /// Whether it is asked for more or less, which a list cannot answer.
    pub(crate) ordered: bool,
}

/// What an event must fulfil.
pub(crate) fn conditions(tokens: TokenStream, errors: &mut Errors) -> Vec<Condition> {
    separated(tokens, errors, condition)
}

/// The checks that every parameter that conditions name is declared, each an
/// error at its word; `#[rules]` and `#[scoring]`, which know both, ask for them.
pub(crate) fn checks(mentions: &[Mention]) -> TokenStream {
    let mut numbered = vec![TokenStream::new(); mentions.len().min(CHECKS)];
    for (at, Mention { ident, ordered }) in mentions.iter().enumerate() {
        let name = ident.unraw().to_string();
        let unknown = format!("`{name}` is no parameter: compare with a value, or with a parameter by its name");
        let list = format!("`{name}` is a list, which is neither more nor less: it belongs to = and !=");
        let list =
            ordered.then(|| quote_spanned!(ident.span() => ::sandgate_sdk::expand::Known::List => panic!(#list),));
        numbered[at % CHECKS].extend(quote_spanned! { ident.span() =>
            match ::sandgate_sdk::expand::known(P::NAMES, #name) {
                ::sandgate_sdk::expand::Known::Unknown => panic!(#unknown),
                #list
                _ => {}
            }
        });
    }
    let number = (0..numbered.len()).map(|at| format_ident!("C{at}"));
    quote!(#(const #number: () = { #numbered };)*)
}

fn condition(input: ParseStream<'_>) -> syn::Result<Condition> {
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
    if input.peek(Ident) {
        let ident = input.parse::<Ident>()?;
        end(input)?;
        let (test, name) = (format!("{test}_parameter"), ident.unraw().to_string());
        let json = Object::new().text("field", &field).text(&test, &name).end();
        return Ok(Condition { json, mention: Some(Mention { ident, ordered }) });
    }
    let literal = Literal::parse(input)?;
    let json = match (&literal, ordered) {
        (Literal::List(_, list), false) if !list.is_empty() => {
            array(list.iter().map(value).collect::<syn::Result<Vec<String>>>()?)
        }
        (Literal::List(..), _) => return Err(literal.wrong("a list of values belongs to = and !=")),
        (one, false) => array([value(one)?]),
        (one, true) => bound(one)?,
    };
    end(input)?;
    Ok(Condition { json: Object::new().text("field", &field).put(test, json).end(), mention: None })
}

fn end(input: ParseStream<'_>) -> syn::Result<()> {
    if input.is_empty() { Ok(()) } else { Err(input.error("a comma is missing before this")) }
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
