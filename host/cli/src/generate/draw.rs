//! Chance, the same on every machine: a ChaCha generator and whole numbers.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// A source of chance.
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    /// The `stream`th source of a seed: what one of them gives does not depend on
    /// how often another was asked.
    pub(super) fn new(seed: u64, stream: u64) -> Draw {
        // laid out here, because a library may change how it spreads a small seed
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let mut generator = ChaCha8Rng::from_seed(bytes);
        generator.set_stream(stream);
        Draw(generator)
    }

    /// A number from 0 up to, but not including, `end` (at least 1). The slight
    /// favour of some numbers, under one in a million here, is harmless.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        ((u64::from(self.0.next_u32()) * u64::from(end)) >> 32) as u32
    }

    /// A number between the two, both included.
    pub(super) fn between(&mut self, least: u32, most: u32) -> u32 {
        least + self.below(most - least + 1)
    }

    /// True once in `times`, on average.
    pub(super) fn once_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    /// True `percent` times in a hundred, on average.
    pub(super) fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// An index below `end`, the low ones more often.
    pub(super) fn early(&mut self, end: u32) -> u32 {
        self.below(end).min(self.below(end))
    }
}
