//! Whom the composer of a room offers behind an `@`.

use std::sync::Arc;

use axum::{Json, extract::State};
use leptos::prelude::*;
use serde::Deserialize;

use crate::{
    domain::{CurrentUser, Picture},
    error::AppError,
    pages::Query,
    server::{http::document::fragment, rooms::Rooms},
    ui::{
        parts::{Icon, PersonPicture},
        words::t,
    },
};

/// How many people are offered.
const MOST: u32 = 8;
/// As what the model is mentioned.
const MODEL: &str = "model";

#[derive(Default, Deserialize)]
pub struct Typed {
    #[serde(default)]
    conversation: String,
    /// What stands behind the `@`.
    #[serde(default)]
    q: String,
}

/// `GET /fn/mentions`: members whose names begin so, and the model, as the options of a list in HTML.
pub async fn mentions(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Query(Typed { conversation, q }): Query<Typed>,
) -> Result<Json<String>, AppError> {
    // Outside of a room there is nobody but the model.
    let people = match conversation.as_str() {
        "" => Vec::new(),
        id => rooms.mentionable(&current, id, (&q, MOST)).await?,
    };
    let model = MODEL.starts_with(&q.to_lowercase());
    Ok(Json(fragment(move || {
        let mut all: Vec<(String, Option<Picture>)> = Vec::new();
        if model {
            all.push((MODEL.to_owned(), None));
        }
        all.extend(people.into_iter().map(|person| (person.member.name, Some(person.picture))));
        let options = all.into_iter().enumerate().map(|(at, (name, picture))| {
            let (mention, id) = (name.clone(), format!("mention-{at}"));
            let shown = match picture {
                Some(picture) => view! { <PersonPicture picture /> {name} }.into_any(),
                None => view! { <Icon name="flame" /> {name} " " <small class="muted">{t("room-model")}</small> }.into_any(),
            };
            view! {
                <li id=id role="option" aria-selected=if at == 0 { "true" } else { "false" } data-mention=mention dir="auto">
                    {shown}
                </li>
            }
        });
        options.collect_view()
    })))
}
