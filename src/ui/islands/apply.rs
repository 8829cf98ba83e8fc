//! [`Applier`]: shows the events of the conversation on the page, or loads the page anew where an event cannot be shown.

use std::{cell::Cell, rc::Rc};

use leptos::{prelude::*, task::spawn_local};
use web_sys::Element;

use super::{answer, browser, drafts, page, reload, state::ChatState};
use crate::domain::{ChatEvent, SeqEvent, Status};

/// How many milliseconds the replay of an answer that the page shows already may take.
const REPLAY: i32 = 1_000;

pub(super) struct Applier {
    pub state: ChatState,
    pub conversation_id: String,
    /// The number of the last event that was applied.
    pub position: u64,
    /// How many connections there were.
    pub connections: u32,
    replay: Option<Replay>,
}

/// An answer of the page as the server made it, whose events come again from the beginning: because the server no longer
/// has the position that this page asked for, or because the answer is continued elsewhere.
struct Replay {
    answer_id: String,
    /// Holds the answer as the events say it; not on the page.
    prose: Element,
    ended: Rc<Cell<bool>>,
}

impl Applier {
    pub fn new(state: ChatState, conversation_id: String, position: u64) -> Self {
        Self { state, conversation_id, position, connections: 0, replay: None }
    }

    /// Applies events that came together, and keeps a thread that is shown at its end there.
    pub async fn apply_batch(&mut self, batch: Vec<SeqEvent>) {
        let at_end = page::is_at_end();
        let mut only_text = true;
        for event in batch {
            self.position = event.seq;
            only_text &= matches!(event.event, ChatEvent::Block { .. } | ChatEvent::Lines { .. });
            if !self.state.leaving.get_value() {
                self.apply(event.event).await;
            }
        }
        match (at_end, only_text) {
            (false, _) => {}
            // Text is in the page already, and scrolling at once saves the frame that `to_end_soon` waits for.
            (true, true) => page::to_end(),
            (true, false) => page::to_end_soon(),
        }
    }

    async fn apply(&mut self, event: ChatEvent) {
        match event {
            ChatEvent::Title { title } => page::set_title(&self.conversation_id, &title),
            ChatEvent::Changed {} | ChatEvent::Message(_) | ChatEvent::Deleted { .. } => {
                reload::reload(self.state);
            }
            event => {
                let Some(id) = message_id(&event).map(str::to_owned) else { return };
                let turn = self.state.turn(&id);
                let writing = turn.as_ref().is_some_and(|turn| turn.ending.with_untracked(Option::is_none));
                if matches!(event, ChatEvent::Reset { .. }) && !writing && !self.is_just_reloaded() {
                    // More than this answer may have been missed.
                    reload::reload(self.state);
                } else if let Some(turn) = turn {
                    answer::apply(self.state, &turn, event);
                } else if self.state.newest_id().as_ref() == Some(&id) {
                    self.apply_to_replay(&id, event);
                } else {
                    self.apply_to_unknown(&id, event).await;
                }
            }
        }
    }

    /// Whether the page was loaded anew for the event that comes now, so that loading it once more would show nothing new.
    fn is_just_reloaded(&self) -> bool {
        self.connections == 1 && reload::was_reloaded()
    }

    /// An event of an answer that is not on the page. An answer to a question that follows the newest message is appended;
    /// any other one is on another branch.
    async fn apply_to_unknown(&self, id: &str, event: ChatEvent) {
        match event {
            ChatEvent::Started { model, question: Some(question), left_out, .. }
                if question.parent_id == self.state.newest_id() =>
            {
                drafts::question_arrived(self.state, &question.content);
                self.state.append_turn(Some((question.id, question.content)), id, &model);
                if let Some(turn) = self.state.turn(id) {
                    turn.left_out.set(left_out);
                }
                // Lets the view put the turn into the page, because the next event may be the answer's first block.
                browser::sleep(0).await;
            }
            // `reset` is not enough to act on: the `started` after it says where the answer belongs.
            ChatEvent::Started { .. } => reload::reload(self.state),
            _ => {}
        }
    }

    /// Builds the answer beside the page, and compares it with what the page shows when the replay has ended.
    fn apply_to_replay(&mut self, id: &str, event: ChatEvent) {
        let replay = self.replay.as_ref().filter(|replay| replay.answer_id == id);
        match (event, replay.map(|replay| replay.prose.clone())) {
            (ChatEvent::Reset { .. } | ChatEvent::Started { .. }, Some(prose)) => prose.set_inner_html(""),
            (ChatEvent::Reset { .. } | ChatEvent::Started { .. }, None) => self.begin_replay(id),
            (ChatEvent::Block { index, html, .. }, Some(prose)) => page::put_block(&prose, index, &html),
            (ChatEvent::Lines { index, html, .. }, Some(prose)) => page::append_lines(&prose, index, &html),
            (ChatEvent::Done { status, .. }, Some(prose)) => self.end_replay(&prose, status),
            (ChatEvent::Failed { .. }, Some(prose)) => self.end_replay(&prose, Status::Failed),
            _ => {}
        }
    }

    fn begin_replay(&mut self, id: &str) {
        let Ok(prose) = document().create_element("div") else { return };
        let ended = Rc::new(Cell::new(false));
        self.replay = Some(Replay { answer_id: id.to_owned(), prose, ended: ended.clone() });
        let state = self.state;
        spawn_local(async move {
            browser::sleep(REPLAY).await;
            // A replay that has not ended by now is of an answer that is being written.
            if !ended.get() {
                reload::reload(state);
            }
        });
    }

    fn end_replay(&mut self, prose: &Element, status: Status) {
        let Some(replay) = self.replay.take() else { return };
        replay.ended.set(true);
        if !page::shows(&replay.answer_id, prose, status.into_str()) {
            reload::reload(self.state);
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
