//! Which windows cross the lanes of a fleet.
//!
//! A topic is keyed by a field, so all its records of one value are in one partition.
//! A series stays in one lane if every source that reads or feeds it is keyed by one
//! and the same field of its key. Any other series crosses: each host would count a
//! part of it, and be wrong without a sign. So it is kept where all lanes meet, if the
//! operator says so by one of the fields of its key; else the set is refused.

use crate::generation::{Column, Generation, Keyed, SiteSource};
use crate::resolve::Problem;
use sandgate_window::Family;

/// How the sources of a host are keyed, and what its operator shares.
#[derive(Clone, Copy, Debug)]
pub struct Sharing<'a> {
    /// The sources, in the order in which the set was resolved for them.
    pub sources: &'a [SiteSource],
    /// The fields whose series are shared.
    pub shared: &'a [String],
}

impl Sharing<'_> {
    /// What is wrong with a set where its topics have several partitions: series that
    /// cross them and are not shared. A set in one partition has no such series.
    pub fn problems(&self, generation: &Generation) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (number, family) in generation.windows.base.plan.families().iter().enumerate() {
            if !self.crosses(generation, family) || self.is_declared(generation, family) {
                continue;
            }
            let by: Vec<&str> = names(generation, family).collect();
            for (key, input, policy) in readers(generation, number) {
                let what = self.way_out(generation, family, &by, (input, policy));
                let problem = Problem { key, what };
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
            }
        }
        problems
    }

    /// Takes the series that cross lanes and are declared shared out of the lanes;
    /// says whether there are some.
    pub fn split(&self, generation: &mut Generation) -> bool {
        let shared = |family: &Family| self.crosses(generation, family) && self.is_declared(generation, family);
        let families: Vec<bool> = generation.windows.base.plan.families().iter().map(shared).collect();
        let some = families.contains(&true);
        if some {
            generation.keep_apart(&families);
        }
        some
    }

    /// Whether events of one key may be in several partitions.
    fn crosses(&self, generation: &Generation, family: &Family) -> bool {
        let stays = |field: &usize| {
            self.concerned(generation, family).all(|(source, keyed)| {
                let place =
                    generation.windows.fields.get(source).and_then(|fields| fields.get(*field).copied().flatten());
                keyed.is_some_and(|keyed| place == Some(keyed.field))
            })
        };
        !family.by().iter().any(stays)
    }

    fn is_declared(&self, generation: &Generation, family: &Family) -> bool {
        names(generation, family).any(|name| self.shared.iter().any(|shared| shared == name))
    }

    /// The sources that read or feed a family, with how each is keyed.
    fn concerned(&self, generation: &Generation, family: &Family) -> impl Iterator<Item = (usize, Option<Keyed>)> {
        self.sources.iter().enumerate().filter_map(|(at, source)| {
            // a source that is not of this tenant has no columns
            let reads = generation.columns.get(at).is_some_and(|columns| !columns.seats.is_empty());
            (reads || family.is_fed_by(at)).then_some((at, source.keyed))
        })
    }

    fn way_out(&self, generation: &Generation, family: &Family, by: &[&str], (input, policy): (&str, &str)) -> String {
        let keys = self.concerned(generation, family).map(|(at, keyed)| {
            let schema = &self.sources[at].schema;
            match keyed.and_then(|keyed| schema.fields.get(keyed.field)) {
                Some(field) => format!("the topic of source `{}` is keyed by `{}`", schema.source, field.name),
                None => format!("the topic of source `{}` says no key", schema.source),
            }
        });
        let (keys, by) = (keys.collect::<Vec<_>>().join(", "), by.join("` and `"));
        let first = by.split('`').next().unwrap_or_default();
        format!(
            "input `{input}` of policy `{policy}` is a window by `{by}`, but {keys}: the events of one key are spread \
             over partitions, and each host would count a part of them; write shared = [\"{first}\"] and redis under \
             [state] to keep these series in one place, key the topics by `{first}`, or use one partition"
        )
    }
}

fn names<'g>(generation: &'g Generation, family: &'g Family) -> impl Iterator<Item = &'g str> {
    let stored = &generation.windows.base.stored;
    family.by().iter().filter_map(|field| stored.get(*field)).map(|(name, _)| name.as_str())
}

/// The inputs that read a family: the place of the policy in the document, input and policy.
fn readers(generation: &Generation, family: usize) -> Vec<(String, &str, &str)> {
    let places = generation.windows.base.plan.places();
    let of_family = |window: usize| places.get(window).is_some_and(|place| place.family == family);
    let mut all = Vec::new();
    for (stage_at, stage) in generation.stages.iter().enumerate() {
        for (member_at, at) in stage.seats.clone().enumerate() {
            let seat = &generation.seats[at];
            let bindings = generation.columns.iter().filter_map(|columns| columns.seats.get(at));
            for (input, binding) in bindings.flat_map(|bindings| seat.policy.manifest().inputs.iter().zip(bindings)) {
                if matches!(binding.column, Column::Window(window) if of_family(window)) {
                    all.push((
                        format!("stage[{stage_at}].policy[{member_at}]"),
                        input.name.as_str(),
                        seat.name.as_str(),
                    ));
                }
            }
        }
    }
    all
}
