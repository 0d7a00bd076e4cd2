//! The derives and attributes of `sandgate-sdk`, which re-exports and shows them in use.
//!
//! Each is a pure function from tokens to tokens and *all* mistakes. A derive
//! writes its part of the manifest as JSON; `#[rules]` and `#[scoring]` put the
//! parts together.

mod bounds;
mod choice;
mod conditions;
mod errors;
mod inputs;
mod json;
mod literal;
mod logistic;
mod message;
mod names;
mod parameters;
mod policy;
mod reasons;
mod shape;
mod time;
mod window;
mod words;

use proc_macro::TokenStream;

/// What a policy reads: a struct whose fields say where each value comes from.
///
/// | attribute | meaning |
/// |---|---|
/// | `#[field]`, `#[field("trade_type")]` | the transaction's field of the same name, or of that name |
/// | `#[tag(account, "risk_level")]` | a stored attribute of an entity; its id is the field of the entity's name, unless `by = "…"` |
/// | `#[window(count, by = "account", span = "1m")]` | an aggregate over the events of the same key |
///
/// All of them take `scale = 0..18` (of a `Decimal`, 4 otherwise), `default = …`, `minimum = …` and `maximum = …`.
/// A value outside its bounds, and an absent one of a type `T`, is a fault: the transaction gets the policy's fallback.
/// `Option<T>` may be absent; a default fills in.
///
/// A window has an aggregate (`count`, `sum`, `mean`, `minimum`, `maximum`, `deviation`, `distinct`, `first_seen`,
/// `last_seen`, `latest`), `of = "amount"` where it is one of a value, `by = "account"` or `by("account", "merchant")`,
/// and one of
/// - `span = "1m"`, with `delay = "1d"`, `closed` (the left edge belongs to it) and `resolution = "1s"`,
/// - `tumbling = "1h"`, with `offset = "30m"`,
/// - `calendar(day, "Asia/Shanghai")` of `hour`, `day`, `week`, `month`,
/// - `session("30m", longest = "1d")`;
///
/// further `previous` (the transaction itself does not count), `sources("settlements")` and
/// `only(trade_type = "subscribe", channel = ["web", "app"], status != "failed", amount >= 10, amount < 100)`. In place
/// of a value stands the name of a parameter where the tenant decides: `amount < largest`; a list with `=` and `!=`.
#[proc_macro_derive(Inputs, attributes(field, tag, window))]
pub fn inputs(item: TokenStream) -> TokenStream {
    run(item, inputs::expand)
}

/// What a tenant may set: a struct of values and lists (`Vec<T>`, `&[i64]`, `&[f64]`).
///
/// `#[parameter(default = …, minimum = …, maximum = …, any_of = […], scale = …, longest = …)]`. One without a
/// default must be set by the tenant. The bounds hold for each element of a list; `longest` bounds its length.
#[proc_macro_derive(Parameters, attributes(parameter))]
pub fn parameters(item: TokenStream) -> TokenStream {
    run(item, parameters::expand)
}

/// What a policy may answer: an enum of at most 64 unit variants, each with
/// `#[reason(effect, "message")]`.
///
/// The effect is `note`, `review`, `block` or `exempt`; `final` and `weight = 20` may follow. The message names
/// inputs and parameters in braces; `{{` is a brace. `LargeAmount` becomes the code `LARGE_AMOUNT`.
#[proc_macro_derive(Reasons, attributes(reason))]
pub fn reasons(item: TokenStream) -> TokenStream {
    run(item, reasons::expand)
}

/// A small enum read from a text: `Subscribe` is read from `subscribe`, or from
/// what `#[choice("申购")]` says; `#[choice(other)]` marks the variant for every other text.
#[proc_macro_derive(Choice, attributes(choice))]
pub fn choice(item: TokenStream) -> TokenStream {
    run(item, choice::expand)
}

/// The features of a logistic model that was trained elsewhere: `sandgate_sdk::model` shows how to export and use one.
///
/// `#[logistic("model.json")]` above the struct names the file, from the folder of the crate's `Cargo.toml`. Each of its
/// features is a field of the same name, in any order; `#[column("trade type")]` above a field names one whose name
/// is none of Rust's. A feature without a field is an error, and a field without a feature too.
#[proc_macro_derive(Logistic, attributes(logistic, column))]
pub fn logistic(item: TokenStream) -> TokenStream {
    run(item, logistic::expand)
}

/// Makes a policy of a function `(inputs: &I, parameters: &P, hits: &mut Hits<R>)`; the parameters may be left out.
///
/// The policy's name is the function's, its summary the doc comment's first paragraph, its version the package's.
/// A crate has one policy.
#[proc_macro_attribute]
pub fn rules(words: TokenStream, item: TokenStream) -> TokenStream {
    policy::rules(words.into(), item.into()).into()
}

/// Makes a scoring policy of a function that returns an `f64`:
/// `#[scoring(minimum = 0, maximum = 1, risky = "high")]`.
///
/// Its arguments are `inputs: &I`, and where wanted, in this order: `parameters: &P`, `hits: &mut Hits<R>`,
/// `moved: &mut Contributions<I>`, which `#[scoring(…, contributions)]` announces. `summary = "…"` says what the number
/// means; otherwise the policy's own summary does.
#[proc_macro_attribute]
pub fn scoring(words: TokenStream, item: TokenStream) -> TokenStream {
    policy::scoring(words.into(), item.into()).into()
}

/// Parses the item of a derive, and puts the mistakes behind what was made of it.
fn run(
    item: TokenStream,
    expand: fn(&syn::DeriveInput, &mut errors::Errors) -> proc_macro2::TokenStream,
) -> TokenStream {
    let mut errors = errors::Errors::default();
    let mut tokens = match errors.keep(syn::parse::<syn::DeriveInput>(item)) {
        Some(item) => expand(&item, &mut errors),
        None => proc_macro2::TokenStream::new(),
    };
    tokens.extend(errors.tokens());
    tokens.into()
}
