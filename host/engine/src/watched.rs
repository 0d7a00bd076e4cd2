//! What is counted of policies that are watched: of how many lanes each is out, and
//! whether its answers are the same alone.

use sandgate_metrics::{Counter, Gauge, Registry};

/// Of how many lanes a policy is out.
pub(crate) fn lanes(registry: &Registry, tenant: &str, policy: &str) -> Gauge {
    let help =
        "Lanes of this host that a policy is taken out of, because it faulted too often: half-open ones included";
    registry.gauges("policy_out", help, ["tenant", "policy"]).with([tenant, policy])
}

/// How many of its answers were looked at again, and how many of those were others.
pub(crate) fn answers(registry: &Registry, tenant: &str, policy: &str) -> [Counter; 2] {
    let labels = ["tenant", "policy"];
    let looked = registry.counters("sampled", "Answers of policies that were looked at again alone", labels);
    let impure = registry.counters("impure", "Answers among those that were others alone", labels);
    [looked, impure].map(|counters| counters.with([tenant, policy]))
}
