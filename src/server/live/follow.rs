//! Listening to a conversation from any position: first the missed changes, then live events.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use axum::body::Bytes;
use futures::{FutureExt, Stream, StreamExt, stream};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{
    browsers::{Browsers, PagePermit},
    elsewhere::Elsewhere,
    log::{Format, Log, Read, Writing},
    published::Published,
    reading::{ReadPermit, Reading},
    registry::{Live, LogHandle, StreamPermit},
};
use crate::{
    domain::{ChatEvent, ConversationKind, CurrentUser},
    error::AppError,
    server::{
        ops::clock::Clock,
        render::Renderer,
        store::{Chats, Grant, Need, Sessions},
        words::{self, Words},
    },
};

/// How often HTML is sent, at most: rendering it costs a browser about 5 ms, and a tenth of a second looks immediate.
const HTML_EVERY: Duration = Duration::from_millis(100);

/// How long a listener stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stay {
    /// As long as the server and the session allow.
    Live,
    /// Until the listener has the present state, because a page that nobody looks at should not hold a connection.
    Glance,
    /// Live, as one of the few streams of the browser; when they are taken, like `Glance`.
    Page,
    /// Live, as a part of a WebSocket, which is the stream that counts.
    Part,
}

/// The service for listeners, and the parts from which it reads events. One per server.
pub struct Listening {
    pub live: Arc<Live>,
    pub chats: Arc<dyn Chats>,
    pub sessions: Arc<dyn Sessions>,
    pub elsewhere: Arc<dyn Elsewhere>,
    pub renderer: Arc<Renderer>,
    pub reading: Arc<Reading>,
    pub browsers: Browsers,
    pub clock: Clock,
    /// How many streams one person may have open.
    pub streams_per_user: usize,
}

impl Listening {
    /// The events of a conversation after the position `after`, or without one from the first event of the newest
    /// answer. The stream ends with the session, with the server, or when the conversation is deleted; otherwise it
    /// waits for the next answer. For a position that is not in the log it sends what changed since; if that is too
    /// much, or the position belongs to no event, it sends `reset` and the whole newest answer.
    pub async fn follow(
        self: &Arc<Self>,
        current: &CurrentUser,
        conversation_id: &str,
        after: Option<u64>,
        format: Format,
        stay: Stay,
    ) -> Result<impl Stream<Item = Published> + Send + use<>, AppError> {
        // The log is opened before the conversation is read, so that no answer or title that comes in between is
        // missed.
        let log = self.live.log(conversation_id);
        let doubts = log.doubts(current.id());
        let (grant, permit) = self.admit(current, conversation_id, &log, stay).await?;
        let page = (stay == Stay::Page).then(|| self.browsers.admit(&current.session_id)).flatten();
        let mut listener = Listener {
            service: self.clone(),
            current: current.clone(),
            conversation_id: conversation_id.to_owned(),
            format,
            words: words::current(),
            position: after.unwrap_or(0),
            ready: VecDeque::new(),
            changes: log.changes(),
            draining: self.live.draining(),
            fresh: true,
            html_from: Instant::now(),
            replayed: None,
            glances: stay == Stay::Glance || (stay == Stay::Page && page.is_none()),
            rereads: log.rereads(),
            doubts,
            hint: 0,
            in_room: grant.conversation().kind != ConversationKind::Private,
            caught_up: None,
            permit,
            log,
            _page: page,
        };
        match after {
            None => listener.replay(false).await?,
            // The page may be older than the title, and the listener may come after the title was published.
            Some(position) if format == Format::Html && !grant.conversation().title.is_empty() => {
                let title = grant.into_conversation().title;
                listener.ready.push_back(Published::new(position, ChatEvent::Title { title }));
            }
            Some(_) => {}
        }
        Ok(stream::unfold(listener, |mut listener| async move {
            let event = listener.next().await?;
            Some((event, listener))
        }))
    }

    /// Checks that the caller may listen, and that the log knows the store's number.
    async fn admit(
        &self,
        current: &CurrentUser,
        conversation_id: &str,
        log: &Log,
        stay: Stay,
    ) -> Result<(Grant, StreamPermit), AppError> {
        let permit = match stay {
            Stay::Part => self.live.admit_part(&current.session_id),
            _ => self.live.admit(current.id(), &current.session_id, self.streams_per_user)?,
        };
        let session = std::slice::from_ref(&current.session_id);
        let (grant, valid) = futures::join!(
            self.chats.access(current.id(), conversation_id, Need::Read),
            // The session may have ended after the request was admitted and before its stream was registered.
            self.sessions.valid_sessions(session, self.clock.now()),
        );
        let (grant, valid) = (grant?, valid?);
        if valid.is_empty() {
            return Err(AppError::SignedOut);
        }
        // A log that only this process writes knows its number better than the store.
        if !(self.chats.is_alone() && log.is_running()) {
            log.at_least(grant.last_seq());
        }
        self.elsewhere.attach(conversation_id, log).await?;
        Ok((grant, permit))
    }
}

pub(super) struct Listener {
    pub(super) service: Arc<Listening>,
    pub(super) current: CurrentUser,
    pub(super) conversation_id: String,
    pub(super) format: Format,
    /// The words of the listener's language, which is fixed when it comes.
    words: Words,
    /// The number of the last event that the listener has seen.
    pub(super) position: u64,
    pub(super) ready: VecDeque<Published>,
    pub(super) log: LogHandle,
    /// The log's number of rereads when the listener was last told to read anew.
    rereads: u64,
    /// How often it had become doubtful whether this person may listen when the listener last asked.
    doubts: u64,
    /// The number of the last hint that the listener was told.
    hint: u64,
    pub(super) in_room: bool,
    /// The position up to which the store was asked since the listener last waited.
    caught_up: Option<u64>,
    changes: watch::Receiver<u64>,
    draining: watch::Receiver<bool>,
    /// No block was sent on this connection yet. The listener may already have lines of an open block, sent on an
    /// earlier connection beyond the position with which it came back.
    fresh: bool,
    /// The time before which no more HTML is sent.
    html_from: Instant,
    /// Held while `ready` contains an answer from the store.
    pub(super) replayed: Option<ReadPermit>,
    /// Whether the stream ends when the listener has everything.
    glances: bool,
    permit: StreamPermit,
    _page: Option<PagePermit>,
}

impl Listener {
    async fn next(&mut self) -> Option<Published> {
        loop {
            let doubts = self.log.doubts(self.current.id());
            if std::mem::replace(&mut self.doubts, doubts) < doubts {
                self.access().await.ok()?;
            }
            if let Some(event) = self.ready.pop_front() {
                return Some(event.worded(self.words));
            }
            if self.permit.is_over() {
                return None;
            }
            self.replayed = None;
            let log = &self.log;
            self.changes.borrow_and_update();
            let read = match self.format {
                Format::Text => log.read_text(self.position),
                // If rendering fails, the text is still safe: the listener comes back and asks for it again.
                Format::Html => {
                    let (renderer, person) = (&self.service.renderer, self.current.id());
                    log.read_html(renderer, person, self.position, self.fresh).await.ok()?
                }
            };
            match read {
                Read::Events(events, position) => {
                    self.position = position;
                    let is_block = |event: &Published| matches!(&*event.event, ChatEvent::Block { .. });
                    self.fresh &= !events.iter().any(is_block);
                    if self.format == Format::Html && !events.is_empty() {
                        self.html_from = Instant::now() + HTML_EVERY;
                    }
                    self.ready.extend(events);
                }
                Read::NotYet => {}
                // The store has told all that it knows up to here: the listener waits for the log.
                Read::Gone if self.caught_up == Some(self.position) => {}
                Read::Gone => self.missed().await.ok()?,
            }
            if self.ready.is_empty() {
                let log = &self.log;
                if log.is_closed() || (*self.draining.borrow() && !log.is_running()) {
                    return None;
                }
                if log.bounds().1 > self.position {
                    continue;
                }
                let rereads = log.rereads();
                if std::mem::replace(&mut self.rereads, rereads) < rereads {
                    return Some(Published::new(self.position, ChatEvent::Changed {}));
                }
                let (typing, hint) = log.hints(self.hint);
                self.hint = hint;
                let others = typing.into_iter().filter(|one| one.user_id != self.current.id());
                let position = self.position;
                let told = others.map(|Writing { user_id, name }| ChatEvent::Typing { user_id, name });
                self.ready.extend(told.map(|event| Published::new(position, event)));
                if !self.ready.is_empty() {
                    continue;
                }
                if self.glances {
                    return None;
                }
                self.wait().await?;
                if self.format == Format::Html {
                    sleep_until(self.html_from).await;
                }
            }
        }
    }

    /// Sends the changes since a position that is not in the log, from the store.
    async fn missed(&mut self) -> Result<(), AppError> {
        let grant = self.access().await?;
        if !self.catch_up(&grant).await? {
            return self.replay(true).await;
        }
        // If the position is ahead of the log, the listener waits for the log; if it is behind, the store has supplied
        // everything in between.
        self.position = self.position.max(self.log.bounds().0);
        self.caught_up = Some(self.position);
        Ok(())
    }

    /// The listener's grant, read anew each time, because the listener may have been removed meanwhile.
    pub(super) async fn access(&self) -> Result<Grant, AppError> {
        Ok(self.service.chats.access(self.current.id(), &self.conversation_id, Need::Read).await?)
    }

    /// Waits until something may have changed; `None` when this stream is to end.
    async fn wait(&mut self) -> Option<()> {
        self.caught_up = None;
        tokio::select! {
            changed = self.changes.changed() => changed.ok(),
            () = self.permit.over() => None,
            changed = self.draining.changed() => changed.ok(),
        }
    }
}

/// Events that are ready are sent together, up to this many bytes and the event that is being written then.
const TOGETHER_BYTES: usize = 8 * 1024;

/// The events as bytes; `write` writes each of them.
pub fn written<T: Send>(
    events: impl Stream<Item = T> + Send,
    write: impl Fn(&T, &mut Vec<u8>) + Send + Sync,
) -> impl Stream<Item = Bytes> + Send {
    stream::unfold((Box::pin(events.fuse()), write), |(mut events, write)| async move {
        let mut bytes = Vec::new();
        write(&events.next().await?, &mut bytes);
        while bytes.len() < TOGETHER_BYTES {
            let Some(Some(event)) = events.next().now_or_never() else { break };
            write(&event, &mut bytes);
        }
        Some((Bytes::from(bytes), (events, write)))
    })
}
