//! The cascade over tiers that fail when they are told to.
