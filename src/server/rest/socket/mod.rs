//! `/ws`: one WebSocket for all that a page or a program hears and says.

mod acts;
pub mod messages;
mod session;
mod upgrade;

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::{FromRef, State},
    http::{HeaderMap, Method},
    middleware,
    response::Response,
    routing::get,
};

use utoipa::{
    OpenApi, ToSchema,
    openapi::{self, Server},
};

use self::{
    messages::{FromClient, ToClient},
    session::Session,
    upgrade::Handshake,
};
use super::problems::{Forbidden, SignedOut, TooMany};
use crate::{
    domain::{CurrentUser, Scope},
    error::AppError,
    server::{
        chat::Chat,
        conversations::Conversations,
        http::{client::Client, cookie::SessionCookie, errors::Problem, gate, origin, site::Site},
        live::{Listening, presence::Presences},
        rooms::Rooms,
        words,
    },
};

/// In bytes, what a message may have besides its text.
const AROUND_TEXT: usize = 16 << 10;
/// So many bytes may JSON need for one of a text, because clients may write `é` as `\u00e9`.
const ESCAPED: usize = 3;

/// The services that a socket uses.
#[derive(Clone)]
pub struct Services {
    pub listening: Arc<Listening>,
    pub chat: Arc<Chat>,
    pub rooms: Arc<Rooms>,
    pub presences: Arc<Presences>,
}

pub fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Arc<Site>: FromRef<S>,
    Arc<Chat>: FromRef<S>,
    Arc<Conversations>: FromRef<S>,
    Arc<Rooms>: FromRef<S>,
    Arc<Presences>: FromRef<S>,
    Arc<Listening>: FromRef<S>,
{
    // Each key may listen; what writes asks for the scope by itself.
    Router::new()
        .route("/ws", get(open))
        .route_layer(middleware::from_fn_with_state(Scope::Read, gate::admit))
}

/// What goes through a WebSocket once it is open, one JSON object in each text message.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes both directions")]
pub struct SocketMessages<'a> {
    /// What the client sends. The server does one after the other, in their order.
    sent: FromClient,
    /// What the server sends.
    heard: ToClient<'a>,
}

#[derive(OpenApi)]
#[openapi(paths(open), components(schemas(FromClient, ToClient, SocketMessages)))]
struct Described;

/// Adds the description, whose address does not begin as the others do.
pub fn describe(document: &mut openapi::OpenApi) {
    let mut own = Described::openapi();
    for item in own.paths.paths.values_mut() {
        if let Some(operation) = &mut item.get {
            operation.servers = Some(vec![Server::new("/")]);
        }
    }
    document.merge(own);
}

// A browser sends its cookie with any page's request for a WebSocket, and no policy stops that page, so the request counts
// as one that changes something: it has to come from a page of this site.
/// Listen and speak through a WebSocket
///
/// One for all that a page or a program hears. Send `listen` for each conversation, with the `seq` of the last event that
/// you have as `after`; what you missed comes first. Each answer names its conversation. The server pings every 20
/// seconds. It closes with 1003 for binary messages, 1008 when the session ends or more than 50 messages come in a second,
/// 1009 for a message that is too large, 1012 when it restarts; whoever reads too slowly is cut off. Come back with your
/// `seq`, and where WebSockets do not get through, use `GET …/events`. With a key, writing needs the scope `chat`.
#[utoipa::path(
    get,
    path = "/ws",
    operation_id = "openSocket",
    tag = "Messages",
    security(("bearer" = []), ("cookie" = []), ("key" = ["read"])),
    responses(
        (
            status = 101,
            description = "The WebSocket is open. Its messages are no answer of their own; `sent` and `heard` stand for them.",
            body = SocketMessages,
            content_type = "application/json"
        ),
        SignedOut,
        Forbidden,
        (
            status = 426,
            description = "The request does not ask for a WebSocket of version 13 (`upgrade_required`).",
            body = Problem,
            content_type = "application/problem+json"
        ),
        TooMany,
    )
)]
pub async fn open(
    (State(site), State(listening)): (State<Arc<Site>>, State<Arc<Listening>>),
    (State(chat), State(rooms)): (State<Arc<Chat>>, State<Arc<Rooms>>),
    (State(conversations), State(presences)): (State<Arc<Conversations>>, State<Arc<Presences>>),
    current: CurrentUser,
    (Extension(client), Extension(cookie)): (Extension<Client>, Extension<SessionCookie>),
    headers: HeaderMap,
    handshake: Handshake,
) -> Result<Response, AppError> {
    origin::same_origin(&site.config, &client, &Method::POST, &headers, cookie.is_sent())?;
    if listening.live.is_draining() {
        return Err(AppError::Stopping);
    }
    let permit = listening.live.admit(current.id(), &current.session_id, listening.streams_per_user)?;
    // The session may have ended after the gate let it in and before the socket was registered.
    let session = std::slice::from_ref(&current.session_id);
    if listening.sessions.valid_sessions(session, listening.clock.now()).await?.is_empty() {
        return Err(AppError::SignedOut);
    }
    let (answer, wire) = handshake.accept(site.config.limits.message_bytes * ESCAPED + AROUND_TEXT);
    let stall = site.config.timeouts.stall;
    let services = Services { listening, chat, rooms, presences };
    let work = async move {
        if let Some(wire) = wire.await {
            Session::new(services, current, permit, stall).run(wire).await;
        }
    };
    // In a task of the server's, so that a panic is logged by name.
    if conversations.tasks.spawn("socket", words::scope(words::current().language, work)) {
        Ok(answer)
    } else {
        Err(AppError::Stopping)
    }
}
