//! The buttons and forms that change a conversation. They work without JavaScript and lead back to the thread. Each is sent
//! with an idempotency key, so that sending it twice changes nothing more.

use leptos::prelude::*;

use super::Icon;
use crate::{domain::Siblings, ui::words::t};

/// The one form of all buttons of a page. Each button names its message (`value`) and what to do with it (`formaction`).
#[component]
pub fn SteerForm(key: String) -> impl IntoView {
    view! {
        <form id="steer" method="post" hidden>
            <input type="hidden" name="key" value=key autocomplete="off" />
        </form>
    }
}

/// The arrows between the versions of a message.
#[component]
pub fn Branches(siblings: Siblings) -> impl IntoView {
    let Siblings { index, count, previous_id, next_id } = siblings;
    view! {
        <span class="versions" role="group" aria-label=t("versions")>
            <Arrow to=previous_id title=t("version-previous") sign="‹" />
            <span>{format!("{index}/{count}")}</span>
            <Arrow to=next_id title=t("version-next") sign="›" />
        </span>
    }
}

#[component]
fn Arrow(to: Option<String>, title: String, sign: &'static str) -> impl IntoView {
    let disabled = to.is_none();
    view! {
        <button
            class="button-bare"
            form="steer"
            formaction="/fn/select"
            name="message_id"
            value=to
            disabled=disabled
            aria-label=title.clone()
            title=title
        >
            {sign}
        </button>
    }
}

/// The link to the page on which the question's [`EditForm`] is open; a script opens it in place. `query` holds the
/// parameters that the address of this page has already, each with `&` at its end.
#[component]
pub fn EditLink(id: String, #[prop(optional)] query: String) -> impl IntoView {
    view! {
        <a class="button-bare edit-link" href=format!("?{query}edit={id}#{id}") title=t("message-edit")>
            <Icon name="edit" />
        </a>
    }
}

/// The form in which a question is edited; the edited question becomes a version beside the old one. On a page `text`
/// begins with a line break more than the question has, because a browser that reads a page drops the first line break of
/// a field. In a form that a script makes it does not.
#[component]
pub fn EditForm(id: String, text: String, key: String, #[prop(optional)] query: String) -> impl IntoView {
    // Leptos writes a textarea's children without escaping them.
    let text = as_html(&text);
    view! {
        <form class="edit-form" method="post" action="/fn/edit">
            <input type="hidden" name="key" value=key autocomplete="off" />
            <textarea
                name="text"
                rows="3"
                aria-label=t("your-message")
                required
                enterkeyhint="enter"
                dir="auto"
                inner_html=text
            ></textarea>
            <div class="row">
                <a class="button-small cancel" href=format!("?{}#{id}", query.trim_end_matches('&'))>
                    {t("cancel")}
                </a>
                <button class="button-small" name="message_id" value=id>
                    {t("send-changed")}
                </button>
            </div>
        </form>
    }
}

/// The menu that asks before a message is deleted.
#[component]
pub fn DeleteMenu(id: String) -> impl IntoView {
    view! {
        <details class="menu delete-menu" name="steer">
            <summary class="button-bare" title=t("message-delete")>
                <Icon name="bin" />
            </summary>
            <div class="menu-content">
                <p>{t("message-delete-hint")}</p>
                <button class="button-small danger" form="steer" formaction="/fn/delete-message" name="message_id" value=id>
                    {t("message-delete")}
                </button>
            </div>
        </details>
    }
}

/// The button of a complete answer that has another one written beside it.
#[component]
pub fn AgainButton(id: String) -> impl IntoView {
    view! {
        <button class="button-bare" form="steer" formaction="/fn/retry" name="message_id" value=id title=t("write-again")>
            <Icon name="again" />
        </button>
    }
}

/// The button that begins a copy of the conversation, up to the message.
#[component]
pub fn ForkButton(id: String) -> impl IntoView {
    view! {
        <button
            class="button-bare fork-button"
            form="steer"
            formaction="/fn/fork"
            name="message_id"
            value=id
            aria-label=t("fork")
            title=t("fork")
        >
            <Icon name="fork" />
        </button>
    }
}

/// The button that opens the list of models, of which one writes the answer again; it needs a script.
#[component]
pub fn AgainWithButton(id: String) -> impl IntoView {
    view! {
        <button
            type="button"
            class="button-bare needs-script"
            data-sheet=format!("/fn/sheet/models?answer={id}")
            aria-haspopup="dialog"
            aria-label=t("regenerate-with")
            title=t("regenerate-with")
        >
            <Icon name="chevron-down" />
        </button>
    }
}

/// [`AgainButton`] with a word, for an answer that did not end well.
#[component]
pub fn RetryButton(id: String) -> impl IntoView {
    view! {
        <button class="button-small" form="steer" formaction="/fn/retry" name="message_id" value=id>
            <Icon name="again" />
            {t("retry")}
        </button>
    }
}

/// The button that lets an answer go on that was cut short.
#[component]
pub fn ContinueButton(id: String) -> impl IntoView {
    view! {
        <button class="button-small continue" form="steer" formaction="/fn/continue" name="message_id" value=id>
            {t("continue")}
        </button>
    }
}

/// HTML that shows a text as it is.
pub fn as_html(text: &str) -> String {
    html_escape::encode_text(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_a_field_is_never_markup() {
        assert_eq!(as_html("&lt;</textarea><b>\n"), "&amp;lt;&lt;/textarea&gt;&lt;b&gt;\n");
    }
}
