//! The tags of a trial: a table in memory, behind the seam that a host's store
//! stands behind.

use sandgate_tags::{Answer, Store, Tag, TagError, Wanted};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Entity, id and attribute.
type Name = (String, String, String);

/// Tags that a case sets.
#[derive(Debug, Default)]
pub struct Table {
    tags: RwLock<HashMap<Name, Arc<str>>>,
}

impl Table {
    /// Sets a tag, or takes it away.
    ///
    /// # Errors
    /// Where no store would take it.
    pub fn set(&self, name: Wanted<'_>, value: Option<&str>) -> Result<(), TagError> {
        let key = (name.entity.to_owned(), name.id.to_owned(), name.attribute.to_owned());
        let mut tags = self.tags.write().unwrap_or_else(PoisonError::into_inner);
        match value {
            Some(value) => {
                Tag { entity: name.entity, id: name.id, attribute: name.attribute, value }.check()?;
                tags.insert(key, Arc::from(value));
            }
            None => {
                tags.remove(&key);
            }
        }
        Ok(())
    }
}

impl Store for Table {
    fn look_up(&self, wanted: &[Wanted<'_>], found: &mut Vec<Answer>) {
        let tags = self.tags.read().unwrap_or_else(PoisonError::into_inner);
        let find = |name: &Wanted<'_>| {
            Answer::of(tags.get(&(name.entity.to_owned(), name.id.to_owned(), name.attribute.to_owned())).cloned())
        };
        found.clear();
        found.extend(wanted.iter().map(find));
    }
}
