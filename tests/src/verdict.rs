//! What has to be true of what a fleet wrote: each position has one decision or
//! one dead letter, an account's decisions stand in the order of its lane, and
//! each says what an undisturbed run of that lane says.
//!
//! A decision may owe something to a server that was gone, where the run says
//! which inputs came from there ([`Excuse`]): then it says so, and everything that
//! does not come from there is the same all the same.

mod answer;
mod excuse;
#[cfg(test)]
mod tests;

pub use answer::Place;
pub use excuse::Excuse;

use crate::servers::topic::Record;
use answer::{Answer, bare, cause, difference, first_of};
use excuse::excused;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// What a read-committed reader saw.
pub struct Seen {
    /// In the order of each partition of their topic.
    pub decisions: Vec<Record>,
    /// The same.
    pub dead_letters: Vec<Record>,
}

/// What an undisturbed run says of each position; of an observed record it says nothing.
#[derive(Default)]
pub struct Expected {
    answers: BTreeMap<Place, Answer>,
    /// Keys of a decision that an undisturbed run cannot say.
    unsaid: &'static [&'static str],
    excuses: Vec<Excuse>,
    /// Whether an answer may come again.
    again: bool,
}

/// Problems that are told; the rest is counted.
const TOLD_MAX: usize = 20;

impl Expected {
    /// Nothing yet; decisions are compared without these keys.
    pub fn without(unsaid: &'static [&'static str]) -> Expected {
        Expected { unsaid, ..Expected::default() }
    }

    /// Of several runs of the same records, to each position the answer of the run that
    /// `which` names.
    pub fn chosen(runs: &[Expected], which: impl Fn(&Place) -> usize) -> Expected {
        let Some(first) = runs.first() else { return Expected::default() };
        let answer = |place: &Place| runs.get(which(place)).and_then(|run| run.answers.get(place)).cloned();
        let answers = first.answers.keys().filter_map(|place| Some((place.clone(), answer(place)?))).collect();
        Expected { answers, ..Expected::without(first.unsaid) }
    }

    /// Decisions and dead letters whose positions are numbers of records.
    pub fn add(&mut self, decisions: &[Value], dead_letters: &[Value]) {
        for decision in decisions {
            let answer = bare(decision, self.unsaid, |offset| offset);
            self.answers.insert(Place::of(&decision["position"]), Answer::Decision(answer));
        }
        for letter in dead_letters {
            self.answers.insert(Place::of(&letter["position"]), Answer::DeadLetter(cause(letter)));
        }
    }

    /// A dead letter of this cause, whatever was said of it so far.
    pub fn add_dead_letter(&mut self, place: Place, cause: &str) {
        self.answers.insert(place, Answer::DeadLetter(cause.to_owned()));
    }

    /// The answers of a run from a file: positions in it are offsets of its lines.
    /// Each line has one, except where a cause is given: that stands for a record
    /// which no file can hold, and is a dead letter of this cause.
    pub fn add_file<'a>(
        &mut self,
        partition: i64,
        lines: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
        decisions: &[Value],
        dead: &[Value],
    ) {
        let mut offset = 0;
        let (mut numbers, mut poison) = (BTreeMap::new(), BTreeMap::new());
        for (number, (line, cause)) in (0_i64..).zip(lines) {
            numbers.insert(offset, number);
            poison.extend(cause.map(|cause| (number, cause)));
            offset += line.len() as i64 + 1;
        }
        let number = |offset: i64| *numbers.get(&offset).unwrap_or_else(|| panic!("no line begins at {offset}"));
        let place = |position: &Value| {
            let place = Place::of(position);
            Place { partition, offset: number(place.offset), ..place }
        };
        let before = self.answers.len();
        for decision in decisions {
            let answer = bare(decision, self.unsaid, number);
            self.answers.insert(place(&decision["position"]), Answer::Decision(answer));
        }
        for letter in dead {
            let place = place(&letter["position"]);
            let cause = poison.get(&place.offset).map_or_else(|| cause(letter), |cause| (*cause).to_owned());
            self.answers.insert(place, Answer::DeadLetter(cause));
        }
        assert_eq!(self.answers.len() - before, numbers.len(), "a run answers each of its records");
    }

    /// Lets decisions owe something to servers that were gone.
    pub fn excusing(mut self, excuses: Vec<Excuse>) -> Expected {
        self.excuses = excuses;
        self
    }

    /// Lets a decision come again, the same each time: at-least-once.
    pub fn perhaps_again(self) -> Expected {
        Expected { again: true, ..self }
    }

    /// Compares; says how many decisions owe something to a server that was gone.
    ///
    /// # Errors
    /// All that is wrong, a line for each problem, at most some twenty.
    pub fn check(&self, seen: &Seen) -> Result<u64, String> {
        let mut problems = Vec::new();
        let mut found = self.found(seen, &mut problems);
        let outcomes = outcomes(&found);
        let mut owing = 0;
        for (place, undisturbed) in &self.answers {
            let expected = &*self.as_first(place, undisturbed, &outcomes);
            let mut answers = found.remove(place);
            if let (true, Some(answers)) = (self.again, &mut answers) {
                answers.dedup();
            }
            match answers.as_deref() {
                None => problems.push(format!("{place}: has no decision and no dead letter")),
                Some([answer]) if answer == expected => owing += u64::from(expected != undisturbed),
                Some([answer]) => match self.excused(answer, expected) {
                    Ok(()) => owing += 1,
                    Err(problem) => problems.push(format!("{place}: {problem}")),
                },
                Some(answers) => problems.push(format!("{place}: has {} answers", answers.len())),
            }
        }
        problems.extend(found.keys().map(|place| format!("{place}: was never sent or is observed, and has an answer")));
        problems.extend(disorder(&seen.decisions, self.again));
        if problems.is_empty() {
            return Ok(owing);
        }
        let mut told = problems.iter().take(TOLD_MAX).fold(String::new(), |all, problem| all + problem + "\n");
        if problems.len() > TOLD_MAX {
            // writing to a string cannot fail
            let _ = writeln!(told, "and {} more", problems.len() - TOLD_MAX);
        }
        Err(told)
    }

    /// All answers by their position; what is wrong with one by itself is told.
    fn found(&self, seen: &Seen, problems: &mut Vec<String>) -> BTreeMap<Place, Vec<Answer>> {
        let mut found = BTreeMap::<Place, Vec<Answer>>::new();
        for record in &seen.decisions {
            let decision = record.json();
            let place = Place::of(&decision["position"]);
            if record.key.as_deref() != decision["account"].as_str().map(str::as_bytes) {
                problems.push(format!("{place}: the key of its decision is not its account"));
            }
            if record.header("decision-id").as_deref() != Some(&*place.to_string()) {
                problems.push(format!("{place}: its decision-id is {:?}", record.header("decision-id")));
            }
            let answer = Answer::Decision(bare(&decision, self.unsaid, |offset| offset));
            found.entry(place).or_default().push(answer);
        }
        for letter in seen.dead_letters.iter().map(Record::json) {
            found.entry(Place::of(&letter["position"])).or_default().push(Answer::DeadLetter(cause(&letter)));
        }
        found
    }

    /// What has to be said: a repeat is answered as its first one was, whatever that
    /// owed to a server.
    fn as_first<'a>(
        &self,
        place: &Place,
        undisturbed: &'a Answer,
        outcomes: &BTreeMap<Place, Value>,
    ) -> Cow<'a, Answer> {
        if let (Answer::Decision(decision), false) = (undisturbed, self.excuses.is_empty())
            && let Some(outcome) = first_of(decision, place).and_then(|first| outcomes.get(&first))
        {
            let mut decision = decision.clone();
            decision["outcome"] = outcome.clone();
            return Cow::Owned(Answer::Decision(decision));
        }
        Cow::Borrowed(undisturbed)
    }

    /// Whether an answer that is not the expected one is right all the same.
    fn excused(&self, answer: &Answer, expected: &Answer) -> Result<(), String> {
        let excused = match (answer, expected) {
            (Answer::Decision(decided), Answer::Decision(undisturbed)) => excused(decided, undisturbed, &self.excuses),
            _ => None,
        };
        excused.unwrap_or_else(|| Err(difference(answer, expected)))
    }
}

/// What was decided about each position that has one decision.
fn outcomes(found: &BTreeMap<Place, Vec<Answer>>) -> BTreeMap<Place, Value> {
    let outcome = |(place, answers): (&Place, &Vec<Answer>)| match answers.as_slice() {
        [Answer::Decision(decision)] => Some((place.clone(), decision["outcome"].clone())),
        _ => None,
    };
    found.iter().filter_map(outcome).collect()
}

/// Accounts whose decisions stand in another order than their records; of those
/// that came again the first ones count.
fn disorder(decisions: &[Record], again: bool) -> Vec<String> {
    let (mut last, mut seen) = (BTreeMap::new(), BTreeSet::new());
    let mut problems = Vec::new();
    for record in decisions {
        let decision = record.json();
        let place = Place::of(&decision["position"]);
        if !seen.insert(place.clone()) && again {
            continue;
        }
        let account = decision["account"].as_str().unwrap_or_default().to_owned();
        if let Some(before) = last.insert((account, place.source.clone(), place.partition), place.offset)
            && before >= place.offset
        {
            problems.push(format!("{place}: its decision stands behind that of {before}, of the same account"));
        }
    }
    problems
}
