//! Writing the JSON of a manifest, which the macros know in full.

/// An object in the making: `{"name":"amount"`.
pub(crate) struct Object(String);

impl Object {
    /// An empty object.
    pub(crate) fn new() -> Object {
        Object("{".to_owned())
    }

    /// Adds a member whose value is already JSON.
    pub(crate) fn put(&mut self, name: &str, json: impl AsRef<str>) -> &mut Object {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push_str(&text(name));
        self.0.push(':');
        self.0.push_str(json.as_ref());
        self
    }

    /// Adds a member that is a text.
    pub(crate) fn text(&mut self, name: &str, value: &str) -> &mut Object {
        self.put(name, text(value))
    }

    /// The object.
    pub(crate) fn end(&mut self) -> String {
        std::mem::take(&mut self.0) + "}"
    }
}

/// An array of values that are already JSON.
pub(crate) fn array<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> String {
    let values: Vec<T> = values.into_iter().collect();
    format!("[{}]", values.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(","))
}

/// A text as JSON.
pub(crate) fn text(value: &str) -> String {
    let mut json = String::with_capacity(value.len() + 2);
    json.push('"');
    for character in value.chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            control if control < ' ' => json.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => json.push(other),
        }
    }
    json.push('"');
    json
}

/// Texts as a JSON array.
pub(crate) fn texts(values: &[String]) -> String {
    array(values.iter().map(|value| text(value)))
}

#[cfg(test)]
mod tests {
    use super::{Object, array, text};

    #[test]
    fn texts_are_escaped() {
        assert_eq!(text("a \"b\" \\ \n 申购"), r#""a \"b\" \\ \u000a 申购""#);
    }

    #[test]
    fn objects_and_arrays_have_their_commas() {
        let object = Object::new().text("a", "b").put("c", array(["1", "2"])).end();
        assert_eq!(object, r#"{"a":"b","c":[1,2]}"#);
    }
}
