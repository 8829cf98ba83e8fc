//! `/me` and `/models`: one's own account, and what one can talk to.

use std::sync::Arc;

use axum::{Json as Answer, extract::State};
use serde::{Deserialize, Serialize};

use super::extract::Json;
use crate::{
    domain::{CurrentUser, Model, Reason, User, conversation::present},
    error::AppError,
    server::{
        accounts::{Accounts, MeChange, language::chosen},
        conversations::ModelList,
    },
};

#[derive(Deserialize)]
pub struct Change {
    name: Option<String>,
    /// The current one.
    password: Option<String>,
    new_password: Option<String>,
    /// A language's tag, or `null` for what `Accept-Language` says.
    #[serde(default, deserialize_with = "present")]
    language: Option<Option<String>>,
}

/// A list that has no further pages.
#[derive(Serialize)]
pub struct Items<T> {
    items: T,
}

pub async fn me(current: CurrentUser) -> Answer<User> {
    Answer(current.user)
}

pub async fn change(
    State(accounts): State<Arc<Accounts>>,
    current: CurrentUser,
    Json(change): Json<Change>,
) -> Result<Answer<User>, AppError> {
    let password = match (change.password.as_deref(), change.new_password.as_deref()) {
        (Some(old), Some(new)) => Some((old, new)),
        (None, None) => None,
        (None, Some(_)) => return Err(AppError::invalid("password", Reason::new("password-missing"))),
        (Some(_), None) => {
            return Err(AppError::invalid("new_password", Reason::new("new-password-missing")));
        }
    };
    let language = change.language.as_ref().map(|tag| chosen(tag.as_deref())).transpose()?;
    let change = MeChange { name: change.name.as_deref(), password, language };
    accounts.change_me(&current, change).await.map(Answer)
}

pub async fn models(State(models): State<Arc<ModelList>>, _: CurrentUser) -> Answer<Items<Vec<Model>>> {
    Answer(Items { items: models.offer().await.models().cloned().collect() })
}
