//! `GET /conversations/{id}/events`: the events of a conversation as a stream of the WHATWG grammar.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};
use strum::{EnumString, VariantNames};
use utoipa::{IntoParams, ToSchema};

use super::{
    extract::{Id, Parameters, Query, Values, header_text},
    problems::{InvalidParameter, NotFound, SignedOut, TooMany},
};
use crate::{
    domain::{ChatEvent, CurrentUser, Reason},
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
/// Keeps the connection open; it is no event to the reader.
const COMMENT: Bytes = Bytes::from_static(b": still here\n\n");
/// How soon a browser comes back when the connection ends, in milliseconds.
const RETRY: Bytes = Bytes::from_static(b"retry: 1000\n\n");

#[derive(Clone, Copy, Default, EnumString, VariantNames, ToSchema)]
#[strum(serialize_all = "snake_case")]
#[schema(rename_all = "snake_case", default = "text")]
enum EventFormat {
    #[default]
    Text,
    Html,
}

impl From<EventFormat> for Format {
    fn from(format: EventFormat) -> Self {
        match format {
            EventFormat::Text => Self::Text,
            EventFormat::Html => Self::Html,
        }
    }
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichEvents {
    /// `delta` events with text, or `block` and `lines` events with HTML.
    #[param(inline, required = false)]
    format: EventFormat,
    /// The number of the last event seen.
    #[param(nullable = false)]
    after: Option<u64>,
}

impl Parameters for WhichEvents {
    fn read(values: &Values) -> Result<Self, AppError> {
        let format = values.choice("format")?;
        let after = values.parsed("after", |name| Reason::new("query-not-an-event").with("name", name))?;
        Ok(Self { format, after })
    }
}

// `Last-Event-ID` goes before `after`, because `after` stays in the address when a browser connects again.
/// Listen
///
/// Server-sent events: first what was missed, then what happens, until the session or the conversation ends. Without a
/// place it begins with the newest answer, running or done. A place that is gone is answered with `reset` and the whole
/// newest answer. A comment comes every 15 seconds of silence.
#[utoipa::path(
    get,
    path = "/conversations/{id}/events",
    operation_id = "events",
    tag = "Messages",
    params(
        ("id" = String, Path, description = "The conversation's id."),
        WhichEvents,
        (
            "Last-Event-ID" = Option<u64>,
            Header,
            nullable = false,
            description = "The same, sent by a browser that connects again; goes before `after`."
        ),
    ),
    responses(
        (
            status = 200,
            description = "`event:` is the name, `id:` the number, `data:` the event as JSON.",
            body = ChatEvent,
            content_type = "text/event-stream"
        ),
        SignedOut,
        NotFound,
        InvalidParameter,
        TooMany,
    )
)]
pub async fn events(
    State(listening): State<Arc<Listening>>,
    current: CurrentUser,
    Id(id): Id,
    Query(which): Query<WhichEvents>,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let seen = header_text(&headers, LAST_EVENT_ID)?.map(str::trim).filter(|id| !id.is_empty());
    let not_ours =
        |_| AppError::invalid(LAST_EVENT_ID, Reason::new("query-not-an-event").with("name", LAST_EVENT_ID));
    let seen = seen.map(|id| id.parse().map_err(not_ours)).transpose()?;
    let entries =
        listening.follow(&current, &id, seen.or(which.after), which.format.into(), Stay::Live).await?;
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
