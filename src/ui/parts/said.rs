//! What somebody said in a room, as it stands in the thread.

use leptos::prelude::*;

use super::{
    Icon, PersonPicture,
    answer_head::EraseMenu,
    marks::{MarkLine, MarkMenu, Marks},
    message::{Day, Unfold, When, is_long_question, name_headings},
    reply::{Original, ReplyLine},
    steer::as_html,
};
use crate::{
    domain::{Picture, Reason},
    ui::words::{t, t_with},
};

/// A message of a person in a room.
#[derive(Clone, Debug)]
pub struct Said {
    pub id: String,
    pub conversation_id: String,
    pub text: String,
    pub name: String,
    pub picture: Picture,
    /// The address of the author's profile, if there is one.
    pub profile: Option<String>,
    pub when: When,
    /// Whether the reader wrote it.
    pub own: bool,
    /// Whether it follows one of the same person, so that their name need not be said again.
    pub follows: bool,
    /// In the reader's words, when it was changed.
    pub edited: Option<String>,
    /// Whether the reader may see what it said before.
    pub versions: bool,
    /// Why nothing of it is shown: the key of a sentence.
    pub gone: Option<&'static str>,
    /// The message that it answers.
    pub reply_to: Option<Original>,
    /// It as sanitized HTML.
    pub html: String,
    pub marks: Marks,
    pub may_edit: bool,
    pub may_delete: bool,
    /// Whether the form is open in which it is edited.
    pub editing: bool,
    /// The parameters that the page's address has already, each with `&` at its end.
    pub query: String,
}

#[component]
pub fn SaidMessage(said: Said) -> impl IntoView {
    let Said { id, conversation_id, text, name, picture, when, own, follows, edited, gone, .. } = said;
    let label = t_with(Reason::new("message-at").with("who", name.as_str()).with("time", when.clock.clone()));
    let (article, heading) = (id.clone(), label.clone());
    let long = is_long_question(&text);
    let class = match (own, follows) {
        (true, true) => "message said own follows",
        (true, false) => "message said own",
        (false, true) => "message said follows",
        (false, false) => "message said",
    };
    let When { machine, clock, whole, .. } = when.clone();
    let versions = said.versions.then(|| format!("/messages/{id}/versions"));
    let edited = edited.map(|whole| {
        let mark = match versions.clone() {
            Some(address) => view! { <a href=address>{t("message-edited")}</a> }.into_any(),
            None => t("message-edited").into_any(),
        };
        view! {
            <small class="said-edited" title=whole>
                {mark}
            </small>
        }
    });
    let reply = said.reply_to.map(|original| view! { <ReplyLine original /> });
    let html = name_headings(&said.html, &id).into_owned();
    let marks = said.marks;
    let line = gone.is_none().then(|| view! { <MarkLine marks=marks.clone() /> });
    let body = match gone {
        Some(key) => view! {
            <p class="said-gone">
                {t(key)} {versions.map(|address| view! { " " <a href=address>{t("message-versions-show")}</a> })}
            </p>
        }
        .into_any(),
        None => view! {
            {reply}
            <div class="prose question-text" dir="auto" inner_html=html></div>
            <Unfold long />
            {edited}
        }
        .into_any(),
    };
    // As in a question, the style sheet hides what the form stands in place of, so that it is there when the form goes.
    let edit_form = said
        .editing
        .then(|| view! { <EditSaid id=id.clone() conversation_id text query=said.query.clone() /> });
    let acts = gone.is_none().then(|| {
        let edit = format!("?{}edit={id}#{id}", said.query);
        view! {
            <div class="actions">
                <MarkMenu marks />
                <button class="button-bare copy-message" title=t("message-copy")>
                    <Icon name="copy" />
                </button>
                {said
                    .may_edit
                    .then(|| {
                        view! {
                            <a class="button-bare" href=edit title=t("message-edit")>
                                <Icon name="edit" />
                            </a>
                        }
                    })}
                {said.may_delete.then(|| view! { <EraseMenu id=id.clone() /> })}
            </div>
        }
    });
    // The heading has said the name already, but a link is there for everybody.
    let hidden = said.profile.is_none().then_some("true");
    let author = match said.profile {
        Some(address) => {
            let profile = t_with(Reason::new("profile-of").with("name", name.as_str()));
            view! {
                <a class="said-author" href=address aria-label=profile.clone() title=profile>
                    <strong dir="auto">{name}</strong>
                </a>
            }
            .into_any()
        }
        None => view! { <strong dir="auto">{name}</strong> }.into_any(),
    };
    view! {
        <article class=class id=article aria-label=label>
            <Day when=Some(when) />
            <h2 class="visually-hidden">{heading}</h2>
            <PersonPicture picture />
            <p class="said-head" aria-hidden=hidden>
                {author}
                <time datetime=machine title=whole aria-hidden="true">
                    {clock}
                </time>
            </p>
            {body}
            {line}
            {acts}
            {edit_form}
        </article>
    }
}

/// The form in which one's own message is edited.
#[component]
fn EditSaid(id: String, conversation_id: String, text: String, query: String) -> impl IntoView {
    // A browser drops the first line break of a field, and Leptos writes a textarea's children without escaping them.
    let text = format!("\n{}", as_html(&text));
    view! {
        <form class="edit-form" method="post" action="/fn/edit-post">
            <input type="hidden" name="conversation_id" value=conversation_id />
            <textarea
                name="text"
                rows="3"
                aria-label=t("your-message")
                required
                autofocus
                dir="auto"
                inner_html=text
            ></textarea>
            <div class="row">
                <a class="button-small cancel" href=format!("?{}#{id}", query.trim_end_matches('&'))>
                    {t("cancel")}
                </a>
                <button class="button-small" name="message_id" value=id>
                    {t("message-save")}
                </button>
            </div>
        </form>
    }
}
