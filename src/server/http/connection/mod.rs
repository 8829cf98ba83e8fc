//! The listener: takes connections within limits of count and time, and serves them until it is told to stop.
//!
//! hyper alone waits for ever for whoever opened a connection, sends half of a request or takes nothing of
//! an answer. Here each connection has a watch ([`activity`]), request bodies have a floor ([`pace`]), and
//! there are only so many places ([`places`]).

mod activity;
mod pace;
mod places;
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
    pace::Paced,
    places::{Place, Places},
    socket::Socket,
};
use crate::server::{
    config::{Config, Timeouts},
    ops::tasks::Tasks,
};

pub use pace::TooSlow;

/// After an error that is none of the connection's, such as too many open files.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest head that is read, and what waits for one slow reader before no more is made for it; hyper itself would
/// take six times as much.
const BUFFER: usize = 64 << 10;
/// Those for whom there is no place are told so, as many at once as this; the others are closed.
const TOLD_AT_ONCE: usize = 64;
const TELLING: Duration = Duration::from_secs(1);

/// Serves until `stop`; then takes no more connections, and ends when the last answer is written.
pub async fn serve(listener: TcpListener, router: Router, config: &Config, stop: impl Future<Output = ()>) {
    let places = Places::new(config, places::open_files());
    let told = Arc::new(Semaphore::new(TOLD_AT_ONCE));
    let (stopping, stopped) = watch::channel(false);
    // They end by themselves, and the places tell when; this one only logs the panics.
    let tasks = Tasks::default();
    let mut stop = pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = accept(&listener) => accepted,
            () = &mut stop => break,
        };
        match places.take(peer.ip()) {
            Ok(place) => {
                let answer = answer(router.clone(), config.timeouts, (stream, peer), place, stopped.clone());
                tasks.spawn("connection", answer);
            }
            Err(reason) => {
                places.report(reason, peer);
                if let Ok(permit) = told.clone().try_acquire_owned() {
                    tasks.spawn("connection that is turned away", async move {
                        let _ = tokio::time::timeout(TELLING, turn_away(stream)).await;
                        drop(permit);
                    });
                }
            }
        }
    }
    drop(listener);
    stopping.send_replace(true);
    places.all_free().await;
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) => {
            }
            // The same error would come again at once.
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
    place: Place,
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
    let io = TokioIo::new(Socket::new(stream, activity.clone()));
    let mut connection = pin!(http1::Builder::new().max_buf_size(BUFFER).serve_connection(io, service));
    let mut patience_ends = pin!(activity.patience_ends());
    let mut ending = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, %peer, "a connection broke");
                }
                break;
            }
            what = &mut patience_ends => {
                tracing::debug!(what, %peer, "a connection was given up");
                break;
            }
            _ = stopped.wait_for(|stopped| *stopped), if !ending => {
                ending = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
    drop(place);
}

/// Says that there is no place. What the client sends meanwhile is read, as closing before would take the
/// answer away from it.
async fn turn_away(mut stream: TcpStream) -> io::Result<()> {
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
