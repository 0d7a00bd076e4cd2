//! What set the outcome: of everything that was said, only what counted under
//! the rule of precedence that applied.

use super::Row;
use crate::json::{self, List};
use crate::standing::Ground;
use sandgate_model::{Effect, Outcome};

/// One entry of `because`.
struct Cause<'a> {
    what: &'a str,
    policy: Option<&'a [u8]>,
    code: Option<&'a str>,
    value: Option<Number>,
    limit: Option<Number>,
}

/// A weight or a score.
enum Number {
    Weight(i64),
    Score(f64),
}

impl Row<'_, '_> {
    /// Appends the causes of `outcome`, in the order of the seats, a band last.
    pub(super) fn because(&self, outcome: Outcome, out: &mut Vec<u8>) {
        let mut list = List::new();
        let ground = self.batch.standings[self.row].ground();
        if ground == Ground::Strongest && outcome == Outcome::Allow {
            return;
        }
        for (at, seat, run, place) in self.seats() {
            let policy = Some(self.batch.generation.fixed.seats[at].name.as_slice());
            for reason in run.hits(place).map(|reason| &seat.reasons[reason]) {
                let (counts, what) = match ground {
                    Ground::FinalBlock => (reason.is_final && reason.effect == Effect::Block, "reason"),
                    Ground::Exemption => (reason.effect == Effect::Exempt, "exemption"),
                    Ground::Strongest => (reason.effect.outcome() == outcome, "reason"),
                };
                if counts {
                    Cause { what, policy, code: Some(&reason.code), value: None, limit: None }.write(&mut list, out);
                }
            }
            if ground == Ground::Strongest
                && let Some((_, limit)) = run.threshold(seat, place).filter(|(asked, _)| *asked == outcome)
            {
                let value = run.score(place).map(Number::Score);
                Cause { what: "threshold", policy, code: None, value, limit: Some(Number::Score(limit)) }
                    .write(&mut list, out);
            }
            let stood_in = match ground {
                Ground::FinalBlock => seat.can_block_finally,
                Ground::Exemption => false,
                Ground::Strongest => true,
            };
            if stood_in && run.stood_in(seat, place, self.amount) == Some(outcome) {
                Cause { what: "fallback", policy, code: None, value: None, limit: None }.write(&mut list, out);
            }
        }
        let standing = &self.batch.standings[self.row];
        if ground == Ground::Strongest
            && let Some(band) = standing.band(&self.batch.generation.bands).filter(|band| band.outcome == outcome)
        {
            let (value, limit) = (Some(Number::Weight(standing.weight())), Some(Number::Weight(band.at)));
            Cause { what: "band", policy: None, code: None, value, limit }.write(&mut list, out);
        }
    }
}

impl Cause<'_> {
    fn write(&self, list: &mut List, out: &mut Vec<u8>) {
        list.next(out);
        out.extend_from_slice(b"{\"what\":\"");
        out.extend_from_slice(self.what.as_bytes());
        out.extend_from_slice(b"\",\"policy\":");
        out.extend_from_slice(self.policy.unwrap_or(b"null"));
        out.extend_from_slice(b",\"code\":");
        match self.code {
            Some(code) => json::string(out, code),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"value\":");
        number(self.value.as_ref(), out);
        out.extend_from_slice(b",\"limit\":");
        number(self.limit.as_ref(), out);
        out.push(b'}');
    }
}

fn number(number: Option<&Number>, out: &mut Vec<u8>) {
    match number {
        Some(Number::Weight(weight)) => json::integer(out, *weight),
        Some(Number::Score(score)) => json::number(out, *score),
        None => out.extend_from_slice(b"null"),
    }
}
