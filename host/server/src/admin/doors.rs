//! Where clients come in: connections that are bounded in number, in the bytes and the
//! time of a head, and in how long they may leave an answer unread; with TLS or without.

use super::serve::Peer;
use super::tls::Certificates;
use axum::{Extension, Router};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;

/// Most connections at a time; more wait in the kernel.
const CONNECTIONS_MAX: usize = 64;
/// Most bytes of a request's head.
const HEAD_MAX: usize = 16 * 1_024;
/// How long a head may take, and how long a connection may rest between two requests.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// How long shaking hands may take.
const HANDS_TIME: Duration = Duration::from_secs(10);
/// How long an answer may lie unread.
const UNREAD_TIME: Duration = Duration::from_secs(10);
/// How long to wait where the kernel gives no more connections.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes connections until it is told to stop; then those that are there end with what
/// they are about.
pub(super) async fn open(
    listener: TcpListener,
    mut certificates: Option<Certificates>,
    router: Router,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = async {
                // the semaphore is never closed
                let place = Arc::clone(&places).acquire_owned().await.ok();
                (place, listener.accept().await)
            } => accepted,
        };
        let (place, Ok((stream, from))) = accepted else {
            // out of files, or the other side has gone: neither is the end
            sleep(PAUSE).await;
            continue;
        };
        let tls = certificates.as_mut().map(|certificates| TlsAcceptor::from(certificates.now()));
        let (router, stop) = (router.clone(), stop.clone());
        tokio::spawn(async move {
            let _place = place;
            talk(stream, from, tls, router, stop).await;
        });
    }
    let all = u32::try_from(CONNECTIONS_MAX).unwrap_or(u32::MAX);
    // whoever waits for them has a limit of its own
    let _ended = places.acquire_many(all).await;
}

/// One connection.
async fn talk(
    stream: TcpStream,
    from: SocketAddr,
    tls: Option<TlsAcceptor>,
    router: Router,
    mut stop: watch::Receiver<bool>,
) {
    let stream: Box<dyn Stream> = match tls {
        None => Box::new(stream),
        Some(tls) => match timeout(HANDS_TIME, tls.accept(stream)).await {
            Ok(Ok(stream)) => Box::new(stream),
            // one who does not speak TLS, or not ours, gets no answer
            _ => return,
        },
    };
    let stream = TokioIo::new(Read { stream, unread: None });
    let service = TowerToHyperService::new(router.layer(Extension(Peer(from.ip()))));
    let mut server = hyper::server::conn::http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(HEAD_MAX).keep_alive(true);
    let mut talking = std::pin::pin!(server.serve_connection(stream, service));
    tokio::select! {
        // what went wrong with one connection concerns nobody else
        _ = talking.as_mut() => return,
        _ = stop.wait_for(|stop| *stop) => talking.as_mut().graceful_shutdown(),
    }
    let _ended = talking.await;
}

/// Plain or TLS.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A stream that ends where nobody reads what was written.
struct Read {
    stream: Box<dyn Stream>,
    unread: Option<Pin<Box<Sleep>>>,
}

impl Read {
    /// Gives up where a write has waited for too long.
    fn written<T>(&mut self, context: &mut Context<'_>, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.unread = None;
            return poll;
        }
        let unread = self.unread.get_or_insert_with(|| Box::pin(sleep(UNREAD_TIME)));
        match unread.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Read {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buf)
    }
}

impl AsyncWrite for Read {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(context, poll)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_flush(context);
        self.written(context, poll)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_shutdown(context);
        self.written(context, poll)
    }
}
