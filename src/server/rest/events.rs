//! `GET /conversations/{id}/events`: the events of a conversation as a stream of the WHATWG grammar.

use std::convert::Infallible;

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderName, header},
    response::{IntoResponse, Response},
};
use futures::StreamExt;

use super::extract::{Id, Query, header_text};
use crate::{
    error::AppError,
    server::{
        chat::{
            channel::{Entry, Format},
            follow::follow,
        },
        keep_alive::{EVERY, kept_alive},
        llm::sse,
        session::CurrentUser,
        state::AppState,
    },
};

const LAST_EVENT_ID: &str = "Last-Event-ID";
/// No event to the reader.
const COMMENT: Bytes = Bytes::from_static(b": still here\n\n");
/// What is there at once goes out at once, up to so many events.
const TOGETHER: usize = 64;

/// A reader that comes back says where it was in `Last-Event-ID`, which goes before `?after=`: that
/// one stays in the address when the browser connects again.
pub async fn events(
    State(state): State<AppState>,
    current: CurrentUser,
    Id(id): Id,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let format = query.choice("format", [("text", Format::Text), ("html", Format::Html)])?;
    let asked = query.value("after", "the number of an event")?;
    let seen = header_text(&headers, LAST_EVENT_ID)?.map(str::trim).filter(|id| !id.is_empty());
    let not_ours = |_| AppError::invalid(LAST_EVENT_ID, "Last-Event-ID is the number of an event.");
    let seen = seen.map(|id| id.parse().map_err(not_ours)).transpose()?;
    let entries = follow(&state, &current, &id, seen.or(asked), format).await?;
    let fixed = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // nginx would hold events back otherwise.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    let bytes = entries.ready_chunks(TOGETHER).map(|entries| Bytes::from(written(&entries)));
    Ok((fixed, Body::from_stream(kept_alive(bytes, EVERY, COMMENT).map(Ok::<_, Infallible>))).into_response())
}

fn written(entries: &[Entry]) -> String {
    entries.iter().map(|entry| sse::encode(entry.name, Some(&entry.seq.to_string()), &entry.json)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ChatEvent;

    #[test]
    fn no_text_breaks_out_of_its_event() {
        let text = "a\n\nevent: done\r\ndata: {}\n\n\u{2028}😀";
        let event = ChatEvent::Delta { message_id: "m".into(), text: text.into() };
        let mut seen = Vec::new();
        let mut decoder = sse::Decoder::new(10_000);
        decoder
            .feed(written(&[Entry::new(7, &event)]).as_bytes(), |event| {
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
