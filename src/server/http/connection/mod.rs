//! The listener: takes connections within limits of count and time, and serves them until it is told to stop.
//!
//! hyper alone waits for ever for a client that opens a connection and sends nothing, sends half of a request, or reads
//! nothing of an answer. Here each connection has time limits ([`activity`]), request bodies have a lowest speed
//! ([`pace`]), and the number of connections is limited ([`limits`]).

mod activity;
mod limits;
mod pace;
mod socket;

use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
};
use tower::ServiceExt;

use self::{
    activity::{Activity, Answering},
    limits::{ConnectionLimits, ConnectionPermit},
    pace::Paced,
    socket::Socket,
};
use crate::server::{
    config::{Config, Timeouts},
    ops::tasks::Tasks,
};

pub use pace::TooSlow;

/// How long the listener waits after an error that is not one connection's, such as too many open files.
const PAUSE: Duration = Duration::from_secs(1);
/// In bytes: the longest request head that is read, and the most of an answer that waits in memory for a slow reader.
/// hyper's own default is six times as much.
const BUFFER: usize = 64 << 10;
/// How many refused connections at once are answered 503; further ones are closed without an answer.
const REFUSALS_AT_ONCE: usize = 64;
/// The longest that answering a refused connection may take.
const REFUSAL_TIME: Duration = Duration::from_secs(1);

/// Serves until `stop`; then takes no more connections, and ends when the last answer is written.
pub async fn serve(listener: TcpListener, router: Router, config: &Config, stop: impl Future<Output = ()>) {
    let limits = ConnectionLimits::new(config, limits::open_files());
    let refusals = Arc::new(Semaphore::new(REFUSALS_AT_ONCE));
    let (stopping, stopped) = watch::channel(false);
    // Logs the panics. Connections end by themselves, and `limits` knows when the last one has.
    let tasks = Tasks::default();
    let mut stop = pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = accept(&listener) => accepted,
            () = &mut stop => break,
        };
        match limits.take(peer.ip()) {
            Ok(permit) => {
                let answer = answer(router.clone(), config.timeouts, (stream, peer), permit, stopped.clone());
                tasks.spawn("connection", answer);
            }
            Err(reason) => {
                limits.report(reason, peer);
                if let Ok(permit) = refusals.clone().try_acquire_owned() {
                    tasks.spawn("refused connection", async move {
                        let _ = tokio::time::timeout(REFUSAL_TIME, refuse(stream)).await;
                        drop(permit);
                    });
                }
            }
        }
    }
    drop(listener);
    stopping.send_replace(true);
    limits.all_free().await;
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) => {
            }
            // Trying again at once would meet the same error.
            Err(error) => {
                tracing::error!(%error, "no connection can be taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// One connection, from its first byte to its end.
async fn answer(
    router: Router,
    timeouts: Timeouts,
    (stream, peer): (TcpStream, SocketAddr),
    permit: ConnectionPermit,
    mut stopped: watch::Receiver<bool>,
) {
    socket::prepare(&stream, timeouts.stall);
    let activity = Arc::new(Activity::new(timeouts));
    let service = service_fn(|request: Request<Incoming>| {
        let answering = Answering::begin(&activity);
        let mut request = request.map(|body| Body::new(Paced::new(body, timeouts.head)));
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = router.clone().oneshot(request);
        async move { Ok::<_, Infallible>(response.await?.map(|body| answering.until_the_end_of(body))) }
    });
    let io = TokioIo::new(Socket::new(stream, activity.clone(), permit));
    let mut connection =
        pin!(http1::Builder::new().max_buf_size(BUFFER).serve_connection(io, service).with_upgrades());
    let mut timed_out = pin!(activity.timed_out());
    let mut ending = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, %peer, "a connection broke");
                }
                break;
            }
            what = &mut timed_out => {
                tracing::debug!(what, %peer, "a connection was given up");
                break;
            }
            _ = stopped.wait_for(|stopped| *stopped), if !ending => {
                ending = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Answers 503. What the client sends meanwhile is read, because closing the connection with unread bytes would discard
/// the answer before the client has it.
async fn refuse(mut stream: TcpStream) -> io::Result<()> {
    const SENTENCE: &str = "There are too many connections at the moment. Try again in a few seconds.\n";
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-type: text/plain; charset=utf-8\r\n\
         cache-control: no-store\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{SENTENCE}",
        SENTENCE.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    let mut ignored = [0; 1024];
    while stream.read(&mut ignored).await? > 0 {}
    Ok(())
}
