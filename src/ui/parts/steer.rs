//! What is done with a message: forms that work without JavaScript and lead back to the thread. Their
//! keys make sending one twice the same as once.

use leptos::prelude::*;

use super::Icon;
use crate::{domain::Siblings, ui::words::t};

/// The form of a page's buttons: each of them says which message it means, and what is done with it.
#[component]
pub fn SteerForm(key: String) -> impl IntoView {
    view! {
        <form id="steer" method="post" hidden>
            <input type="hidden" name="key" value=key autocomplete="off" />
        </form>
    }
}

/// Arrows between the messages that stand in one place.
#[component]
pub fn Branches(siblings: Siblings) -> impl IntoView {
    let Siblings { index, count, previous_id, next_id } = siblings;
    view! {
        <span class="branches" role="group" aria-label=t("versions")>
            <Arrow to=previous_id title=t("version-previous") sign="‹" />
            <span>{format!("{index}/{count}")}</span>
            <Arrow to=next_id title=t("version-next") sign="›" />
        </span>
    }
}

#[component]
fn Arrow(to: Option<String>, title: String, sign: &'static str) -> impl IntoView {
    let nowhere = to.is_none();
    view! {
        <button
            class="plain"
            form="steer"
            formaction="/fn/select"
            name="message_id"
            value=to
            disabled=nowhere
            aria-label=title.clone()
            title=title
        >
            {sign}
        </button>
    }
}

/// Leads to the page on which the question can be edited; a script opens [`EditForm`] in place. `query` is
/// what the address of the page says already, with `&` at its end.
#[component]
pub fn EditLink(id: String, #[prop(optional)] query: String) -> impl IntoView {
    view! {
        <a class="plain edit" href=format!("?{query}edit={id}#{id}") title=t("message-edit")>
            <Icon name="edit" />
        </a>
    }
}

/// A question's text to be changed; the changed one stands beside it. A browser that reads a page drops the first line
/// break of a field: there `text` begins with one more, and in a field that a script makes with none.
#[component]
pub fn EditForm(id: String, text: String, key: String, #[prop(optional)] query: String) -> impl IntoView {
    // A textarea's children would be written as they are.
    let text = as_html(&text);
    view! {
        <form class="editing" method="post" action="/fn/edit">
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
                <a class="small cancel" href=format!("?{}#{id}", query.trim_end_matches('&'))>
                    {t("cancel")}
                </a>
                <button class="small" name="message_id" value=id>
                    {t("send-changed")}
                </button>
            </div>
        </form>
    }
}

#[component]
pub fn DeleteMenu(id: String) -> impl IntoView {
    view! {
        <details class="menu" name="steer">
            <summary class="plain" title=t("message-delete")>
                <Icon name="bin" />
            </summary>
            <div class="sheet">
                <p>{t("message-delete-hint")}</p>
                <button class="small danger" form="steer" formaction="/fn/delete-message" name="message_id" value=id>
                    {t("message-delete")}
                </button>
            </div>
        </details>
    }
}

/// Below an answer that ended well.
#[component]
pub fn AgainButton(id: String) -> impl IntoView {
    view! {
        <button class="plain" form="steer" formaction="/fn/retry" name="message_id" value=id title=t("write-again")>
            <Icon name="again" />
        </button>
    }
}

#[component]
pub fn RetryButton(id: String) -> impl IntoView {
    view! {
        <button class="small" form="steer" formaction="/fn/retry" name="message_id" value=id>
            <Icon name="again" />
            {t("retry")}
        </button>
    }
}

#[component]
pub fn ContinueButton(id: String) -> impl IntoView {
    view! {
        <button class="small go-on" form="steer" formaction="/fn/continue" name="message_id" value=id>
            {t("continue")}
        </button>
    }
}

/// Text as HTML that shows it.
pub(super) fn as_html(text: &str) -> String {
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
