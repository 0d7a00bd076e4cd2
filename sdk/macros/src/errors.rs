//! Mistakes, collected so that all are reported at once.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use std::fmt::Display;
use syn::Error;
use syn::spanned::Spanned;

/// How many checks against another struct there are, each a mistake of its own;
/// `sandgate_sdk::expand::Checks` has as many.
pub(crate) const CHECKS: usize = 64;

/// The mistakes of one declaration.
#[derive(Default)]
pub(crate) struct Errors(Vec<Error>);

impl Errors {
    /// Adds a mistake at these tokens.
    pub(crate) fn at(&mut self, place: &impl ToTokens, message: impl Display) {
        self.0.push(Error::new_spanned(place, message));
    }

    /// Adds a mistake at this place.
    pub(crate) fn on(&mut self, span: Span, message: impl Display) {
        self.0.push(Error::new(span, message));
    }

    /// Adds what a parser found.
    pub(crate) fn add(&mut self, error: Error) {
        self.0.push(error);
    }

    /// Whether there is a mistake.
    pub(crate) fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// How many mistakes there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The value, or the mistake added.
    pub(crate) fn keep<T>(&mut self, result: Result<T, Error>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    /// The tokens that make the compiler report all of them.
    pub(crate) fn tokens(self) -> TokenStream {
        self.0.into_iter().map(Error::into_compile_error).collect()
    }
}

/// The place of some tokens.
pub(crate) fn span(tokens: &impl Spanned) -> Span {
    tokens.span()
}
