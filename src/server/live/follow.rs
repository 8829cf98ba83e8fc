//! Listening to a conversation: from any position, first what was missed and then live.

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
    log::{Format, Log, Read},
    published::Published,
    reading::{ReadPermit, Reading},
    registry::{Live, LogHandle, StreamPermit},
};
use crate::{
    domain::{ChatEvent, CurrentUser},
    error::AppError,
    server::{
        ops::clock::Clock,
        render::Renderer,
        store::{Chats, Grant, Need, Sessions},
        words::{self, Words},
    },
};

/// HTML is told this often at the most: each time costs a browser some 5 ms, and a tenth of a second looks like
/// at once.
const HTML_EVERY: Duration = Duration::from_millis(100);

/// How long a listener stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stay {
    /// As long as it may.
    Live,
    /// Until it has what there is: a page that nobody looks at holds no connection.
    Glance,
    /// As one of the few streams of its browser; when these are taken, for a glance.
    Page,
}

/// Those who listen to conversations, and what they are told from. One per server.
pub struct Listening {
    pub live: Arc<Live>,
    pub chats: Arc<dyn Chats>,
    pub sessions: Arc<dyn Sessions>,
    pub elsewhere: Arc<dyn Elsewhere>,
    pub renderer: Arc<Renderer>,
    pub reading: Arc<Reading>,
    pub browsers: Browsers,
    pub clock: Clock,
    /// Open streams of one person, at the most.
    pub streams_per_user: usize,
}

impl Listening {
    /// The events of a conversation after the position `after`; without one from the newest answer's first.
    /// Ends with the session, with the server, or when the conversation is deleted; otherwise it waits for
    /// the next answer. A position that is not in the log is answered with what changed since; when that is too much, or
    /// the position is of no event, with `reset` and the whole newest answer.
    pub async fn follow(
        self: &Arc<Self>,
        current: &CurrentUser,
        conversation_id: &str,
        after: Option<u64>,
        format: Format,
        stay: Stay,
    ) -> Result<impl Stream<Item = Published> + Send + use<>, AppError> {
        // The log first: nobody would be told of an answer or a title that comes between the two.
        let log = self.live.log(conversation_id);
        let (grant, permit) = self.admit(current, conversation_id, &log).await?;
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
            caught_up: None,
            permit,
            log,
            _page: page,
        };
        match after {
            None => listener.replay(false).await?,
            // A page may have been made before the title was, and come to listen after that was told.
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

    /// Whether the caller may listen, and a log that knows the store's number.
    async fn admit(
        &self,
        current: &CurrentUser,
        conversation_id: &str,
        log: &Log,
    ) -> Result<(Grant, StreamPermit), AppError> {
        let most = self.streams_per_user;
        let permit = self.live.admit(current.id(), &current.session_id, most)?;
        let session = std::slice::from_ref(&current.session_id);
        let (grant, valid) = futures::join!(
            self.chats.access(current.id(), conversation_id, Need::Read),
            // It may have ended after the gate let it in, and before its stream could be told so.
            self.sessions.valid_sessions(session, self.clock.now()),
        );
        let (grant, valid) = (grant?, valid?);
        if valid.is_empty() {
            return Err(AppError::SignedOut);
        }
        // A log that only this process writes knows its own number.
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
    /// The listener's language, which was found when it came.
    words: Words,
    /// The number of the last event seen.
    pub(super) position: u64,
    pub(super) ready: VecDeque<Published>,
    pub(super) log: LogHandle,
    /// How many rereads it was told.
    rereads: u64,
    /// The position up to which the store was asked since the listener last waited.
    caught_up: Option<u64>,
    changes: watch::Receiver<u64>,
    draining: watch::Receiver<bool>,
    /// No block was told on this connection yet: the open one may hold lines already that were told on
    /// another one, beyond the position to come back to.
    fresh: bool,
    /// No more HTML is told before this.
    html_from: Instant,
    /// Held while `ready` has an old answer.
    pub(super) replayed: Option<ReadPermit>,
    /// It ends when nothing more is there.
    glances: bool,
    permit: StreamPermit,
    _page: Option<PagePermit>,
}

impl Listener {
    async fn next(&mut self) -> Option<Published> {
        loop {
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
                // Should rendering fail, the text is still safe: a listener that comes back asks for it again.
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

    /// The position is not in the log: from the store the listener is told what it missed.
    async fn missed(&mut self) -> Result<(), AppError> {
        let grant = self.access().await?;
        if !self.catch_up(&grant).await? {
            return self.replay(true).await;
        }
        // Where the position is ahead of the log, the listener waits for it; where it is behind, the store has told
        // all that lies between.
        self.position = self.position.max(self.log.bounds().0);
        self.caught_up = Some(self.position);
        Ok(())
    }

    /// Asked each time, because the listener may have been removed meanwhile.
    pub(super) async fn access(&self) -> Result<Grant, AppError> {
        Ok(self.service.chats.access(self.current.id(), &self.conversation_id, Need::Read).await?)
    }

    /// Until something may have changed; `None` when this stream is to end.
    async fn wait(&mut self) -> Option<()> {
        self.caught_up = None;
        tokio::select! {
            changed = self.changes.changed() => changed.ok(),
            () = self.permit.over() => None,
            changed = self.draining.changed() => changed.ok(),
        }
    }
}

/// What is there at once goes out at once, up to so many bytes and what is begun by then.
const TOGETHER_BYTES: usize = 8 * 1024;

/// The events as bytes, each written by `write`.
pub fn written(
    events: impl Stream<Item = Published> + Send,
    write: fn(&Published, &mut Vec<u8>),
) -> impl Stream<Item = Bytes> + Send {
    stream::unfold(Box::pin(events.fuse()), move |mut events| async move {
        let mut bytes = Vec::new();
        write(&events.next().await?, &mut bytes);
        while bytes.len() < TOGETHER_BYTES {
            let Some(Some(event)) = events.next().now_or_never() else { break };
            write(&event, &mut bytes);
        }
        Some((Bytes::from(bytes), events))
    })
}
