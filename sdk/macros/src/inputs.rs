//! `#[derive(Inputs)]`: fields, tags and windows.

use crate::bounds::{Bounds, set};
use crate::conditions::{self, Mention};
use crate::errors::{Errors, span};
use crate::json::Object;
use crate::names::{self, quoted_of_host};
use crate::shape::{Kind, Shape, shape};
use crate::window::{self, Operands};
use crate::words::{Word, of_attribute, only, unknown};
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Attribute, Data, DeriveInput, Field, Fields, GenericParam, Ident, Lifetime};

/// A field of the struct, once it is understood.
struct Input<'a> {
    ident: &'a Ident,
    ty: &'a syn::Type,
    name: String,
    scale: u8,
    json: String,
}

pub(crate) fn expand(item: &DeriveInput, errors: &mut Errors) -> TokenStream {
    let Some(fields) = named_fields(item, "Inputs", errors) else { return TokenStream::new() };
    if fields.len() == 0 {
        errors.at(&item.ident, "a policy reads at least one value");
    }
    let shapes: Vec<Option<Shape>> = fields.clone().map(|field| shape(&field.ty, errors)).collect();
    let operands = operands(fields.clone().zip(&shapes));
    let mut mentions = Vec::new();
    let inputs: Vec<Input<'_>> = fields
        .zip(&shapes)
        .filter_map(|(field, shape)| input(field, shape.as_ref(), &operands, &mut mentions, errors))
        .collect();
    let checks = conditions::checks(&mentions);

    let (ident, visibility) = (&item.ident, &item.vis);
    let (lifetime, arguments) = lifetimes(item, errors);
    let field: Vec<_> = inputs.iter().map(|input| input.ident).collect();
    let ty: Vec<_> = inputs.iter().map(|input| input.ty).collect();
    let scale = inputs.iter().map(|input| input.scale);
    let name: Vec<_> = inputs.iter().map(|input| &input.name).collect();
    let json = inputs.iter().map(|input| input.json.as_str()).collect::<Vec<_>>().join(",");
    let contributions = format_ident!("{ident}Contributions");
    let read = match errors.any() {
        // the mistakes are enough: what uses the struct need not be told again
        true => quote!({
            let _ = cursor;
            loop {}
        }),
        false => {
            quote_spanned!(span(ident) => Self { #(#field: <#ty as expand::Value<#lifetime>>::read(cursor, #scale)),* })
        }
    };
    let columns = match errors.any() {
        true => TokenStream::new(),
        false => quote!(#(.and(<#ty as expand::Value<#lifetime>>::COLUMNS))*),
    };
    quote! {
        const _: () = {
            use ::sandgate_sdk::expand;

            #[automatically_derived]
            impl<#lifetime> expand::Declared for #ident #arguments {
                const NAMES: &'static [expand::Name] = &[#(expand::Name { name: #name, list: false }),*];
                const JSON: &'static [&'static str] = &[#json];
            }

            #[automatically_derived]
            impl<#lifetime> expand::Inputs<#lifetime> for #ident #arguments {
                const COLUMNS: expand::Columns = expand::Columns::NONE #columns;
                #[inline(always)]
                fn read(cursor: &mut expand::Cursor<#lifetime>) -> Self {
                    #read
                }
            }

            /// How much each input moved the score.
            #[derive(Clone, Copy, Debug, Default, PartialEq)]
            #visibility struct #contributions { #(#[doc = #name] pub #field: f64),* }

            #[automatically_derived]
            impl<#lifetime, P: expand::Declared> expand::Checks<P> for #ident #arguments {
                #checks
            }

            #[automatically_derived]
            impl<#lifetime> expand::Explained for #ident #arguments {
                type Contributions = #contributions;
            }

            #[automatically_derived]
            impl expand::Moved for #contributions {
                fn put(&self, contributions: &mut ::std::vec::Vec<f64>) {
                    contributions.extend([#(self.#field),*]);
                }
            }
        };
    }
}

/// The fields of a struct with names.
pub(crate) fn named_fields<'a>(
    item: &'a DeriveInput,
    derive: &str,
    errors: &mut Errors,
) -> Option<syn::punctuated::Iter<'a, Field>> {
    match &item.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => return Some(fields.named.iter()),
            Fields::Unit if derive == "Parameters" => {
                errors.at(&item.ident, "leave the parameters out of the function")
            }
            _ => errors.at(&item.ident, format!("{derive} need names: write struct {} {{ … }}", item.ident)),
        },
        _ => errors.at(&item.ident, format!("{derive} are a struct")),
    }
    None
}

/// The lifetime that values are borrowed for, and the struct's own arguments.
pub(crate) fn lifetimes(item: &DeriveInput, errors: &mut Errors) -> (Lifetime, TokenStream) {
    let mut own = None;
    for parameter in &item.generics.params {
        match parameter {
            GenericParam::Lifetime(lifetime) if own.is_none() => own = Some(&lifetime.lifetime),
            GenericParam::Lifetime(_) => errors.at(parameter, "all values are borrowed for one lifetime"),
            _ => errors.at(parameter, "the values of a policy have fixed types: no generics here"),
        }
    }
    match own {
        Some(own) => (own.clone(), quote!(<#own>)),
        None => (Lifetime::new("'rows", proc_macro2::Span::call_site()), TokenStream::new()),
    }
}

/// What the fields of the transaction are read as, for the windows over them.
fn operands<'a>(fields: impl Iterator<Item = (&'a Field, &'a Option<Shape>)>) -> Operands {
    let of_field = |(field, shape): (&Field, &Option<Shape>)| {
        let attribute = field.attrs.iter().find(|attribute| attribute.path().is_ident("field"))?;
        let renamed = of_attribute(attribute, &mut Errors::default()).into_iter().find_map(|word| match word {
            Word::Bare(literal) => literal.text().map(syn::LitStr::value).ok(),
            _ => None,
        });
        let name = renamed.or_else(|| field.ident.as_ref().map(ToString::to_string))?;
        Some((name, shape.as_ref()?.kind))
    };
    fields.filter_map(of_field).collect()
}

fn input<'a>(
    field: &'a Field,
    shape: Option<&Shape>,
    operands: &Operands,
    mentions: &mut Vec<Mention>,
    errors: &mut Errors,
) -> Option<Input<'a>> {
    let ident = field.ident.as_ref()?;
    let name = names::of_field(ident, errors);
    if let Some(shape) = shape
        && shape.list
    {
        errors.at(&field.ty, "an input is a single value; only a parameter may be a list");
    }
    let Some(attribute) = only(&field.attrs, &["field", "tag", "window"], errors) else {
        errors.at(
            ident,
            "where does it come from? Say #[field], #[tag(account, \"risk_level\")] or \
             #[window(count, by = \"account\", span = \"1m\")]",
        );
        return Some(Input { ident, ty: &field.ty, name, scale: 0, json: String::new() });
    };
    // a stand-in, so that the attribute is checked though the type is wrong
    let stand_in = Shape { kind: Kind::Text, optional: true, list: false, inner: field.ty.clone() };
    let mut bounds = Bounds::default();
    let words = of_attribute(attribute, errors);
    let from = if attribute.path().is_ident("field") {
        of_transaction(&name, words, &mut bounds, errors)
    } else if attribute.path().is_ident("tag") {
        tag(attribute, words, &mut bounds, errors)
    } else {
        window::expand(attribute, words, shape, operands, &mut bounds, mentions, errors)
    };
    let mut object = Object::new();
    object.text("name", &name);
    match shape {
        Some(shape) => bounds.put(shape, &mut object, errors),
        None => bounds.put(&stand_in, &mut object, &mut Errors::default()),
    }
    let kind = shape.map_or(Kind::Text, |shape| shape.kind);
    let scale = bounds.scale(kind, &mut Errors::default());
    let json = object.put("from", from).end();
    Some(Input { ident, ty: &field.ty, name, scale, json })
}

/// `#[field]`
fn of_transaction(name: &str, words: Vec<Word>, bounds: &mut Bounds, errors: &mut Errors) -> String {
    let mut field = None;
    for word in words {
        match bounds.take(word, errors) {
            None => {}
            Some(Word::Bare(literal)) if field.is_none() => field = Some(quoted_of_host(&literal, errors)),
            Some(other) => unknown(&other, "field", "a name in quotes, scale, default, minimum, maximum", errors),
        }
    }
    Object::new().text("field", field.as_deref().unwrap_or(name)).end()
}

/// `#[tag(entity, "attribute")]`
fn tag(attribute: &Attribute, words: Vec<Word>, bounds: &mut Bounds, errors: &mut Errors) -> String {
    let (mut entity, mut stored, mut by) = (None, None, None);
    for word in words {
        match bounds.take(word, errors) {
            None => {}
            Some(Word::Flag(name)) if entity.is_none() => entity = Some(name.to_string()),
            Some(Word::Bare(literal)) if stored.is_none() => stored = Some(quoted_of_host(&literal, errors)),
            Some(word) if word.name() == "by" => set(&mut by, word, errors),
            Some(other) => {
                unknown(
                    &other,
                    "tag",
                    "an entity, an attribute in quotes, by, scale, default, minimum, maximum",
                    errors,
                );
            }
        }
    }
    let (Some(entity), Some(stored)) = (&entity, &stored) else {
        errors.at(attribute, "say which attribute of what: #[tag(account, \"risk_level\")]");
        return String::from("{}");
    };
    let by = by.map_or_else(|| entity.clone(), |by| quoted_of_host(&by, errors));
    let mut tag = Object::new();
    tag.text("entity", entity).text("by", &by).text("attribute", stored);
    Object::new().put("tag", tag.end()).end()
}
