//! The sandbox against guests that were written to break it. One program, so
//! that the engine is linked once.

#[cfg(test)]
mod cache;
#[cfg(test)]
mod cuts;
#[cfg(test)]
mod guest;
#[cfg(test)]
mod judging;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod outputs;
#[cfg(test)]
mod refusals;
