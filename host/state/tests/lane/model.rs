//! What is expected of a lane that grows, said without growth: by a lane that has all
//! windows from its beginning, of which the later ones ask each event whether it came
//! after the growth.

use crate::stream::{self, Record};
use sandgate_model::manifest::{Aggregate, Test};
use sandgate_model::{Kind, Value};
use sandgate_state::{Answered, Fate, Lane, Late, Layout, Pass, Settings, Tenant, Warming};
use sandgate_window::{Cell, Clock, Declared, Plan, Zones};
use std::sync::Arc;

/// The field that only the later windows ask.
const KIND: usize = 3;
/// The field that says whether a record came after the growth.
const AGE: usize = 4;

/// What is expected of a record.
pub(crate) struct Expected {
    pub(crate) fate: Fate,
    pub(crate) late: Option<Late>,
    pub(crate) answers: Vec<Answered>,
    /// Of each window whether it is warming.
    pub(crate) warming: Vec<Option<Warming>>,
}

fn former(tenant: usize) -> Vec<Declared> {
    let all = stream::windows().into_iter();
    let all = all.filter(|window| window.only.is_empty() && window.of != Some(KIND));
    all.take(if tenant == 0 { usize::MAX } else { 2 }).collect()
}

fn later(tenant: usize) -> Vec<Declared> {
    match tenant {
        0 => {
            let by_kind = stream::window(Aggregate::Count, None, &[KIND], stream::sliding(stream::HOUR));
            let long = stream::window(Aggregate::Count, None, &[0], stream::sliding(12 * stream::HOUR));
            stream::windows().into_iter().chain([by_kind, long]).collect()
        }
        _ => stream::windows().into_iter().skip(4).take(2).collect(),
    }
}

fn fields() -> Vec<(String, Kind)> {
    stream::fields().into_iter().chain([("age".to_owned(), Kind::Text)]).collect()
}

fn plan(count: usize, windows: &[Declared]) -> Plan {
    let kinds: Vec<_> = fields().into_iter().take(count).map(|(_, kind)| kind).collect();
    Plan::new(&kinds, windows).unwrap()
}

fn layout(of: impl Fn(usize) -> (Plan, usize)) -> Arc<Layout> {
    let tenants = ["first", "second"].into_iter().enumerate().map(|(at, name)| {
        let (plan, count) = of(at);
        Tenant { name: name.into(), plan: Arc::new(plan), fields: fields().into_iter().take(count).collect() }
    });
    Arc::new(Layout { tenants: tenants.collect(), sources: vec!["payments".into(), "settlements".into()] })
}

/// The layout before the growth.
pub(crate) fn short() -> Arc<Layout> {
    layout(|tenant| (plan(KIND, &former(tenant)), KIND))
}

/// The one after it.
pub(crate) fn long() -> Arc<Layout> {
    layout(|tenant| (plan(KIND, &former(tenant)).and(&plan(AGE, &later(tenant))), AGE))
}

/// The one of a batch that is on its way while the lane grows: it has the fields, and
/// the former windows.
pub(crate) fn on_its_way() -> Arc<Layout> {
    layout(|tenant| (plan(KIND, &former(tenant)), AGE))
}

/// What is expected of each record where the lane grows with the record `at`.
pub(crate) fn expected(settings: Settings, records: &[Record], at: usize) -> Vec<Expected> {
    let asked = |window: Declared| {
        let mut only = window.only.clone();
        only.push((AGE, Test::AnyOf(vec![Value::Text("later".to_owned())])));
        Declared { only, ..window }
    };
    let aged = layout(|tenant| {
        let later: Vec<_> = later(tenant).into_iter().map(asked).collect();
        (plan(KIND, &former(tenant)).and(&plan(AGE + 1, &later)), AGE + 1)
    });
    let (lane, long) = (Lane::new(aged.clone(), settings, 1), long());
    let (mut all, mut zones, mut pass) = (Vec::new(), Zones::default(), Pass::new(&aged));
    // the highest time that the clock looked at, once it grew; of none its first value
    let mut since: Option<Option<i64>> = None;
    let mut times = Clock::new();
    for (number, record) in records.iter().enumerate() {
        pass.clear();
        let age = Cell::Value(Value::Text(if number < at { "former" } else { "later" }));
        pass.push(record.entry, &[&record.cells()[..], &[age]].concat());
        lane.pass(number as u64, &mut pass).unwrap();
        let settled = crate::runner::settled(record);
        if crate::runner::is_remembered(pass.fate(0)) {
            lane.settle(&[settled]);
        }
        lane.commit(number as u64);
        let (horizon, late) = (pass.horizon(0), pass.late(0));
        let clock = horizon.map(|horizon| horizon + settings.lateness);
        if number == at && at > 0 {
            since = Some(times.highest());
        } else if let Some(since) = &mut since {
            *since = since.or(clock);
        }
        if record.entry.judged && !matches!(pass.fate(0), Fate::Repeat(_)) {
            times.push(record.entry.time);
        }
        assert_eq!(times.now(), lane.clock());
        let plan = &long.tenants[record.entry.tenant as usize].plan;
        let mut intervals = Vec::new();
        if record.entry.judged {
            plan.intervals(record.entry.time, &mut zones, &mut intervals);
        }
        let begins = former(record.entry.tenant as usize).len();
        let warming = intervals.into_iter().enumerate().map(|(window, interval)| {
            let after = plan.clip(window, interval, horizon, late.is_some()).after;
            let since = since.filter(|since| window >= begins && since.is_none_or(|since| after < since));
            since.map(|since| Warming { since })
        });
        all.push(Expected { fate: pass.fate(0), late, answers: pass.answers(0).to_vec(), warming: warming.collect() });
    }
    all
}
