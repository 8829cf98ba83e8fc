//! [`Socket`]: a TCP stream that reports to its [`Activity`] when bytes arrive and whether bytes can be sent.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::{activity::Activity, limits::ConnectionPermit};

/// In bytes: how much of an answer the system buffers for a slow reader. By default it buffers up to 4 MiB, and the
/// server could not see that the client reads at all before the client has read a third of that.
#[cfg(unix)]
const SEND_BUFFER: usize = 256 << 10;

/// Sets the options of a connection's socket; `stall` is how long a peer may acknowledge nothing.
pub fn prepare(stream: &TcpStream, stall: Duration) {
    // Otherwise the first event waits up to 40 ms for the acknowledgement of the head before it.
    let _ = stream.set_nodelay(true);
    #[cfg(unix)]
    let _ = rustix::net::sockopt::set_socket_send_buffer_size(stream, SEND_BUFFER);
    // A peer that vanished acknowledges nothing; by default the system keeps trying, and keeps the bytes, for a quarter
    // of an hour.
    #[cfg(target_os = "linux")]
    let _ = rustix::net::sockopt::set_tcp_user_timeout(
        stream,
        u32::try_from(stall.as_millis()).unwrap_or(u32::MAX),
    );
    #[cfg(not(target_os = "linux"))]
    let _ = stall;
}

/// It outlives the connection of HTTP when a WebSocket takes it over, and counts as a connection as long as it is there.
pub struct Socket {
    stream: TcpStream,
    activity: Arc<Activity>,
    _permit: ConnectionPermit,
}

impl Socket {
    pub fn new(stream: TcpStream, activity: Arc<Activity>, permit: ConnectionPermit) -> Self {
        Self { stream, activity, _permit: permit }
    }

    fn wrote(&self, sent: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.activity.wrote(sent.is_ready());
        sent
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, into);
        if into.filled().len() > before {
            self.activity.read();
        }
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let sent = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(sent)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let sent = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.wrote(sent)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
