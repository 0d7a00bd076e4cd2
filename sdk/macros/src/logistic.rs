//! `#[derive(Logistic)]`: the weights of a model that was trained elsewhere.
//!
//! A struct and not an array of numbers, because a position that is off by one
//! is a score that looks right. The file stays the truth: what it weighs and
//! what the struct holds must be the same names.

mod file;

use crate::errors::{Errors, span};
use crate::inputs::named_fields;
use crate::words::{Word, of_attribute, only, unknown};
use file::{File, Number, Weighed};
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use std::path::PathBuf;
use syn::ext::IdentExt;
use syn::punctuated::Iter;
use syn::{DeriveInput, Field, Ident, LitStr, Type};

pub(crate) fn expand(item: &DeriveInput, errors: &mut Errors) -> TokenStream {
    let Some(path) = path(item, errors) else { return expanded(item, None, errors) };
    let file = folder().join(path.value());
    match File::read(&file) {
        Ok(model) => {
            let file = file.to_string_lossy();
            let expanded = expanded(item, Some((&path, &model)), errors);
            // the compiler looks at the file again when it has changed
            quote!(const _: &[::core::primitive::u8] = ::core::include_bytes!(#file); #expanded)
        }
        Err(problem) => {
            errors.at(&path, format!("{} {problem}", path.value()));
            expanded(item, None, errors)
        }
    }
}

/// The folder of the crate that is compiled.
#[expect(clippy::disallowed_methods, reason = "cargo tells a macro in this way where the crate is")]
fn folder() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default()
}

/// The file that the struct names.
fn path(item: &DeriveInput, errors: &mut Errors) -> Option<LitStr> {
    let Some(attribute) = only(&item.attrs, &["logistic"], errors) else {
        errors.at(&item.ident, "which model? Put #[logistic(\"model.json\")] above the struct");
        return None;
    };
    let path = one_text(of_attribute(attribute, errors), "logistic", "the path of a file in quotes", errors);
    if path.is_none() && !errors.any() {
        errors.at(attribute, "name the file of the model: #[logistic(\"model.json\")]");
    }
    path
}

/// The one text that an attribute takes.
fn one_text(words: Vec<Word>, attribute: &str, takes: &str, errors: &mut Errors) -> Option<LitStr> {
    let mut text = None;
    for word in words {
        match word {
            Word::Bare(literal) if text.is_none() => text = errors.keep(literal.text().cloned()),
            other => unknown(&other, attribute, takes, errors),
        }
    }
    text
}

/// The struct with the weights of the model; without one, or where the two do
/// not fit, without weights: the mistakes are enough, and what uses the struct
/// need not be told again.
fn expanded(item: &DeriveInput, model: Option<(&LitStr, &File)>, errors: &mut Errors) -> TokenStream {
    let Some(fields) = named_fields(item, "Features", errors) else { return TokenStream::new() };
    if !item.generics.params.is_empty() {
        errors.at(&item.generics, "features are numbers: nothing is borrowed here, and nothing generic");
        return TokenStream::new();
    }
    let field: Vec<&Ident> = fields.clone().filter_map(|field| field.ident.as_ref()).collect();
    let weights = model.map(|(path, model)| (model.intercept, matched(fields, path, model, errors)));
    let (base, name, contributed) = match weights {
        Some((Number(base), weights)) if !errors.any() => {
            let name = weights.iter().map(|(.., feature)| feature.name.clone()).collect();
            (base, name, weights.iter().map(weighed).collect())
        }
        _ => (0.0, vec![String::new(); field.len()], vec![quote!(0.0); field.len()]),
    };
    let (name, contributed): (Vec<String>, Vec<TokenStream>) = (name, contributed);
    let (ident, visibility) = (&item.ident, &item.vis);
    let contributions = format_ident!("{ident}Contributions");
    quote! {
        const _: () = {
            use ::sandgate_sdk::model;

            /// What each feature adds to the logit.
            #[derive(Clone, Copy, Debug, Default, PartialEq)]
            #visibility struct #contributions { #(#[doc = #name] pub #field: ::core::primitive::f64),* }

            #[automatically_derived]
            impl model::Logistic for #ident {
                type Contributions = #contributions;
                const BASE: ::core::primitive::f64 = #base;
                #[inline]
                fn explain(&self) -> model::Explanation<#contributions> {
                    let contributions = #contributions { #(#field: #contributed),* };
                    let logit = <Self as model::Logistic>::BASE #(+ contributions.#field)*;
                    let base = <Self as model::Logistic>::BASE;
                    model::Explanation { probability: model::probability(logit), logit, base, contributions }
                }
            }
        };
    }
}

/// A field, its type and what the model says of it.
type Match<'a> = (&'a Ident, &'a Type, &'a Weighed);

/// The fields with their features: each has one, and each feature has a field.
fn matched<'a>(fields: Iter<'a, Field>, path: &LitStr, model: &'a File, errors: &mut Errors) -> Vec<Match<'a>> {
    let mut found: Vec<Match<'a>> = Vec::new();
    for field in fields {
        let Some(ident) = &field.ident else { continue };
        let renamed = only(&field.attrs, &["column"], errors)
            .and_then(|attribute| one_text(of_attribute(attribute, errors), "column", "a name in quotes", errors));
        let name = renamed.as_ref().map_or_else(|| ident.unraw().to_string(), LitStr::value);
        match model.features.iter().find(|feature| feature.name == name) {
            Some(feature) if found.iter().any(|(.., before)| before.name == name) => {
                errors.at(ident, format!("the feature `{}` has a field already", feature.name));
            }
            Some(feature) => found.push((ident, &field.ty, feature)),
            None => errors.at(ident, format!("the model has no feature `{name}`; it has {}", listed(&model.features))),
        }
    }
    let missing = model.features.iter().filter(|feature| !found.iter().any(|(.., known)| known.name == feature.name));
    for Weighed { name, .. } in missing {
        let field = match syn::parse_str::<Ident>(name) {
            Ok(_) => String::new(),
            Err(_) => format!("; name a field for it: #[column({name:?})]"),
        };
        errors.at(path, format!("the struct has no field for the model's feature `{name}`{field}"));
    }
    found
}

/// What a field adds to the logit, said at its type, which is what is wrong
/// where it is no feature.
fn weighed((field, ty, feature): &Match<'_>) -> TokenStream {
    let Number(coefficient) = feature.coefficient;
    let mean = feature.mean.map_or(0.0, |Number(mean)| mean);
    let scale = feature.scale.map_or(1.0, |Number(scale)| scale);
    quote_spanned!(span(ty) => model::weigh(self.#field, #coefficient, #mean, #scale))
}

/// Names for a sentence, not all of them where there are many.
fn listed(features: &[Weighed]) -> String {
    const TOLD: usize = 12;
    let told: Vec<_> = features.iter().take(TOLD).map(|feature| format!("`{}`", feature.name)).collect();
    match features.len() {
        count if count > TOLD => format!("{} and {} more", told.join(", "), count - TOLD),
        _ => told.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::{File, expanded};
    use crate::errors::Errors;
    use syn::{DeriveInput, LitStr, parse_quote};

    const MODEL: &str = r#"{"intercept": -1.5, "features": [
        {"name": "amount", "coefficient": 0.25, "mean": 100, "scale": 3},
        {"name": "trade type", "coefficient": 2e-7}
    ]}"#;

    /// What the compiler is told of a struct, and the expansion.
    fn told(item: &DeriveInput) -> (Vec<String>, String) {
        let path: LitStr = parse_quote!("model.json");
        let mut errors = Errors::default();
        let model = File::parse(MODEL).unwrap();
        let expanded = expanded(item, Some((&path, &model)), &mut errors).to_string();
        let told = errors.tokens().to_string();
        let messages = told.split("compile_error ! { ").skip(1).filter_map(|rest| rest.split("\" }").next());
        (messages.map(|message| format!("{message}\"")).collect(), expanded)
    }

    #[test]
    fn struct_and_file_have_the_same_names() {
        let table: [(DeriveInput, &[&str]); 5] = [
            (
                parse_quote!(
                    struct Features {
                        amount: f64,
                    }
                ),
                &["the struct has no field for the model's feature `trade type`; name a field for it: \
                   #[column(\"trade type\")]"],
            ),
            (
                parse_quote!(
                    struct Features {
                        amuont: f64,
                        #[column("trade type")]
                        trade_type: bool,
                    }
                ),
                &[
                    "the model has no feature `amuont`; it has `amount`, `trade type`",
                    "the struct has no field for the model's feature `amount`",
                ],
            ),
            (
                parse_quote!(
                    struct Features {
                        amount: f64,
                        #[column("trade type")]
                        trade_type: bool,
                        #[column("amount")]
                        other: f64,
                    }
                ),
                &["the feature `amount` has a field already"],
            ),
            (
                parse_quote!(
                    struct Features<'a> {
                        amount: &'a f64,
                    }
                ),
                &["features are numbers: nothing is borrowed here, and nothing generic"],
            ),
            (
                parse_quote!(
                    struct Features(f64, bool);
                ),
                &["Features need names: write struct Features { … }"],
            ),
        ];
        for (item, expected) in table {
            let (told, _) = told(&item);
            let expected: Vec<_> = expected.iter().map(|message| format!("{message:?}")).collect();
            assert_eq!(told, expected);
        }
    }

    #[test]
    fn weights_become_constants() {
        let (told, expanded) = told(&parse_quote!(
            struct Features {
                #[column("trade type")]
                trade_type: bool,
                amount: f64,
            }
        ));
        assert!(told.is_empty(), "{told:?}");
        assert!(
            expanded.contains("trade_type : model :: weigh (self . trade_type , 0.0000002f64 , 0f64 , 1f64)"),
            "{expanded}"
        );
        assert!(expanded.contains("amount : model :: weigh (self . amount , 0.25f64 , 100f64 , 3f64)"), "{expanded}");
        assert!(expanded.contains("BASE + contributions . trade_type + contributions . amount"), "{expanded}");
    }
}
