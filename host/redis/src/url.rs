//! Where a Redis is, as a URL that may hold a password.
//!
//! The password is nowhere but in what the client connects with: what is printed,
//! also for debugging, is host and port.

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};
use std::fmt;

/// Why a URL is none of a Redis.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Another scheme.
    #[error("must begin with redis://, rediss:// (TLS), redis+cluster:// or rediss+cluster://")]
    Scheme,
    /// Something behind the scheme.
    #[error("is no address of a redis: {0}")]
    Address(String),
}

/// The address of a Redis, with its password. It shows as its address alone.
#[derive(Clone)]
pub struct Url {
    info: ConnectionInfo,
    cluster: bool,
}

impl Url {
    /// Reads `redis://[[user]:password@]host[:port][/database]`; `rediss` asks for
    /// TLS, `redis+cluster` says that it is a node of a cluster.
    ///
    /// # Errors
    /// Where it is something else; the message does not hold the password.
    pub fn parse(text: &str) -> Result<Url, UrlError> {
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
        let (plain, cluster) = match scheme {
            "redis" | "rediss" => (scheme, false),
            "redis+cluster" => ("redis", true),
            "rediss+cluster" => ("rediss", true),
            _ => return Err(UrlError::Scheme),
        };
        let info = format!("{plain}://{rest}").into_connection_info();
        let info = info.map_err(|error| UrlError::Address(error.detail().unwrap_or("malformed").to_owned()))?;
        // off by default in this version of the client: a batch would wait 40 ms for an acknowledgement
        let tcp = info.tcp_settings().clone().set_nodelay(true);
        Ok(Url { info: info.set_tcp_settings(tcp), cluster })
    }

    /// The same with a password that was kept elsewhere.
    #[must_use]
    pub fn with_password(self, password: &str) -> Url {
        let settings = self.info.redis_settings().clone().set_password(password);
        Url { info: self.info.set_redis_settings(settings), ..self }
    }

    /// Whether it names a password itself.
    pub fn has_password(&self) -> bool {
        self.info.redis_settings().password().is_some()
    }

    /// Whether it is a node of a cluster.
    pub(crate) fn is_cluster(&self) -> bool {
        self.cluster
    }

    /// How to connect to it.
    pub(crate) fn info(&self) -> &ConnectionInfo {
        &self.info
    }

    /// The same server by another host and port, as a cluster names its nodes.
    pub(crate) fn at(&self, host: &str, port: u16) -> Url {
        let host = host.to_owned();
        let addr = match self.info.addr().clone() {
            ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
                ConnectionAddr::TcpTls { host, port, insecure, tls_params }
            }
            _ => ConnectionAddr::Tcp(host, port),
        };
        Url { info: self.info.clone().set_addr(addr), cluster: self.cluster }
    }

    /// Host and port.
    pub(crate) fn host(&self) -> (String, u16) {
        match self.info.addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => (host.clone(), *port),
            other => (other.to_string(), 0),
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.info.addr().fmt(f)
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_never_shows_its_password() {
        let url = Url::parse("rediss+cluster://ann:s3cret@example.com:7000/0").unwrap();
        assert_eq!((url.to_string().as_str(), url.is_cluster()), ("example.com:7000", true));
        assert!(url.has_password() && !format!("{url:?}{url}").contains("s3cret"));
        let url = Url::parse("redis://localhost").unwrap();
        assert_eq!((url.to_string().as_str(), url.has_password()), ("localhost:6379", false));
        assert!(url.with_password("s3cret").has_password());
    }

    #[test]
    fn what_is_no_redis_is_refused_without_a_word_of_the_password() {
        for text in ["", "localhost", "http://a:s3cret@b", "redis://:s3cret@:x", "redis://a:s3cret@h/x", "rediss://"] {
            let error = Url::parse(text).unwrap_err().to_string();
            assert!(!error.contains("s3cret"), "{text}: {error}");
        }
    }
}
