//! `/me` and `/models`: one's own account, and what one can talk to.

use std::sync::Arc;

use axum::{Json as Answer, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    extract::Json,
    problems::{Conflict, InvalidBody, Overloaded, ProofRequired, SignedOut, TooMany},
};
use crate::{
    domain::{CurrentUser, Model, PreferencesPatch, Reason, User, conversation::given},
    error::AppError,
    server::{
        accounts::{Accounts, MeChange, language::chosen},
        conversations::ModelList,
    },
};

/// What a person may change of their account. A field that is left out stays as it is.
#[derive(Deserialize, ToSchema)]
pub struct AccountChange {
    /// Blanks around it are left out.
    #[schema(max_length = 100)]
    name: Option<String>,
    /// What you sign in with. It needs a proof of the last ten minutes; one that somebody else has is refused (409).
    email: Option<String>,
    /// The current one; goes with `new_password`.
    password: Option<String>,
    /// As in /auth/register.
    #[schema(min_length = 8, max_length = 256)]
    new_password: Option<String>,
    /// The tag of a language of the site, such as zh-CN; `null`: what Accept-Language says.
    #[serde(default, deserialize_with = "given")]
    language: Option<Option<String>>,
    /// Only the fields that are named change.
    #[schema(nullable = false)]
    preferences: Option<PreferencesPatch>,
}

#[derive(Serialize, ToSchema)]
pub struct Models {
    items: Vec<Model>,
}

/// Who is signed in
#[utoipa::path(
    get,
    path = "/me",
    operation_id = "me",
    tag = "Account",
    responses((status = 200, description = "Your account.", body = User), SignedOut)
)]
pub async fn me(current: CurrentUser) -> Answer<User> {
    Answer(current.user)
}

/// Change your name, e-mail address, language, preferences or password
///
/// A new password ends all your other sessions. Where you have a second factor, it needs a proof of the last ten minutes:
/// see /me/proof.
#[utoipa::path(
    patch,
    path = "/me",
    operation_id = "changeMe",
    tag = "Account",
    request_body = AccountChange,
    responses(
        (status = 200, description = "Your account as it is now.", body = User),
        SignedOut,
        ProofRequired,
        Conflict,
        InvalidBody,
        TooMany,
        Overloaded,
    )
)]
pub async fn change(
    State(accounts): State<Arc<Accounts>>,
    State(models): State<Arc<ModelList>>,
    current: CurrentUser,
    Json(mut change): Json<AccountChange>,
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
    if let Some(preferences) = &mut change.preferences {
        models.of(&current.user).await?.look_up(preferences, &current.user.preferences).await?;
    }
    let change = MeChange {
        preferences: change.preferences,
        name: change.name.as_deref(),
        email: change.email.as_deref(),
        password,
        language,
    };
    accounts.change_me(&current, change).await.map(Answer)
}

/// The models to choose from
#[utoipa::path(
    get,
    path = "/models",
    operation_id = "models",
    tag = "Account",
    responses(
        (
            status = 200,
            description = "The models of all providers that your tier allows, in their order: these can be asked, and no others. A provider \
                           that does not answer for now keeps the models that it listed last.",
            body = Models
        ),
        SignedOut,
    )
)]
pub async fn models(
    State(models): State<Arc<ModelList>>,
    current: CurrentUser,
) -> Result<Answer<Models>, AppError> {
    let offer = models.of(&current.user).await?.offer().await;
    Ok(Answer(Models { items: offer.models().cloned().collect() }))
}

/// The password, to confirm it.
#[derive(Deserialize, ToSchema)]
pub struct Confirmation {
    password: String,
}

/// Ask for your account to be deleted
///
/// After 14 days it is deleted with all that it has. Until then everything works as before, and DELETE takes the request
/// back. The last administrator stays (409). Whoever has a second factor or no password needs a proof of the last ten
/// minutes: see /me/proof.
#[utoipa::path(
    post,
    path = "/me/deletion",
    operation_id = "leave",
    tag = "Account",
    request_body = Confirmation,
    responses(
        (status = 200, description = "Your account; `deletes_at` says when it will be deleted.", body = User),
        SignedOut,
        ProofRequired,
        Conflict,
        InvalidBody,
        TooMany,
        Overloaded,
    )
)]
pub async fn leave(
    State(accounts): State<Arc<Accounts>>,
    current: CurrentUser,
    Json(confirmation): Json<Confirmation>,
) -> Result<Answer<User>, AppError> {
    accounts.leave(&current, &confirmation.password).await.map(Answer)
}

/// Keep your account
#[utoipa::path(
    delete,
    path = "/me/deletion",
    operation_id = "stay",
    tag = "Account",
    responses((status = 200, description = "Your account, which stays.", body = User), SignedOut)
)]
pub async fn stay(
    State(accounts): State<Arc<Accounts>>,
    current: CurrentUser,
) -> Result<Answer<User>, AppError> {
    accounts.stay(&current).await.map(Answer)
}
