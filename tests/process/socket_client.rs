//! A client of `/ws`.

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::site::{PATIENCE, Person};

/// An open WebSocket.
pub struct Socket(pub WebSocketStream<TcpStream>);

impl Socket {
    pub async fn open(person: &Person) -> Self {
        Self::try_open(person, &[]).await.unwrap_or_else(|status| panic!("the upgrade was answered {status}"))
    }

    /// The status, if the server does not upgrade.
    pub async fn try_open(person: &Person, lines: &[(&'static str, &str)]) -> Result<Self, u16> {
        let stream = TcpStream::connect(person.address).await.unwrap();
        Self::over(stream, person, lines).await
    }

    /// One that takes little before it is read.
    pub async fn narrow(person: &Person) -> Self {
        let stream = TcpSocket::new_v4().unwrap();
        stream.set_recv_buffer_size(8 << 10).unwrap();
        let stream = stream.connect(person.address).await.unwrap();
        Self::over(stream, person, &[])
            .await
            .unwrap_or_else(|status| panic!("the upgrade was answered {status}"))
    }

    async fn over(stream: TcpStream, person: &Person, lines: &[(&'static str, &str)]) -> Result<Self, u16> {
        let mut request = "ws://inglenook.test/ws".into_client_request().unwrap();
        let mut lines: Vec<(&str, String)> =
            lines.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        lines.extend(person.authorization().map(|line| ("authorization", line)));
        for (name, value) in lines {
            request.headers_mut().insert(name, HeaderValue::from_str(&value).unwrap());
        }
        match client_async(request, stream).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    pub async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next message, or the code of the close.
    pub async fn next(&mut self) -> Result<Value, u16> {
        // Pings are no message, so they do not prolong the waiting.
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let next = tokio::time::timeout_at(deadline, self.0.next()).await;
            match next.expect("something comes in time") {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => return Err(frame.map_or(1005, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(1006),
            }
        }
    }

    /// Skips to the next message of this type.
    pub async fn until(&mut self, kind: &str) -> Value {
        loop {
            let message = self.next().await.unwrap_or_else(|code| panic!("closed with {code} before {kind}"));
            if message["type"] == kind {
                return message;
            }
        }
    }

    pub async fn until_event(&mut self, name: &str) -> Value {
        loop {
            let event = self.until("event").await;
            if event["event"] == name {
                return event;
            }
        }
    }

    /// Reads until the close; its code.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.next().await {
                return code;
            }
        }
    }

    pub async fn listen(&mut self, conversation: &str, after: Option<u64>) {
        self.send(json!({ "type": "listen", "conversation_id": conversation, "after": after })).await;
        self.until("listening").await;
    }

    pub async fn post(&mut self, conversation: &str, key: &str, content: &str) {
        let post = json!({ "type": "post", "conversation_id": conversation, "key": key, "content": content });
        self.send(post).await;
    }
}

/// A listed room of `owner` in which `others` take part.
pub async fn room(owner: &Person, others: &[&Person]) -> String {
    let (status, made) =
        owner.call("POST", "/api/v1/rooms", Some(json!({ "name": "Chess", "listed": true }))).await;
    assert_eq!(status, 201, "{made}");
    let id = made["id"].as_str().unwrap().to_owned();
    for other in others {
        let (status, said) = other.call("POST", &format!("/api/v1/rooms/{id}/join"), None).await;
        assert!(matches!(status, 200 | 204), "{status} {said}");
    }
    id
}
