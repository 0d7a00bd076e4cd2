//! The state folder as an operator meets it.
