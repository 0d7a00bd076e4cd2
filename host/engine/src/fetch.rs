//! The tags of a batch, fetched in one call before its policies run.
//!
//! Each answer says by itself how good it is, and what is stale or missing is a
//! circumstance of its row, which names the tag and the tier but nobody's id. What
//! a missing one means is the tenant's choice: the declared default, or a fault.

use crate::cells::{Sheet, Tag};
use crate::circumstance::{Circumstance, What};
use crate::document::MissingTag;
use crate::generation::Columns;
use sandgate_model::Value;
use sandgate_tags::{Answer, Store, Trouble, Wanted};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// Fetches the tags of a batch. Without a store they are absent.
pub(crate) fn fetch_tags(
    sheet: &mut Sheet<'_>,
    rows: usize,
    columns: &Columns,
    store: Option<&dyn Store>,
    missing: MissingTag,
) {
    let each = columns.tags.len();
    sheet.tags = vec![Tag::Absent; rows * each];
    let Some(store) = store.filter(|_| each > 0) else { return };
    let ids: Vec<Option<Cow<'_, str>>> = (0..rows)
        .flat_map(|row| columns.tags.iter().map(move |tag| row * columns.fields.len() + tag.by))
        .map(|field| match &sheet.fields[field] {
            Ok(Some(Value::Text(text))) => Some(Cow::Borrowed(*text)),
            Ok(Some(Value::Integer(integer))) => Some(Cow::Owned(integer.to_string())),
            _ => None,
        })
        .collect();
    let (places, wanted): (Vec<usize>, Vec<Wanted<'_>>) = ids
        .iter()
        .zip(columns.tags.iter().cycle())
        .enumerate()
        .filter_map(|(place, (id, tag))| {
            let wanted = Wanted { entity: &tag.entity, attribute: &tag.attribute, id: id.as_deref()? };
            Some((place, wanted))
        })
        .unzip();
    let mut found = Vec::with_capacity(wanted.len());
    store.look_up(&wanted, &mut found);
    // a storm of them says the same of every row: it is written once
    let mut details: HashMap<(usize, Trouble), Arc<str>> = HashMap::new();
    let mut say = |place: usize, trouble: Trouble| {
        let detail = details.entry((place % each, trouble)).or_insert_with(|| {
            let tag = &columns.tags[place % each];
            format!("tag {} of {}: {} {}", tag.attribute, tag.entity, trouble.tier.word(), trouble.why.words()).into()
        });
        Arc::clone(detail)
    };
    for (place, answer) in places.into_iter().zip(found) {
        let row = place / each;
        sheet.tags[place] = match answer {
            Answer::Absent => Tag::Absent,
            Answer::Found(text) => Tag::Text(text),
            Answer::Stale(text, trouble) => {
                sheet.circumstances.add_to(row, Circumstance::new(What::StaleTag, say(place, trouble)));
                text.map_or(Tag::Absent, Tag::Text)
            }
            Answer::Missing(trouble) => {
                sheet.circumstances.add_to(row, Circumstance::new(What::MissingTag, say(place, trouble)));
                match missing {
                    MissingTag::Default => Tag::Absent,
                    MissingTag::Fault => Tag::Lost,
                }
            }
        };
    }
}
