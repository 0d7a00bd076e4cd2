//! Secrets: they stand in the environment or in a file of their own, never in a
//! configuration file. This is the program's one door to the environment for them.

use sandgate_files::Section;
use std::fmt;
use std::io::Read as _;
use std::path::PathBuf;

/// Where a secret stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The variable of the environment with this name.
    Environment(String),
    /// This file; a newline at its end does not belong to it.
    File(PathBuf),
}

/// A secret that cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    place: Place,
    why: String,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Environment(name) => write!(f, "the environment variable {name} {}", self.why),
            Place::File(path) => write!(f, "the file {} {}", path.display(), self.why),
        }
    }
}

/// The most bytes of a secret: a private key with its chain fits.
const SIZE_MAX: u64 = 64 << 10;

impl Place {
    /// How it is written.
    pub(crate) const FORM: &str = "must be { env = \"NAME\" } or { file = \"PATH\" }";

    /// Reads the place that stands under this key.
    pub(crate) fn read<'a>(section: &Section<'a>, key: &'a str) -> Option<Place> {
        let inner = section.section(key)?;
        let place = match (inner.text("env"), inner.text("file")) {
            (Some(name), None) if !name.is_empty() => Some(Place::Environment(name.to_owned())),
            (None, Some(path)) if !path.is_empty() => Some(Place::File(section.file.beside(path))),
            _ => {
                section.problem(key, Place::FORM);
                None
            }
        };
        inner.done();
        place
    }

    /// The place of a password under this key, which stands in one place only: `in_url` says
    /// whether the URL has one too.
    pub(crate) fn password<'a>(section: &Section<'a>, key: &'a str, in_url: bool) -> Option<Place> {
        let place = section.has(key).then(|| Place::read(section, key)).flatten()?;
        if in_url {
            section.problem(key, "stands beside a password in the URL; keep one of them");
        }
        Some(place)
    }

    /// What stands there.
    ///
    /// # Errors
    /// Where there is nothing, or nothing that can be used.
    pub(crate) fn content(&self) -> Result<String, Missing> {
        let missing = |why: String| Missing { place: self.clone(), why };
        let text = match self {
            Place::Environment(name) => environment(name).map_err(missing)?,
            Place::File(path) => {
                let file = std::fs::File::open(path).map_err(|error| missing(format!("cannot be read: {error}")))?;
                let mut text = String::new();
                let read = file.take(SIZE_MAX + 1).read_to_string(&mut text);
                read.map_err(|error| missing(format!("cannot be read: {error}")))?;
                text.truncate(text.trim_end_matches(['\r', '\n']).len());
                text
            }
        };
        match text.len() as u64 {
            0 => Err(missing("is empty".to_owned())),
            1..=SIZE_MAX => Ok(text),
            _ => Err(missing(format!("holds more than {SIZE_MAX} bytes"))),
        }
    }
}

/// A variable of the environment, or why there is none.
#[expect(clippy::disallowed_methods, reason = "the one door: secrets, the name of this host and the level of its log")]
pub(crate) fn environment(name: &str) -> Result<String, String> {
    use std::env::VarError;
    std::env::var(name).map_err(|error| match error {
        VarError::NotPresent => "is not set".to_owned(),
        VarError::NotUnicode(_) => "is no text".to_owned(),
    })
}

/// What this machine is called, where the system says so.
pub(crate) fn machine() -> Option<String> {
    let named = || Some(std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?.trim().to_owned());
    environment("HOSTNAME").ok().or_else(named).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_file_gives_its_text_without_the_end_of_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, "open sesame\n").unwrap();
        assert_eq!(Place::File(path.clone()).content().unwrap(), "open sesame");
        for (content, what) in [("\n", "is empty"), (&*"x".repeat(70_000), "more than 65536 bytes")] {
            std::fs::write(&path, content).unwrap();
            let told = Place::File(path.clone()).content().unwrap_err().to_string();
            assert!(told.contains(what) && told.contains("password"), "{told}");
        }
    }

    #[test]
    fn what_is_missing_is_named_and_not_shown() {
        let told = Place::Environment("SANDGATE_HAS_NO_SUCH_SECRET".to_owned()).content().unwrap_err().to_string();
        assert_eq!(told, "the environment variable SANDGATE_HAS_NO_SUCH_SECRET is not set");
        let told = Place::File("/no/such/file".into()).content().unwrap_err().to_string();
        assert!(told.starts_with("the file /no/such/file cannot be read: "), "{told}");
        assert!(Place::Environment("PATH".to_owned()).content().is_ok());
    }
}
