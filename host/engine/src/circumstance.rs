//! What a decision owes to the clock or to a failure: a closed list. Everything
//! else in a decision is a function of its generation and its inputs.

use crate::json::{self, List};
use sandgate_model::Instant;
use sandgate_state::{Late, Warming};
use std::sync::Arc;

/// The closed list, in the order in which a decision tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// Older than the lane's clock less the lateness that is allowed.
    Late,
    /// The decision's deadline had passed.
    Deadline,
    /// A tag was older than its time to live, because no tier could be asked.
    StaleTag,
    /// A tag could not be looked up, so that its default stood in.
    MissingTag,
    /// A shared series could not be read.
    MissingState,
    /// A policy was taken out after too many faults.
    Breaker,
    /// The tenant was over its quota.
    Shed,
    /// A window reaches back behind the beginning of the lane's state.
    Warming,
}

impl What {
    /// All of them.
    pub const ALL: [What; 8] = [
        What::Late,
        What::Deadline,
        What::StaleTag,
        What::MissingTag,
        What::MissingState,
        What::Breaker,
        What::Shed,
        What::Warming,
    ];

    /// The word for it in a decision.
    pub fn word(self) -> &'static str {
        match self {
            What::Late => "late",
            What::Deadline => "deadline",
            What::StaleTag => "stale-tag",
            What::MissingTag => "missing-tag",
            What::MissingState => "missing-state",
            What::Breaker => "breaker",
            What::Shed => "shed",
            What::Warming => "warming",
        }
    }
}

/// One circumstance, with what there is to say about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Circumstance {
    pub(crate) what: What,
    /// The policy that it is about; none where it is about all.
    pub(crate) policy: Option<Arc<str>>,
    pub(crate) detail: Arc<str>,
}

/// The circumstances of the rows of a batch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Circumstances {
    /// In the order of the rows.
    of_rows: Vec<(usize, Circumstance)>,
}

impl Circumstance {
    pub(crate) fn new(what: What, detail: impl Into<Arc<str>>) -> Circumstance {
        Circumstance { what, policy: None, detail: detail.into() }
    }

    /// The circumstance that a policy was taken out.
    pub(crate) fn breaker(policy: impl Into<Arc<str>>, why: &str) -> Circumstance {
        let detail = format!("taken out for a while: {why}; its fallback answers").into();
        Circumstance { what: What::Breaker, policy: Some(policy.into()), detail }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"what\":");
        json::string(out, self.what.word());
        out.extend_from_slice(b",\"policy\":");
        match &self.policy {
            Some(policy) => json::string(out, policy),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"detail\":");
        json::string(out, &self.detail);
        out.push(b'}');
    }
}

impl Circumstance {
    /// The circumstance that a transaction is late.
    pub(crate) fn late(late: Late) -> Circumstance {
        let mut horizon = Vec::new();
        if let Ok(instant) = Instant::from_millis(late.horizon) {
            instant.write(&mut horizon);
        }
        let horizon = String::from_utf8_lossy(&horizon);
        let detail = format!("older than {horizon}, the lane's clock less the lateness that is allowed");
        Circumstance::new(What::Late, detail)
    }

    /// The circumstance that a window reaches behind the beginning of the state.
    pub(crate) fn warming(warming: Warming) -> Circumstance {
        let mut detail = Vec::new();
        match warming.since.map(Instant::from_millis) {
            Some(Ok(since)) => {
                detail.extend_from_slice(b"the lane's state begins at ");
                since.write(&mut detail);
            }
            _ => detail.extend_from_slice(b"the lane's state has only just begun"),
        }
        Circumstance::new(What::Warming, String::from_utf8_lossy(&detail))
    }
}

impl Circumstances {
    /// Adds one to a row.
    pub(crate) fn add_to(&mut self, row: usize, circumstance: Circumstance) {
        let place = self.of_rows.partition_point(|(at, _)| *at <= row);
        self.of_rows.insert(place, (row, circumstance));
    }

    /// Those of a row, in the order of the list, each once.
    pub(crate) fn of(&self, row: usize) -> Vec<&Circumstance> {
        let first = self.of_rows.partition_point(|(at, _)| *at < row);
        let of_row = self.of_rows[first..].iter().take_while(|(at, _)| *at == row);
        let mut all: Vec<&Circumstance> = of_row.map(|(_, circumstance)| circumstance).collect();
        all.sort();
        all.dedup();
        all
    }
}

/// Appends a list of circumstances without its brackets.
pub(crate) fn write<'c>(all: impl IntoIterator<Item = &'c Circumstance>, out: &mut Vec<u8>) {
    let mut list = List::new();
    for circumstance in all {
        list.next(out);
        circumstance.write(out);
    }
}

#[cfg(test)]
mod tests {
    use super::{Circumstance, Circumstances, What, write};

    #[test]
    fn a_row_has_its_own_in_the_order_of_the_list_each_once() {
        let mut all = Circumstances::default();
        assert!(all.of(0).is_empty());
        all.add_to(1, Circumstance::new(What::Warming, "since noon"));
        all.add_to(2, Circumstance::new(What::Late, "another row's"));
        all.add_to(1, Circumstance::new(What::MissingTag, "no \"store\""));
        all.add_to(1, Circumstance::new(What::MissingTag, "no \"store\""));
        let text = |row| {
            let mut out = Vec::new();
            write(all.of(row), &mut out);
            String::from_utf8(out).expect("UTF-8")
        };
        assert_eq!(text(0), "");
        assert_eq!(
            text(1),
            r#"{"what":"missing-tag","policy":null,"detail":"no \"store\""},{"what":"warming","policy":null,"detail":"since noon"}"#
        );
    }

    #[test]
    fn one_that_is_about_a_policy_names_it() {
        let mut out = Vec::new();
        write([&Circumstance::breaker("limits", "all faults")], &mut out);
        let expected = r#"{"what":"breaker","policy":"limits","detail":"taken out for a while: all faults; its fallback answers"}"#;
        assert_eq!(String::from_utf8(out).as_deref(), Ok(expected));
    }

    #[test]
    fn each_has_its_place_and_word() {
        for (at, what) in What::ALL.into_iter().enumerate() {
            assert_eq!(what as usize, at);
        }
        let mut words: Vec<&str> = What::ALL.into_iter().map(What::word).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), What::ALL.len());
    }
}
