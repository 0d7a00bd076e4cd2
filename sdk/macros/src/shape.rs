//! What a field's type says: its kind, whether it may be absent, whether it is a list.

use crate::errors::Errors;
use quote::ToTokens;
use syn::{GenericArgument, PathArguments, Type, TypePath};

/// The kind of a value, as the type declares it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Flag,
    /// With the bounds of the type, where they are not those of 64 bits.
    Integer {
        minimum: Option<i64>,
        maximum: Option<i64>,
    },
    Number,
    Decimal,
    Text,
    Instant,
    /// An enum of the author's, which crosses as a text.
    Choice,
}

impl Kind {
    /// The manifest's word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::Flag => "flag",
            Kind::Integer { .. } => "integer",
            Kind::Number => "number",
            Kind::Decimal => "decimal",
            Kind::Text | Kind::Choice => "text",
            Kind::Instant => "instant",
        }
    }

    /// Whether its values have an order that bounds can use.
    pub(crate) fn ordered(self) -> bool {
        matches!(self, Kind::Integer { .. } | Kind::Number | Kind::Decimal | Kind::Instant)
    }
}

/// What a type says.
#[derive(Clone)]
pub(crate) struct Shape {
    /// The kind of the value, or of each element of the list.
    pub(crate) kind: Kind,
    /// Whether it is an `Option`.
    pub(crate) optional: bool,
    /// Whether it is a list.
    pub(crate) list: bool,
    /// The type inside `Option`, `Vec` or a slice.
    pub(crate) inner: Type,
}

/// Reads a type; a mistake leaves the shape of a text, so that the rest can still be checked.
pub(crate) fn shape(ty: &Type, errors: &mut Errors) -> Option<Shape> {
    let plain = |kind: Kind| Shape { kind, optional: false, list: false, inner: ty.clone() };
    match ty {
        Type::Group(group) => shape(&group.elem, errors),
        Type::Paren(paren) => shape(&paren.elem, errors),
        Type::Reference(reference) => match &*reference.elem {
            Type::Path(path) if path.path.is_ident("str") => Some(plain(Kind::Text)),
            Type::Slice(slice) => {
                let element = shape(&slice.elem, errors)?;
                let in_place = matches!(element.kind, Kind::Number)
                    || element.kind == (Kind::Integer { minimum: None, maximum: None });
                if !in_place || element.optional || element.list {
                    let name = slice.elem.to_token_stream();
                    errors.at(ty, format!("only &[i64] and &[f64] can be read in place: use Vec<{name}>"));
                    return None;
                }
                Some(Shape { list: true, ..element })
            }
            _ => {
                errors.at(ty, "only &str, &[i64] and &[f64] can be borrowed");
                None
            }
        },
        Type::Path(path) => of_path(ty, path, errors),
        _ => {
            errors.at(ty, TYPES);
            None
        }
    }
}

const TYPES: &str = "no type of an input or parameter: use bool, i8 to i64, u8 to u64, f64, Decimal, Instant, &str, \
                     String, an enum with #[derive(Choice)], or Option<…> of one of these";

fn of_path(ty: &Type, path: &TypePath, errors: &mut Errors) -> Option<Shape> {
    let segment = path.path.segments.last()?;
    let name = segment.ident.to_string();
    let argument = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        }),
        _ => None,
    };
    if let Some(inner) = argument {
        let inner = match name.as_str() {
            "Option" | "Vec" => shape(inner, errors)?,
            _ => {
                errors.at(ty, TYPES);
                return None;
            }
        };
        if inner.optional || inner.list {
            errors.at(ty, "an Option or a Vec holds a single value");
            return None;
        }
        return Some(if name == "Option" { Shape { optional: true, ..inner } } else { Shape { list: true, ..inner } });
    }
    let integer = |minimum: Option<i64>, maximum: Option<i64>| Kind::Integer { minimum, maximum };
    let kind = match name.as_str() {
        "bool" => Kind::Flag,
        "i8" => integer(Some(i8::MIN.into()), Some(i8::MAX.into())),
        "i16" => integer(Some(i16::MIN.into()), Some(i16::MAX.into())),
        "i32" => integer(Some(i32::MIN.into()), Some(i32::MAX.into())),
        "i64" => integer(None, None),
        "u8" => integer(Some(0), Some(u8::MAX.into())),
        "u16" => integer(Some(0), Some(u16::MAX.into())),
        "u32" => integer(Some(0), Some(u32::MAX.into())),
        "u64" => integer(Some(0), None),
        "f64" => Kind::Number,
        "Decimal" => Kind::Decimal,
        "Instant" => Kind::Instant,
        "String" => Kind::Text,
        "usize" | "isize" => {
            errors.at(ty, "its width differs between the sandbox and a test: use u64 or i64");
            return None;
        }
        "u128" | "i128" => {
            errors.at(ty, "an integer that crosses the contract has at most 64 bits: use u64, i64 or Decimal");
            return None;
        }
        "f32" => {
            errors.at(ty, "a number has 64 bits: use f64, or Decimal for money");
            return None;
        }
        "char" | "Duration" | "SystemTime" | "Cow" | "Box" | "HashMap" | "BTreeMap" => {
            errors.at(ty, TYPES);
            return None;
        }
        _ => Kind::Choice,
    };
    Some(Shape { kind, optional: false, list: false, inner: ty.clone() })
}
