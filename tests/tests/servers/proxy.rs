//! The proxy, in front of a server that says what it hears.

use sandgate_tests::proxy::{Manner, Proxy};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// A server that sends back what it gets, as long as the test's process lives.
fn echo() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("a port").to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut back = stream.try_clone().expect("a second handle");
                std::io::copy(&mut stream, &mut back)
            });
        }
    });
    address
}

fn connect(proxy: &Proxy) -> TcpStream {
    let stream = TcpStream::connect(proxy.address()).expect("the proxy listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
    stream
}

fn hear(stream: &mut TcpStream) -> std::io::Result<[u8; 4]> {
    let mut heard = [0; 4];
    stream.read_exact(&mut heard)?;
    Ok(heard)
}

fn round_trip(stream: &mut TcpStream) -> std::io::Result<[u8; 4]> {
    stream.write_all(b"ping")?;
    hear(stream)
}

#[test]
fn everything_passes() {
    let proxy = Proxy::to(&echo());
    let mut stream = connect(&proxy);
    let sent: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
    let mut writing = stream.try_clone().expect("a second handle");
    let heard = std::thread::scope(|scope| {
        scope.spawn(|| {
            writing.write_all(&sent).expect("all is sent");
            writing.shutdown(std::net::Shutdown::Write).expect("the end is sent");
        });
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).expect("all is heard, and its end");
        heard
    });
    assert!(heard == sent, "{} of {} bytes", heard.len(), sent.len());
    assert_eq!(proxy.accepted(), 1);
}

#[test]
fn answers_are_late_by_the_delay_and_not_fewer() {
    let delay = Duration::from_millis(150);
    let proxy = Proxy::to(&echo());
    let mut stream = connect(&proxy);
    proxy.set(Manner::Delay(delay));
    let since = Instant::now();
    assert_eq!(round_trip(&mut stream).expect("an answer"), *b"ping");
    assert!(since.elapsed() >= delay, "{:?}", since.elapsed());

    // answers on their way do not wait for each other
    let since = Instant::now();
    for _ in 0..20 {
        stream.write_all(b"ping").expect("sent");
    }
    for _ in 0..20 {
        hear(&mut stream).expect("an answer");
    }
    assert!(since.elapsed() >= delay && since.elapsed() < 20 * delay, "{:?}", since.elapsed());
}

#[test]
fn silent_proxy_holds_back_and_gives_later() {
    let proxy = Proxy::to(&echo());
    let mut stream = connect(&proxy);
    proxy.set(Manner::Silent);
    stream.write_all(b"ping").expect("it is taken");
    stream.set_read_timeout(Some(Duration::from_millis(200))).expect("a limit");
    let nothing = hear(&mut stream).expect_err("nothing is heard");
    assert!(matches!(nothing.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{nothing}");
    proxy.set(Manner::Pass);
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
    assert_eq!(hear(&mut stream).expect("an answer"), *b"ping");
}

#[test]
fn refusing_proxy_ends_open_connections_and_new_ones() {
    let proxy = Proxy::to(&echo());
    let mut old = connect(&proxy);
    assert!(round_trip(&mut old).is_ok());
    proxy.set(Manner::Refuse);
    assert!(round_trip(&mut old).is_err());
    assert!(round_trip(&mut connect(&proxy)).is_err());
    proxy.set(Manner::Pass);
    assert!(round_trip(&mut connect(&proxy)).is_ok());
}

#[test]
fn cut_connections_end_and_new_ones_are_welcome() {
    let proxy = Proxy::to(&echo());
    let mut old = connect(&proxy);
    assert!(round_trip(&mut old).is_ok());
    proxy.cut();
    assert!(round_trip(&mut old).is_err());
    assert!(round_trip(&mut connect(&proxy)).is_ok());
}

#[test]
fn proxy_ends_with_all_its_connections() {
    let proxy = Proxy::to(&echo());
    let address = proxy.address();
    let mut open = connect(&proxy);
    assert!(round_trip(&mut open).is_ok());
    proxy.set(Manner::Silent);
    drop(proxy);
    assert!(round_trip(&mut open).is_err());
    assert!(TcpStream::connect(address).is_err());
}
