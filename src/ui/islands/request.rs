//! Requests to this site's own server. They are written by hand, because the client of server functions is a good part of
//! what a browser would have to load.

use js_sys::Uint8Array;
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, ReadableStreamDefaultReader, RequestInit, Response, UrlSearchParams};

use super::{json::Json, phrases::say};

/// How long an answer may take that is only read, and one to a change, in milliseconds: a connection may be dead without the
/// browser knowing it.
const READS_WITHIN: u32 = 20_000;
const CHANGES_WITHIN: u32 = 60_000;

/// Why a request has no answer.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    /// The `code` of the server's error; empty: the server could not be reached, or its answer not be read.
    pub code: String,
    /// Why, in the reader's language.
    pub message: String,
    /// The name of the field to correct; empty: it is none of them.
    pub field: String,
}

impl Refused {
    pub fn unreachable() -> Self {
        Self { code: String::new(), message: String::new(), field: String::new() }
    }

    /// What the server says to a request without a session.
    pub fn signed_out() -> Self {
        Self { code: "signed_out".into(), message: say("error-signed-out"), field: String::new() }
    }

    pub fn is_unreachable(&self) -> bool {
        self.code.is_empty()
    }

    /// Why, in words, also where the server could not say it.
    pub fn sentence(self) -> String {
        if self.is_unreachable() { say("error-unreachable") } else { self.message }
    }

    fn read(json: &Json) -> Option<Self> {
        Some(Self {
            code: json.text("code")?,
            message: json.text("message")?,
            field: json.text("field").unwrap_or_default(),
        })
    }
}

/// Form fields by their names.
pub(super) fn fields(pairs: &[(&str, &str)]) -> Option<UrlSearchParams> {
    let fields = UrlSearchParams::new().ok()?;
    for (name, value) in pairs {
        fields.append(name, value);
    }
    Some(fields)
}

/// Reads `path`, whose answer is JSON.
pub(super) async fn get(path: &str) -> Result<Json, Refused> {
    read(send("GET", path, None, Some(READS_WITHIN)).await?).await
}

/// Posts a form to a server function, whose answer is JSON.
pub(super) async fn post(path: &str, fields: &UrlSearchParams) -> Result<Json, Refused> {
    read(send("POST", path, Some(fields), Some(CHANGES_WITHIN)).await?).await
}

/// Opens a stream; its bytes come piece by piece from [`next`].
pub(super) async fn stream(
    path: &str,
    fields: &UrlSearchParams,
) -> Result<ReadableStreamDefaultReader, Refused> {
    let response = send("POST", path, Some(fields), None).await?;
    let body = response.body().ok_or_else(Refused::unreachable)?;
    body.get_reader().dyn_into().map_err(|_| Refused::unreachable())
}

/// The next bytes of a stream; `None` at its end.
pub(super) async fn next(reader: &ReadableStreamDefaultReader) -> Result<Option<Vec<u8>>, JsValue> {
    let read = JsFuture::from(reader.read()).await?;
    let value = js_sys::Reflect::get(&read, &"value".into())?;
    Ok(value.dyn_into::<Uint8Array>().ok().map(|bytes| bytes.to_vec()))
}

/// The answer of the server, if it is none that refuses.
async fn send(
    method: &str,
    path: &str,
    fields: Option<&UrlSearchParams>,
    within: Option<u32>,
) -> Result<Response, Refused> {
    let response = fetch(method, path, fields, within).await.map_err(|_| Refused::unreachable())?;
    if response.ok() {
        return Ok(response);
    }
    let refused = read(response).await?;
    Err(Refused::read(&refused).unwrap_or_else(Refused::unreachable))
}

async fn fetch(
    method: &str,
    path: &str,
    fields: Option<&UrlSearchParams>,
    within: Option<u32>,
) -> Result<Response, JsValue> {
    let headers = Headers::new()?;
    headers.set("accept", "application/json")?;
    let request = RequestInit::new();
    request.set_method(method);
    request.set_headers(&headers);
    if let Some(within) = within {
        request.set_signal(Some(&AbortSignal::timeout_with_u32(within)));
    }
    if let Some(fields) = fields {
        request.set_body(fields);
    }
    JsFuture::from(window().fetch_with_str_and_init(path, &request)).await.map(JsCast::unchecked_into)
}

async fn read(response: Response) -> Result<Json, Refused> {
    let text = async { JsFuture::from(response.text()?).await };
    let text = text.await.ok().and_then(|text| text.as_string());
    text.and_then(|text| Json::parse(&text)).ok_or_else(Refused::unreachable)
}
