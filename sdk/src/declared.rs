//! What the derives say about a policy's structs, put together and checked
//! while the policy is compiled: the manifest is a constant of the component.
//!
//! A derive sees one struct. What concerns two of them (a message that names
//! an input, a parameter that takes an input's name) becomes a numbered
//! constant that is generic over the other struct, and `#[rules]`, which knows
//! both, evaluates every number. So each mistake is an error of its own, at its
//! own word, under `cargo check` too.

use crate::Reasons;
use crate::cursor::Cursor;
use crate::judge::Parameters;

/// The name of an input or parameter.
pub struct Name {
    /// The name.
    pub name: &'static str,
    /// Whether it is a list, which no message can show.
    pub list: bool,
}

/// The inputs or parameters that a struct declares.
#[diagnostic::on_unimplemented(
    message = "`{Self}` declares no inputs or parameters",
    note = "put #[derive(Inputs)] or #[derive(Parameters)] above the struct"
)]
pub trait Declared {
    /// Their names, in declared order.
    const NAMES: &'static [Name];
    /// Their JSON objects with commas between them, in pieces.
    const JSON: &'static [&'static str];
}

macro_rules! checks {
    ($($number:ident)*) => {
        /// The checks of a struct or enum against another, by number.
        #[diagnostic::on_unimplemented(
            message = "`{Self}` has no derive whose words could be checked",
            note = "put #[derive(Inputs)], #[derive(Parameters)] or #[derive(Reasons)] above it"
        )]
        pub trait Checks<With> {
            $(#[doc(hidden)] const $number: () = ();)*
        }

        /// Evaluates every check.
        #[doc(hidden)]
        #[macro_export]
        macro_rules! check_all {
            ($checked:ty, $with:ty) => {
                $(const _: () = <$checked as $crate::expand::Checks<$with>>::$number;)*
            };
        }
    };
}
checks! {
    C0 C1 C2 C3 C4 C5 C6 C7 C8 C9 C10 C11 C12 C13 C14 C15 C16 C17 C18 C19 C20 C21 C22 C23 C24 C25 C26 C27 C28 C29 C30
    C31 C32 C33 C34 C35 C36 C37 C38 C39 C40 C41 C42 C43 C44 C45 C46 C47 C48 C49 C50 C51 C52 C53 C54 C55 C56 C57 C58
    C59 C60 C61 C62 C63
}

/// Of a policy that has no parameters.
pub struct NoParameters;

impl Declared for NoParameters {
    const NAMES: &'static [Name] = &[];
    const JSON: &'static [&'static str] = &[];
}

impl Parameters<'_> for NoParameters {
    fn read(_: &mut Cursor<'_>) -> NoParameters {
        NoParameters
    }
}

impl<I> Checks<I> for NoParameters {}

/// Of a policy that gives no reasons.
pub enum NoReasons {}

impl Reasons for NoReasons {
    const JSON: &'static str = "";
    const ALL: &'static [NoReasons] = &[];
    const CODES: &'static [&'static str] = &[];
    fn index(&self) -> u32 {
        match *self {}
    }
}

impl<With> Checks<With> for NoReasons {}

/// What is wrong with a placeholder, seen from one set of names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It is there and can be shown.
    Shown,
    /// It is there, and is a list.
    List,
    /// It is not there.
    Unknown,
}

/// Whether `name` is among the names, and can be shown.
pub const fn known(names: &[Name], name: &str) -> Known {
    let mut at = 0;
    while at < names.len() {
        if equal(names[at].name, name) {
            return if names[at].list { Known::List } else { Known::Shown };
        }
        at += 1;
    }
    Known::Unknown
}

/// Whether a message may name `name`: what is wrong with it otherwise.
pub const fn placeholder(inputs: &[Name], parameters: &[Name], name: &str) -> Known {
    match known(inputs, name) {
        Known::Unknown => known(parameters, name),
        found => found,
    }
}

/// Whether no name is `name`.
pub const fn apart(names: &[Name], name: &str) -> bool {
    matches!(known(names, name), Known::Unknown)
}

const fn equal(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// The pieces of a manifest, from what the macros know.
pub const fn manifest(
    head: &'static str,
    inputs: &'static [&'static str],
    parameters: &'static [&'static str],
    reasons: &'static str,
    score: &'static str,
) -> [Piece; 9] {
    [
        Piece::One(head),
        Piece::One(r#","inputs":["#),
        Piece::Many(inputs),
        Piece::One(r#"],"parameters":["#),
        Piece::Many(parameters),
        Piece::One(r#"],"reasons":["#),
        Piece::One(reasons),
        Piece::One(r#"],"score":"#),
        Piece::One(score),
    ]
}

/// A part of a manifest.
pub enum Piece {
    /// One text.
    One(&'static str),
    /// Texts to be put one after the other.
    Many(&'static [&'static str]),
}

/// How many bytes the manifest has.
pub const fn length(pieces: &[Piece]) -> usize {
    write::<0>(pieces).0 + 1
}

/// The bytes of the manifest.
pub const fn join<const LENGTH: usize>(pieces: &[Piece]) -> [u8; LENGTH] {
    let (end, mut bytes) = write::<LENGTH>(pieces);
    bytes[end] = b'}';
    bytes
}

/// Writes the pieces as far as there is room, and says how long they are.
const fn write<const ROOM: usize>(pieces: &[Piece]) -> (usize, [u8; ROOM]) {
    let (mut end, mut bytes) = (0, [0; ROOM]);
    let mut at = 0;
    while at < pieces.len() {
        match pieces[at] {
            Piece::One(text) => end = put(&mut bytes, end, text),
            Piece::Many(texts) => {
                let mut at = 0;
                while at < texts.len() {
                    end = put(&mut bytes, end, texts[at]);
                    at += 1;
                }
            }
        }
        at += 1;
    }
    (end, bytes)
}

const fn put(bytes: &mut [u8], end: usize, text: &str) -> usize {
    let text = text.as_bytes();
    let mut at = 0;
    while at < text.len() {
        if end + at < bytes.len() {
            bytes[end + at] = text[at];
        }
        at += 1;
    }
    end + text.len()
}
