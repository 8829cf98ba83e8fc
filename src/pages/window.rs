//! A conversation as its page shows it: a window of its messages, and its menu.

use leptos::prelude::*;

use crate::{
    domain::{Conversation, Role},
    server::conversations::ThreadMessage,
    ui::{
        parts::{Answer, AnswerFrame, EditForm, Ending, Icon, Question, meta_line},
        words::{Localizer, t, t_with},
    },
};

/// What the page shows of a conversation, and what the views of all its messages need.
pub struct Window {
    /// The last message of the branch, when the page shows it.
    pub newest: Option<String>,
    /// The question whose edit is open.
    pub edited: Option<String>,
    /// Whether messages follow that the page does not show.
    pub older: bool,
    /// The value of `before` for the messages before these; `None` when there are none.
    pub previous_cursor: Option<String>,
    /// The parameters of the page's address that links keep, each with `&` at its end.
    pub query: String,
    /// The idempotency key of the page's forms.
    pub key: String,
}

impl Window {
    /// The messages of conversation `id`, and the links to those before and after them.
    pub fn show(self, id: &str, messages: Vec<ThreadMessage>) -> impl IntoView + use<> {
        let earlier = self.previous_cursor.as_ref().map(|cursor| {
            let address = format!("/c/{id}?before={cursor}");
            view! {
                <p class="page-link">
                    <a href=address>{t("messages-earlier")}</a>
                </p>
            }
        });
        let newest = self.older.then(|| {
            let address = format!("/c/{id}#latest");
            view! {
                <p class="page-link">
                    <a href=address>{t("messages-newest")}</a>
                </p>
            }
        });
        (earlier, messages.into_iter().map(|message| self.message(message)).collect_view(), newest)
    }

    /// A question, or an answer that has ended.
    fn message(&self, shown: ThreadMessage) -> AnyView {
        let ThreadMessage { message, html, siblings } = shown;
        let (id, query) = (message.id, self.query.clone());
        if message.role == Role::User {
            let edit = self.edited.as_ref().filter(|edited| **edited == id).map(|_| {
                let (id, text) = (id.clone(), format!("\n{}", message.content));
                view! { <EditForm id text key=self.key.clone() query=query.clone() /> }.into_any()
            });
            return view! { <Question id text=message.content siblings edit query /> }.into_any();
        }
        let frame = AnswerFrame {
            ending: Ending {
                status: message.status,
                failure: message.failure.map(|failure| t_with(failure.reason)),
                length_limited: message.length_limited,
            },
            left_out: message.left_out,
            siblings,
            newest: self.newest.as_ref() == Some(&id),
            meta: meta_line(&Localizer::current(), &message.model.unwrap_or_default(), message.usage),
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
                        {t("field-title")} <input name="title" value=title maxlength="200" required dir="auto" />
                    </label>
                    <button class="button-small">
                        <Icon name="edit" />
                        {t("rename")}
                    </button>
                </form>
                <details class="confirm">
                    <summary class="button-small danger">
                        <Icon name="bin" />
                        {t("delete")}
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
