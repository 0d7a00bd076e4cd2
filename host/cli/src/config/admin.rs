//! `[admin]`: where the admin API answers. It is off unless it is configured, and what
//! can be reached from elsewhere speaks TLS, unless somebody says otherwise in so many words.

use sandgate_files::Section;
use sandgate_server::admin::{Settings, Tls};
use std::net::SocketAddr;

/// Reads `[admin]`; nothing where there is none.
pub(super) fn read(section: Option<Section<'_>>, root: &Section<'_>) -> Option<Settings> {
    let section = section?;
    let listen = section.required("listen", "where the admin API answers: \"127.0.0.1:9465\"");
    let tls = section.section("tls").and_then(|inner| {
        let certificate = inner.required("certificate", "the certificate with its chain, a PEM file");
        let key = inner.required("key", "the private key of the certificate, a PEM file");
        let beside = |path: &str| inner.file.beside(path);
        let tls = certificate.map(beside).zip(key.map(beside));
        inner.done();
        tls.map(|(certificate, key)| Tls { certificate, key })
    });
    let plain = section.flag("plain", false);
    let rate = section.whole("rate", 50, 1..=10_000);
    let address = listen.and_then(|listen| {
        let address = listen.parse::<SocketAddr>().ok();
        if address.is_none() {
            section.problem("listen", "must be ADDRESS:PORT as in \"127.0.0.1:9465\"");
        }
        address
    });
    if let Some(address) = address
        && !address.ip().is_loopback()
        && !section.has("tls")
        && !plain
    {
        let what = format!(
            "{address} can be reached from elsewhere, and tokens would go there without TLS: add \
             tls = {{ certificate = \"cert.pem\", key = \"key.pem\" }}, listen on 127.0.0.1, or write plain = true \
             where something in front of it speaks TLS"
        );
        section.problem("listen", what);
    }
    section.done();
    if !root.has("control") {
        root.problem("admin", "needs a registry: write [control] with sql = \"sqlite:control.db\"");
    }
    Some(Settings { address: address?, tls, rate: u32::try_from(rate).unwrap_or(u32::MAX) })
}
