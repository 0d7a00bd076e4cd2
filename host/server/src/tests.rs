//! Every page, and every bound, over a socket.

use crate::bounded::REQUEST_MAX;
use crate::{Error, Server};
use sandgate_metrics::{Health, Registry};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

fn start(registry: &Registry, health: &Health) -> Server {
    Server::start("127.0.0.1:0".parse().unwrap(), registry.clone(), health.clone()).unwrap()
}

fn send(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn ask(server: &Server, method: &str, path: &str, more: &str) -> (u16, String) {
    let answer = send(server, &format!("{method} {path} HTTP/1.1\r\nHost: h\r\n{more}\r\n"));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), format!("{head}\n\n{body}"))
}

#[test]
fn the_numbers_are_told_in_the_form_that_is_asked_for() {
    let registry = Registry::default();
    registry.counter("fenced", "Times that this host was fenced").add(3);
    let server = start(&registry, &Health::new(Duration::from_secs(60)));
    let (status, plain) = ask(&server, "GET", "/metrics", "");
    assert_eq!(status, 200);
    assert!(plain.contains("text/plain; version=0.0.4") && plain.ends_with("sandgate_fenced_total 3\n"), "{plain}");
    assert!(plain.to_lowercase().contains("connection: close"), "{plain}");
    let accept = "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n";
    let (_, open) = ask(&server, "GET", "/metrics", accept);
    assert!(open.contains("application/openmetrics-text") && open.ends_with("# EOF\n"), "{open}");
}

#[test]
fn a_host_that_is_not_well_says_why() {
    let health = Health::new(Duration::from_secs(60));
    let server = start(&Registry::default(), &health);
    let broker = health.condition("broker", "no answer from 127.0.0.1:9092");
    let lane = health.condition("lane 3", "is being rebuilt");
    assert_eq!(ask(&server, "GET", "/healthz", "").0, 200);
    let (status, told) = ask(&server, "GET", "/readyz", "");
    assert_eq!(status, 503);
    assert!(told.ends_with("\n\nbroker: no answer from 127.0.0.1:9092\nlane 3: is being rebuilt\n"), "{told}");
    broker.holds();
    lane.holds();
    let (status, told) = ask(&server, "GET", "/readyz", "");
    assert!(status == 200 && told.ends_with("\n\nok\n"), "{told}");
}

#[test]
fn what_a_host_does_without_is_told_and_leaves_it_ready() {
    let health = Health::new(Duration::from_secs(60));
    let server = start(&Registry::default(), &health);
    health.remark("tags", || Some("redis is left alone".to_owned()));
    let (status, told) = ask(&server, "GET", "/readyz", "");
    assert!(status == 200 && told.ends_with("\n\nok\ndegraded: tags: redis is left alone\n"), "{told}");
    let _lane = health.condition("lane 3", "is being rebuilt");
    let (status, told) = ask(&server, "GET", "/readyz", "");
    assert!(
        status == 503 && told.ends_with("\n\nlane 3: is being rebuilt\ndegraded: tags: redis is left alone\n"),
        "{told}"
    );
    let (status, told) = ask(&server, "GET", "/healthz", "");
    assert!(status == 200 && told.ends_with("\n\nok\n"), "{told}");
}

#[test]
fn a_thread_that_is_stuck_makes_the_host_unwell() {
    let health = Health::new(Duration::ZERO);
    let server = start(&Registry::default(), &health);
    let _worker = health.pulse("worker 1");
    while health.stuck().is_empty() {
        std::thread::yield_now();
    }
    for page in ["/healthz", "/readyz"] {
        let (status, told) = ask(&server, "GET", page, "");
        assert!(status == 503 && told.contains("worker 1 has made no progress"), "{told}");
    }
}

#[test]
fn what_there_is_not_is_refused() {
    let server = start(&Registry::default(), &Health::new(Duration::from_secs(60)));
    assert_eq!(ask(&server, "GET", "/", "").0, 404);
    assert_eq!(ask(&server, "GET", "/metrics/x", "").0, 404);
    assert_eq!(ask(&server, "POST", "/metrics", "Content-Length: 0\r\n").0, 405);
    let (status, told) = ask(&server, "HEAD", "/healthz", "");
    assert!(status == 200 && told.ends_with("\n\n"), "{told}");
}

#[test]
fn a_request_that_is_too_large_is_cut_off() {
    let server = start(&Registry::default(), &Health::new(Duration::from_secs(60)));
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let head = format!("GET /metrics HTTP/1.1\r\nX: {}\r\n", "x".repeat(2 * REQUEST_MAX));
    // it may be cut off while this is still being written
    let _ = stream.write_all(head.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(!String::from_utf8_lossy(&answer).contains("200 OK"));
    // others are served all the same
    assert_eq!(ask(&server, "GET", "/healthz", "").0, 200);
}

#[test]
fn one_who_says_nothing_keeps_nobody_else_out_and_does_not_hold_up_the_end() {
    let server = start(&Registry::default(), &Health::new(Duration::from_secs(60)));
    let silent: Vec<TcpStream> = (0..8).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    assert_eq!(ask(&server, "GET", "/healthz", "").0, 200);
    let address = server.address();
    drop(server);
    assert!(TcpStream::connect(address).is_err());
    drop(silent);
}

#[test]
fn an_address_that_is_taken_is_named() {
    let registry = Registry::default();
    let health = Health::new(Duration::from_secs(60));
    let server = start(&registry, &health);
    let error = Server::start(server.address(), registry, health).unwrap_err();
    assert!(matches!(error, Error::Listen { address, .. } if address == server.address()));
    assert!(error.to_string().starts_with("[metrics] listen: nothing can listen on 127.0.0.1:"), "{error}");
}
