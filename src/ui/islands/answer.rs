//! An answer as it arrives: each event changes one block of it and nothing else.

use futures::StreamExt;
use leptos::{html, prelude::*, task::spawn_local};

use super::{
    page,
    shared::{Running, Shared},
};
use crate::{
    api,
    domain::{ChatEvent, Failure, Status},
    error::AppError,
    ui::{
        parts::{AnswerEnd, Icon, meta_line},
        stream,
    },
};

/// How an answer ended: its status, and why when it failed.
type End = (Status, Option<Failure>);

#[component]
pub(super) fn LiveAnswer(shared: Shared, answer: Running) -> impl IntoView {
    let prose = NodeRef::<html::Div>::new();
    let reasoning = RwSignal::new(String::new());
    let end = RwSignal::new(None::<End>);
    let id = answer.answer_id.clone();
    let end_id = id.clone();
    let meta = RwSignal::new(String::new());
    let live = Live { shared, id: id.clone(), prose, reasoning, end, meta };
    let after = answer.after;
    Effect::new(move || spawn_local(follow(live.clone(), after)));
    view! {
        <article class="message" id=id aria-label="Answer" aria-busy=move || end.with(Option::is_none).to_string()>
            <Show when=move || !reasoning.with(String::is_empty)>
                <details class="reasoning">
                    <summary>"Reasoning"</summary>
                    <div class="thought">{move || reasoning.get()}</div>
                </details>
            </Show>
            <div class="prose" class:caret=move || end.with(Option::is_none) node_ref=prose inner_html=answer.html></div>
            {move || {
                end.get().map(|(status, failure)| view! { <AnswerEnd id=end_id.clone() status failure /> })
            }}
            <div class="actions">
                <button type="button" class="plain copy-message" aria-label="Copy answer">
                    <Icon name="copy" />
                </button>
                <span class="meta">{move || meta.get()}</span>
            </div>
        </article>
    }
}

#[derive(Clone)]
struct Live {
    shared: Shared,
    id: String,
    prose: NodeRef<html::Div>,
    reasoning: RwSignal<String>,
    end: RwSignal<Option<End>>,
    /// The model, and what it counted.
    meta: RwSignal<String>,
}

/// Follows until the answer has ended, coming back after each lost connection with the place reached.
async fn follow(live: Live, mut after: u64) {
    let Some(conversation_id) = live.shared.conversation_id.get_value() else { return };
    let mut pause = 250;
    // What the page was made with is replaced by the events, which begin at the answer's beginning.
    let mut fresh = true;
    while live.end.with_untracked(Option::is_none) {
        match api::chat::follow(conversation_id.clone(), Some(after)).await {
            Ok(bytes) => {
                let mut events = std::pin::pin!(stream::events(bytes));
                while let Some(Ok(batch)) = events.next().await {
                    live.shared.lost.set(false);
                    pause = 250;
                    let follows = page::is_at_end();
                    for event in batch {
                        after = event.seq;
                        live.apply(event.event, &mut fresh);
                    }
                    if follows {
                        page::to_end_soon();
                    }
                    // A new conversation's title comes after its first answer.
                    if live.end.with_untracked(Option::is_some) && !page::is_untitled() {
                        break;
                    }
                }
            }
            Err(error @ (AppError::SignedOut | AppError::NotFound)) => {
                live.shared.alert.set(Some(error.to_string()));
                live.shared.running.set(None);
                return;
            }
            Err(_) => {}
        }
        if live.end.with_untracked(Option::is_none) {
            live.shared.lost.set(true);
            page::sleep(pause).await;
            pause = (pause * 2).min(5_000);
        }
    }
    live.shared.lost.set(false);
}

/// The page may have been made between an answer's end and the title that comes after it.
pub(super) fn look_for_title(shared: Shared, after: u64) {
    let Some(conversation_id) = shared.conversation_id.get_value() else { return };
    if shared.running.with_untracked(Option::is_some) || !page::is_untitled() {
        return;
    }
    spawn_local(async move {
        let Ok(bytes) = api::chat::follow(conversation_id.clone(), Some(after)).await else { return };
        let mut events = std::pin::pin!(stream::events(bytes));
        while let Some(Ok(batch)) = events.next().await {
            for event in batch {
                if let ChatEvent::Title { title } = event.event {
                    page::set_title(&conversation_id, &title);
                    return;
                }
            }
        }
    });
}

impl Live {
    fn apply(&self, event: ChatEvent, fresh: &mut bool) {
        match event {
            ChatEvent::Reset { .. } => *fresh = true,
            ChatEvent::Block { message_id, index, html } if message_id == self.id => {
                if let Some(prose) = self.prose.get_untracked() {
                    if std::mem::take(fresh) {
                        prose.set_inner_html("");
                    }
                    page::put_block(&prose, index, &html);
                }
            }
            ChatEvent::Lines { message_id, index, html } if message_id == self.id => {
                if let Some(prose) = self.prose.get_untracked() {
                    page::append_lines(&prose, index, &html);
                }
            }
            ChatEvent::Reasoning { message_id, text } if message_id == self.id => {
                if *fresh {
                    self.reasoning.set(String::new());
                }
                self.reasoning.update(|all| all.push_str(&text));
            }
            ChatEvent::Started { message_id, model, .. } if message_id == self.id => {
                self.meta.set(meta_line(&model, None));
            }
            ChatEvent::Done { message_id, status, usage } if message_id == self.id => {
                self.meta.update(|meta| *meta = meta_line(meta, usage));
                self.finish(status, None);
            }
            ChatEvent::Failed { message_id, code, message, retryable } if message_id == self.id => {
                self.finish(Status::Failed, Some(Failure { code, message, retryable }));
            }
            ChatEvent::Title { title } => {
                if let Some(id) = self.shared.conversation_id.get_value() {
                    page::set_title(&id, &title);
                }
            }
            _ => {}
        }
    }

    fn finish(&self, status: Status, failure: Option<Failure>) {
        self.end.set(Some((status, failure)));
        self.shared.running.update(|running| {
            if running.as_ref() == Some(&self.id) {
                *running = None;
            }
        });
    }
}
