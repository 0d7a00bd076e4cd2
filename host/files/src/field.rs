//! A field of a record, as a source and a case declare it.

use crate::Section;
use sandgate_model::Kind;
use sandgate_model::instant::Unit;
use sandgate_model::schema::Field;

/// Reads what a field is; `None` where it has problems.
pub fn field(name: &str, section: Section<'_>) -> Option<Field> {
    let path = section.text("path").unwrap_or(name);
    let scale = section.has("scale");
    let digits = section.whole("scale", u64::from(Kind::SCALE_DEFAULT), 0..=u64::from(Kind::SCALE_MAX));
    let of_word = |word: &str| Kind::of_word(word, digits as u8);
    if !section.has("kind") {
        section.problem("kind", format!("is missing: one of {}", Kind::WORDS.join(", ")));
    }
    let kind = section.word("kind", &Kind::WORDS, of_word);
    if scale && !matches!(kind, None | Some(Kind::Decimal { .. })) {
        section.problem("scale", "is only for decimals; remove it");
    }
    let unit = section.word("unit", &["s", "ms", "rfc3339"], |word| match word {
        "s" => Some(Unit::Seconds),
        "ms" => Some(Unit::Millis),
        "rfc3339" => Some(Unit::Rfc3339),
        _ => None,
    });
    // one that is wrong was told; the schema would say that it is missing
    let unit = unit.or(section.has("unit").then_some(Unit::Seconds));
    section.done();
    Some(Field { name: name.to_owned(), path: Field::path_of(path), kind: kind?, unit })
}
