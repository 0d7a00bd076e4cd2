//! What every value may be given: a scale, a default, bounds.

use crate::errors::Errors;
use crate::json::{Object, array};
use crate::literal::{Literal, Value};
use crate::shape::{Kind, Shape};
use crate::words::Word;

/// The digits after the point of a decimal that says nothing.
const SCALE: u8 = 4;
/// The most digits after the point.
const SCALE_MAX: i64 = 18;
/// The most elements of a list.
const LIST_MAX: i64 = 4_096;
/// Where the enum's own words are put into the JSON; no JSON text holds this character as it is.
pub(crate) const WORDS_OF_CHOICE: &str = "\0";

/// The words that every value may have, as they were written.
#[derive(Default)]
pub(crate) struct Bounds {
    scale: Option<Literal>,
    pub(crate) default: Option<Literal>,
    minimum: Option<Literal>,
    maximum: Option<Literal>,
    any_of: Option<Literal>,
    longest: Option<Literal>,
}

impl Bounds {
    /// Takes a word if it is one of an input's; gives it back otherwise.
    pub(crate) fn take(&mut self, word: Word, errors: &mut Errors) -> Option<Word> {
        let name = word.name();
        let place = match name.as_str() {
            "scale" => &mut self.scale,
            "default" => &mut self.default,
            "minimum" => &mut self.minimum,
            "maximum" => &mut self.maximum,
            _ => return Some(word),
        };
        set(place, word, errors);
        None
    }

    /// Takes a word if it is one of a parameter's; gives it back otherwise.
    pub(crate) fn take_of_parameter(&mut self, word: Word, errors: &mut Errors) -> Option<Word> {
        let name = word.name();
        let place = match name.as_str() {
            "any_of" => &mut self.any_of,
            "longest" => &mut self.longest,
            _ => return self.take(word, errors),
        };
        set(place, word, errors);
        None
    }

    /// Whether the author listed the allowed values.
    pub(crate) fn has_any_of(&self) -> bool {
        self.any_of.is_some()
    }

    /// The scale of a decimal.
    pub(crate) fn scale(&self, kind: Kind, errors: &mut Errors) -> u8 {
        let Some(literal) = &self.scale else { return SCALE };
        if kind != Kind::Decimal {
            errors.on(literal.span(), format!("only a Decimal has a scale, and this is of kind {}", kind.word()));
            return SCALE;
        }
        errors.keep(literal.whole(0, SCALE_MAX)).and_then(|scale| u8::try_from(scale).ok()).unwrap_or(SCALE)
    }

    /// Checks the values against each other and writes them.
    pub(crate) fn put(&self, shape: &Shape, object: &mut Object, errors: &mut Errors) {
        object.text("kind", shape.kind.word());
        let scale = self.scale(shape.kind, errors);
        if shape.kind == Kind::Decimal {
            object.put("scale", scale.to_string());
        }
        if shape.list {
            object.put("list", "true");
        }
        if shape.optional {
            object.put("optional", "true");
        }
        let minimum = self.bound(&self.minimum, shape, scale, errors);
        let maximum = self.bound(&self.maximum, shape, scale, errors);
        if let (Some((_, least)), Some((most, Value { rank, .. }))) = (&minimum, &maximum)
            && least.rank > *rank
        {
            errors.on(most.span(), "this maximum is below the minimum");
        }
        let allowed = self.allowed(shape, scale, errors);
        let within = Within { minimum: &minimum, maximum: &maximum, allowed: &allowed };
        self.put_default(shape, scale, &within, object, errors);
        let of_kind = match shape.kind {
            Kind::Integer { minimum, maximum } => (minimum, maximum),
            _ => (None, None),
        };
        if let Some(json) = minimum.map(|(_, value)| value.json).or(of_kind.0.map(|least| least.to_string())) {
            object.put("minimum", json);
        }
        if let Some(json) = maximum.map(|(_, value)| value.json).or(of_kind.1.map(|most| most.to_string())) {
            object.put("maximum", json);
        }
        if let Some(allowed) = &allowed {
            object.put("any_of", array(allowed.iter().map(|value| &value.json)));
        }
        self.put_longest(shape, object, errors);
    }

    fn bound<'a>(
        &self,
        bound: &'a Option<Literal>,
        shape: &Shape,
        scale: u8,
        errors: &mut Errors,
    ) -> Option<(&'a Literal, Value)> {
        let literal = bound.as_ref()?;
        if !shape.kind.ordered() {
            errors
                .on(literal.span(), format!("a value of kind {} has no order, so it has no bounds", shape.kind.word()));
            return None;
        }
        errors.keep(literal.value(shape, scale)).map(|value| (literal, value))
    }

    fn allowed(&self, shape: &Shape, scale: u8, errors: &mut Errors) -> Option<Vec<Value>> {
        match self.any_of.as_ref()? {
            Literal::List(_, list) if !list.is_empty() => {
                Some(list.iter().filter_map(|value| errors.keep(value.value(shape, scale))).collect())
            }
            other => {
                errors.add(other.wrong("a list is expected here: any_of = [1, 2, 3]"));
                None
            }
        }
    }

    fn put_default(&self, shape: &Shape, scale: u8, within: &Within<'_>, object: &mut Object, errors: &mut Errors) {
        let Some(default) = &self.default else { return };
        if shape.optional {
            errors.on(default.span(), "an Option is None where there is no value: it has no default");
            return;
        }
        let json = match (default, shape.list) {
            (Literal::List(_, list), true) => {
                let longest =
                    self.longest.as_ref().and_then(|longest| longest.whole(1, LIST_MAX).ok()).unwrap_or(LIST_MAX);
                if list.len() as i64 > longest {
                    errors.on(default.span(), format!("this list has {} elements, {longest} are allowed", list.len()));
                }
                array(list.iter().filter_map(|value| within.check(value, shape, scale, errors)).map(|value| value.json))
            }
            (other, true) => {
                errors.add(other.wrong("this value is a list: default = [1, 2, 3]"));
                return;
            }
            (one, false) => match within.check(one, shape, scale, errors) {
                Some(value) => value.json,
                None => return,
            },
        };
        object.put("default", json);
    }

    fn put_longest(&self, shape: &Shape, object: &mut Object, errors: &mut Errors) {
        let Some(longest) = &self.longest else { return };
        if !shape.list {
            errors.on(longest.span(), "only a list has a length: use Vec<…>, or leave this out");
        } else if let Some(longest) = errors.keep(longest.whole(1, LIST_MAX)) {
            object.put("longest", longest.to_string());
        }
    }
}

/// What a default must keep to.
struct Within<'a> {
    minimum: &'a Option<(&'a Literal, Value)>,
    maximum: &'a Option<(&'a Literal, Value)>,
    allowed: &'a Option<Vec<Value>>,
}

impl Within<'_> {
    fn check(&self, literal: &Literal, shape: &Shape, scale: u8, errors: &mut Errors) -> Option<Value> {
        let value = errors.keep(literal.value(shape, scale))?;
        let below = self.minimum.as_ref().filter(|(_, least)| value.rank < least.rank);
        let above = self.maximum.as_ref().filter(|(_, most)| value.rank > most.rank);
        if let Some((_, bound)) = below.or(above) {
            errors.on(literal.span(), format!("this default is outside its own bound of {}", bound.json));
        }
        let same = |allowed: &Value| {
            if value.rank.is_some() { allowed.rank == value.rank } else { allowed.json == value.json }
        };
        if self.allowed.as_ref().is_some_and(|allowed| !allowed.iter().any(same)) {
            errors.on(literal.span(), "this default is not among any_of");
        }
        Some(value)
    }
}

/// Sets a word that may be there once and has a value.
pub(crate) fn set(place: &mut Option<Literal>, word: Word, errors: &mut Errors) {
    let (span, name) = (word.span(), word.name());
    let Word::Value(_, literal) = word else {
        errors.on(span, format!("a value is missing: {name} = …"));
        return;
    };
    if place.replace(literal).is_some() {
        errors.on(span, format!("`{name}` is said twice"));
    }
}
