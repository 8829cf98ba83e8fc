//! An answer that belongs to no conversation: its log has one listener, and ends with it.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures::{Stream, stream};
use tokio::time::{Instant, sleep_until};

use super::{
    Listening,
    log::{Log, Read, StopReason},
    published::Published,
    registry::StreamPermit,
};
use crate::{
    domain::CurrentUser,
    error::AppError,
    server::words::{self, Words},
};

/// How often HTML is sent, at most.
const HTML_EVERY: Duration = Duration::from_millis(100);

/// The only handle of the log of such an answer. When it is dropped, the answer stops.
pub struct AloneLog {
    log: Arc<Log>,
    answer_id: String,
    model: String,
}

impl AloneLog {
    /// The log of one answer, which `model` writes.
    pub fn new(log: Arc<Log>, answer_id: String, model: String) -> Self {
        Self { log, answer_id, model }
    }

    /// The id of the answer's message, which is stored nowhere.
    pub fn answer_id(&self) -> &str {
        &self.answer_id
    }

    /// The id of the model that answers.
    pub fn model(&self) -> &str {
        &self.model
    }
}

impl Drop for AloneLog {
    fn drop(&mut self) {
        self.log.stop(None, StopReason::Person);
    }
}

/// An event of such an answer.
pub struct Told {
    /// The event as any listener gets it.
    pub published: Published,
    /// With the last event, the whole text as the model wrote it: whoever listens has no other way to get it.
    pub text: Option<String>,
}

struct Listener {
    service: Arc<Listening>,
    person: String,
    log: AloneLog,
    words: Words,
    position: u64,
    fresh: bool,
    ended: bool,
    ready: VecDeque<Published>,
    html_from: Instant,
    permit: StreamPermit,
}

impl Listening {
    /// The events of the answer as HTML, from its first one to its end or to that of the session. The answer stops when
    /// the stream is dropped.
    ///
    /// # Errors
    ///
    /// The person has too many streams open.
    pub fn follow_alone(
        self: &Arc<Self>,
        current: &CurrentUser,
        log: AloneLog,
    ) -> Result<impl Stream<Item = Told> + Send + use<>, AppError> {
        let permit = self.live.admit(current.id(), &current.session_id, self.streams_per_user)?;
        let listener = Listener {
            service: self.clone(),
            person: current.id().to_owned(),
            log,
            words: words::current(),
            position: 0,
            fresh: true,
            ended: false,
            ready: VecDeque::new(),
            html_from: Instant::now(),
            permit,
        };
        Ok(stream::unfold(listener, |mut listener| async move {
            let event = listener.next().await?;
            Some((event, listener))
        }))
    }
}

impl Listener {
    async fn next(&mut self) -> Option<Told> {
        let mut changes = self.log.log.changes();
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.ended |= event.event.is_end();
                let text = self.ended.then(|| self.log.log.text(&self.log.answer_id)).flatten();
                let text = text.map(|(content, _)| content);
                return Some(Told { published: event.worded(self.words), text });
            }
            if self.ended || self.permit.is_over() {
                return None;
            }
            changes.borrow_and_update();
            let (log, renderer) = (&self.log.log, &self.service.renderer);
            match log.read_html(renderer, &self.person, self.position, self.fresh).await.ok()? {
                Read::Events(events, position) => {
                    self.position = position;
                    self.fresh &= events.is_empty();
                    self.ready.extend(events);
                }
                // The log began anew, because text turned out to be reasoning.
                Read::Gone | Read::NotYet => (self.position, self.fresh) = (log.bounds().0, true),
            }
            if !self.ready.is_empty() {
                self.html_from = Instant::now() + HTML_EVERY;
                continue;
            }
            if log.bounds().1 > self.position {
                continue;
            }
            if !log.is_running() {
                return None;
            }
            tokio::select! {
                changed = changes.changed() => changed.ok()?,
                () = self.permit.over() => return None,
            }
            sleep_until(self.html_from).await;
        }
    }
}
