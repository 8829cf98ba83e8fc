//! Following the conversation through the page's WebSocket.

use futures::{
    StreamExt,
    channel::mpsc::UnboundedReceiver,
    future::{Either, select},
};
use leptos::prelude::GetValue;

use super::{
    apply, browser,
    following::{Ended, SILENCE, Visit, connected, may_disconnect},
    json::Json,
    request::Refused,
    socket::Socket,
    way::Way,
};

/// How long it may take until the server says that the page hears of the conversation, in milliseconds.
const BEGINS: f64 = 10_000.0;
/// How often the page says whether somebody looks at it, in milliseconds. The server answers each, so that silence tells of a
/// dead connection.
const SAID_EVERY: f64 = 15_000.0;

/// Where the server ends it sooner, in milliseconds, and more often one after another, something is wrong that may pass.
const TOO_SOON: f64 = 1_000.0;
const MOST_SOON: u32 = 2;

/// What is known of the connection.
struct Hearing<'a> {
    here: &'a Visit,
    socket: Socket,
    /// The server has said that the page hears of the conversation. What comes before is of an earlier `listen`.
    listening: bool,
    /// When that was.
    began: f64,
    /// How often it ended soon after that, one after another.
    soon: u32,
    /// The page is to listen anew, from what it was told last.
    listens_again: bool,
    /// When the server said something last.
    heard: f64,
    /// When the page said whether somebody looks at it, and what.
    said: (f64, bool),
}

/// Applies what comes through a WebSocket until it closes, or until this page no longer needs it.
pub(super) async fn hear(here: &Visit, wake_ups: &mut UnboundedReceiver<()>) -> Ended {
    if !browser::is_online() {
        return Ended::Failed(Refused::unreachable());
    }
    let Some(socket) = Socket::open() else { return Ended::Unfit };
    let begun = browser::now();
    let mut hearing = Hearing {
        here,
        socket,
        listening: false,
        began: begun,
        soon: 0,
        listens_again: false,
        heard: begun,
        said: (0.0, false),
    };
    let mut worked = false;
    loop {
        let came = match select(Box::pin(hearing.socket.next()), wake_ups.next()).await {
            Either::Left((first, _)) => Some(first),
            Either::Right(_) => None,
        };
        if matches!(came, Some(None)) {
            return match worked {
                true if hearing.socket.session_ended() => Ended::Failed(Refused::signed_out()),
                true => Ended::Closed,
                false => Ended::Unfit,
            };
        }
        if here.is_over() {
            return Ended::Closed;
        }
        if let Some(ended) = came.flatten().and_then(|first| hearing.take(first)) {
            return ended;
        }
        worked |= hearing.listening;
        if here.state.rewind() {
            hearing.listen();
        }
        let now = browser::now();
        if !worked && now - begun > BEGINS {
            return Ended::Unfit;
        }
        let silent = now - hearing.heard > SILENCE;
        if silent || !browser::is_online() || may_disconnect(here.state, Way::Socket) {
            return Ended::Closed;
        }
        hearing.say_presence(now);
    }
}

impl Hearing<'_> {
    /// Asks for all that happens from where the page is.
    fn listen(&mut self) {
        let (id, after) = (&self.here.conversation_id, self.here.state.position.get_value());
        self.listening = false;
        self.socket
            .say(&format!(r#"{{"type":"listen","conversation_id":"{id}","after":{after},"format":"html"}}"#));
    }

    fn say_presence(&mut self, now: f64) {
        let active = browser::is_active();
        if self.listening && (now - self.said.0 > SAID_EVERY || active != self.said.1) {
            self.said = (now, active);
            self.socket.say(&format!(r#"{{"type":"presence","active":{active}}}"#));
        }
    }

    /// Takes a message, and those that are there with it; answers how the connection ends, if it does.
    fn take(&mut self, first: String) -> Option<Ended> {
        self.heard = browser::now();
        let state = self.here.state;
        let (mut next, mut events, mut ended) = (Some(first), Vec::new(), None);
        self.listens_again = false;
        while let Some(text) = next {
            if text.is_empty() {
                state.rewind();
                self.listen();
            } else if let Some(message) = Json::parse(&text) {
                ended = self.understand(message, &mut events);
            }
            next = if ended.is_none() { self.socket.ready() } else { None };
        }
        apply::apply_batch(state, &events);
        if self.listens_again && ended.is_none() {
            self.listen();
        }
        ended
    }

    fn begins(&mut self) {
        self.listening = true;
        self.began = browser::now();
        Way::Socket.works();
        connected(self.here.state);
    }

    /// The server tells nothing more of the conversation.
    fn ended(&mut self) -> Option<Ended> {
        self.soon = if browser::now() - self.began < TOO_SOON { self.soon + 1 } else { 0 };
        self.listens_again = true;
        (self.soon > MOST_SOON).then_some(Ended::Closed)
    }

    fn understand(&mut self, message: Json, events: &mut Vec<Json>) -> Option<Ended> {
        let is_here = message.text("conversation_id").is_some_and(|id| id == self.here.conversation_id);
        match &*message.text("type")? {
            "event" if is_here && self.listening => events.push(message),
            // Whoever listens again is told why it ended.
            "ended" if is_here && self.listening => return self.ended(),
            "refused" if is_here && !self.listening => return refused(&message),
            "listening" if is_here => self.begins(),
            _ => {}
        }
        None
    }
}

fn refused(message: &Json) -> Option<Ended> {
    let problem = message.get("problem")?;
    let (code, message) = (problem.text("code")?, problem.text("detail")?);
    Some(Ended::Failed(Refused { code, message, field: String::new() }))
}
