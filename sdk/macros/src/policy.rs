//! `#[rules]` and `#[scoring]`: from a function to a component.

use crate::bounds::set;
use crate::errors::{Errors, span};
use crate::json::{Object, text};
use crate::reasons::text_of;
use crate::words::{Word, unknown, words};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Attribute, Expr, FnArg, GenericArgument, ItemFn, Lit, Meta, PathArguments, ReturnType, Type};

/// The types of a policy's arguments.
#[derive(Default)]
struct Arguments {
    inputs: Option<Type>,
    parameters: Option<Type>,
    reasons: Option<Type>,
    contributions: Option<Type>,
}

/// How a policy answers.
struct Answer {
    /// The function of the SDK that judges a batch.
    how: TokenStream,
    /// Its further argument.
    explained: Option<TokenStream>,
    /// A closure over the author's function.
    one: TokenStream,
    /// The score's JSON.
    score: String,
}

const RULES: &str = "a policy of rules is fn name(inputs: &I, parameters: &P, hits: &mut Hits<R>), \
                     where the parameters may be left out";
const SCORING: &str = "a scoring policy is fn name(inputs: &I, parameters: &P, hits: &mut Hits<R>, \
                       moved: &mut Contributions<I>) -> f64, where all but the inputs may be left out";

pub(crate) fn rules(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    for word in words(attribute, &mut errors) {
        unknown(&word, "rules", "no words", &mut errors);
    }
    let Some(function) = errors.keep(syn::parse2::<ItemFn>(item.clone())) else { return with(item, errors) };
    let arguments = arguments(&function, RULES, &mut errors);
    if let Some(contributions) = &arguments.contributions {
        errors.at(contributions, "only a score has contributions: use #[scoring]");
    }
    if arguments.reasons.is_none() {
        errors.at(&function.sig.inputs, format!("its hits are missing: {RULES}"));
    }
    if let ReturnType::Type(_, ty) = &function.sig.output {
        errors.at(ty, "rules answer with hits and return nothing; a number is #[scoring]");
    }
    let name = &function.sig.ident;
    let own = Span::mixed_site(); // a policy may be called `inputs`
    let one = match arguments.parameters {
        Some(_) => quote_spanned!(own => |inputs, parameters, hits| #name(inputs, parameters, hits)),
        None => quote_spanned!(own => |inputs, _, hits| #name(inputs, hits)),
    };
    finish(
        item,
        &function,
        &arguments,
        &Answer { how: quote!(rules), explained: None, one, score: "null".into() },
        errors,
    )
}

pub(crate) fn scoring(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Some(function) = errors.keep(syn::parse2::<ItemFn>(item.clone())) else { return with(item, errors) };
    let arguments = arguments(&function, SCORING, &mut errors);
    let (score, explained) = score(attribute, &function, &arguments, &mut errors);
    match &function.sig.output {
        ReturnType::Type(_, ty) if matches!(&**ty, Type::Path(path) if path.path.is_ident("f64")) => {}
        ReturnType::Type(_, ty) => errors.at(ty, "a score is an f64"),
        ReturnType::Default => errors.at(&function.sig.ident, "a scoring policy returns its score: -> f64"),
    }
    let name = &function.sig.ident;
    let own = Span::mixed_site(); // a policy may be called `inputs`
    let parameters = arguments.parameters.is_some().then(|| quote_spanned!(own => parameters,));
    let hits = arguments.reasons.is_some().then(|| quote_spanned!(own => hits,));
    let moved = arguments.contributions.is_some().then(|| quote_spanned!(own => moved));
    let one = quote_spanned!(own => |inputs, parameters, hits, moved| {
        let _ = (&parameters, &hits, &moved);
        #name(inputs, #parameters #hits #moved)
    });
    let explained = Some(quote!(, #explained));
    finish(item, &function, &arguments, &Answer { how: quote!(scoring), explained, one, score }, errors)
}

/// The item as it was, and the mistakes.
fn with(mut item: TokenStream, errors: Errors) -> TokenStream {
    item.extend(errors.tokens());
    item
}

/// The words of `#[scoring]` as JSON, and whether there are contributions.
fn score(attribute: TokenStream, function: &ItemFn, arguments: &Arguments, errors: &mut Errors) -> (String, bool) {
    let (mut minimum, mut maximum, mut risky, mut said) = (None, None, None, None);
    let mut contributions = None;
    for word in words(attribute, errors) {
        match (word.name().as_str(), word) {
            ("minimum", word) => set(&mut minimum, word, errors),
            ("maximum", word) => set(&mut maximum, word, errors),
            ("risky", word) => set(&mut risky, word, errors),
            ("summary", word) => set(&mut said, word, errors),
            ("contributions", Word::Flag(ident)) => contributions = Some(ident),
            (_, word) => unknown(&word, "scoring", "minimum, maximum, risky, contributions, summary", errors),
        }
    }
    match (&contributions, &arguments.contributions) {
        (Some(ident), None) => {
            errors.at(ident, "the function takes no `moved: &mut Contributions<…>` to say them with")
        }
        (None, Some(ty)) => errors.at(ty, "say so in the attribute: #[scoring(…, contributions)]"),
        _ => {}
    }
    let mut object = Object::new();
    let name = &function.sig.ident;
    let bound = |bound: &Option<crate::literal::Literal>, what: &str, errors: &mut Errors| match bound {
        Some(literal) => errors.keep(literal.number()),
        None => {
            errors.at(name, format!("its scale is missing: #[scoring({what} = …)]"));
            None
        }
    };
    let (low, high) = (bound(&minimum, "minimum", errors), bound(&maximum, "maximum", errors));
    if let (Some(low), Some(high)) = (low, high) {
        if low >= high
            && let Some(maximum) = &maximum
        {
            errors.on(maximum.span(), "the maximum of a scale is above its minimum");
        }
        object.put("minimum", format!("{low:?}")).put("maximum", format!("{high:?}"));
    }
    match risky.as_ref().map(|risky| (risky, text_of(risky, errors))) {
        Some((_, Some(end))) if end == "high" || end == "low" => {
            object.text("risky", &end);
        }
        Some((literal, _)) => errors.on(literal.span(), "the risky end is \"high\" or \"low\""),
        None => errors.at(name, "which end is risky? #[scoring(risky = \"high\")] or \"low\""),
    }
    object.put("contributions", contributions.is_some().to_string());
    let summary = said.as_ref().and_then(|said| text_of(said, errors));
    let summary = summary.unwrap_or_else(|| summary_of(&function.attrs).unwrap_or_default());
    (object.text("summary", &summary).end(), contributions.is_some())
}

/// The policy around the function.
fn finish(
    item: TokenStream,
    function: &ItemFn,
    arguments: &Arguments,
    answer: &Answer,
    mut errors: Errors,
) -> TokenStream {
    let (ident, visibility) = (&function.sig.ident, &function.vis);
    let name = ident.unraw().to_string();
    if !name.is_ascii() || name.starts_with('_') || name.ends_with('_') || name.contains("__") || name.len() > 64 {
        errors.at(ident, "a policy is named by words of ASCII with _ between them, at most 64 bytes");
    }
    let summary = summary_of(&function.attrs).unwrap_or_else(|| {
        errors.at(ident, "say in a doc comment above it what the policy stops: people read it");
        String::new()
    });
    let (Some(inputs), false) = (&arguments.inputs, errors.any()) else { return with(item, errors) };
    let parameters = arguments.parameters.as_ref().map_or_else(|| quote!(expand::NoParameters), |ty| quote!(#ty));
    let reasons = arguments.reasons.as_ref().map_or_else(|| quote!(expand::NoReasons), |ty| quote!(#ty));
    let head = format!("{{\"schema\":1,\"name\":{},\"version\":\"", text(&name.to_lowercase().replace('_', "-")));
    let tail = format!("\",\"summary\":{}", text(&summary));
    let doc = format!("The policy that [`{name}()`] makes.");
    let checks = quote_spanned! { span(inputs) =>
        ::sandgate_sdk::check_all!(#reasons, (#inputs, #parameters));
        ::sandgate_sdk::check_all!(#parameters, #inputs);
        ::sandgate_sdk::check_all!(#inputs, #parameters);
    };
    let Answer { how, explained, one, score } = answer;
    quote! {
        // one caller, whose constants (the scales of decimals) it should see
        #[cfg_attr(target_arch = "wasm32", inline(always))]
        #item

        #[doc = #doc]
        #[allow(non_camel_case_types, reason = "named as its function, as the author knows it")]
        #visibility struct #ident {}

        const _: () = {
            use ::sandgate_sdk::expand;

            #[automatically_derived]
            impl ::sandgate_sdk::Policy for #ident {
                const MANIFEST: &'static str = {
                    const PIECES: &[expand::Piece] = &expand::manifest(
                        concat!(#head, env!("CARGO_PKG_VERSION"), #tail),
                        <#inputs as expand::Declared>::JSON,
                        <#parameters as expand::Declared>::JSON,
                        <#reasons as ::sandgate_sdk::Reasons>::JSON,
                        #score,
                    );
                    const BYTES: [u8; expand::length(PIECES)] = expand::join(PIECES);
                    match ::core::str::from_utf8(&BYTES) {
                        Ok(manifest) => manifest,
                        Err(_) => unreachable!(),
                    }
                };

                fn judge(rows: &expand::Rows, parameters: &expand::Rows) -> expand::Verdicts {
                    expand::#how::<#inputs, #parameters, #reasons>(rows, parameters #explained, #one)
                }
            }

            #checks

            #[cfg(target_arch = "wasm32")]
            ::sandgate_sdk::bindings::export_policy!(#ident with_types_in ::sandgate_sdk::bindings);
        };
    }
}

/// The first paragraph of the doc comment.
fn summary_of(attributes: &[Attribute]) -> Option<String> {
    let mut lines = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        if let Meta::NameValue(pair) = &attribute.meta
            && let Expr::Lit(literal) = &pair.value
            && let Lit::Str(line) = &literal.lit
        {
            lines.push(line.value().trim().to_owned());
        }
    }
    let paragraph: Vec<String> = lines.into_iter().take_while(|line| !line.is_empty()).collect();
    (!paragraph.is_empty()).then(|| paragraph.join(" "))
}

fn arguments(function: &ItemFn, form: &str, errors: &mut Errors) -> Arguments {
    let signature = &function.sig;
    if !signature.generics.params.is_empty() {
        errors.at(&signature.generics, "the values of a policy have fixed types: no generics here");
    }
    let words = [
        signature.asyncness.map(|word| span(&word)),
        signature.unsafety.map(|word| span(&word)),
        signature.abi.as_ref().map(span),
    ];
    for place in words.into_iter().flatten() {
        errors.on(place, "a policy is a plain function");
    }
    let before = errors.count();
    let mut found = Arguments::default();
    for argument in &signature.inputs {
        let place = match argument {
            FnArg::Typed(typed) => match &*typed.ty {
                Type::Reference(reference) if reference.mutability.is_some() => {
                    match inside(&reference.elem, "Hits") {
                        Some(reasons) if found.reasons.is_none() && found.contributions.is_none() => {
                            found.reasons = Some(reasons);
                            continue;
                        }
                        _ => {}
                    }
                    match inside(&reference.elem, "Contributions") {
                        Some(inputs) if found.contributions.is_none() => {
                            found.contributions = Some(inputs);
                            continue;
                        }
                        _ => {}
                    }
                    argument
                }
                Type::Reference(reference) if found.reasons.is_none() && found.contributions.is_none() => {
                    let slot = if found.inputs.is_none() { &mut found.inputs } else { &mut found.parameters };
                    if slot.is_none() {
                        *slot = Some((*reference.elem).clone());
                        continue;
                    }
                    argument
                }
                _ => argument,
            },
            FnArg::Receiver(_) => argument,
        };
        errors.at(place, form);
    }
    if found.inputs.is_none() && errors.count() == before {
        errors.at(&signature.ident, format!("it reads nothing: {form}"));
    }
    found
}

/// The `R` of `Hits<R>`.
fn inside(ty: &Type, name: &str) -> Option<Type> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last().filter(|segment| segment.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    })
}
