//! The page follows its conversation all the time: what happens elsewhere is shown here, and a lost
//! connection comes back with the place that was reached. A browser opens few connections to a site, so a
//! page that is hidden, or one of many, holds none: it looks again and again.

use std::{cell::Cell, rc::Rc};

use futures::{
    StreamExt,
    future::{Either, select},
};
use leptos::{prelude::*, task::spawn_local};
use web_sys::Element;

use super::{answer, browser, keep, page, shared::Shared};
use crate::{
    api,
    domain::{ChatEvent, SeqEvent, Status},
    error::AppError,
    ui::stream,
};

/// The pause before the first try to connect again, and the longest, in milliseconds.
const FIRST_PAUSE: i32 = 250;
const LONGEST_PAUSE: i32 = 5_000;
/// A connection that ends sooner was none, in milliseconds.
const LASTING: f64 = 2_000.0;
/// Between two looks of a page that holds no connection: while an answer is written, while there is none, and
/// when nobody sees it; in milliseconds.
const LOOK_WRITING: i32 = 1_000;
const LOOK_IDLE: i32 = 3_000;
const LOOK_HIDDEN: i32 = 5_000;
/// The server says something every 15 seconds; silence for so long is a dead connection.
const SILENCE: f64 = 40_000.0;
/// How long the repetition of an answer that is shown already may take, in milliseconds.
const REPETITION: i32 = 1_000;

pub(super) fn begin(shared: Shared, after: u64) {
    let Some(conversation_id) = shared.conversation_id.get_value().filter(|_| shared.follows) else { return };
    spawn_local(follow(shared, conversation_id, after));
}

async fn follow(shared: Shared, conversation_id: String, after: u64) {
    let mut follower = Follower { shared, conversation_id, place: after, connections: 0, repeated: None };
    let mut woken = browser::woken();
    let mut pause = FIRST_PAUSE;
    while !shared.leaving.get_value() {
        if follower.may_rest() {
            woken.next().await;
            continue;
        }
        let (opened, hidden) = (browser::now(), browser::is_hidden());
        // The server told everything there is and wants no connection kept.
        let mut looked = false;
        match api::chat::follow(follower.conversation_id.clone(), Some(follower.place), Some(hidden)).await {
            Ok(bytes) => {
                shared.lost.set(false);
                follower.connections += 1;
                let mut heard = opened;
                let mut events = Box::pin(stream::events(bytes));
                loop {
                    match select(events.next(), woken.next()).await {
                        Either::Left((Some(Ok(batch)), _)) => {
                            heard = browser::now();
                            follower.take(batch).await;
                        }
                        Either::Left((ended, _)) => {
                            looked = ended.is_none() && browser::now() - opened < LASTING;
                            break;
                        }
                        Either::Right(_) => {}
                    }
                    let dead = !browser::is_online() || browser::now() - heard > SILENCE;
                    let now_hidden = browser::is_hidden() && !hidden;
                    if dead || now_hidden || follower.may_rest() || shared.leaving.get_value() {
                        break;
                    }
                }
            }
            Err(refusal) if matches!(refusal.error, AppError::SignedOut | AppError::NotFound) => {
                shared.refused(refusal);
                shared.running.set(None);
                return;
            }
            Err(_) => pause = pause.max(FIRST_PAUSE * 2),
        }
        if follower.may_rest() || shared.leaving.get_value() || browser::is_hidden() != hidden {
            continue;
        }
        if looked {
            pause = FIRST_PAUSE;
            select(Box::pin(page::sleep(follower.next_look())), woken.next()).await;
            continue;
        }
        if browser::now() - opened > LASTING {
            pause = FIRST_PAUSE;
        }
        // A first short pause goes unnoticed.
        shared.lost.set(pause > FIRST_PAUSE || !browser::is_online());
        select(Box::pin(page::sleep(pause)), woken.next()).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

struct Follower {
    shared: Shared,
    conversation_id: String,
    /// The number of the last event seen.
    place: u64,
    /// How many there were.
    connections: u32,
    repeated: Option<Repeated>,
}

/// An answer that stands on the page as it was loaded, and is told again: because the place was gone, or
/// because it is continued elsewhere.
struct Repeated {
    id: String,
    prose: Element,
    ended: Rc<Cell<bool>>,
}

impl Follower {
    /// Just loaded anew: doing so again would lead nowhere.
    fn is_new(&self) -> bool {
        self.connections == 1 && keep::was_reloaded()
    }

    fn may_rest(&self) -> bool {
        browser::is_hidden() && self.shared.running.with_untracked(Option::is_none)
    }

    fn next_look(&self) -> i32 {
        match self.shared.running.with_untracked(Option::is_some) {
            _ if browser::is_hidden() => LOOK_HIDDEN,
            true => LOOK_WRITING,
            false => LOOK_IDLE,
        }
    }

    async fn take(&mut self, batch: Vec<SeqEvent>) {
        let at_end = page::is_at_end();
        let mut only_text = true;
        for event in batch {
            self.place = event.seq;
            only_text &= matches!(event.event, ChatEvent::Block { .. } | ChatEvent::Lines { .. });
            if !self.shared.leaving.get_value() {
                self.apply(event.event).await;
            }
        }
        match (at_end, only_text) {
            (false, _) => {}
            // Text is in the page already. Scrolling now, not in the next frame, saves the frame after that.
            (true, true) => page::to_end(),
            (true, false) => page::to_end_soon(),
        }
    }

    async fn apply(&mut self, event: ChatEvent) {
        match event {
            ChatEvent::Title { title } => page::set_title(&self.conversation_id, &title),
            ChatEvent::Changed {} | ChatEvent::Message(_) | ChatEvent::Deleted { .. } => {
                keep::reload(self.shared)
            }
            event => {
                let Some(id) = message_id(&event).map(str::to_owned) else { return };
                let turn = self.shared.turn(&id);
                let writing = turn.as_ref().is_some_and(|turn| turn.end.with_untracked(Option::is_none));
                if matches!(event, ChatEvent::Reset { .. }) && !writing && !self.is_new() {
                    // Whatever was missed, it may be more than this answer.
                    keep::reload(self.shared);
                } else if let Some(turn) = turn {
                    answer::apply(self.shared, &turn, event);
                } else if self.shared.newest().as_ref() == Some(&id) {
                    self.repeat(&id, event);
                } else {
                    self.unknown(&id, event).await;
                }
            }
        }
    }

    /// A further question goes below what is shown; all else is another branch.
    async fn unknown(&self, id: &str, event: ChatEvent) {
        match event {
            ChatEvent::Started { model, question: Some(question), left_out, .. }
                if question.parent_id == self.shared.newest() =>
            {
                keep::question_is_there(self.shared, &question.content);
                self.shared.append(Some((question.id, question.content)), id, &model);
                if let Some(turn) = self.shared.turn(id) {
                    turn.left_out.set(left_out);
                }
                // Until it is in the page: the next event may be its first block.
                page::sleep(0).await;
            }
            // After `reset` comes `started`, which says more.
            ChatEvent::Started { .. } => keep::reload(self.shared),
            _ => {}
        }
    }

    /// Builds the repeated answer unseen, and looks whether it is what the page shows.
    fn repeat(&mut self, id: &str, event: ChatEvent) {
        let prose = self.repeated.as_ref().filter(|repeated| repeated.id == id).map(|it| it.prose.clone());
        match (event, prose) {
            (ChatEvent::Reset { .. } | ChatEvent::Started { .. }, Some(prose)) => prose.set_inner_html(""),
            (ChatEvent::Reset { .. } | ChatEvent::Started { .. }, None) => self.begin_repeat(id),
            (ChatEvent::Block { index, html, .. }, Some(prose)) => page::put_block(&prose, index, &html),
            (ChatEvent::Lines { index, html, .. }, Some(prose)) => page::append_lines(&prose, index, &html),
            (ChatEvent::Done { status, .. }, Some(prose)) => self.compare(&prose, status),
            (ChatEvent::Failed { .. }, Some(prose)) => self.compare(&prose, Status::Failed),
            _ => {}
        }
    }

    fn begin_repeat(&mut self, id: &str) {
        let Ok(prose) = document().create_element("div") else { return };
        let ended = Rc::new(Cell::new(false));
        self.repeated = Some(Repeated { id: id.to_owned(), prose, ended: ended.clone() });
        let shared = self.shared;
        spawn_local(async move {
            page::sleep(REPETITION).await;
            // What does not end at once is being written.
            if !ended.get() {
                keep::reload(shared);
            }
        });
    }

    fn compare(&mut self, prose: &Element, status: Status) {
        let Some(repeated) = self.repeated.take() else { return };
        repeated.ended.set(true);
        if !page::shows(&repeated.id, prose, status.into_str()) {
            keep::reload(self.shared);
        }
    }
}

fn message_id(event: &ChatEvent) -> Option<&str> {
    match event {
        ChatEvent::Started { message_id, .. }
        | ChatEvent::Delta { message_id, .. }
        | ChatEvent::Reasoning { message_id, .. }
        | ChatEvent::Block { message_id, .. }
        | ChatEvent::Lines { message_id, .. }
        | ChatEvent::Done { message_id, .. }
        | ChatEvent::Failed { message_id, .. }
        | ChatEvent::Reset { message_id } => Some(message_id),
        ChatEvent::Title { .. }
        | ChatEvent::Message(_)
        | ChatEvent::Deleted { .. }
        | ChatEvent::Changed {} => None,
    }
}
