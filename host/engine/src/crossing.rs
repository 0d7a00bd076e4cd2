//! Windows that one partition cannot answer: their key leaves out the field that
//! keys a topic, so that their events are spread over lanes, and each lane would
//! count only its own.

use crate::generation::{Generation, SiteSource};

/// A series whose events come from several partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// The tenant whose windows they are.
    pub tenant: String,
    /// The fields of the series' key.
    pub by: Vec<String>,
    /// The source whose records feed it.
    pub source: String,
    /// The field that keys that source's topic.
    pub key: String,
}

impl std::fmt::Display for Crossing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Crossing { tenant, by, source, key } = self;
        write!(
            f,
            "tenant {tenant} has windows by {}, and the topic of source {source} is keyed by {key}: their events lie \
             on several partitions, so each host would count a part of them; key the topic by one of these fields, \
             give it a single partition, or declare the series shared ([state] shared)",
            by.join(", ")
        )
    }
}

/// The series of a generation that cross the partitions of these sources, but for
/// those by a field that is `shared`.
pub fn crossing(generation: &Generation, sources: &[SiteSource], shared: &[String]) -> Vec<Crossing> {
    let stored = generation.stored();
    let mut all = Vec::new();
    for family in generation.plan().families() {
        let by: Vec<String> =
            family.by().iter().filter_map(|field| Some(stored.get(*field)?.0.clone())).collect();
        if by.iter().any(|field| shared.contains(field)) {
            continue;
        }
        for source in sources {
            let schema = &source.schema;
            let Some(keyed) = source.keyed else { continue };
            let Some(key) = schema.fields.get(keyed.field) else { continue };
            // a source without these fields has no event in the series
            if by.iter().all(|field| schema.field(field).is_some()) && !by.contains(&key.name) {
                all.push(Crossing {
                    tenant: generation.tenant.to_string(),
                    by: by.clone(),
                    source: schema.source.to_string(),
                    key: key.name.clone(),
                });
            }
        }
    }
    all
}
