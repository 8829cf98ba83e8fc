//! The wall of a profile: the notes that others left there, and the form for one more.

use leptos::prelude::*;

use crate::{
    domain::{Page, Picture, Reason, person::MAX_NOTE_CHARS},
    pages::{
        Notice,
        days::Days,
        fields::{FieldError, invalid},
        sections::Section,
    },
    server::rooms::profiles::ShownNote,
    ui::{
        parts::{Icon, PersonPicture},
        words::{t, t_with},
    },
};

/// `notes`: what the reader may see of them; `None`: nothing, because the person has no wall.
#[component]
pub fn Wall(
    id: String,
    notes: Option<Page<ShownNote>>,
    may_note: bool,
    has_wall: bool,
    own: bool,
    days: Days,
    form: Notice,
) -> impl IntoView {
    let Some(Page { items, next_cursor }) = notes else { return ().into_any() };
    let empty = items.is_empty();
    let rows = items.into_iter().map(|shown| view! { <Row id=id.clone() shown days /> }).collect_view();
    let older = next_cursor.map(|cursor| format!("/people/{id}?cursor={cursor}#wall"));
    let writes = may_note.then(|| view! { <Leave id=id.clone() own form /> });
    view! {
        <Section id="wall" title=t("wall")>
            {(!has_wall).then(|| view! { <p class="muted">{t(if own { "wall-off-own" } else { "wall-off" })}</p> })}
            {writes}
            {empty.then(|| view! { <p class="muted">{t("wall-empty")}</p> })}
            <ul class="wall">{rows}</ul>
            {older.map(|address| view! { <p class="page-link"><a href=address>{t("wall-older")}</a></p> })}
        </Section>
    }
    .into_any()
}

#[component]
fn Leave(id: String, own: bool, form: Notice) -> impl IntoView {
    let refused = form.at("text");
    let (wrong, said) = invalid("text", refused.as_ref());
    view! {
        <form method="post" action="/fn/leave-note">
            <input type="hidden" name="id" value=id />
            <label>
                {t(if own { "note-own" } else { "note-new" })}
                <textarea
                    name="text"
                    rows="3"
                    maxlength=MAX_NOTE_CHARS
                    required
                    dir="auto"
                    aria-invalid=wrong
                    aria-describedby=said
                ></textarea>
                <small>{t("note-hint")}</small>
            </label>
            <FieldError of="text" sentence=refused />
            <button class="button-small">{t("note-leave")}</button>
        </form>
    }
}

#[component]
fn Row(id: String, shown: ShownNote, days: Days) -> impl IntoView {
    let ShownNote { note, author, may_delete } = shown;
    let label = t_with(Reason::new("note-delete-of").with("name", author.name.as_str()));
    let delete = may_delete.then(|| {
        view! {
            <details class="confirm">
                <summary class="button-bare" aria-label=label.clone() title=label>
                    <Icon name="bin" />
                </summary>
                <form method="post" action="/fn/remove-note">
                    <input type="hidden" name="id" value=id />
                    <input type="hidden" name="note_id" value=note.id />
                    <p>{t("note-delete-hint")}</p>
                    <button class="button-small danger">{t("note-delete")}</button>
                </form>
            </details>
        }
    });
    view! {
        <li>
            <PersonPicture picture=Picture { initial: author.initial, colour: author.colour } />
            <div>
                <p class="note-by">
                    <a href=format!("/people/{}", author.id) dir="auto">
                        {author.name}
                    </a>
                    <small class="muted">{days.date_in_words(note.created_at)}</small>
                </p>
                <p class="note-text" dir="auto">
                    {note.text}
                </p>
            </div>
            {delete}
        </li>
    }
}
