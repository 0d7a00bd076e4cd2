//! `#[derive(Parameters)]`: the knobs of a tenant.

use crate::bounds::{Bounds, WORDS_OF_CHOICE};
use crate::errors::{CHECKS, Errors, span};
use crate::inputs::{lifetimes, named_fields};
use crate::json::Object;
use crate::names;
use crate::shape::{Kind, Shape, shape};
use crate::words::{of_attribute, only, unknown};
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{DeriveInput, Field, Ident};

/// A field of the struct, once it is understood.
struct Parameter<'a> {
    ident: &'a Ident,
    ty: &'a syn::Type,
    name: String,
    scale: u8,
    list: bool,
    /// The JSON in pieces, with an enum's words between two of them.
    json: Vec<TokenStream>,
}

pub(crate) fn expand(item: &DeriveInput, errors: &mut Errors) -> TokenStream {
    let Some(fields) = named_fields(item, "Parameters", errors) else { return TokenStream::new() };
    if fields.len() == 0 {
        errors.at(&item.ident, "leave the parameters out of the function");
    }
    let parameters: Vec<Parameter<'_>> = fields.filter_map(|field| parameter(field, errors)).collect();

    let ident = &item.ident;
    let (lifetime, arguments) = lifetimes(item, errors);
    let field = parameters.iter().map(|parameter| parameter.ident);
    let ty = parameters.iter().map(|parameter| parameter.ty);
    let scale = parameters.iter().map(|parameter| parameter.scale);
    let name = parameters.iter().map(|parameter| &parameter.name);
    let list = parameters.iter().map(|parameter| parameter.list);
    let json = parameters.iter().enumerate().flat_map(|(at, parameter)| {
        let comma = (at > 0).then(|| quote!(","));
        comma.into_iter().chain(parameter.json.iter().cloned())
    });
    let checks = checks(&parameters);
    let read = match errors.any() {
        // the mistakes are enough: what uses the struct need not be told again
        true => quote!({
            let _ = cursor;
            loop {}
        }),
        false => quote!(Self { #(#field: <#ty as expand::Value<#lifetime>>::read(cursor, #scale)),* }),
    };
    quote! {
        const _: () = {
            use ::sandgate_sdk::expand;

            #[automatically_derived]
            impl<#lifetime> expand::Declared for #ident #arguments {
                const NAMES: &'static [expand::Name] = &[#(expand::Name { name: #name, list: #list }),*];
                const JSON: &'static [&'static str] = &[#(#json),*];
            }

            #[automatically_derived]
            impl<#lifetime> expand::Parameters<#lifetime> for #ident #arguments {
                #[inline(always)]
                fn read(cursor: &mut expand::Cursor<#lifetime>) -> Self {
                    #read
                }
            }

            #[automatically_derived]
            impl<#lifetime, I: expand::Declared> expand::Checks<I> for #ident #arguments {
                #checks
            }
        };
    }
}

/// That no name is an input's too, each an error at its own field.
fn checks(parameters: &[Parameter<'_>]) -> TokenStream {
    let mut numbered: Vec<TokenStream> = vec![TokenStream::new(); parameters.len().min(CHECKS)];
    for (at, parameter) in parameters.iter().enumerate() {
        let name = &parameter.name;
        let message = format!("`{name}` is an input too: a message could not tell them apart");
        numbered[at % CHECKS].extend(quote_spanned! { parameter.ident.span() =>
            if !::sandgate_sdk::expand::apart(I::NAMES, #name) { panic!(#message) }
        });
    }
    numbered
        .into_iter()
        .enumerate()
        .map(|(at, check)| {
            let number = format_ident!("C{at}");
            quote!(const #number: () = { #check };)
        })
        .collect()
}

fn parameter<'a>(field: &'a Field, errors: &mut Errors) -> Option<Parameter<'a>> {
    let ident = field.ident.as_ref()?;
    let name = names::of_field(ident, errors);
    let mut bounds = Bounds::default();
    if let Some(attribute) = only(&field.attrs, &["parameter"], errors) {
        for word in of_attribute(attribute, errors) {
            if let Some(other) = bounds.take_of_parameter(word, errors) {
                unknown(&other, "parameter", "default, minimum, maximum, any_of, scale, longest", errors);
            }
        }
    }
    let shape: Option<Shape> = shape(&field.ty, errors);
    if shape.as_ref().is_some_and(|shape| shape.optional) {
        errors.on(span(&field.ty), "a parameter is set by the tenant or has a default: leave the Option out");
    }
    let Some(shape) = shape.filter(|shape| !shape.optional) else {
        return Some(Parameter { ident, ty: &field.ty, name, scale: 0, list: false, json: Vec::new() });
    };
    let mut object = Object::new();
    object.text("name", &name);
    bounds.put(&shape, &mut object, errors);
    if shape.kind == Kind::Choice && !bounds.has_any_of() {
        object.put("any_of", WORDS_OF_CHOICE);
    }
    let json = object.end();
    let inner = &shape.inner;
    let pieces = match json.split_once(WORDS_OF_CHOICE) {
        Some((before, after)) => {
            vec![quote!(#before), quote!(<#inner as ::sandgate_sdk::expand::Choice>::WORDS), quote!(#after)]
        }
        None => vec![quote!(#json)],
    };
    let scale = bounds.scale(shape.kind, &mut Errors::default());
    Some(Parameter { ident, ty: &field.ty, name, scale, list: shape.list, json: pieces })
}
