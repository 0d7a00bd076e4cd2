//! What a host does for its admin API: the same as the verbs do.

use super::bundle::{Cases, Text};
use super::change::{self, Site, Wanted};
use crate::config::workshop::Workshop;
use crate::follow;
use crate::sets::document;
use sandgate_control::{Bundle, Registry, Who};
use sandgate_server::admin::desk::{Change, Done, Kept, Policy, Refusal};
use std::sync::Arc;

/// A workshop and the registry that it works for.
pub(crate) struct Desk {
    pub(crate) registry: Arc<Registry>,
    pub(crate) workshop: Workshop,
}

impl sandgate_server::admin::Desk for Desk {
    fn push(&self, policy: &Policy<'_>, who: &Who) -> Result<Kept, Refusal> {
        let loaded = self.workshop.load(policy.component);
        let loaded = loaded.map_err(|refusal| Refusal::Step {
            step: crate::sets::Step::Resolve.word(),
            why: format!("the component would be refused by a host: {refusal}"),
        })?;
        let texts = policy.cases.iter().map(|(name, text)| Text { name: name.clone(), text: text.clone() });
        let mut cases = Cases { cases: texts.collect() };
        cases.cases.sort_by(|a, b| a.name.cmp(&b.name));
        if let Some(twice) = cases.cases.windows(2).find(|pair| pair[0].name == pair[1].name) {
            return Err(Refusal::Unfit(format!("there are two cases {}: rename one", twice[0].name)));
        }
        let cases = (!cases.cases.is_empty()).then(|| cases.to_bytes());
        let bundle = Bundle {
            readme: policy.readme.map(str::as_bytes),
            cases: cases.as_deref(),
            ..document::bundle(&loaded, policy.component)
        };
        let pushed = match policy.may_change {
            true => self.registry.push(&bundle, who, follow::now()),
            false => self.registry.push_new(&bundle, who, follow::now()),
        };
        let (name, version) = (bundle.name.to_owned(), bundle.version.to_owned());
        Ok(Kept { pushed: pushed?, name, version })
    }

    fn change(&self, tenant: &str, change: &Change<'_>, who: &Who, token: &str) -> Result<Done, Refusal> {
        let Change { next, expected, check, backfill } = *change;
        let wanted = Wanted { next, components: &[], is_own: false, expected, check, backfill };
        let site = Site { workshop: &self.workshop, registry: &self.registry };
        change::change(site, tenant, &wanted, (who, Some(token)))
    }
}
