//! What an error of a database means for whoever asked, as far as its answer tells.

use sqlx::postgres::PgDatabaseError;

/// Why a database would not do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// There is no such table.
    NoTable,
    /// This user may not come in, or not do that; a certificate or an option is wrong.
    Refused,
    /// The file is not a SQLite file.
    NotADatabase,
    /// The file may not be written.
    ReadOnly,
    /// The file makes no sense any more.
    Damaged,
    /// The file cannot be opened.
    CannotOpen,
    /// Anything else, which may be different the next time.
    Other,
}

impl Cause {
    /// The cause, and what the database said of it.
    pub fn of(error: &sqlx::Error) -> (Cause, String) {
        let Some(answer) = error.as_database_error() else {
            return match error {
                // what is wrong with a certificate will be wrong the next time
                sqlx::Error::Tls(_) | sqlx::Error::Configuration(_) => (Cause::Refused, error.to_string()),
                _ => (Cause::Other, error.to_string()),
            };
        };
        let code = answer.code().unwrap_or_default();
        let cause = match answer.try_downcast_ref::<PgDatabaseError>() {
            Some(_) => postgres(&code),
            None => sqlite(&code, answer.message()),
        };
        (cause, answer.message().to_owned())
    }
}

fn postgres(code: &str) -> Cause {
    match code {
        "42P01" => Cause::NoTable,
        // no such user or password, no such database, no right to it
        "28P01" | "28000" | "3D000" | "42501" => Cause::Refused,
        _ => Cause::Other,
    }
}

fn sqlite(code: &str, said: &str) -> Cause {
    // the low byte of SQLite's extended codes
    match code.parse::<i64>().map(|code| code & 0xff) {
        Ok(1) if said.starts_with("no such table") => Cause::NoTable,
        Ok(8) => Cause::ReadOnly,
        Ok(11) => Cause::Damaged,
        Ok(14) => Cause::CannotOpen,
        Ok(26) => Cause::NotADatabase,
        _ => Cause::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::{Cause, postgres, sqlite};

    #[test]
    fn codes_have_their_causes() {
        let table = [
            ("42P01", Cause::NoTable),
            ("28P01", Cause::Refused),
            ("42501", Cause::Refused),
            ("57P01", Cause::Other),
            ("", Cause::Other),
        ];
        for (code, cause) in table {
            assert_eq!(postgres(code), cause, "{code}");
        }
        let table = [
            ("1", "no such table: tags", Cause::NoTable),
            ("1", "near \"SELEC\": syntax error", Cause::Other),
            // extended codes: read-only because of the folder, damaged index
            ("1544", "", Cause::ReadOnly),
            ("779", "", Cause::Damaged),
            ("14", "", Cause::CannotOpen),
            ("26", "", Cause::NotADatabase),
            ("5", "database is locked", Cause::Other),
        ];
        for (code, said, cause) in table {
            assert_eq!(sqlite(code, said), cause, "{code}");
        }
    }
}
