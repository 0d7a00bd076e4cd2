//! Where the tags are, as the configuration writes it: `sqlite:tags.db`.

use std::fmt;
use std::path::{Path, PathBuf};

/// The place of a tag store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file.
    Sqlite(PathBuf),
}

/// Why some text does not say where tags are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// A database that this version cannot read.
    #[error("names a {scheme} database, which this version cannot read: write \"sqlite:FILE\"")]
    Unsupported {
        /// What stands before the colon.
        scheme: String,
    },
    /// It is not a location at all.
    #[error("does not say where the tags are: write \"sqlite:FILE\"")]
    Malformed,
}

impl Location {
    /// Reads a location. What follows `sqlite:` is a path, as it stands: there
    /// are no options and no escapes in it.
    ///
    /// # Errors
    /// Where it names another kind of database, or no file.
    pub fn parse(text: &str) -> Result<Location, LocationError> {
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() && !path.contains('\0') => Ok(Location::Sqlite(path.into())),
            Some((scheme, rest)) if rest.starts_with("//") && scheme != "sqlite" => {
                Err(LocationError::Unsupported { scheme: scheme.to_owned() })
            }
            _ => Err(LocationError::Malformed),
        }
    }

    /// The same place, with a relative path taken from `folder`: that of the
    /// configuration file which named it.
    pub fn within(self, folder: &Path) -> Location {
        let Location::Sqlite(path) = self;
        Location::Sqlite(folder.join(path))
    }
}

impl Default for Location {
    fn default() -> Location {
        Location::Sqlite("tags.db".into())
    }
}

/// As the configuration writes it.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Location::Sqlite(path) = self;
        write!(f, "sqlite:{}", path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::{Location, LocationError};
    use std::path::Path;

    #[test]
    fn a_location_is_a_scheme_and_a_path() {
        let unsupported = |scheme: &str| Err(LocationError::Unsupported { scheme: scheme.to_owned() });
        let table = [
            ("sqlite:tags.db", Ok(Location::default())),
            ("sqlite:/var/lib/a b?c.db", Ok(Location::Sqlite("/var/lib/a b?c.db".into()))),
            ("postgres://host/tags", unsupported("postgres")),
            ("redis://host", unsupported("redis")),
            ("tags.db", Err(LocationError::Malformed)),
            ("sqlite:", Err(LocationError::Malformed)),
            ("", Err(LocationError::Malformed)),
        ];
        for (text, expected) in table {
            assert_eq!(Location::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn a_relative_path_is_taken_from_the_folder() {
        let table = [("sqlite:tags.db", "sqlite:etc/tags.db"), ("sqlite:/tags.db", "sqlite:/tags.db")];
        for (text, expected) in table {
            let location = Location::parse(text).unwrap().within(Path::new("etc"));
            assert_eq!(location.to_string(), expected);
        }
    }
}
