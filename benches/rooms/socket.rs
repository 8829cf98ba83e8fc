//! A client's WebSocket.

use std::net::SocketAddr;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::{Site, asking::Failure};

pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// The socket of one of the people who signed in.
    pub async fn open(site: &Site, number: usize) -> Result<Self, Failure> {
        Self::connect(site.server.address, &site.tokens[number % site.tokens.len()]).await
    }

    pub async fn connect(address: SocketAddr, token: &str) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut request = "ws://bench/ws".into_client_request()?;
        let line = HeaderValue::from_str(&format!("Bearer {token}"))?;
        request.headers_mut().insert("authorization", line);
        let (socket, _) = client_async(request, stream).await?;
        Ok(Self(socket))
    }

    pub async fn send(&mut self, message: &Value) -> Result<(), Failure> {
        Ok(self.0.send(Message::text(message.to_string())).await?)
    }

    /// Listens to a room, after a position or from the newest answer on.
    pub async fn listen(&mut self, room: &str, after: Option<u64>) -> Result<(), Failure> {
        self.send(&json!({ "type": "listen", "conversation_id": room, "after": after })).await?;
        self.answer("listening").await.map(drop)
    }

    /// The next message of this type.
    pub async fn answer(&mut self, kind: &str) -> Result<Value, Failure> {
        self.find(|message| message["type"] == kind).await
    }

    /// The next event of this name.
    pub async fn until(&mut self, event: &str) -> Result<Value, Failure> {
        self.find(|message| message["event"] == event).await
    }

    /// Reads what comes, until the server closes the socket.
    pub async fn hear(&mut self) -> Result<(), Failure> {
        self.find(|_| false).await.map(drop)
    }

    async fn find(&mut self, is_it: impl Fn(&Value) -> bool) -> Result<Value, Failure> {
        while let Some(message) = self.0.next().await {
            let Message::Text(text) = message? else { continue };
            let message: Value = serde_json::from_str(&text)?;
            if is_it(&message) {
                return Ok(message);
            }
            if message["type"] == "refused" {
                return Err(message.to_string().into());
            }
        }
        Err("the server closed the socket".into())
    }
}
