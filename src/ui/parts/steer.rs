//! What is done with a message: ordinary forms, which work without JavaScript and lead back to the
//! thread. Their keys make sending one twice the same as once.

use leptos::prelude::*;

use super::Icon;
use crate::domain::Siblings;

/// Arrows between the messages that stand in one place.
#[component]
pub fn Branches(siblings: Siblings) -> impl IntoView {
    let Siblings { index, count, previous_id, next_id } = siblings;
    view! {
        <form class="branches" method="post" action="/fn/select" role="group" aria-label="Versions">
            <Arrow to=previous_id label="Previous version" sign="‹" />
            <span>{format!("{index}/{count}")}</span>
            <Arrow to=next_id label="Next version" sign="›" />
        </form>
    }
}

#[component]
fn Arrow(to: Option<String>, label: &'static str, sign: &'static str) -> impl IntoView {
    let nowhere = to.is_none();
    view! {
        <button class="plain" name="message_id" value=to disabled=nowhere aria-label=label title=label>
            {sign}
        </button>
    }
}

/// A question's text to be changed; the changed one stands beside it.
#[component]
pub fn EditForm(id: String, text: String, key: String) -> impl IntoView {
    let key = format!("edit {key} {id}");
    // A textarea's children would be written as they are.
    let text = as_html(&text);
    view! {
        <details class="edit" name="steer">
            <summary class="plain" aria-label="Edit message" title="Edit">
                <Icon name="edit" />
            </summary>
            <form method="post" action="/fn/edit">
                <input type="hidden" name="message_id" value=id />
                <input type="hidden" name="key" value=key />
                <textarea name="text" rows="3" aria-label="Your message" required dir="auto" inner_html=text></textarea>
                <div class="row">
                    <button type="button" class="small scripted">
                        "Cancel"
                    </button>
                    <button class="small">"Send changed"</button>
                </div>
            </form>
        </details>
    }
}

#[component]
pub fn DeleteForm(id: String) -> impl IntoView {
    view! {
        <details class="menu" name="steer">
            <summary class="plain" aria-label="Delete message" title="Delete">
                <Icon name="bin" />
            </summary>
            <form class="sheet" method="post" action="/fn/delete-message">
                <input type="hidden" name="message_id" value=id />
                <p>"The message is gone for good. What follows it stays."</p>
                <button class="small danger">"Delete message"</button>
            </form>
        </details>
    }
}

/// Below an answer that ended well.
#[component]
pub fn AgainForm(id: String, key: String) -> impl IntoView {
    let key = format!("again {key} {id}");
    view! {
        <form method="post" action="/fn/retry">
            <input type="hidden" name="message_id" value=id />
            <input type="hidden" name="key" value=key />
            <button class="plain" aria-label="Write again" title="Write again">
                <Icon name="again" />
            </button>
        </form>
    }
}

#[component]
pub fn RetryForm(id: String, key: String) -> impl IntoView {
    let key = format!("again {key} {id}");
    view! {
        <form method="post" action="/fn/retry">
            <input type="hidden" name="message_id" value=id />
            <input type="hidden" name="key" value=key />
            <button class="small">
                <Icon name="again" />
                "Retry"
            </button>
        </form>
    }
}

#[component]
pub fn ContinueForm(id: String, key: String) -> impl IntoView {
    let key = format!("continue {key} {id}");
    view! {
        <form class="go-on" method="post" action="/fn/continue">
            <input type="hidden" name="message_id" value=id />
            <input type="hidden" name="key" value=key />
            <button class="small">"Continue"</button>
        </form>
    }
}

/// Text as HTML that shows it.
fn as_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_a_field_is_never_markup() {
        assert_eq!(as_html("&lt;</textarea><b>\n"), "&amp;lt;&lt;/textarea&gt;&lt;b&gt;\n");
    }
}
