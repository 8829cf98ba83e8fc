//! The board for whoever is not signed in: its notes, newest first, page by page.

use axum::response::Response;
use leptos::prelude::*;

use super::places::{FEED, HERE};
use crate::{
    domain::{Board, Reason, Role, model::short_name},
    pages::days::Days,
    server::{
        accounts::picture,
        http::{document::Page, redirect},
        rooms::ShownNote,
    },
    ui::{
        parts::{Brand, Icon, PersonPicture},
        words::{t, t_with},
    },
};

pub fn page(
    board: Board,
    notes: Vec<ShownNote>,
    (next, is_first): (Option<String>, bool),
    (now, days): (i64, Days),
) -> Response {
    let page = Page { class: "board-page", feed: Some(FEED), ..Page::new(board.name.clone()) };
    page.render(move || {
        let none = notes.is_empty();
        let sign_in = redirect::leading_on("/login", Some(HERE));
        let older = next.map(|id| format!("{HERE}?before={id}"));
        let rows = notes.into_iter().map(|shown| view! { <Row shown now days /> }).collect_view();
        view! {
            <header class="board-head">
                <Brand />
                <span class="spacer"></span>
                <a class="button-small" href=sign_in>
                    {t("sign-in")}
                </a>
            </header>
            <main class="board">
                <h1 dir="auto">{board.name}</h1>
                <p class="muted">{t("board-guest")} " " <a href=FEED>{t("board-feed")}</a></p>
                {none.then(|| view! { <p class="muted" role="status">{t("board-empty")}</p> })}
                {rows}
                <nav class="board-pages" aria-label=t("board-pages")>
                    {(!is_first).then(|| view! { <a class="button-small" href=HERE>{t("board-newest")}</a> })}
                    {older.map(|address| view! { <a class="button-small" href=address>{t("board-older")}</a> })}
                </nav>
            </main>
        }
    })
}

#[component]
fn Row(shown: ShownNote, now: i64, days: Days) -> impl IntoView {
    let ShownNote { note, html, .. } = shown;
    let when = days.when(now, note.created_at, None);
    let day = days.day_in_words(now, note.created_at);
    let author = note.author.unwrap_or_else(|| t("board-somebody"));
    let (name, asked, shown) = match note.role {
        Role::User => {
            let made = picture::made_of(&author, &note.author_id);
            (author, None, view! { <PersonPicture picture=made /> }.into_any())
        }
        _ => {
            let model = short_name(note.model.as_deref().unwrap_or_default()).to_owned();
            let asked = t_with(Reason::new("board-asked-by").with("name", author));
            (model, Some(asked), view! { <span class="board-model"><Icon name="flame" /></span> }.into_any())
        }
    };
    let edited = note.edited_at.map(|_| view! { <small class="said-edited">{t("message-edited")}</small> });
    let whole = note.cut.then(|| redirect::leading_on("/login", Some(&format!("{HERE}?note={}", note.id))));
    view! {
        <article class="board-note" id=note.id>
            {shown}
            <p class="said-head">
                <strong dir="auto">{name}</strong>
                {asked.map(|asked| view! { <small class="said-edited" dir="auto">{asked}</small> })}
                <time datetime=when.machine title=when.whole>
                    {day}
                    " "
                    {when.clock}
                </time>
                {edited}
            </p>
            <div class="prose" dir="auto" inner_html=html></div>
            {whole.map(|address| view! { <p><a href=address>{t("board-whole")}</a></p> })}
        </article>
    }
}
