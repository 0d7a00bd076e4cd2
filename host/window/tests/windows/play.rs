//! Plays a timeline to the crate and to the definition, and compares what they say.

use crate::lane::Lane;
use crate::notation::{Record, Step, Timeline, read};
use crate::oracle::Oracle;
use crate::print::{Told, telling};

/// What answers records: the crate, or the definition.
pub(crate) trait Answers {
    /// Whether the record is late, and what each window tells it.
    fn take(&mut self, record: &Record) -> (bool, Vec<Told>);
    fn commit(&mut self);
    fn settle(&mut self);
    fn abort(&mut self);
}

impl Answers for Lane {
    fn take(&mut self, record: &Record) -> (bool, Vec<Told>) {
        Lane::take(self, record)
    }
    fn commit(&mut self) {
        Lane::commit(self);
    }
    fn settle(&mut self) {
        Lane::settle(self);
    }
    fn abort(&mut self) {
        Lane::abort(self);
    }
}

impl Answers for Oracle {
    fn take(&mut self, record: &Record) -> (bool, Vec<Told>) {
        Oracle::take(self, record)
    }
    fn commit(&mut self) {
        Oracle::commit(self);
    }
    /// Frees memory and changes no answer: the definition forgets nothing.
    fn settle(&mut self) {}
    fn abort(&mut self) {
        Oracle::abort(self);
    }
}

/// The timeline with what each judged record is told, instead of what it should be.
pub(crate) fn play(timeline: &Timeline, answers: &mut dyn Answers) -> Timeline {
    let mut played = timeline.clone();
    for step in &mut played.steps {
        match step {
            Step::Commit => answers.commit(),
            Step::Settle => answers.settle(),
            Step::Abort => answers.abort(),
            Step::Record(record) => {
                let (mut late, mut told) = (false, Vec::new());
                for _ in 0..record.repeated {
                    (late, told) = answers.take(record);
                }
                let judged = record.source == 0;
                record.told = judged.then(|| telling(&timeline.windows, record.time, late, &told));
            }
        }
    }
    played
}

/// Plays a written timeline to the definition and to the crate: as it stands, and
/// with all that can be dropped dropped after each record. Where something is
/// written behind a row, each of them says it.
pub(crate) fn check(text: &str) {
    let timeline = read(text);
    let hasty = |step: &Step| match step {
        Step::Record(_) if !timeline.steps.contains(&Step::Abort) => vec![step.clone(), Step::Commit, Step::Settle],
        step => vec![step.clone()],
    };
    let settled = Timeline { steps: timeline.steps.iter().flat_map(hasty).collect(), ..timeline.clone() };
    let lane = || Lane::new(&timeline.windows, timeline.lateness);
    let plays = [
        ("the definition", play(&timeline, &mut Oracle::new(&timeline.windows, timeline.lateness))),
        ("the crate", play(&timeline, &mut lane())),
        ("the crate that drops what it can", play(&settled, &mut lane())),
    ];
    for (who, played) in plays {
        let rows = |timeline: &Timeline| -> Vec<Record> {
            let rows =
                timeline.steps.iter().filter_map(|step| if let Step::Record(row) = step { Some(row) } else { None });
            rows.cloned().collect()
        };
        for (row, is) in rows(&timeline).iter().zip(rows(&played)) {
            assert!(
                row.told.is_none() || row.told == is.told,
                "{who} does not say what is written:\n\n{played}\n{row:?}"
            );
        }
    }
}
