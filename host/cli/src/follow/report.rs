//! What a host tells the registry about itself, and what it says of the registry.

use sandgate_control::{Error, Registry, Runs, State};
use sandgate_engine::Engine;
use sandgate_engine::generation::Generation;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How often a host gives a sign of life.
const SIGN: Duration = Duration::from_secs(5);

/// What was told last.
#[derive(Default)]
pub(super) struct Told {
    last: Option<(Instant, Vec<Runs>)>,
    is_away: bool,
}

impl Told {
    /// Tells what this host runs, where it is new or the last sign of life is old.
    pub(super) fn tell(&mut self, registry: &Registry, host: &str, runs: Vec<Runs>) -> Result<(), Error> {
        let is_new = self.last.as_ref().is_none_or(|(at, told)| *told != runs || at.elapsed() >= SIGN);
        if is_new {
            registry.report(host, &runs, now())?;
            self.last = Some((Instant::now(), runs));
        }
        Ok(())
    }

    /// The registry could not be asked.
    pub(super) fn away(&mut self, error: &Error) {
        if !self.is_away {
            tracing::warn!(%error, "the registry cannot be followed; this host goes on with what it has");
        }
        self.is_away = true;
    }

    /// There is an empty one in its place.
    pub(super) fn gone(&mut self) {
        if !self.is_away {
            tracing::warn!("the registry is empty by now: bring it back; this host goes on with what it has");
        }
        self.is_away = true;
    }

    /// It could.
    pub(super) fn back(&mut self) {
        if self.is_away {
            tracing::info!("the registry is followed again");
        }
        self.is_away = false;
    }
}

/// What a host runs for each of its tenants, and since where.
pub(super) fn runs<'t>(engine: &Engine, tenants: impl Iterator<Item = (&'t String, Option<String>)>) -> Vec<Runs> {
    let generations = engine.generations();
    let judging: HashMap<&str, &Generation> = generations.iter().map(|one| (&*one.tenant, &**one)).collect();
    let mut since: HashMap<Arc<str>, Vec<Value>> = HashMap::new();
    for ((tenant, partition), begun) in engine.begun() {
        since.entry(tenant).or_default().push(json!({
            "partition": partition, "source": &*begun.source, "offset": begun.offset, "generation": begun.generation,
        }));
    }
    let runs = tenants.map(|(tenant, trouble)| {
        let judges = judging.get(&**tenant);
        let positions = since.remove(&**tenant).unwrap_or_default();
        Runs {
            tenant: tenant.clone(),
            generation: judges.map(|generation| generation.number),
            set: judges.map(|generation| generation.set),
            state: if trouble.is_some() { State::Refused } else { State::Active },
            problem: trouble,
            positions: Value::from(positions).to_string(),
        }
    });
    runs.collect()
}

/// Milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "when somebody changed something is for people, and decides nothing")]
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
