//! What a seed makes of a fleet before anything happens to it: its sources and
//! policies, its commits and batches, and which servers it stands on.

use crate::servers::Servers;
use sandgate_tests::fleet::Plan;
use sandgate_tests::servers::unique;
use sandgate_tests::stream::{Chance, payments, prices};
use sandgate_tests::verdict::Excuse;
use sandgate_tests::{Desk, servers};

/// A kind of fleet; each seed has one, in turn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Windows by account, on the broker that all tests share.
    Plain,
    /// The same on a broker behind a proxy, which is killed, cut off, silent or slow.
    Broker,
    /// With a policy that traps now and then.
    Traps,
    /// With a policy that reads a tag from PostgreSQL, with Redis before it.
    Tags,
    /// With series by device in Redis, for which its lanes wait.
    Waits,
    /// With series by device in Redis, without which its lanes decide.
    Decides,
    /// With two judged topics and three that are observed, a schema each.
    Topics,
    /// With decisions that leave before their commit, and may come again.
    Sooner,
}

impl Kind {
    /// Those first whose outages a single run does not see all.
    pub(crate) const ALL: [Kind; 8] =
        [Kind::Broker, Kind::Tags, Kind::Waits, Kind::Plain, Kind::Traps, Kind::Decides, Kind::Topics, Kind::Sooner];

    pub(crate) fn words(self) -> &'static str {
        match self {
            Kind::Plain => "plain fleets",
            Kind::Broker => "fleets on a broker that fails",
            Kind::Traps => "fleets with traps",
            Kind::Tags => "fleets with tags",
            Kind::Waits => "fleets that wait for shared series",
            Kind::Decides => "fleets that decide without shared series",
            Kind::Topics => "fleets with five topics",
            Kind::Sooner => "fleets that decide at least once",
        }
    }

    /// What decisions may owe to servers that were gone.
    pub(crate) fn excuses(self) -> Vec<Excuse> {
        match self {
            Kind::Tags => {
                vec![Excuse { what: "stale-tag", inputs: &[] }, Excuse { what: "missing-tag", inputs: &["level"] }]
            }
            Kind::Decides => {
                vec![Excuse { what: "missing-state", inputs: &["device_minute", "device_day", "device_month"] }]
            }
            _ => Vec::new(),
        }
    }
}

/// A source of judged records: its name, then how it calls its id, account, time and amount.
fn source(name: &str, [id, account, time, amount]: [&str; 4], more: &str, tenant: &str) -> String {
    format!(
        "[[source]]\nname = {name:?}\nid = \"id\"\naccount = \"account\"\ntime = \"time\"\namount = \"amount\"\n\
         tenant = {{ name = {tenant:?} }}\n[source.fields]\nid = {{ path = {id:?}, kind = \"text\" }}\n\
         account = {{ path = {account:?}, kind = \"text\" }}\ntime = {{ path = {time:?}, kind = \"instant\", unit = \"ms\" }}\n\
         amount = {{ path = {amount:?}, kind = \"decimal\", scale = 2 }}\n{more}\n"
    )
}

/// A source of records that feed windows.
fn observed(name: &str, more: &str) -> String {
    let names = ["id", "account", "time"];
    let source = names.iter().fold(String::new(), |all, name| format!("{all}{name} = {name:?}\n"));
    format!(
        "[[source]]\nname = {name:?}\nobserve = true\n{source}tenant = {{ name = \"payments\" }}\n[source.fields]\n\
         id = {{ kind = \"text\" }}\naccount = {{ kind = \"text\" }}\ntime = {{ kind = \"instant\", unit = \"ms\" }}\n{more}\n"
    )
}

const PAYMENT: [&str; 4] = ["transaction_id", "account_id", "timestamp", "price"];

/// What becomes of the last of several partitions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Last {
    /// The same as of the others.
    Busy,
    /// It has no record for long.
    Quiet,
    /// It has no record at all.
    Empty,
}

impl Last {
    pub(crate) fn of(seed: u64) -> Last {
        match seed % 6 {
            1 => Last::Quiet,
            4 => Last::Empty,
            _ => Last::Busy,
        }
    }
}

/// The plan of a seed's fleet.
pub(crate) fn plan(kind: Kind, last: Last, servers: &Servers, chance: &mut Chance) -> Plan {
    let mut plan = Plan::new(1 + i32::from(last != Last::Busy) + chance.below(4) as i32);
    let (time, records) = (["1ms", "5ms", "50ms"][chance.below(3) as usize], [1, 50, 1_000][chance.below(3) as usize]);
    plan.settings =
        format!("[kafka.commit]\ntime = {time:?}\nrecords = {records}\n[engine]\nbatch = {}\n", 1 + chance.below(256));
    match kind {
        Kind::Plain => {}
        Kind::Sooner => "delivery = \"at-least-once\"".clone_into(&mut plan.kafka),
        Kind::Broker => {
            plan.brokers = servers.broker().1.address();
            // a call that hangs is given up soon, or not before all has passed
            plan.kafka = ["watchdog = \"1s\"", ""][chance.below(2) as usize].to_owned();
        }
        Kind::Traps => {
            plan.source += "mood = { kind = \"text\" }\n";
            let scoring = "thresholds = { review = 0.5, block = 0.7 }";
            plan.tenant = Plan::tenant("payments", &[("card-windows", ""), ("unruly", scoring)]);
        }
        Kind::Tags => tags(&mut plan, servers),
        Kind::Waits | Kind::Decides => {
            // keys of Redis go by the tenant: each fleet has its own
            let tenant = unique("payments");
            plan.source = source("payments", PAYMENT, "device = { kind = \"text\" }", &tenant);
            plan.tenant = Plan::tenant(&tenant, &[("six-windows", "")]);
            if kind == Kind::Decides {
                plan.tenant = format!("missing_state = \"decide\"\n{}", plan.tenant);
            }
            plan.shared = format!("redis = {:?}\nshared = [\"device\"]", servers.redis_url());
        }
        Kind::Topics => {
            let price = "price = { path = \"quote\", kind = \"decimal\", scale = 4 }";
            plan.source = [
                source("payments", PAYMENT, price, "payments"),
                source("transfers", ["id", "from", "at", "sum"], price, "payments"),
                observed("settlements", "amount = { kind = \"decimal\", scale = 2 }"),
                observed("labels", ""),
                observed("prices", "price = { kind = \"decimal\", scale = 4 }"),
            ]
            .concat();
            // as a set has it that is made without files
            let named = "name = \"policy\"\n";
            plan.tenant = Plan::tenant("payments", &[("known-money", "")]).replace("name = \"known-money\"\n", named);
        }
    }
    plan
}

/// Accounts have a level, or none, in a database of their own.
fn tags(plan: &mut Plan, servers: &Servers) {
    plan.source = source("payments", PAYMENT, "", "payments");
    plan.tenant = Plan::tenant("payments", &[("account-risk", "parameters = { medium = \"200\", large = \"600\" }")]);
    let database = servers::database();
    let tables =
        |sql: &str, redis: &str| format!("[tags]\nsql = {sql:?}\nredis = {redis:?}\nttl = \"300ms\"\nwarm = 100\n");
    let desk = Desk::with_host(&plan.source, &plan.tenant);
    let host = desk.read("sandgate.toml");
    desk.write("sandgate.toml", &format!("{host}\n[tags]\nsql = {database:?}\n"));
    let known = (0..300).filter(|account| account % 5 > 0);
    let lines = known.map(|account| format!("account,a-{account},risk_level,{}\n", account % 4));
    desk.write("tags.csv", &("entity,id,attribute,value\n".to_owned() + &lines.collect::<String>()));
    desk.succeed(["tags", "--config", "sandgate.toml", "load", "tags.csv"]);
    plan.settings += &tables(&servers.through_database(&database), &servers.redis_url());
    plan.undisturbed = format!("[tags]\nsql = {database:?}\nsql_deadline = \"30s\"\n");
}

/// What goes into each of a fleet's sources, in their order, so many records in all.
pub(crate) fn lines(kind: Kind, seed: u64, records: u64, chance: &mut Chance) -> Vec<Vec<String>> {
    let own = |text: String| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let mut leading = own(payments(seed, records));
    // an account and a time that are none
    for (at, broken) in
        [("\"account_id\":\"a-1\"", "\"account_id\":7"), ("\"timestamp\":1", "\"timestamp\":\"soon\",\"at\":1")]
    {
        if let Some(line) = leading.iter_mut().find(|line| line.contains(at)) {
            *line = line.replacen(at, broken, 1);
        }
    }
    match kind {
        Kind::Traps => {
            let every = [1_000, 200, 37][chance.below(3) as usize];
            for line in leading.iter_mut().skip(chance.below(every as u64) as usize).step_by(every) {
                *line = line.replacen('{', "{\"mood\":\"panic\",", 1);
            }
            vec![leading]
        }
        Kind::Topics => {
            let renamed = [("transaction_id", "id"), ("account_id", "from"), ("timestamp", "at"), ("price", "sum")];
            let transfers = payments(seed + 1_000, records / 3);
            let transfers = renamed.iter().fold(transfers, |text, (from, to)| text.replace(from, to));
            let [settlements, labels, prices] = [2_000, 3_000, 4_000].map(|more| prices(seed + more, records / 6));
            leading.truncate(records as usize / 2);
            vec![leading, own(transfers), own(settlements.replace("price", "amount")), own(labels), own(prices)]
        }
        _ => vec![leading],
    }
}
