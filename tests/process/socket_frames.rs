//! `/ws` frame by frame, as RFC 6455 wants it: what a client may send in pieces, and how what it may not send is closed.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::site::{PATIENCE, Person, Site};

const CONTINUED: u8 = 0;
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
/// The frame is the last one of its message.
const LAST: u8 = 0x80;
const MASK: [u8; 4] = [7, 1, 200, 3];

/// A connection after the handshake.
struct Wire(TcpStream);

impl Wire {
    async fn open(person: &Person) -> Self {
        let mut stream = TcpStream::connect(person.address).await.unwrap();
        let authorization = person.authorization().unwrap();
        let request = format!(
            "GET /ws HTTP/1.1\r\nhost: inglenook.test\r\nconnection: keep-alive, Upgrade\r\nupgrade: WebSocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nauthorization: {authorization}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        // The answer to this key, as section 1.3 of the RFC has it.
        let accepted = "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=";
        assert!(head.starts_with("http/1.1 101") && head.contains(accepted), "{head}");
        Self(stream)
    }

    /// The server may have closed before it has all.
    async fn send(&mut self, frames: &[Vec<u8>]) {
        let _ = self.0.write_all(&frames.concat()).await;
    }

    /// The next frame that is none of the server's pings: its code and what it holds.
    async fn next(&mut self) -> (u8, Vec<u8>) {
        loop {
            let next = self.any().await;
            if next.0 != PING {
                return next;
            }
        }
    }

    async fn any(&mut self) -> (u8, Vec<u8>) {
        let read = async {
            let (code, short) = (self.0.read_u8().await.unwrap(), self.0.read_u8().await.unwrap());
            let length = match short {
                126 => usize::from(self.0.read_u16().await.unwrap()),
                short => usize::from(short),
            };
            let mut data = vec![0; length];
            self.0.read_exact(&mut data).await.unwrap();
            (code & 0x0f, data)
        };
        timeout(PATIENCE, read).await.expect("a frame comes")
    }

    /// The code with which the server closes.
    async fn closed(&mut self) -> u16 {
        loop {
            if let (CLOSE, data) = self.next().await {
                return data.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
            }
        }
    }
}

/// A frame of a client. Its first byte has the code and the flags.
fn frame(first: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    let mut frame = match length {
        0..126 => vec![first, 0x80 | length as u8],
        _ => [&[first, 0x80 | 126], &length.to_be_bytes()[..]].concat(),
    };
    frame.extend(MASK);
    frame.extend(data.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_may_come_in_pieces_with_pings_between_them() {
    let site = Site::start(&[]).await;
    let mut wire = Wire::open(&site.person("lin").await).await;
    let text = br#"{"type":"presence","active":true,"x":"l\u00e9ek"}"#;
    let text = [&text[..text.len() - 2], "é\"}".as_bytes()].concat();
    // One piece ends within a character.
    let (first, last) = text.split_at(text.len() - 3);
    wire.send(&[frame(TEXT, first), frame(LAST | PING, b"still there?"), frame(CONTINUED, &last[..0])]).await;
    assert_eq!(wire.next().await, (PONG, b"still there?".to_vec()));
    wire.send(&[frame(LAST | CONTINUED, last)]).await;
    let (code, answer) = wire.next().await;
    let answer = String::from_utf8(answer).unwrap();
    assert!(code == TEXT && answer.contains("\"type\":\""), "{answer}");
    wire.send(&[frame(LAST | PONG, b"unasked"), frame(LAST | TEXT, br#"{"type":"presence","active":true}"#)])
        .await;
    assert_eq!(wire.next().await, (TEXT, br#"{"type":"noted"}"#.to_vec()));
    wire.send(&[frame(LAST | CLOSE, &1000_u16.to_be_bytes())]).await;
    assert_eq!(wire.closed().await, 1000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_breaks_the_protocol_is_closed_with_its_code() {
    let site = Site::start(&[]).await;
    let lin = site.person("lin").await;
    let long = [b'x'; 126];
    let unmasked = vec![LAST | TEXT, 2, b'{', b'}'];
    for (what, frames, code) in [
        ("not masked", vec![unmasked], 1002),
        ("a reserved bit", vec![frame(LAST | 0x40 | TEXT, b"{}")], 1002),
        ("an unknown code", vec![frame(LAST | 3, b"{}")], 1002),
        ("an unknown control code", vec![frame(LAST | 11, b"")], 1002),
        ("a long ping", vec![frame(LAST | PING, &long)], 1002),
        ("a ping in pieces", vec![frame(PING, b"a"), frame(LAST | CONTINUED, b"b")], 1002),
        ("the end of nothing", vec![frame(LAST | CONTINUED, b"{}")], 1002),
        ("a message within a message", vec![frame(TEXT, b"{"), frame(LAST | TEXT, b"}")], 1002),
        ("no UTF-8", vec![frame(LAST | TEXT, &[b'{', 0xff, b'}'])], 1007),
        ("half a character", vec![frame(LAST | TEXT, &[b'{', 0xc3])], 1007),
        ("a close of one byte", vec![frame(LAST | CLOSE, &[3])], 1002),
        ("a close with a code of nobody", vec![frame(LAST | CLOSE, &1005_u16.to_be_bytes())], 1002),
    ] {
        let mut wire = Wire::open(&lin).await;
        wire.send(&frames).await;
        assert_eq!(wire.closed().await, code, "{what}");
    }
}
