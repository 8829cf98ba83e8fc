//! [`Session`]: one open WebSocket, from its upgrade to its close.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures::{
    FutureExt, SinkExt, StreamExt,
    future::{AbortHandle, Abortable, BoxFuture},
    stream::{self, BoxStream, SelectAll},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tokio_tungstenite::tungstenite::{
    Error, Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use super::{
    Services,
    acts::{self, Outcome},
    messages::{About, FromClient, ToClient, event},
    upgrade::Wire,
};
use crate::{
    domain::{CurrentUser, Reason},
    error::AppError,
    server::live::{presence::OpenPage, published::Published, registry::StreamPermit},
};

/// How often the server pings. Whoever answers nothing for three pings is gone.
const PING: Duration = Duration::from_secs(20);
const GONE: Duration = Duration::from_secs(60);
/// How many conversations one socket may listen to.
const MOST_HEARD: usize = 50;
/// How many messages a client may send in each second.
const MOST_SENT: u32 = 50;
/// Events that are ready go out together, up to so many bytes and the event that is being written then.
const TOGETHER_BYTES: usize = 8 * 1024;
/// How long the server goes on reading after it has closed, and how many bytes.
const LINGER: Duration = Duration::from_secs(2);
const MOST_IGNORED: usize = 4 << 20;

/// Why a socket is closed: its code, and a word for programs.
type Close = (CloseCode, &'static str);

/// Part of what a socket hears.
struct Heard {
    conversation_id: Arc<str>,
    /// Which of the streams that the socket has listened to.
    stream: u64,
    /// `None` at its end.
    event: Option<Published>,
}

pub struct Session {
    services: Services,
    current: Arc<CurrentUser>,
    permit: StreamPermit,
    stall: Duration,
    heard: SelectAll<BoxStream<'static, Heard>>,
    /// The number of each of the streams in `heard`, and what ends it.
    listens: HashMap<Arc<str>, (u64, AbortHandle)>,
    /// How many streams there were.
    streams: u64,
    /// What the client's last message asked, while it is being done. The next one is read after it, so messages take effect
    /// in their order, and what the client hears does not wait for them.
    acting: Option<BoxFuture<'static, Outcome>>,
    /// Whether the person is here, as the client says.
    page: Option<OpenPage>,
    /// How many messages came since this second began.
    sent: (Instant, u32),
}

impl Session {
    pub fn new(services: Services, current: CurrentUser, permit: StreamPermit, stall: Duration) -> Self {
        Self {
            services,
            current: Arc::new(current),
            permit,
            stall,
            heard: SelectAll::new(),
            listens: HashMap::new(),
            streams: 0,
            acting: None,
            page: None,
            sent: (Instant::now(), 0),
        }
    }

    pub async fn run(mut self, mut wire: Wire) {
        let Some((code, reason)) = self.serve(&mut wire).await else { return };
        // Whoever listened, the server needs nothing of it any more.
        drop(self);
        let _ = timeout(LINGER, close(wire, CloseFrame { code, reason: reason.into() })).await;
    }

    /// Serves until the socket ends; answers how to close it, unless the client is gone.
    async fn serve(&mut self, wire: &mut Wire) -> Option<Close> {
        let mut ping = interval(PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut draining = self.services.listening.live.draining();
        let mut last_seen = Instant::now();
        loop {
            let is_ending = *draining.borrow_and_update();
            if is_ending && self.heard.is_empty() && self.acting.is_none() {
                return Some((CloseCode::Restart, "restarting"));
            }
            tokio::select! {
                came = wire.next(), if self.acting.is_none() => {
                    last_seen = Instant::now();
                    match came {
                        Some(Ok(Message::Text(text))) => {
                            if self.is_flooded() {
                                return Some((CloseCode::Policy, "flooded"));
                            }
                            self.take(&text);
                        }
                        Some(Ok(Message::Binary(_))) => {
                            return Some((CloseCode::Unsupported, "not_text"));
                        }
                        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                        // The library has answered it.
                        Some(Ok(Message::Close(_))) | None => {
                            let _ = timeout(LINGER, wire.flush()).await;
                            return None;
                        }
                        Some(Err(error)) => return broken(&error),
                    }
                }
                outcome = acted(&mut self.acting) => {
                    // Only now is silence the client's.
                    last_seen = Instant::now();
                    self.acting = None;
                    let Outcome { said, hears, active } = outcome;
                    if let Some(said) = said {
                        self.send(wire, Message::text(said)).await?;
                    }
                    if let Some((id, events)) = hears {
                        self.hear(id, events);
                    }
                    if let Some(active) = active {
                        self.is_here(active);
                    }
                }
                Some(heard) = self.heard.next(), if !self.heard.is_empty() => {
                    self.tell(wire, heard).await?;
                }
                _ = ping.tick() => {
                    if self.acting.is_none() && last_seen.elapsed() >= GONE {
                        return None;
                    }
                    self.send(wire, Message::Ping(Vec::new().into())).await?;
                }
                () = self.permit.over() => return Some((CloseCode::Policy, "session_ended")),
                _ = draining.changed() => {}
            }
        }
    }

    fn is_flooded(&mut self) -> bool {
        if self.sent.0.elapsed() >= Duration::from_secs(1) {
            self.sent = (Instant::now(), 0);
        }
        self.sent.1 += 1;
        self.sent.1 > MOST_SENT
    }

    /// Begins what a message asks.
    fn take(&mut self, text: &str) {
        let begun = acts::read(text).map_err(|error| (About::default(), error));
        let begun = begun.and_then(|message| self.fits(&message).map(|()| message));
        self.acting = Some(match begun {
            Ok(message) => {
                if let FromClient::Leave { conversation_id } = &message {
                    self.leave(conversation_id);
                }
                acts::act(self.services.clone(), self.current.clone(), message).boxed()
            }
            Err((about, error)) => std::future::ready(Outcome::refused(about, &error)).boxed(),
        });
    }

    fn fits(&self, message: &FromClient) -> Result<(), (About, AppError)> {
        let FromClient::Listen { conversation_id, .. } = message else { return Ok(()) };
        if self.listens.len() < MOST_HEARD || self.listens.contains_key(&**conversation_id) {
            return Ok(());
        }
        let reason = Reason::new("socket-hears-too-many").with("most", MOST_HEARD);
        Err((message.about(), AppError::invalid("conversation_id", reason)))
    }

    fn leave(&mut self, conversation_id: &str) {
        if let Some((_, handle)) = self.listens.remove(conversation_id) {
            handle.abort();
        }
    }

    fn is_here(&mut self, active: bool) {
        let presences = &self.services.presences;
        let page = self.page.get_or_insert_with(|| presences.enter(self.current.id(), active));
        page.set_active(active);
    }

    /// Listens to a conversation, in place of an earlier stream of it.
    fn hear(&mut self, id: Arc<str>, events: BoxStream<'static, Published>) {
        let (handle, registration) = AbortHandle::new_pair();
        self.streams += 1;
        let (of, stream) = (id.clone(), self.streams);
        let events = events.map(Some).chain(stream::once(async { None }));
        let heard = events.map(move |event| Heard { conversation_id: of.clone(), stream, event });
        self.heard.push(Abortable::new(heard, registration).boxed());
        if let Some((_, earlier)) = self.listens.insert(id, (stream, handle)) {
            earlier.abort();
        }
    }

    /// Sends what was heard, and what is ready besides.
    async fn tell(&mut self, wire: &mut Wire, first: Heard) -> Option<()> {
        let (mut next, mut bytes) = (Some(first), 0);
        while let Some(heard) = next {
            if let Some(text) = self.told(&heard) {
                bytes += text.len();
                timeout(self.stall, wire.feed(Message::text(text))).await.ok()?.ok()?;
            }
            next = if bytes < TOGETHER_BYTES { self.heard.next().now_or_never().flatten() } else { None };
        }
        timeout(self.stall, wire.flush()).await.ok()?.ok()
    }

    /// What to send of it; nothing of a stream that another one has replaced.
    fn told(&mut self, heard: &Heard) -> Option<String> {
        let id = &heard.conversation_id;
        self.listens.get(id).filter(|(stream, _)| *stream == heard.stream)?;
        Some(match &heard.event {
            Some(published) => event(id, published),
            None => {
                self.listens.remove(id);
                ToClient::Ended { conversation_id: id }.json()
            }
        })
    }

    /// `None`: the client takes nothing any more. It comes back with the number of the last event that it has.
    async fn send(&mut self, wire: &mut Wire, message: Message) -> Option<()> {
        timeout(self.stall, wire.send(message)).await.ok()?.ok()
    }
}

/// What came of the message that is being done; never, if there is none.
async fn acted(acting: &mut Option<BoxFuture<'static, Outcome>>) -> Outcome {
    match acting {
        Some(acting) => acting.await,
        None => std::future::pending().await,
    }
}

/// Closes. What the client sends meanwhile is read, because closing the connection with unread bytes would discard the close
/// before the client has it.
async fn close(mut wire: Wire, frame: CloseFrame) {
    // What waits to be written goes first.
    if wire.send(Message::Close(Some(frame))).await.is_err() {
        return;
    }
    let mut connection = wire.into_inner();
    if connection.shutdown().await.is_err() {
        return;
    }
    let (mut ignored, mut bytes) = ([0; 2 << 10], 0);
    while bytes < MOST_IGNORED {
        match connection.read(&mut ignored).await {
            Ok(0) | Err(_) => return,
            Ok(more) => bytes += more,
        }
    }
}

/// How to close after the client broke the protocol; `None`: the connection itself is gone.
fn broken(error: &Error) -> Option<Close> {
    match error {
        Error::Capacity(_) => Some((CloseCode::Size, "too_large")),
        Error::Utf8(_) => Some((CloseCode::Invalid, "not_utf8")),
        Error::Protocol(_) => Some((CloseCode::Protocol, "broken_protocol")),
        _ => None,
    }
}
