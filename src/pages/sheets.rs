//! What a script opens in a dialog over the page: the models to choose from, the shortcuts, the questions of a
//! conversation, and one field that finds everything. Each is answered as HTML, when it is wanted and not before.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use leptos::prelude::*;
use serde::Deserialize;

use crate::{
    domain::{Conversation, CurrentUser, Model, Reason},
    error::AppError,
    pages::{Query, layout::title_of},
    server::{
        conversations::{Conversations, Listing, ModelList},
        http::document::fragment,
    },
    ui::{
        parts::Icon,
        words::{t, t_with},
    },
};

/// How many conversations the palette shows.
const FOUND: u32 = 12;
/// The most characters that are searched for.
const MOST_SOUGHT: usize = 200;

/// A dialog's content: a heading with a button to close it, and `children`.
#[component]
pub fn Sheet(title: String, children: Children) -> impl IntoView {
    view! {
        <header>
            <h2 id="sheet-title">{title}</h2>
            <form method="dialog">
                <button class="button-bare" aria-label=t("close") title=t("close")>
                    <Icon name="close" />
                </button>
            </form>
        </header>
        <div class="dialog-body">{children()}</div>
    }
}

/// The parameters of [`models`].
#[derive(Default, Deserialize)]
pub struct WhichModels {
    /// The model that is chosen now.
    chosen: Option<String>,
    /// The answer to be written again by the model that is chosen; without it, the model is for what is asked next.
    answer: Option<String>,
}

/// `GET /fn/sheet/models`.
pub async fn models(
    State(models): State<Arc<ModelList>>,
    current: CurrentUser,
    Query(which): Query<WhichModels>,
) -> Result<Json<String>, AppError> {
    let offer = models.of(&current.user).await?.offer().await;
    let favourites = current.user.preferences.favourites;
    let mut groups: Vec<(String, Vec<Model>)> = Vec::new();
    let mut starred = Vec::new();
    for model in offer.models() {
        if favourites.contains(&model.id) {
            starred.push(model.clone());
        }
        match groups.iter_mut().find(|(provider, _)| *provider == model.provider_label) {
            Some((_, models)) => models.push(model.clone()),
            None => groups.push((model.provider_label.clone(), vec![model.clone()])),
        }
    }
    Ok(Json(fragment(move || {
        let title = t(if which.answer.is_some() { "regenerate-with" } else { "model-choose" });
        let row = move |model: Model, starred: bool| {
            let on = starred || favourites.contains(&model.id);
            let here = which.chosen.as_ref() == Some(&model.id);
            view! { <ModelRow model on here answer=which.answer.clone() /> }
        };
        let stars = (!starred.is_empty()).then(|| {
            let rows = starred.into_iter().map(|model| row(model, true)).collect_view();
            view! { <section><h3>{t("favourites")}</h3><ul>{rows}</ul></section> }
        });
        let groups = groups.into_iter().map(|(provider, models)| {
            let rows = models.into_iter().map(|model| row(model, false)).collect_view();
            view! { <section><h3>{provider}</h3><ul>{rows}</ul></section> }
        });
        let groups = groups.collect_view();
        view! {
            <Sheet title>
                <div class="picker">
                    <input
                        type="search"
                        class="picker-search"
                        autofocus
                        placeholder=t("model-search")
                        aria-label=t("model-search")
                    />
                    <div class="picker-list">
                        {stars} {groups} <p class="muted picker-none" hidden>{t("model-none-found")}</p>
                    </div>
                </div>
            </Sheet>
        }
    })))
}

/// A model to choose, with what is known of it. The button with the star makes it a favourite.
#[component]
fn ModelRow(
    model: Model,
    on: bool,
    here: bool,
    #[prop(optional_no_strip)] answer: Option<String>,
) -> impl IntoView {
    let Model { id, label, provider_label, traits, .. } = model;
    let chip = |sentence: String| view! { <span class="chip">{sentence}</span> };
    let context = traits.context.map(|tokens| {
        let reason = match tokens {
            ..1_000_000 => Reason::new("context-thousands").with("count", tokens.div_ceil(1_000)),
            _ => Reason::new("context-millions").with("count", tokens / 1_000_000),
        };
        chip(t_with(reason))
    });
    let sees = (traits.vision == Some(true)).then(|| chip(t("model-sees")));
    let thinks = (traits.reasoning == Some(true)).then(|| chip(t("model-thinks")));
    let price = traits.price.map(|price| {
        let reason = Reason::new("model-price")
            .with("input", price.input.to_string())
            .with("output", price.output.to_string())
            .with("currency", price.currency);
        chip(t_with(reason))
    });
    let sought = format!("{label} {id} {provider_label}").to_lowercase();
    let shown = label.clone();
    view! {
        <li class="picker-row" data-sought=sought aria-current=here.then_some("true")>
            <button
                type="button"
                class="picker-name"
                data-model=id.clone()
                data-label=label
                data-answer=answer
                title=id.clone()
            >
                {shown}
            </button>
            {context} {sees} {thinks} {price}
            <button
                type="button"
                class="button-bare favourite"
                data-favourite=id
                aria-pressed=if on { "true" } else { "false" }
                aria-label=t("favourite")
                title=t("favourite")
            >
                <Icon name="star" />
            </button>
        </li>
    }
}

/// The keys, and the sentence that says what each does.
const KEYS: &[(&[&str], &str)] = &[
    (&["Enter"], "key-send"),
    (&["Shift", "Enter"], "key-break"),
    (&["Ctrl", "Enter"], "key-send-always"),
    (&["↑"], "key-edit"),
    (&["Esc"], "key-escape"),
    (&["Ctrl", "K"], "key-palette"),
    (&["Alt", "↑ ↓"], "key-messages"),
    (&["J", "K"], "key-messages-single"),
    (&["O"], "key-outline"),
    (&["End"], "key-end"),
    (&["Page ↑ ↓"], "key-pages"),
    (&["/"], "key-composer"),
    (&["T"], "key-temporary"),
    (&["?"], "key-sheet"),
];

/// `GET /fn/sheet/keys`.
pub async fn keys(_: CurrentUser) -> Json<String> {
    let rows = || {
        let rows = KEYS.iter().map(|(keys, sentence)| {
            let keys = keys.iter().map(|key| view! { <kbd>{*key}</kbd> }).collect_view();
            view! { <div><dt>{keys}</dt><dd>{t(sentence)}</dd></div> }
        });
        rows.collect_view()
    };
    Json(fragment(|| {
        view! {
            <Sheet title=t("shortcuts")>
                <dl class="keys-sheet">{rows()}</dl>
                <p class="muted">
                    <a href="/settings/chat#shortcuts">{t("shortcuts-settings")}</a>
                </p>
            </Sheet>
        }
    }))
}

/// The parameters of [`palette`].
#[derive(Default, Deserialize)]
pub struct Sought {
    #[serde(default)]
    q: String,
    /// Whether only the rows are wanted, for a dialog that is open.
    #[serde(default)]
    rows: bool,
}

/// What can be done from anywhere: the address, the sentence and the icon.
const ACTIONS: [(&str, &str, &str); 5] = [
    ("/", "conversation-new", "plus"),
    ("/temporary", "conversation-temporary", "ghost"),
    ("/history", "conversations-all", "list"),
    ("/settings", "settings", "settings"),
    ("/settings/appearance", "appearance", "sun"),
];

/// `GET /fn/sheet/palette`: conversations, the newest first, and what can be done, by a part of their names.
pub async fn palette(
    State(conversations): State<Arc<Conversations>>,
    current: CurrentUser,
    Query(sought): Query<Sought>,
) -> Result<Json<String>, AppError> {
    let q: String = sought.q.trim().chars().take(MOST_SOUGHT).collect();
    let listing = Listing { limit: Some(FOUND), title_contains: Some(&q), ..Default::default() };
    let found = conversations.list(&current, listing).await?.items;
    Ok(Json(fragment(move || {
        let rows = view! { <PaletteRows q found /> };
        if sought.rows {
            return rows.into_any();
        }
        view! {
            <Sheet title=t("find")>
                <div class="picker">
                    <input
                        type="search"
                        class="palette-search"
                        autofocus
                        placeholder=t("palette-hint")
                        aria-label=t("palette-hint")
                        aria-controls="palette-rows"
                    />
                    <div class="picker-list" id="palette-rows">
                        {rows}
                    </div>
                </div>
            </Sheet>
        }
        .into_any()
    })))
}

#[component]
fn PaletteRows(q: String, found: Vec<Conversation>) -> impl IntoView {
    let lower = q.to_lowercase();
    let actions = ACTIONS.into_iter().filter_map(|(address, key, icon)| {
        let name = t(key);
        name.to_lowercase().contains(&lower).then(|| {
            view! {
                <li>
                    <a class="picker-row" href=address>
                        <Icon name=icon />
                        <span class="picker-name">{name}</span>
                    </a>
                </li>
            }
        })
    });
    let actions = actions.collect_view();
    let none = found.is_empty() && actions.is_empty();
    let conversations = found.into_iter().map(|found| {
        let address = format!("/c/{}", found.id);
        let (before, hit, after) = split_at_hit(&title_of(&found), &lower);
        view! {
            <li>
                <a class="picker-row" href=address>
                    <Icon name="clock" />
                    <span class="picker-name" dir="auto">{before}<mark>{hit}</mark>{after}</span>
                </a>
            </li>
        }
    });
    view! {
        <ul>{conversations.collect_view()}</ul>
        <ul>{actions}</ul>
        {none.then(|| view! { <p class="muted">{t("palette-none")}</p> })}
    }
}

/// A text in three parts: the first place where it holds `lower`, which is in lower case, and what is around it.
fn split_at_hit(text: &str, lower: &str) -> (String, String, String) {
    let whole = || (text.to_owned(), String::new(), String::new());
    if lower.is_empty() {
        return whole();
    }
    // Letters whose lower case has another length would shift the place.
    let starts: BTreeMap<usize, usize> = text
        .char_indices()
        .scan(0, |at, (from, c)| {
            let here = *at;
            *at += c.to_lowercase().map(char::len_utf8).sum::<usize>();
            Some((here, from))
        })
        .collect();
    let all = text.to_lowercase();
    let Some(hit) = all.find(lower) else { return whole() };
    let place = |at: usize| if at >= all.len() { Some(text.len()) } else { starts.get(&at).copied() };
    match (place(hit), place(hit + lower.len())) {
        (Some(from), Some(to)) => (text[..from].to_owned(), text[from..to].to_owned(), text[to..].to_owned()),
        _ => whole(),
    }
}

#[cfg(test)]
mod tests {
    use super::split_at_hit;

    #[test]
    fn a_hit_is_marked_where_it_stands() {
        let split = |text, q: &str| {
            let (before, hit, after) = split_at_hit(text, q);
            format!("{before}[{hit}]{after}")
        };
        assert_eq!(split("Leeks and more", "and"), "Leeks [and] more");
        assert_eq!(split("Leeks", "LEEKS".to_lowercase().as_str()), "[Leeks]");
        assert_eq!(split("三根韭菜", "韭菜"), "三根[韭菜]");
        assert_eq!(split("İİ x", "x"), "İİ [x]");
        assert_eq!(split("none", "x"), "none[]");
        assert_eq!(split("none", ""), "none[]");
    }
}
