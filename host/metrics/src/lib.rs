//! What the host measures about itself, as families of named numbers, and their
//! text form. The only crate that knows how they are kept.
