//! What the topics of a host must be like, and what is wrong with those that are
//! there. Nothing in here asks a broker.

use super::config::Topics;
use std::collections::BTreeMap;
use std::fmt;

/// A topic, as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicState {
    /// Its name.
    pub name: String,
    /// How many partitions it has; 0 where there is no such topic.
    pub partitions: usize,
    /// How many copies each partition has.
    pub copies: usize,
    /// Its settings; empty where this user may not see them.
    pub settings: BTreeMap<String, String>,
}

/// A topic as it should be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// What the host does with it, for people.
    pub role: &'static str,
    /// How many partitions.
    pub partitions: usize,
    /// Settings that differ from a broker's own.
    pub settings: BTreeMap<String, String>,
}

/// Something about a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Whether the host starts all the same.
    pub severity: Severity,
    /// The topic.
    pub topic: String,
    /// What is wrong, and the mend.
    pub what: String,
}

/// Whether something is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The host does not start.
    Problem,
    /// Worth knowing.
    Note,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "topic {}: {}", self.topic, self.what)
    }
}

impl Topics {
    /// All topics, the sources' first.
    pub fn names(&self) -> Vec<&str> {
        let sources = self.sources.iter().map(|source| &*source.topic);
        sources.chain([&*self.decisions, &*self.dead_letters, &*self.changelog]).collect()
    }

    /// The topics as they should be made, for so many partitions.
    pub fn wanted(&self, partitions: usize) -> Vec<Wanted> {
        let size = [("max.message.bytes", self.message_max().to_string())];
        let kept = [("cleanup.policy", "delete"), ("retention.ms", "-1"), ("retention.bytes", "-1")];
        let kept = kept.map(|(key, value)| (key, value.to_owned()));
        let wanted = |name: &str, role, settings: &[(&str, String)]| Wanted {
            name: name.to_owned(),
            role,
            partitions,
            settings: settings.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
        };
        let sources = self
            .sources
            .iter()
            .map(|source| wanted(&source.topic, if source.observe { "observed source" } else { "judged source" }, &[]));
        let sink = [
            wanted(&self.decisions, "decisions", &size),
            wanted(&self.dead_letters, "dead letters", &size),
            wanted(&self.changelog, "changelog", &[&kept[..], &size[..]].concat()),
        ];
        sources.chain(sink).collect()
    }

    /// What is wrong with the topics as they are, given in the order of
    /// [`Topics::names`].
    pub fn examine(&self, states: &[TopicState]) -> Vec<Found> {
        let mut found = Examined { topics: self, found: Vec::new() };
        let sources = self.sources.len().min(states.len());
        let (of_sources, sink) = states.split_at(sources);
        let leading = of_sources.iter().find(|state| state.name == self.leading().topic);
        for state in states.iter().filter(|state| state.partitions == 0) {
            let what = "is not there; `sandgate topics --create` makes it";
            found.problem(state, what.to_owned());
        }
        let partitions = leading.map_or(0, |leading| leading.partitions);
        for state in of_sources.iter().filter(|state| state.partitions > 0) {
            found.same_partitions(state, partitions);
            found.compacted(state, "a record that it replaces before it was judged is never judged");
        }
        for state in sink.iter().filter(|state| state.partitions > 0) {
            found.size(state);
            if state.name == self.changelog {
                found.same_partitions(state, partitions);
                found.kept(state);
            } else {
                found.compacted(state, "of each key only the last message stays");
            }
            if state.name == self.decisions && state.partitions < partitions {
                let what = format!(
                    "has {} partitions, fewer than the {partitions} of {}: the decisions of an account stay in order, \
                     but fewer readers can share them",
                    state.partitions,
                    self.leading().topic
                );
                found.note(state, what);
            }
        }
        found.found.sort_by_key(|found| found.severity);
        found.found
    }
}

/// What was found so far.
struct Examined<'a> {
    topics: &'a Topics,
    found: Vec<Found>,
}

impl Examined<'_> {
    fn problem(&mut self, state: &TopicState, what: String) {
        self.found.push(Found { severity: Severity::Problem, topic: state.name.clone(), what });
    }

    fn note(&mut self, state: &TopicState, what: String) {
        self.found.push(Found { severity: Severity::Note, topic: state.name.clone(), what });
    }

    /// A lane is the same partition of all of them.
    fn same_partitions(&mut self, state: &TopicState, partitions: usize) {
        if partitions > 0 && state.partitions != partitions {
            let what = format!(
                "has {} partitions, and {} has {partitions}: the same partition of both makes a lane, so make it with \
                 as many",
                state.partitions,
                self.topics.leading().topic
            );
            self.problem(state, what);
        }
    }

    /// What a host writes must be taken.
    fn size(&mut self, state: &TopicState) {
        let wanted = self.topics.message_max();
        let Some(limit) = state.settings.get("max.message.bytes") else { return };
        if limit.parse::<u64>().is_ok_and(|limit| limit < wanted) {
            let what = format!(
                "takes messages of {limit} bytes, and this host may write {wanted}, because of the `size` of its \
                 sources: set max.message.bytes={wanted}, or make `size` smaller"
            );
            self.problem(state, what);
        }
    }

    /// The changelog is cut by the host that owns the lane, and by nobody else.
    fn kept(&mut self, state: &TopicState) {
        let setting = |name: &str| state.settings.get(name).map_or("", |value| value.as_str());
        if setting("cleanup.policy").contains("compact") {
            let what = "is compacted, which would eat the events that windows need: set cleanup.policy=delete";
            self.problem(state, what.to_owned());
        }
        for name in ["retention.ms", "retention.bytes"] {
            let value = setting(name);
            if !value.is_empty() && value != "-1" {
                let what = format!(
                    "has {name}={value}: the broker would delete events that windows need; set {name}=-1, the host \
                     deletes what its clock has passed"
                );
                self.problem(state, what);
            }
        }
    }

    fn compacted(&mut self, state: &TopicState, consequence: &str) {
        if state.settings.get("cleanup.policy").is_some_and(|policy| policy.contains("compact")) {
            self.note(state, format!("is compacted: {consequence}"));
        }
    }
}
