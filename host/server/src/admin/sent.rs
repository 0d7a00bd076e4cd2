//! What clients send, as types: the document of the API is made from them, with their
//! bounds. What the registry bounds in bytes is bounded in characters here, so that a
//! text that fits the document fits the registry.

use schemars::JsonSchema;
use serde::Deserialize;

/// The largest number that every client can read.
pub(super) const NUMBER_MAX: u64 = (1 << 53) - 1;
/// Most characters of a reason: 512 of four bytes are what the registry takes.
pub(super) const WHY_MAX: usize = 512;
/// Most characters of the name of a tenant, which the registry bounds in bytes.
pub(super) const NAME_MAX: usize = 64;
/// A text of one line that cannot disturb a terminal.
pub(super) const LINE: &str = r"^[^\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]*$";
/// A change, as POLICY.KEY=VALUE.
const CHANGE: &str = r"^[^=.\u0000-\u001f\u007f]+\.[^=\u0000-\u001f\u007f]+=[^\u0000-\u001f\u007f]*$";

/// A policy to push.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Push {
    /// The component in base64, with padding.
    #[schemars(
        length(min = 4, max = 60_000_000),
        regex(pattern = r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$")
    )]
    pub(super) component: String,
    /// Its cases.
    #[serde(default)]
    #[schemars(length(max = 1_000))]
    pub(super) cases: Vec<Case>,
    /// Its page, in Markdown.
    #[serde(default)]
    #[schemars(length(max = 1_000_000))]
    pub(super) readme: Option<String>,
    /// Why; it stands in the history.
    #[serde(default)]
    #[schemars(length(max = 512), regex(pattern = LINE))]
    pub(super) why: String,
}

/// A case of a policy.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    /// The name of its file.
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[A-Za-z0-9._-]+$"))]
    pub(super) name: String,
    /// Its text, in TOML.
    #[schemars(length(max = 1_000_000))]
    pub(super) text: String,
}

/// A change of what a tenant runs: either `changes` or a `document`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{ "required": ["changes"] }, { "required": ["document"] }]))]
pub(super) struct Activate {
    /// Changes of the active document, each as POLICY.KEY=VALUE.
    #[serde(default)]
    #[schemars(with = "Vec<Change>", length(min = 1, max = 100))]
    pub(super) changes: Option<Vec<Change>>,
    /// A document in place of the active one; components stand in it by digest.
    #[serde(default)]
    #[schemars(with = "String", length(min = 1, max = 131_072))]
    pub(super) document: Option<String>,
    /// Only if the tenant's revision is still this one; 0 for a tenant that is new.
    #[serde(default)]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub(super) expect: Option<u64>,
    /// Make it ready and change nothing.
    #[serde(default)]
    pub(super) check: bool,
    /// Let windows that it adds get what was before them: as `backfill = true` in the document.
    #[serde(default)]
    pub(super) backfill: bool,
    /// Why; it stands in the history.
    #[serde(default)]
    #[schemars(length(max = 512), regex(pattern = LINE))]
    pub(super) why: String,
}

/// A change, as POLICY.KEY=VALUE.
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub(super) struct Change(#[schemars(length(max = 4_096), regex(pattern = CHANGE))] pub(super) String);

/// Back to a generation.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rollback {
    /// Which one [default: the one that was active before].
    #[serde(default)]
    #[schemars(range(min = 1, max = 9_007_199_254_740_991_u64))]
    pub(super) to: Option<u64>,
    /// Only if the tenant's revision is still this one.
    #[serde(default)]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub(super) expect: Option<u64>,
    /// Why; it stands in the history.
    #[serde(default)]
    #[schemars(length(max = 512), regex(pattern = LINE))]
    pub(super) why: String,
}

/// A change of one of a tenant's switches.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Switch {
    /// Only if the tenant's revision is still this one.
    #[serde(default)]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub(super) expect: Option<u64>,
    /// Why; it stands in the history.
    #[serde(default)]
    #[schemars(length(max = 512), regex(pattern = LINE))]
    pub(super) why: String,
}

/// Whether changes of a tenant need a second pair of eyes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FourEyes {
    /// Whether they do.
    pub(super) asked: bool,
    /// Only if the tenant's revision is still this one.
    #[serde(default)]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub(super) expect: Option<u64>,
    /// Why; it stands in the history.
    #[serde(default)]
    #[schemars(length(max = 512), regex(pattern = LINE))]
    pub(super) why: String,
}

/// A reason.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Why {
    /// Why; it stands in the history.
    #[serde(default)]
    #[schemars(length(max = 512), regex(pattern = LINE))]
    pub(super) why: String,
}
