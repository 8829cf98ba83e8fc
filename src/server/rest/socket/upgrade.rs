//! The handshake of a WebSocket, and the connection below it, which stays in reach.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::derive_accept_key,
        protocol::{Role, WebSocketConfig},
    },
};

use crate::error::AppError;

/// In bytes. The library takes 128 KiB to read each socket, which 10,000 idle ones would multiply.
const READ_BUFFER: usize = 4 << 10;
/// In bytes, how much is gathered before it is written.
const WRITE_BUFFER: usize = 8 << 10;

pub type Wire = WebSocketStream<TokioIo<Upgraded>>;

/// A request that asks for a WebSocket as RFC 6455 wants it.
pub struct Handshake {
    answer: HeaderValue,
    upgraded: OnUpgrade,
}

impl<S: Sync> FromRequestParts<S> for Handshake {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        let headers = &parts.headers;
        let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| asks(headers));
        let answer = key.and_then(|key| HeaderValue::try_from(derive_accept_key(key.as_bytes())).ok());
        match (answer, parts.extensions.remove::<OnUpgrade>()) {
            (Some(answer), Some(upgraded)) => Ok(Self { answer, upgraded }),
            _ => Err(AppError::UpgradeRequired),
        }
    }
}

impl Handshake {
    /// The answer to the request, and the socket once the answer is sent; `None`: the client is gone. No message may have
    /// more than `most` bytes.
    pub fn accept(self, most: usize) -> (Response, impl Future<Output = Option<Wire>> + Send) {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_message_size(Some(most))
            .max_frame_size(Some(most));
        let fixed = [
            (header::CONNECTION, HeaderValue::from_static("upgrade")),
            (header::UPGRADE, HeaderValue::from_static("websocket")),
            (header::SEC_WEBSOCKET_ACCEPT, self.answer),
        ];
        let upgraded = self.upgraded;
        let wire = async move {
            let io = TokioIo::new(upgraded.await.ok()?);
            Some(WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await)
        };
        ((StatusCode::SWITCHING_PROTOCOLS, fixed).into_response(), wire)
    }
}

fn asks(headers: &HeaderMap) -> bool {
    let has = |name: HeaderName, word: &str| {
        let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(',')).any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    has(header::CONNECTION, "upgrade")
        && has(header::UPGRADE, "websocket")
        && headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let lines = lines
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        lines.collect()
    }

    #[test]
    fn a_request_asks_for_a_websocket_by_all_three_lines() {
        let whole = [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
        ];
        assert!(asks(&headers(&whole)));
        for left_out in 0..3 {
            let mut lines = whole.to_vec();
            lines.remove(left_out);
            assert!(!asks(&headers(&lines)), "{lines:?}");
        }
        for (at, wrong) in [(0, "upgraded"), (1, "h2c"), (2, "8")] {
            let mut lines = whole.to_vec();
            lines[at].1 = wrong;
            assert!(!asks(&headers(&lines)), "{lines:?}");
        }
    }
}
