//! Where a database is, as the configuration writes it: `sqlite:tags.db` or
//! `postgres://user@host/database`.

use crate::Address;
use std::fmt;
use std::path::{Path, PathBuf};

/// The place of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A database of a PostgreSQL server.
    Postgres(Address),
}

/// Why some text does not say where a database is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// A database that this version cannot read.
    #[error("names a {scheme} database, which this version cannot read: write \"sqlite:FILE\" or \"postgres://…\"")]
    Unsupported {
        /// What stands before the colon.
        scheme: String,
    },
    /// It is not a location at all.
    #[error("does not say where the database is: write \"sqlite:FILE\" or \"postgres://USER@HOST/DATABASE\"")]
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
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => {
                let address = Address::parse(text, &["postgres", "postgresql"]).ok_or(LocationError::Malformed)?;
                address.options().map_err(|_| LocationError::Malformed)?;
                Ok(Location::Postgres(address))
            }
            Some((scheme, rest)) if rest.starts_with("//") && scheme != "sqlite" => {
                Err(LocationError::Unsupported { scheme: scheme.to_owned() })
            }
            _ => Err(LocationError::Malformed),
        }
    }

    /// The same place, with a relative path taken from `folder`: that of the
    /// configuration file which named it.
    pub fn within(self, folder: &Path) -> Location {
        match self {
            Location::Sqlite(path) => Location::Sqlite(folder.join(path)),
            server @ Location::Postgres(_) => server,
        }
    }
}

/// As the configuration writes it, without a password.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Location::Postgres(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Location, LocationError};
    use std::path::Path;

    #[test]
    fn a_location_is_a_scheme_and_a_place() {
        let unsupported = |scheme: &str| Err(LocationError::Unsupported { scheme: scheme.to_owned() });
        let table = [
            ("sqlite:tags.db", Ok(Location::Sqlite("tags.db".into()))),
            ("sqlite:/var/lib/a b?c.db", Ok(Location::Sqlite("/var/lib/a b?c.db".into()))),
            ("mysql://host/tags", unsupported("mysql")),
            ("redis://host", unsupported("redis")),
            ("postgres://", Err(LocationError::Malformed)),
            ("postgres://host:port/tags", Err(LocationError::Malformed)),
            ("tags.db", Err(LocationError::Malformed)),
            ("sqlite:", Err(LocationError::Malformed)),
            ("", Err(LocationError::Malformed)),
        ];
        for (text, expected) in table {
            assert_eq!(Location::parse(text), expected, "{text}");
        }
        let server = Location::parse("postgresql://me:secret@host/tags").unwrap();
        assert_eq!(server.to_string(), "postgresql://me@host/tags");
        assert!(!format!("{server:?}").contains("secret"));
    }

    #[test]
    fn a_relative_path_is_taken_from_the_folder() {
        let server = "postgres://me@host/tags";
        let table =
            [("sqlite:tags.db", "sqlite:etc/tags.db"), ("sqlite:/tags.db", "sqlite:/tags.db"), (server, server)];
        for (text, expected) in table {
            let location = Location::parse(text).unwrap().within(Path::new("etc"));
            assert_eq!(location.to_string(), expected);
        }
    }
}
