//! The sandbox against guests that were written to break it. One program, so
//! that the engine is linked once.

mod cache;
mod cuts;
mod guest;
mod judging;
mod limits;
mod outputs;
mod refusals;
