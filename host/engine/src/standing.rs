//! How a decision stands: the order of precedence, and nothing else.
//!
//! Block if a *final* block was hit; allow if an exemption was hit; else the
//! strongest of effects, thresholds, fallbacks and bands over the sum of
//! weights. A fallback ranks as the strongest hit that its policy can give, so
//! a block in place of a final block is final: nobody gets through by making
//! the sanctions check fail.

use sandgate_model::{Effect, Outcome};

/// From which sum of weights on which outcome is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// The least sum that is in the band.
    pub at: i64,
    /// What the band asks for.
    pub outcome: Outcome,
}

/// Everything about one transaction that precedence depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    final_block: bool,
    exempt: bool,
    ended: bool,
    strongest: Outcome,
    weight: i64,
}

impl Default for Standing {
    fn default() -> Standing {
        Standing { final_block: false, exempt: false, ended: false, strongest: Outcome::Allow, weight: 0 }
    }
}

impl Standing {
    /// A reason was hit.
    pub fn hit(&mut self, effect: Effect, is_final: bool, weight: i64) {
        self.final_block |= is_final && effect == Effect::Block;
        self.exempt |= effect == Effect::Exempt;
        self.ended |= is_final;
        self.strongest = self.strongest.max(effect.outcome());
        self.weight = self.weight.saturating_add(weight);
    }

    /// A score passed a threshold.
    pub fn threshold(&mut self, outcome: Outcome) {
        self.strongest = self.strongest.max(outcome);
    }

    /// A policy faulted and its fallback stands in. `can_block_finally` says
    /// whether one of its reasons is a final block.
    pub fn fallback(&mut self, outcome: Outcome, can_block_finally: bool) {
        let is_final = can_block_finally && outcome == Outcome::Block;
        self.final_block |= is_final;
        self.ended |= is_final;
        self.strongest = self.strongest.max(outcome);
    }

    /// The sum of the weights of all hits.
    pub fn weight(&self) -> i64 {
        self.weight
    }

    /// The outcome as it stands.
    pub fn outcome(&self, bands: &[Band]) -> Outcome {
        match self.ground() {
            Ground::FinalBlock => Outcome::Block,
            Ground::Exemption => Outcome::Allow,
            Ground::Strongest => self.strongest.max(self.band(bands).map_or(Outcome::Allow, |band| band.outcome)),
        }
    }

    /// Which rule of the order of precedence applies.
    pub fn ground(&self) -> Ground {
        if self.final_block {
            Ground::FinalBlock
        } else if self.exempt {
            Ground::Exemption
        } else {
            Ground::Strongest
        }
    }

    /// The strictest band that the sum of weights reaches.
    pub fn band<'a>(&self, bands: &'a [Band]) -> Option<&'a Band> {
        bands.iter().filter(|band| self.weight >= band.at).max_by_key(|band| (band.outcome, band.at))
    }

    /// Whether the stages behind this one are skipped.
    pub fn ends(&self, stop_at: Option<Outcome>, bands: &[Band]) -> bool {
        self.ended || stop_at.is_some_and(|level| self.outcome(bands) >= level)
    }
}

/// The rule of the order of precedence that made an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// A final block was hit.
    FinalBlock,
    /// An exemption was hit.
    Exemption,
    /// The strongest of all that was asked for.
    Strongest,
}

#[cfg(test)]
mod tests {
    use super::{Band, Standing};
    use sandgate_model::{Effect, Outcome};

    enum Told {
        Hit(Effect),
        Final(Effect),
        Weight(i64),
        Threshold(Outcome),
        Fallback(Outcome),
        FallbackOfFinal(Outcome),
    }

    fn standing(told: &[Told]) -> Standing {
        let mut standing = Standing::default();
        for fact in told {
            match fact {
                Told::Hit(effect) => standing.hit(*effect, false, 0),
                Told::Final(effect) => standing.hit(*effect, true, 0),
                Told::Weight(weight) => standing.hit(Effect::Note, false, *weight),
                Told::Threshold(outcome) => standing.threshold(*outcome),
                Told::Fallback(outcome) => standing.fallback(*outcome, false),
                Told::FallbackOfFinal(outcome) => standing.fallback(*outcome, true),
            }
        }
        standing
    }

    const BANDS: [Band; 2] = [Band { at: 50, outcome: Outcome::Review }, Band { at: 100, outcome: Outcome::Block }];

    #[test]
    fn precedence_is_final_block_then_exemption_then_the_strongest() {
        use Effect::{Block as EBlock, Exempt, Note, Review as EReview};
        use Outcome::{Allow, Block, Review};
        use Told::{Fallback, FallbackOfFinal, Final, Hit, Threshold, Weight};
        let table: &[(&[Told], Outcome)] = &[
            (&[], Allow),
            (&[Hit(Note)], Allow),
            (&[Hit(EReview)], Review),
            (&[Hit(EReview), Hit(EBlock)], Block),
            (&[Hit(EBlock), Hit(Exempt)], Allow),
            (&[Final(EBlock), Hit(Exempt)], Block),
            (&[Hit(Exempt), Final(EBlock)], Block),
            (&[Final(EReview), Hit(Exempt)], Allow),
            (&[Final(Exempt), Hit(EBlock)], Allow),
            (&[Final(Exempt), Final(EBlock)], Block),
            (&[Weight(49)], Allow),
            (&[Weight(50)], Review),
            (&[Weight(60), Weight(40)], Block),
            (&[Weight(120), Weight(-40)], Review),
            (&[Weight(100), Hit(Exempt)], Allow),
            (&[Weight(i64::MAX), Weight(i64::MAX)], Block),
            (&[Threshold(Review)], Review),
            (&[Threshold(Block), Hit(Exempt)], Allow),
            (&[Fallback(Allow)], Allow),
            (&[Fallback(Review)], Review),
            (&[Fallback(Block)], Block),
            (&[Fallback(Block), Hit(Exempt)], Allow),
            (&[FallbackOfFinal(Block), Hit(Exempt)], Block),
            (&[FallbackOfFinal(Review), Hit(Exempt)], Allow),
            (&[FallbackOfFinal(Allow), Hit(Exempt)], Allow),
            (&[Fallback(Review), Hit(EBlock)], Block),
        ];
        for (row, (told, outcome)) in table.iter().enumerate() {
            assert_eq!(standing(told).outcome(&BANDS), *outcome, "row {row}");
        }
    }

    #[test]
    fn stages_end_at_their_level_or_at_anything_final() {
        use Outcome::{Allow, Block, Review};
        use Told::{Fallback, FallbackOfFinal, Final, Hit, Weight};
        let table: &[(&[Told], Option<Outcome>, bool)] = &[
            (&[], Some(Block), false),
            (&[], Some(Allow), true),
            (&[Hit(Effect::Block)], None, false),
            (&[Hit(Effect::Block)], Some(Block), true),
            (&[Hit(Effect::Block)], Some(Review), true),
            (&[Hit(Effect::Review)], Some(Block), false),
            (&[Weight(100)], Some(Block), true),
            (&[Fallback(Block)], Some(Block), true),
            (&[Fallback(Block)], None, false),
            (&[FallbackOfFinal(Block)], None, true),
            (&[FallbackOfFinal(Review)], None, false),
            (&[Final(Effect::Note)], None, true),
            (&[Final(Effect::Exempt)], None, true),
            (&[Hit(Effect::Block), Hit(Effect::Exempt)], Some(Block), false),
        ];
        for (row, (told, stop_at, ends)) in table.iter().enumerate() {
            assert_eq!(standing(told).ends(*stop_at, &BANDS), *ends, "row {row}");
        }
    }
}
