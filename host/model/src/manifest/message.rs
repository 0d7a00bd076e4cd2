//! The message of a reason: text with placeholders, taken apart once at load.

/// A message, ready to be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The pieces in order.
    pub pieces: Vec<Piece>,
}

/// A piece of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text as it stands; `{{` and `}}` are already braces.
    Text(String),
    /// The place of a value.
    Value(Placeholder),
}

/// Which value a placeholder shows, by its index in the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// An input.
    Input(usize),
    /// A parameter that is not a list.
    Parameter(usize),
}
