//! TLS from two PEM files, which are read again when they have changed: whoever renews
//! certificates need not restart a host.

use super::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// How often it is looked whether the files have changed.
const LOOK: Duration = Duration::from_secs(10);

/// Where certificate and key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The certificate with its chain, as PEM.
    pub certificate: PathBuf,
    /// Its private key, as PEM.
    pub key: PathBuf,
}

/// The certificates that are used now.
pub(super) struct Certificates {
    tls: Tls,
    now: Arc<ServerConfig>,
    seen: [Option<SystemTime>; 2],
    looked: Instant,
}

impl Certificates {
    /// Reads them.
    pub(super) fn of(tls: Tls) -> Result<Certificates, Error> {
        let (seen, now) = (times(&tls), read(&tls)?);
        Ok(Certificates { tls, now, seen, looked: Instant::now() })
    }

    /// What a connection that comes now is answered with.
    pub(super) fn now(&mut self) -> Arc<ServerConfig> {
        if self.looked.elapsed() >= LOOK {
            self.looked = Instant::now();
            let seen = times(&self.tls);
            if seen != self.seen {
                self.seen = seen;
                match read(&self.tls) {
                    Ok(now) => {
                        self.now = now;
                        tracing::info!("the certificate of the admin API was read again");
                    }
                    Err(error) => tracing::warn!(%error, "the admin API goes on with the certificate that it has"),
                }
            }
        }
        Arc::clone(&self.now)
    }
}

fn times(tls: &Tls) -> [Option<SystemTime>; 2] {
    [&tls.certificate, &tls.key].map(|file| std::fs::metadata(file).and_then(|file| file.modified()).ok())
}

fn read(tls: &Tls) -> Result<Arc<ServerConfig>, Error> {
    let error = |file: &Path, why: String| Error::Certificate { file: file.to_owned(), why };
    let chain = CertificateDer::pem_file_iter(&tls.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|why| error(&tls.certificate, why.to_string()))?;
    if chain.is_empty() {
        return Err(error(&tls.certificate, "there is no certificate in it".to_owned()));
    }
    // what the parser says of a key could show some of it
    let key = PrivateKeyDer::from_pem_file(&tls.key);
    let key = key.map_err(|_| error(&tls.key, "it cannot be read, or there is no private key in it".to_owned()))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map(|config| config.with_no_client_auth().with_single_cert(chain, key));
    let config = config.and_then(|config| config).map_err(|why| error(&tls.certificate, why.to_string()))?;
    Ok(Arc::new(config))
}
