//! Proofs about guests of which it is known what they do. One program, so that
//! the engine is linked once.
#![cfg(test)]

mod constants;
mod fuel;
mod guest;
mod influence;
mod purity;
mod search;
