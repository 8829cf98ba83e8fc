//! `GET /conversations/{id}/events`: the events of a conversation as a stream of the WHATWG grammar.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};

use super::extract::{Id, Query, header_text};
use crate::{
    domain::{CurrentUser, Reason},
    error::AppError,
    server::{
        http::keep_alive::{EVERY, kept_alive},
        live::{
            Listening,
            follow::{Stay, written},
            log::Format,
            published::Published,
        },
        ops::sse,
    },
};

const LAST_EVENT_ID: &str = "Last-Event-ID";
/// No event to the reader.
const COMMENT: Bytes = Bytes::from_static(b": still here\n\n");
/// How soon a browser comes back when the connection ends, in milliseconds.
const RETRY: Bytes = Bytes::from_static(b"retry: 1000\n\n");

/// A reader that comes back says where it was in `Last-Event-ID`, which goes before `?after=`: that
/// one stays in the address when the browser connects again.
pub async fn events(
    State(listening): State<Arc<Listening>>,
    current: CurrentUser,
    Id(id): Id,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let format = query.choice("format", [("text", Format::Text), ("html", Format::Html)])?;
    let asked = query.value("after", |name| Reason::new("query-not-an-event").with("name", name))?;
    let seen = header_text(&headers, LAST_EVENT_ID)?.map(str::trim).filter(|id| !id.is_empty());
    let not_ours =
        |_| AppError::invalid(LAST_EVENT_ID, Reason::new("query-not-an-event").with("name", LAST_EVENT_ID));
    let seen = seen.map(|id| id.parse().map_err(not_ours)).transpose()?;
    let entries = listening.follow(&current, &id, seen.or(asked), format, Stay::Live).await?;
    let fixed = [(header::CONTENT_TYPE, "text/event-stream")];
    let retry = stream::once(async { RETRY });
    let bytes = retry.chain(kept_alive(written(entries, write), EVERY, COMMENT));
    Ok((fixed, Body::from_stream(bytes.map(Ok::<_, Infallible>))).into_response())
}

fn write(entry: &Published, to: &mut Vec<u8>) {
    let event = sse::encode(entry.event.name(), Some(&entry.seq.to_string()), &entry.json());
    to.extend_from_slice(event.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ChatEvent;

    #[test]
    fn no_text_breaks_out_of_its_event() {
        let text = "a\n\nevent: done\r\ndata: {}\n\n\u{2028}😀";
        let event = ChatEvent::Delta { message_id: "m".into(), text: text.into() };
        let (mut seen, mut bytes) = (Vec::new(), Vec::new());
        write(&Published::new(7, event), &mut bytes);
        let mut decoder = sse::Decoder::new(10_000);
        decoder
            .feed(&bytes, |event| {
                let data: serde_json::Value = serde_json::from_str(event.data).unwrap();
                seen.push((
                    event.name.to_owned(),
                    event.id.to_owned(),
                    data["text"].as_str().unwrap().to_owned(),
                ));
            })
            .unwrap();
        assert_eq!(seen, [("delta".to_owned(), "7".to_owned(), text.to_owned())]);
    }
}
