//! `#[derive(Reasons)]`: what a policy may answer.

use crate::errors::{CHECKS, Errors};
use crate::json::Object;
use crate::literal::Literal;
use crate::message::placeholders;
use crate::names;
use crate::words::{Word, of_attribute, only, unknown};
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Data, DeriveInput, Fields, Ident, LitStr, Variant};

/// The most reasons of a policy: `Hits` holds one bit for each.
const MOST: usize = 64;
const EFFECTS: [&str; 4] = ["note", "review", "block", "exempt"];
/// The weights of a decision are added up, so each keeps well below what 64 bits hold.
const WEIGHT_MAX: i64 = 1_000_000;

/// A variant, once it is understood.
struct Reason<'a> {
    ident: &'a Ident,
    code: String,
    json: String,
    message: Option<LitStr>,
    names: Vec<String>,
}

pub(crate) fn expand(item: &DeriveInput, errors: &mut Errors) -> TokenStream {
    let Data::Enum(data) = &item.data else {
        errors.at(&item.ident, "Reasons are an enum: a closed list of answers");
        return TokenStream::new();
    };
    if !item.generics.params.is_empty() {
        errors.at(&item.generics, "reasons have no generics");
    }
    if data.variants.is_empty() {
        errors.at(&item.ident, "a policy has at least one reason");
    }
    if let Some(variant) = data.variants.iter().nth(MOST) {
        errors.at(variant, format!("a policy has at most {MOST} reasons: split it"));
    }
    let reasons: Vec<Reason<'_>> = data.variants.iter().map(|variant| reason(variant, errors)).collect();
    for (at, one) in reasons.iter().enumerate() {
        if reasons[..at].iter().any(|other| other.code == one.code) {
            errors.at(one.ident, format!("its code {} is another reason's too", one.code));
        }
    }

    let ident = &item.ident;
    if errors.any() {
        // enough for what uses it, so that nothing is told twice
        return quote! {
            #[automatically_derived]
            impl ::sandgate_sdk::Reasons for #ident {
                const JSON: &'static str = "";
                const ALL: &'static [Self] = &[];
                const CODES: &'static [&'static str] = &[];
                fn index(&self) -> u32 { 0 }
            }
            #[automatically_derived]
            impl<With> ::sandgate_sdk::expand::Checks<With> for #ident {}
        };
    }
    let variant: Vec<_> = reasons.iter().map(|reason| reason.ident).collect();
    let code = reasons.iter().map(|reason| &reason.code);
    let index = 0..reasons.len() as u32;
    let json = reasons.iter().map(|reason| reason.json.as_str()).collect::<Vec<_>>().join(",");
    let checks = checks(&reasons);
    quote! {
        const _: () = {
            use ::sandgate_sdk::expand;

            #[automatically_derived]
            impl ::sandgate_sdk::Reasons for #ident {
                const JSON: &'static str = #json;
                const ALL: &'static [Self] = &[#(#ident::#variant),*];
                const CODES: &'static [&'static str] = &[#(#code),*];
                #[inline(always)]
                fn index(&self) -> u32 {
                    match *self { #(#ident::#variant { .. } => #index,)* }
                }
            }

            #[automatically_derived]
            impl<I: expand::Declared, P: expand::Declared> expand::Checks<(I, P)> for #ident {
                #checks
            }
        };
    }
}

/// That every name in a message is declared, each an error at its message.
fn checks(reasons: &[Reason<'_>]) -> TokenStream {
    let mut numbered: Vec<TokenStream> = Vec::new();
    let mentions = reasons.iter().filter_map(|reason| Some((reason.message.as_ref()?, &reason.names)));
    let mentions = mentions.flat_map(|(message, names)| names.iter().map(move |name| (message, name)));
    for (at, (message, name)) in mentions.enumerate() {
        let unknown = format!("the message names `{name}`, which is no input and no parameter");
        let list = format!("the message names `{name}`, which is a list: a message shows single values");
        let check = quote_spanned! { message.span() =>
            match ::sandgate_sdk::expand::placeholder(I::NAMES, P::NAMES, #name) {
                ::sandgate_sdk::expand::Known::Shown => {}
                ::sandgate_sdk::expand::Known::List => panic!(#list),
                ::sandgate_sdk::expand::Known::Unknown => panic!(#unknown),
            }
        };
        match numbered.get_mut(at % CHECKS) {
            Some(checks) => checks.extend(check),
            None => numbered.push(check),
        }
    }
    let number = (0..numbered.len()).map(|at| format_ident!("C{at}"));
    quote!(#(const #number: () = { #numbered };)*)
}

fn reason<'a>(variant: &'a Variant, errors: &mut Errors) -> Reason<'a> {
    let ident = &variant.ident;
    let code = names::split(&ident.to_string(), '_').to_uppercase();
    if !matches!(variant.fields, Fields::Unit) {
        errors.at(&variant.fields, "a reason has no values: the message shows inputs and parameters");
    }
    if !code.is_ascii() {
        errors.at(ident, "a code has letters of ASCII, digits and _");
    }
    let mut reason = Reason { ident, code, json: String::new(), message: None, names: Vec::new() };
    let Some(attribute) = only(&variant.attrs, &["reason"], errors) else {
        errors.at(ident, "what does it do? #[reason(block, \"amount {amount} is over {largest}\")]");
        return reason;
    };
    let before = errors.count();
    let (mut effect, mut is_final, mut weight) = (None, false, 0);
    for word in of_attribute(attribute, errors) {
        match word {
            Word::Flag(name) if EFFECTS.iter().any(|known| name == known) => {
                if effect.is_some() {
                    errors.at(&name, "a reason has one effect");
                }
                effect = Some(name.to_string());
            }
            Word::Flag(name) if name == "final" => is_final = true,
            Word::Value(name, literal) if name == "weight" => {
                weight = errors.keep(literal.whole(-WEIGHT_MAX, WEIGHT_MAX)).unwrap_or(0);
            }
            Word::Bare(literal) if reason.message.is_none() => {
                reason.message = errors.keep(literal.text().cloned());
            }
            other => unknown(&other, "reason", "note, review, block or exempt, final, weight, a message", errors),
        }
    }
    let Some(effect) = effect else {
        errors.at(attribute, "say what it does: note, review, block or exempt");
        return reason;
    };
    let Some(message) = &reason.message else {
        if errors.count() == before {
            errors.at(attribute, "say in words what was found: people read it");
        }
        return reason;
    };
    reason.names = placeholders(message, errors);
    reason.json = Object::new()
        .text("code", &reason.code)
        .text("effect", &effect)
        .put("weight", weight.to_string())
        .put("final", is_final.to_string())
        .text("message", &message.value())
        .end();
    reason
}

/// A value that must be a text where a word has one.
pub(crate) fn text_of(literal: &Literal, errors: &mut Errors) -> Option<String> {
    errors.keep(literal.text().map(LitStr::value))
}
