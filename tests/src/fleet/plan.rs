//! What a fleet is made of, in one place: its broker, its topics, what its hosts
//! judge by, and what a run from files of the same lanes is configured with.

use crate::servers::kafka;

/// What a fleet is made of.
#[derive(Clone, Debug)]
pub struct Plan {
    /// `HOST:PORT` of its broker.
    pub brokers: String,
    /// Of each of its topics.
    pub partitions: i32,
    /// `[[source]]` tables without `path` and `topic`, each with its `name` on a line of its own. The first leads.
    pub source: String,
    /// The tenant's file.
    pub tenant: String,
    /// More tables of each host's file, such as `[kafka.commit]`.
    pub settings: String,
    /// More keys of its `[kafka]`.
    pub kafka: String,
    /// More keys of its `[state]`, and of that of runs from files.
    pub state: String,
    /// More keys of its `[state]` alone, such as `redis`.
    pub shared: String,
    /// More tables of runs from files, such as `[tags]`.
    pub undisturbed: String,
}

/// Payments as [`payments`](crate::stream::payments) makes them, with no series but those of their account.
const SOURCE: &str = r#"
[[source]]
name = "payments"
id = "id"
account = "customer"
time = "time"
tenant = { name = "payments" }
[source.fields]
id = { path = "transaction_id", kind = "text" }
customer = { path = "account_id", kind = "text" }
time = { path = "timestamp", kind = "instant", unit = "ms" }
amount = { path = "price", kind = "decimal", scale = 2 }
"#;

impl Plan {
    /// A fleet on the shared broker, whose only policy reads windows by account.
    pub fn new(partitions: i32) -> Plan {
        Plan {
            brokers: kafka().to_owned(),
            partitions,
            source: SOURCE.to_owned(),
            tenant: Plan::tenant("payments", &[("card-windows", "")]),
            settings: String::new(),
            kafka: String::new(),
            state: String::new(),
            shared: String::new(),
            undisturbed: String::new(),
        }
    }

    /// The file of a tenant whose policies, each with more keys, stand in for a
    /// fault with `review`.
    pub fn tenant(name: &str, policies: &[(&str, &str)]) -> String {
        let component = |policy: &str| crate::policies().join(policy.replace('-', "_")).with_extension("wasm");
        policies.iter().fold(format!("name = {name:?}\n[[stage]]\nname = \"rules\"\n"), |file, (policy, more)| {
            let component = component(policy);
            format!(
                "{file}[[stage.policy]]\nname = {policy:?}\ncomponent = {component:?}\nfallback = \"review\"\n{more}\n"
            )
        })
    }

    /// The names of the sources, the leading one first, and whether each is judged.
    pub(super) fn sources(&self) -> Vec<(String, bool)> {
        let mut sources: Vec<(String, bool)> = Vec::new();
        for line in self.source.lines() {
            sources.extend(name_of(line).map(|name| (name.to_owned(), true)));
            if let (Some((_, judged)), true) = (sources.last_mut(), line == "observe = true") {
                *judged = false;
            }
        }
        sources
    }

    /// The tables of the sources with a topic each.
    pub(super) fn with_topics(&self, topic: impl Fn(&str) -> String) -> String {
        let line = |line: &str| match name_of(line) {
            Some(name) => format!("{line}\ntopic = {:?}\n", topic(name)),
            None => format!("{line}\n"),
        };
        self.source.lines().map(line).collect()
    }
}

/// The name of a source, if this is the line that says it.
fn name_of(line: &str) -> Option<&str> {
    line.strip_prefix("name = \"")?.strip_suffix('"')
}
