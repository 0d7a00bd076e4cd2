//! What the shared windows of all tenants are laid out by.

use crate::member::Tag;
use crate::name::{Naming, tag};
use sandgate_model::Kind;
use sandgate_window::{Family, Plan, Reader};
use std::sync::Arc;

/// Series live on for so long behind the last moment that a window may look at
/// them, in milliseconds: a host that was away for a while finds them again.
const MARGIN: i64 = 86_400_000;

/// The tenants and sources of a host, as shared series know them.
#[derive(Debug)]
pub struct Layout {
    pub(crate) tenants: Vec<Option<Sharing>>,
    pub(crate) sources: Vec<Tag>,
}

/// The shared windows of a tenant.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// The tenant's name.
    pub name: Arc<str>,
    /// Its shared windows, and nothing else.
    pub plan: Arc<Plan>,
    /// The fields that windows read, by their index in the plan.
    pub fields: Vec<(String, Kind)>,
    /// Those of them that are stored with every event, for windows to come.
    pub kept: Vec<usize>,
}

/// Two names that would be taken for one another.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} `{one}` and `{other}` cannot be told apart in shared series (their hashes are alike); rename one")]
pub struct LayoutError {
    what: &'static str,
    one: String,
    other: String,
}

/// A tenant with shared windows.
#[derive(Debug)]
pub(crate) struct Sharing {
    pub(crate) plan: Arc<Plan>,
    /// How many fields there are.
    pub(crate) width: usize,
    pub(crate) families: Vec<Shared>,
    /// Tag, place and kind of each field, by tag.
    fields: Vec<(Tag, usize, Kind)>,
}

/// A family whose series are shared.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) naming: Naming,
    pub(crate) readers: Vec<Reader>,
    /// The fields of each event, with their tags.
    pub(crate) stored: Vec<(usize, Tag, Kind)>,
    /// How far behind the horizon a window looks, in milliseconds.
    pub(crate) reach: i64,
    /// How long a series lives that gets no more events, in milliseconds.
    pub(crate) ttl: i64,
}

impl Layout {
    /// The layout of tenants (`None` where one shares nothing) and of sources by
    /// name. `lateness` is how far behind its lane's clock a record is late, in milliseconds.
    ///
    /// # Errors
    /// Where two fields of a tenant or two sources have names with one hash.
    pub fn new(tenants: Vec<Option<Tenant>>, sources: &[Arc<str>], lateness: i64) -> Result<Layout, LayoutError> {
        let names: Vec<String> = sources.iter().map(|name| name.to_string()).collect();
        let sources = tags("sources", &names)?;
        let tenants =
            tenants.into_iter().map(|tenant| tenant.map(|tenant| Sharing::new(&tenant, lateness)).transpose());
        Ok(Layout { tenants: tenants.collect::<Result<_, _>>()?, sources })
    }

    /// Whether nothing is shared.
    pub fn is_empty(&self) -> bool {
        self.tenants.iter().all(Option::is_none)
    }

    /// What a tenant shares.
    pub(crate) fn tenant(&self, tenant: u32) -> Option<&Sharing> {
        self.tenants.get(tenant as usize)?.as_ref()
    }

    /// The source of an event, if it is one of this host.
    pub(crate) fn source(&self, tag: Tag) -> Option<usize> {
        self.sources.iter().position(|source| *source == tag)
    }
}

impl Sharing {
    fn new(tenant: &Tenant, lateness: i64) -> Result<Sharing, LayoutError> {
        let texts: Vec<String> = tenant.fields.iter().map(|(name, kind)| format!("{name}:{kind}")).collect();
        let tags = tags("fields", &texts)?;
        let all = || tags.iter().zip(&tenant.fields).enumerate();
        let mut fields: Vec<_> = all().map(|(at, (tag, (_, kind)))| (*tag, at, *kind)).collect();
        fields.sort_unstable_by_key(|(tag, ..)| *tag);
        let families = tenant.plan.families().iter().enumerate().map(|(number, family)| {
            let by: Vec<(&str, Kind)> = family
                .by()
                .iter()
                .filter_map(|at| tenant.fields.get(*at))
                .map(|(name, kind)| (&**name, *kind))
                .collect();
            let needed: Vec<usize> = family.needs().chain(tenant.kept.iter().copied()).collect();
            Shared {
                naming: Naming::new(&tenant.name, &by),
                readers: tenant.plan.readers(number),
                stored: all()
                    .filter(|(at, _)| needed.contains(at))
                    .map(|(at, (tag, (_, kind)))| (at, *tag, *kind))
                    .collect(),
                reach: family.reach(),
                ttl: family.reach().saturating_add(lateness).saturating_add(MARGIN),
            }
        });
        Ok(Sharing { plan: Arc::clone(&tenant.plan), width: tenant.fields.len(), families: families.collect(), fields })
    }

    /// The family of a number, with what the plan says of it.
    pub(crate) fn family(&self, number: u32) -> Option<(&Shared, &Family)> {
        Some((self.families.get(number as usize)?, self.plan.families().get(number as usize)?))
    }

    /// The place and kind of a field.
    pub(crate) fn field(&self, tag: Tag) -> Option<(usize, Kind)> {
        let found = self.fields.binary_search_by_key(&tag, |(tag, ..)| *tag).ok()?;
        self.fields.get(found).map(|(_, place, kind)| (*place, *kind))
    }
}

/// The tags of some names, which must differ.
fn tags(what: &'static str, names: &[String]) -> Result<Vec<Tag>, LayoutError> {
    let tags: Vec<Tag> = names.iter().map(|name| tag(name)).collect();
    for (at, one) in tags.iter().enumerate() {
        if let Some(other) = tags.iter().skip(at + 1).position(|other| other == one) {
            let name = |at: usize| names.get(at).cloned().unwrap_or_default();
            return Err(LayoutError { what, one: name(at), other: name(at + 1 + other) });
        }
    }
    Ok(tags)
}
