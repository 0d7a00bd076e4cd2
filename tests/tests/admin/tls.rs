//! TLS with a certificate of the test's own, which is renewed while the API answers.

use crate::{Api, agent, desk, send};
use sandgate_tests::servers::{PATIENCE, eventually};
use sandgate_tests::{Desk, text};
use std::process::Command;

/// Writes a certificate for 127.0.0.1, and its key.
fn certify(desk: &Desk) -> Vec<u8> {
    let (key, certificate) = (desk.path("new-key.pem"), desk.path("new-cert.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=sandgate test", "-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", text(&made.stderr));
    std::fs::rename(key, desk.path("key.pem")).unwrap();
    std::fs::rename(&certificate, desk.path("cert.pem")).unwrap();
    std::fs::read(desk.path("cert.pem")).unwrap()
}

#[test]
fn tls_is_spoken_and_a_renewed_certificate_is_taken() {
    let desk = desk("sqlite:control.db", "rate = 10000\ntls = { certificate = \"cert.pem\", key = \"key.pem\" }");
    let first = certify(&desk);
    let api = Api::of(desk);
    let token = api.token("ada", "viewer", &[]);
    let url = format!("https://{}/v1/whoami", api.address);
    let ask = |root: &[u8]| send(&agent(Some(root)), ("GET", &url), &token, None, &[]);
    assert_eq!(ask(&first).unwrap().status, 200);
    // nobody is answered without it
    let plain = send(&agent(None), ("GET", &url.replace("https", "http")), &token, None, &[]);
    assert!(plain.is_err(), "{plain:?}");
    let second = certify(&api.desk);
    eventually("that the new certificate is used", PATIENCE, || ask(&second).is_ok_and(|answer| answer.status == 200));
    assert!(ask(&first).is_err());
    // one that cannot be used changes nothing
    api.desk.write("cert.pem", "nothing");
    eventually("that it is told", PATIENCE, || {
        let answer = ask(&second).unwrap().status;
        answer == 200 && api.desk.read("log").contains("goes on with the certificate that it has")
    });
}

#[test]
fn what_can_be_reached_from_elsewhere_speaks_tls_or_says_that_it_does_not() {
    let refused = |admin: &str, told: &[&str]| {
        let desk = desk("sqlite:control.db", "");
        let file = desk.read("sandgate.toml");
        desk.write("sandgate.toml", &file.replace("listen = \"127.0.0.1:0\"", admin));
        let output = desk.run(["admin", "--config", "sandgate.toml"]);
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{errors}");
        told.iter().for_each(|told| assert!(errors.contains(told), "{told}: {errors}"));
    };
    refused("listen = \"0.0.0.0:0\"", &["admin.listen", "without TLS", "tls = {", "plain = true"]);
    refused("listen = \"here\"", &["admin.listen", "ADDRESS:PORT"]);
    let tls = "listen = \"127.0.0.1:0\"\ntls = { certificate = \"no.pem\", key = \"no.pem\" }";
    refused(tls, &["[admin] tls", "no.pem", "must be PEM"]);
    let desk = desk("sqlite:control.db", "plain = true");
    desk.write("sandgate.toml", &desk.read("sandgate.toml").replace("\"127.0.0.1:0\"", "\"0.0.0.0:0\""));
    assert!(Api::of(desk).address.starts_with("0.0.0.0:"));
}
