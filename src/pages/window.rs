//! A conversation as its page shows it: a window of its messages, and its menu.

use std::collections::HashMap;

use leptos::prelude::*;

use crate::{
    domain::{Conversation, Picture, Role, conversation::MAX_TITLE_CHARS},
    pages::{
        days::Days,
        room_window::{Above, RoomWindow},
    },
    server::conversations::{Thread, ThreadMessage},
    ui::{
        parts::{Answer, AnswerFrame, EditForm, Ending, Icon, Question, Unchanged, meta_line},
        words::{Localizer, t, t_with},
    },
};

/// How the messages of a conversation are shown.
pub struct Window {
    /// The question whose edit is open.
    pub edited: Option<String>,
    /// That of the person who asked.
    pub picture: Picture,
    /// Whether messages follow that the page does not show.
    pub older: bool,
    /// The parameters of the page's address that links keep, each with `&` at its end.
    pub query: String,
    /// The idempotency key of the page's forms.
    pub key: String,
    /// The time, in UTC milliseconds since 1970, and the reader's days.
    pub now: i64,
    pub days: Days,
    /// Where the first messages of a room were copied from.
    pub copied: Option<String>,
    /// Of a room.
    pub room: Option<RoomWindow>,
}

impl Window {
    /// The messages of conversation `id`, and the links to those before and after them. Messages that the page shows as
    /// they are come without their texts.
    pub fn show(&self, id: &str, thread: Thread) -> AnyView {
        let Thread { messages, unchanged, previous_cursor, .. } = thread;
        let earlier = previous_cursor.map(|cursor| {
            let address = format!("/c/{id}?before={cursor}");
            view! {
                <p class="page-link earlier">
                    <a href=address>{t("messages-earlier")}</a>
                </p>
            }
        });
        let copied = self.copied.clone().filter(|_| earlier.is_none());
        let copied = copied.map(|copied| view! { <p class="page-link room-copied">{copied}</p> });
        let newest = self.older.then(|| {
            let address = format!("/c/{id}");
            view! {
                <p class="page-link newest">
                    <a href=address>{t("messages-newest")}</a>
                </p>
            }
        });
        let mut ids: Vec<String> = messages.iter().map(|shown| shown.message.id.clone()).collect();
        ids.extend(unchanged.iter().map(|same| same.id.clone()));
        ids.sort_unstable();
        let mut messages: HashMap<_, _> =
            messages.into_iter().map(|shown| (shown.message.id.clone(), shown)).collect();
        let mut above: Option<Above> = None;
        let mut unchanged: HashMap<_, _> =
            unchanged.into_iter().map(|same| (same.id.clone(), same)).collect();
        let articles = ids.into_iter().filter_map(|id| match messages.remove(&id) {
            Some(shown) => {
                let before = above.replace(Above::of(&shown.message));
                Some(self.message(shown, before))
            }
            None => {
                let same = unchanged.remove(&id)?;
                above = Some(Above { author_id: same.author_id, created_at: same.created_at });
                Some(view! { <Unchanged id siblings=same.siblings /> }.into_any())
            }
        });
        (earlier, copied, articles.collect_view(), newest).into_any()
    }

    /// A question or an answer.
    fn message(&self, shown: ThreadMessage, before: Option<Above>) -> AnyView {
        let when = self.days.when(self.now, shown.message.created_at, shown.after);
        if let (Some(room), Role::User) = (&self.room, shown.message.role) {
            return room.said(shown, before, when, (self.days, self.edited.as_deref(), &self.query));
        }
        let ThreadMessage { message, html, siblings, .. } = shown;
        let room = self
            .room
            .as_ref()
            .map(|room| room.answer(&message, when.clock.clone(), (self.days, &self.query)));
        let when = Some(when);
        let retry_at = message.retry_at();
        let (id, query) = (message.id, self.query.clone());
        if message.role == Role::User {
            let edit = self.edited.as_ref().filter(|edited| **edited == id).map(|_| {
                let (id, text) = (id.clone(), format!("\n{}", message.content));
                view! { <EditForm id text key=self.key.clone() query=query.clone() /> }.into_any()
            });
            let (text, picture) = (message.content, self.picture.clone());
            return view! { <Question id text picture siblings when edit query /> }.into_any();
        }
        let frame = AnswerFrame {
            ending: Ending {
                status: message.status,
                failure: message.failure.map(|failure| t_with(failure.reason)),
                length_limited: message.length_limited,
            },
            left_out: message.left_out,
            siblings,
            when,
            retry_at,
            room,
            meta: meta_line(
                &Localizer::current(),
                &message.model.unwrap_or_default(),
                message.usage,
                message.timings,
            ),
        };
        view! { <Answer id html=html.to_string() reasoning=message.reasoning frame /> }.into_any()
    }
}

/// The menu of a conversation, with forms to rename and to delete it. It needs no script.
#[component]
pub fn Menu(conversation: Conversation) -> impl IntoView {
    let Conversation { id, title, .. } = conversation;
    view! {
        <details class="menu">
            <summary class="button-bare" aria-label=t("conversation-menu") title=t("more")>
                <Icon name="more" />
            </summary>
            <div class="menu-content">
                <form method="post" action="/fn/rename">
                    <input type="hidden" name="conversation_id" value=id.clone() />
                    <label>
                        {t("field-title")} <input name="title" value=title maxlength=MAX_TITLE_CHARS required dir="auto" />
                    </label>
                    <button class="button-small">
                        <Icon name="edit" />
                        {t("rename")}
                    </button>
                </form>
                <a class="button-small" href=format!("/c/{id}/room")>
                    <Icon name="people" />
                    {t("bring-in")}
                </a>
                <a class="button-small" href=format!("/c/{id}/settings")>
                    <Icon name="settings" />
                    {t("conversation-settings")}
                </a>
                <details class="confirm">
                    <summary class="button-small danger">
                        <Icon name="bin" />
                        {t("delete-for-good")}
                    </summary>
                    <form method="post" action="/fn/delete">
                        <input type="hidden" name="conversation_id" value=id />
                        <p>{t("delete-conversation-hint")}</p>
                        <button class="button-small danger">{t("delete-for-good")}</button>
                    </form>
                </details>
            </div>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        domain::{Timings, Usage},
        server::words::{Language, Words},
        ui::{parts::meta_line, words::Localizer},
    };

    fn line(language: &str, usage: Option<Usage>, timings: Timings) -> String {
        let words = Words::new(Language::exactly(language).unwrap());
        meta_line(&Localizer::new(words), "openrouter/openai/gpt-5.1", usage, timings)
    }

    #[test]
    fn the_line_below_an_answer_says_what_is_known() {
        let usage = Some(Usage { prompt_tokens: 9, completion_tokens: 214 });
        let timings = Timings { first_token_ms: Some(320), duration_ms: Some(4_420), reasoning_ms: None };
        let whole = "gpt-5.1 · 214 tokens · 0.4 s to first token · 52 tokens/s";
        assert_eq!(line("en", usage, timings), whole);
        assert_eq!(line("en", usage, Timings::default()), "gpt-5.1 · 214 tokens");
        assert_eq!(line("en", None, timings), "gpt-5.1 · 0.4 s to first token");
        assert_eq!(line("en", None, Timings::default()), "gpt-5.1");
        let one = Some(Usage { prompt_tokens: 9, completion_tokens: 1 });
        assert_eq!(line("en", one, Timings::default()), "gpt-5.1 · 1 token");
        assert_eq!(
            line("zh-CN", usage, timings),
            "gpt-5.1 · 214 个 token · 首个 token 0.4 秒 · 每秒 52 个 token"
        );
    }
}
