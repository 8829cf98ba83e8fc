//! A client that costs as little as possible: HTTP/1.1 on a socket, for whole answers and endless ones.

use std::{cell::RefCell, io, net::SocketAddr};

use tokio::net::{TcpSocket, TcpStream};

/// One keep-alive connection.
pub struct Connection {
    stream: TcpStream,
    /// Bytes that came and were not taken yet.
    pending: Vec<u8>,
    chunks: Chunks,
    /// All bytes that came, headers and framing included.
    pub received: u64,
}

thread_local! {
    /// The buffer that all connections of a thread read into.
    static PAGE: RefCell<Box<[u8]>> = RefCell::new(vec![0; 64 << 10].into());
}

impl Connection {
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, pending: Vec::new(), chunks: Chunks::default(), received: 0 })
    }

    /// Opens a connection with a small receive buffer of `bytes`.
    pub async fn open_narrow(address: SocketAddr, bytes: u32) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(bytes)?;
        let stream = socket.connect(address).await?;
        Ok(Self { stream, pending: Vec::new(), chunks: Chunks::default(), received: 0 })
    }

    /// Sends a request and reads the head of its answer; the body comes next. Gives the status and the length of the
    /// body, which is `None` for a chunked body.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<(u16, Option<usize>)> {
        let mut sent = 0;
        while sent < request.len() {
            match self.stream.try_write(&request[sent..]) {
                Ok(more) => sent += more,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.stream.writable().await?,
                Err(error) => return Err(error),
            }
        }
        loop {
            if let Some(end) = self.pending.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.pending[..end]).to_ascii_lowercase();
                let status = head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0);
                let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
                self.pending.drain(..end + 4);
                self.chunks = Chunks::default();
                return Ok((status, length.and_then(|length| length.trim().parse().ok())));
            }
            self.read(|pending, bytes| pending.extend_from_slice(bytes)).await?;
        }
    }

    /// Reads the whole body of the answer whose head was read.
    pub async fn body(&mut self, length: Option<usize>) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        match length {
            Some(length) => {
                while self.pending.len() < length {
                    self.read(|pending, bytes| pending.extend_from_slice(bytes)).await?;
                }
                body.extend(self.pending.drain(..length));
            }
            None => while self.pieces(|piece| body.extend_from_slice(piece)).await? {},
        }
        Ok(body)
    }

    /// Gives the next pieces of a chunked body to `each`; false when the body has ended.
    pub async fn pieces(&mut self, mut each: impl FnMut(&[u8])) -> io::Result<bool> {
        if self.chunks.ended {
            return Ok(false);
        }
        if self.pending.is_empty() {
            let chunks = &mut self.chunks;
            let mut rest = Vec::new();
            let read = read_into(&self.stream, |bytes| {
                let taken = chunks.feed(bytes, &mut each);
                rest.extend_from_slice(&bytes[taken..]);
            });
            self.received += read.await? as u64;
            self.pending = rest;
        } else {
            let taken = self.chunks.feed(&self.pending, &mut each);
            self.pending.drain(..taken);
        }
        Ok(!self.chunks.ended)
    }

    async fn read(&mut self, mut take: impl FnMut(&mut Vec<u8>, &[u8])) -> io::Result<()> {
        let pending = &mut self.pending;
        self.received += read_into(&self.stream, |bytes| take(pending, bytes)).await? as u64;
        Ok(())
    }
}

/// Gives the next bytes to `take`, and their number to the caller.
async fn read_into(stream: &TcpStream, mut take: impl FnMut(&[u8])) -> io::Result<usize> {
    loop {
        stream.readable().await?;
        let read = PAGE.with_borrow_mut(|page| {
            let n = stream.try_read(page)?;
            take(&page[..n]);
            Ok::<_, io::Error>(n)
        });
        match read {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            other => return other,
        }
    }
}

/// The position in a chunked body.
#[derive(Default)]
struct Chunks {
    /// Bytes left of the current chunk.
    left: usize,
    line: Vec<u8>,
    ended: bool,
}

impl Chunks {
    /// Gives the data in these bytes to `each`. Gives how many bytes belonged to the body.
    fn feed(&mut self, bytes: &[u8], each: &mut impl FnMut(&[u8])) -> usize {
        let mut at = 0;
        while at < bytes.len() && !self.ended {
            if self.left > 0 {
                let n = self.left.min(bytes.len() - at);
                each(&bytes[at..at + n]);
                self.left -= n;
                at += n;
                continue;
            }
            let byte = bytes[at];
            at += 1;
            if byte != b'\n' {
                self.line.push(byte);
                continue;
            }
            let line = String::from_utf8_lossy(&self.line);
            let line = line.trim();
            // The empty line after a chunk's data, or the last line.
            match usize::from_str_radix(line, 16) {
                Ok(0) => self.line = b"last".to_vec(),
                Ok(length) => {
                    self.left = length;
                    self.line.clear();
                }
                Err(_) => {
                    self.ended = line.starts_with("last");
                    self.line.clear();
                }
            }
        }
        at
    }
}
