//! Listening to a conversation: from any place, first what was missed and then live.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use axum::body::Bytes;
use futures::{FutureExt, Stream, StreamExt, stream};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{
    browsers::{Browsers, PagePermit},
    channel::{Channel, Format, Read},
    elsewhere::Elsewhere,
    entry::{Entry, end_of},
    reading::{ReadPermit, Reading},
    registry::{Held, Live, StreamPermit},
};
use crate::{
    domain::{ChatEvent, Conversation, CurrentUser, Message, Role, Status},
    error::AppError,
    server::{
        markdown::{Change, Stream as Markdown},
        ops::clock::Clock,
        render::Renderer,
        store::{Chats, Grant, Need, Sessions, Texts},
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
    /// The events of a conversation after the place `after`; without one from the newest answer's first.
    /// Ends with the session, with the server, or when the conversation is deleted; otherwise it waits for
    /// the next answer. A place that is gone is answered with `reset` and the whole newest answer.
    pub async fn follow(
        self: &Arc<Self>,
        current: &CurrentUser,
        conversation_id: &str,
        after: Option<u64>,
        format: Format,
        stay: Stay,
    ) -> Result<impl Stream<Item = Entry> + Send + use<>, AppError> {
        // The channel first: an answer or a title that comes between the two would otherwise be told to nobody.
        let channel = self.live.channel(conversation_id);
        let (grant, permit) = self.admit(current, conversation_id, &channel).await?;
        let page = (stay == Stay::Page).then(|| self.browsers.admit(&current.session_id)).flatten();
        let mut listener = Listener {
            service: self.clone(),
            current: current.clone(),
            conversation_id: conversation_id.to_owned(),
            format,
            words: words::current(),
            place: after.unwrap_or(0),
            ready: VecDeque::new(),
            changes: channel.changes(),
            draining: self.live.draining(),
            fresh: true,
            html_from: Instant::now(),
            channel,
            replayed: None,
            glances: stay == Stay::Glance || (stay == Stay::Page && page.is_none()),
            permit,
            _page: page,
        };
        match after {
            None => listener.replay(false).await?,
            // A page may have been made before the title was, and come to listen after that was told.
            Some(place) if format == Format::Html && !grant.conversation().title.is_empty() => {
                let title = grant.into_conversation().title;
                listener.ready.push_back(Entry::new(place, ChatEvent::Title { title }));
            }
            Some(_) => {}
        }
        Ok(stream::unfold(listener, |mut listener| async move {
            let entry = listener.next().await?;
            Some((entry, listener))
        }))
    }

    /// Whether they may listen, and a channel that knows the store's number.
    async fn admit(
        &self,
        current: &CurrentUser,
        conversation_id: &str,
        channel: &Channel,
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
        if !(self.chats.is_alone() && channel.is_running()) {
            channel.at_least(grant.last_seq());
        }
        self.elsewhere.attach(conversation_id, channel).await?;
        Ok((grant, permit))
    }
}

struct Listener {
    service: Arc<Listening>,
    current: CurrentUser,
    conversation_id: String,
    format: Format,
    /// The listener's language, which was found when it came.
    words: Words,
    /// The number of the last event seen.
    place: u64,
    ready: VecDeque<Entry>,
    channel: Held,
    changes: watch::Receiver<u64>,
    draining: watch::Receiver<bool>,
    /// No block was told on this connection yet: the open one may hold lines already that were told on
    /// another one, beyond the place to come back to.
    fresh: bool,
    /// No more HTML is told before this.
    html_from: Instant,
    /// Held while `ready` has an old answer.
    replayed: Option<ReadPermit>,
    /// It ends when nothing more is there.
    glances: bool,
    permit: StreamPermit,
    _page: Option<PagePermit>,
}

impl Listener {
    async fn next(&mut self) -> Option<Entry> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                return Some(entry.worded(self.words));
            }
            if self.permit.is_over() {
                return None;
            }
            self.replayed = None;
            let channel = &self.channel;
            self.changes.borrow_and_update();
            let read = match self.format {
                Format::Text => channel.read_text(self.place),
                // Should rendering fail, the text is still safe; who comes back asks for it again.
                Format::Html => {
                    let (renderer, person) = (&self.service.renderer, self.current.id());
                    channel.read_html(renderer, person, self.place, self.fresh).await.ok()?
                }
            };
            match read {
                Read::Entries(entries, place) => {
                    self.place = place;
                    let is_block = |entry: &Entry| matches!(&*entry.event, ChatEvent::Block { .. });
                    self.fresh &= !entries.iter().any(is_block);
                    if self.format == Format::Html && !entries.is_empty() {
                        self.html_from = Instant::now() + HTML_EVERY;
                    }
                    self.ready.extend(entries);
                }
                Read::NotYet => {}
                Read::Gone => self.replay(true).await.ok()?,
            }
            if self.ready.is_empty() {
                let channel = &self.channel;
                if channel.is_closed() || (*self.draining.borrow() && !channel.is_running()) {
                    return None;
                }
                if channel.bounds().1 > self.place {
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

    /// Until something may have changed; `None` when this stream is to end.
    async fn wait(&mut self) -> Option<()> {
        tokio::select! {
            changed = self.changes.changed() => changed.ok(),
            () = self.permit.over() => None,
            changed = self.draining.changed() => changed.ok(),
        }
    }

    /// Puts the whole newest answer before what comes next: the running one from the log, an ended one
    /// from the store.
    async fn replay(&mut self, reset: bool) -> Result<(), AppError> {
        let (first, last) = self.channel.bounds();
        if let Some((message_id, _)) = self.channel.running_id() {
            if reset {
                self.ready.push_back(Entry::new(first, ChatEvent::Reset { message_id }));
            }
            self.place = first;
            return Ok(());
        }
        self.place = last;
        let grant = self.service.chats.access(self.current.id(), &self.conversation_id, Need::Read).await?;
        let Conversation { leaf_id, title, .. } = grant.conversation().clone();
        let Some(leaf) = leaf_id else { return Ok(()) };
        // As long as an answer may be, and by as many streams at once as a person may have.
        let outline = self.service.chats.outlines_back(&grant, Some(&leaf), 1).await?.pop();
        let bytes = outline.map_or(0, |outline| outline.bytes(Texts::All));
        self.replayed = Some(self.service.reading.enter(self.current.id(), bytes).await?);
        let message = self.service.chats.message(&grant, &leaf).await?;
        let Some(message) = message.filter(|m| m.role == Role::Assistant) else { return Ok(()) };
        let format = self.format;
        let mut events =
            self.service.renderer.run(self.current.id(), move || events_of(&message, format)).await?;
        if reset {
            events.insert(0, ChatEvent::Reset { message_id: leaf });
        }
        if !title.is_empty() {
            events.push(ChatEvent::Title { title });
        }
        // The last of them carries the place; a listener cut off before it gets the whole again.
        let first = (last + 1).saturating_sub(events.len() as u64);
        self.ready.extend(events.into_iter().zip(first..).map(|(event, seq)| Entry::new(seq, event)));
        Ok(())
    }
}

/// The events that an ended answer comes down to.
fn events_of(message: &Message, format: Format) -> Vec<ChatEvent> {
    let id = || message.id.clone();
    let mut events = vec![ChatEvent::Started {
        message_id: id(),
        model: message.model.clone().unwrap_or_default(),
        parent_id: message.parent_id.clone(),
        question: None,
        left_out: message.left_out,
    }];
    if !message.reasoning.is_empty() {
        events.push(ChatEvent::Reasoning { message_id: id(), text: message.reasoning.clone() });
    }
    match format {
        Format::Text if message.content.is_empty() => {}
        Format::Text => events.push(ChatEvent::Delta { message_id: id(), text: message.content.clone() }),
        Format::Html => {
            let mut markdown = Markdown::new();
            markdown.push(&message.content);
            events.extend(markdown.finish().into_iter().map(|change| match change {
                Change::Block { index, html } => {
                    ChatEvent::Block { message_id: id(), index, html: html.into_string() }
                }
                Change::Lines { index, html } => {
                    ChatEvent::Lines { message_id: id(), index, html: html.into_string() }
                }
            }));
        }
    }
    if message.status != Status::Generating {
        events.push(end_of(message));
    }
    events
}

/// What is there at once goes out at once, up to so many bytes and what is begun by then.
const TOGETHER_BYTES: usize = 8 * 1024;

/// The entries as bytes, each written by `write`.
pub fn written(
    entries: impl Stream<Item = Entry> + Send,
    write: fn(&Entry, &mut Vec<u8>),
) -> impl Stream<Item = Bytes> + Send {
    stream::unfold(Box::pin(entries.fuse()), move |mut entries| async move {
        let mut bytes = Vec::new();
        write(&entries.next().await?, &mut bytes);
        while bytes.len() < TOGETHER_BYTES {
            let Some(Some(entry)) = entries.next().now_or_never() else { break };
            write(&entry, &mut bytes);
        }
        Some((Bytes::from(bytes), entries))
    })
}
