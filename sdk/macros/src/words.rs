//! The words of an attribute: `"trade_type"`, `closed`, `default = 1`, `by("a", "b")`.

use crate::errors::Errors;
use crate::literal::Literal;
use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Ident, Meta, Token};

/// A word of an attribute.
pub(crate) enum Word {
    /// A value by itself.
    Bare(Literal),
    /// A name by itself.
    Flag(Ident),
    /// A name with a value.
    Value(Ident, Literal),
    /// A name with words of its own.
    Group(Ident, TokenStream),
}

impl Word {
    /// Where it stands.
    pub(crate) fn span(&self) -> Span {
        match self {
            Word::Bare(literal) => literal.span(),
            Word::Flag(name) | Word::Value(name, _) | Word::Group(name, _) => name.span(),
        }
    }

    /// Its name; a value by itself has none.
    pub(crate) fn name(&self) -> String {
        match self {
            Word::Bare(_) => String::new(),
            Word::Flag(name) | Word::Value(name, _) | Word::Group(name, _) => name.unraw().to_string(),
        }
    }
}

fn word(input: ParseStream<'_>) -> syn::Result<Word> {
    if !input.peek(Ident::peek_any) || input.peek(syn::LitBool) {
        return Literal::parse(input).map(Word::Bare);
    }
    let name = input.call(Ident::parse_any)?;
    if input.peek(Token![=]) && !input.peek(Token![==]) {
        input.parse::<Token![=]>()?;
        return Ok(Word::Value(name, Literal::parse(input)?));
    }
    if input.peek(syn::token::Paren) {
        let inside;
        syn::parenthesized!(inside in input);
        return Ok(Word::Group(name, inside.parse()?));
    }
    Ok(Word::Flag(name))
}

/// Parses items with commas between them; a mistake in one does not hide those of the next.
pub(crate) fn separated<T>(
    tokens: TokenStream,
    errors: &mut Errors,
    mut one: impl FnMut(ParseStream<'_>) -> syn::Result<T>,
) -> Vec<T> {
    let mut items = Vec::new();
    let mut item = TokenStream::new();
    let mut rest = tokens.into_iter().peekable();
    while rest.peek().is_some() {
        for token in rest.by_ref() {
            match &token {
                TokenTree::Punct(comma) if comma.as_char() == ',' => break,
                _ => item.extend([token]),
            }
        }
        let parser = |input: ParseStream<'_>| one(input);
        items.extend(errors.keep(Parser::parse2(parser, std::mem::take(&mut item))));
    }
    items
}

/// The words of these tokens.
pub(crate) fn words(tokens: TokenStream, errors: &mut Errors) -> Vec<Word> {
    separated(tokens, errors, word)
}

/// The words of an attribute, which may have no parentheses at all.
pub(crate) fn of_attribute(attribute: &Attribute, errors: &mut Errors) -> Vec<Word> {
    match &attribute.meta {
        Meta::Path(_) => Vec::new(),
        Meta::List(list) => words(list.tokens.clone(), errors),
        Meta::NameValue(pair) => {
            errors.at(pair, "write the words in parentheses: #[field(\"name\", default = 1)]");
            Vec::new()
        }
    }
}

/// The one attribute of these names, and a mistake for each further one.
pub(crate) fn only<'a>(attributes: &'a [Attribute], names: &[&str], errors: &mut Errors) -> Option<&'a Attribute> {
    let mut found = attributes.iter().filter(|attribute| names.iter().any(|name| attribute.path().is_ident(name)));
    let first = found.next();
    for more in found {
        errors.at(more, "one attribute is enough: this says where the value comes from a second time");
    }
    first
}

/// A word that the attribute does not have.
pub(crate) fn unknown(word: &Word, attribute: &str, known: &str, errors: &mut Errors) {
    let said = match word.name() {
        name if name.is_empty() => "this value has no place here".to_owned(),
        name => format!("`{name}` is no word of #[{attribute}]"),
    };
    errors.on(word.span(), format!("{said}; it takes {known}"));
}
