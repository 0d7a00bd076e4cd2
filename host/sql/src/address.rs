//! The address of a server, as a URL that may hold a password.
//!
//! The password is nowhere but in the URL, which only the client that connects
//! reads: what is printed, also for debugging, has neither a password nor
//! the options behind `?`, among which some clients allow one too.

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;
use std::fmt;

/// A server's URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    url: String,
}

impl Address {
    /// Takes a URL of one of these schemes, such as `redis`.
    pub fn parse(text: &str, schemes: &[&str]) -> Option<Address> {
        let (scheme, rest) = text.split_once("://")?;
        let sound = schemes.contains(&scheme) && !rest.is_empty() && !text.chars().any(char::is_control);
        sound.then(|| Address { url: text.to_owned() })
    }

    /// The same server with a password that stands elsewhere.
    pub fn with_password(&self, password: &str) -> Address {
        let (scheme, user, rest) = self.parts();
        let mut url = format!("{scheme}://{user}:");
        for byte in password.bytes() {
            if byte.is_ascii_alphanumeric() {
                url.push(char::from(byte));
            } else {
                url.push_str(&format!("%{byte:02X}"));
            }
        }
        url.push('@');
        url.push_str(rest);
        Address { url }
    }

    /// Whether the URL itself has a password.
    pub fn has_password(&self) -> bool {
        let (_, user, rest) = self.parts();
        // what is left between the two is `:` and the password
        let (_, behind) = self.url.split_once("://").unwrap_or_default();
        behind.len() > user.len() + rest.len() + "@:".len()
    }

    /// What it says to a client of PostgreSQL.
    ///
    /// # Errors
    /// Where the URL is none of PostgreSQL's.
    pub fn options(&self) -> Result<PgConnectOptions, sqlx::Error> {
        self.url
            .parse::<PgConnectOptions>()
            .map(|options| options.application_name("sandgate").disable_statement_logging())
    }

    /// Scheme, user without password, and the rest behind the `@`.
    fn parts(&self) -> (&str, &str, &str) {
        let (scheme, rest) = self.url.split_once("://").unwrap_or_default();
        // a password may hold a `/` that nobody escaped: the last `@` before the options counts
        let options = rest.find('?').unwrap_or(rest.len());
        match rest[..options].rfind('@') {
            Some(at) => (scheme, rest[..at].split(':').next().unwrap_or_default(), &rest[at + 1..]),
            None => (scheme, "", rest),
        }
    }
}

/// Without the password.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, user, rest) = self.parts();
        let place = rest.split('?').next().unwrap_or_default();
        let at = if user.is_empty() { "" } else { "@" };
        write!(f, "{scheme}://{user}{at}{place}")
    }
}

/// Without the password too.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn a_password_is_never_printed() {
        let table = [
            ("redis://host", "redis://host", false),
            ("redis://:secret@host:1/0", "redis://host:1/0", true),
            ("postgres://me:secret@host/tags", "postgres://me@host/tags", true),
            ("postgres://me@host/tags?password=secret&sslmode=require", "postgres://me@host/tags", false),
            ("postgres://me:se@cr/et@host/tags", "postgres://me@host/tags", true),
        ];
        for (url, printed, has) in table {
            let address = Address::parse(url, &["redis", "postgres"]).unwrap();
            assert_eq!(address.to_string(), printed);
            assert_eq!(format!("{address:?}"), format!("Address({printed})"));
            assert!(!printed.contains("secret"));
            assert_eq!(address.has_password(), has, "{url}");
        }
    }

    #[test]
    fn a_password_from_elsewhere_is_escaped_into_the_url() {
        let address = Address::parse("postgres://me@host/tags?sslmode=require", &["postgres"]).unwrap();
        let whole = address.with_password("a/b@c:é");
        assert_eq!(whole.url, "postgres://me:a%2Fb%40c%3A%C3%A9@host/tags?sslmode=require");
        assert_eq!(whole.to_string(), "postgres://me@host/tags");
        let redis = Address::parse("redis://host", &["redis"]).unwrap();
        assert_eq!(redis.with_password("p").url, "redis://:p@host");
    }

    #[test]
    fn only_the_named_schemes_are_addresses() {
        for text in ["redis:host", "http://host", "redis://", "", "redis://a\nb"] {
            assert_eq!(Address::parse(text, &["redis", "rediss"]), None, "{text}");
        }
    }
}
