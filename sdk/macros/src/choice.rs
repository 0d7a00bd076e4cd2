//! `#[derive(Choice)]`: a small enum read from a text.

use crate::errors::Errors;
use crate::json::texts;
use crate::names;
use crate::words::{Word, of_attribute, only, unknown};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, Ident};

pub(crate) fn expand(item: &DeriveInput, errors: &mut Errors) -> TokenStream {
    let Data::Enum(data) = &item.data else {
        errors.at(&item.ident, "a Choice is an enum: a variant for each text, and one for every other");
        return TokenStream::new();
    };
    if !item.generics.params.is_empty() {
        errors.at(&item.generics, "a choice has no generics");
    }
    let (mut variants, mut words): (Vec<&Ident>, Vec<String>) = (Vec::new(), Vec::new());
    let mut other: Option<&Ident> = None;
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            errors.at(&variant.fields, "a variant of a choice has no values");
        }
        let mut word = names::split(&variant.ident.to_string(), '_').to_lowercase();
        let mut catches = false;
        for said in only(&variant.attrs, &["choice"], errors).map_or_else(Vec::new, |said| of_attribute(said, errors)) {
            match said {
                Word::Flag(name) if name == "other" => catches = true,
                Word::Bare(literal) => word = crate::reasons::text_of(&literal, errors).unwrap_or_default(),
                said => unknown(&said, "choice", "a text in quotes, or other", errors),
            }
        }
        if catches {
            if other.replace(&variant.ident).is_some() {
                errors.at(&variant.ident, "one variant is enough for every other text");
            }
            continue;
        }
        if words.contains(&word) {
            errors.at(&variant.ident, format!("the text \"{word}\" is another variant's too"));
        }
        variants.push(&variant.ident);
        words.push(word);
    }
    let Some(other) = other else {
        errors.at(&item.ident, "what becomes of an unknown text? Mark one variant with #[choice(other)]");
        return TokenStream::new();
    };
    let ident = &item.ident;
    let json = texts(&words);
    quote! {
        const _: () = {
            use ::sandgate_sdk::expand;

            #[automatically_derived]
            impl expand::Choice for #ident {
                const WORDS: &'static str = #json;
            }

            #[automatically_derived]
            impl<'a> expand::Value<'a> for #ident {
                const COLUMNS: expand::Columns = expand::Columns::TEXT;
                #[inline]
                fn read(cursor: &mut expand::Cursor<'a>, _: u8) -> Self {
                    match cursor.text() {
                        #(#words => #ident::#variants,)*
                        _ => #ident::#other,
                    }
                }
            }
        };
    }
}
