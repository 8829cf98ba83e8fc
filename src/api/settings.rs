//! Change one's own name, language and password.

use leptos::prelude::*;

use crate::error::Refusal;

/// Changes the person's name.
#[server(prefix = "/fn", endpoint = "set-name")]
pub async fn set_name(name: String) -> Result<(), Refusal> {
    use crate::server::{
        accounts::{Accounts, MeChange},
        http::{
            context::{Context, service},
            flash::Told,
        },
    };
    let context = Context::current()?;
    let change = MeChange { name: Some(&name), ..Default::default() };
    service::<Accounts>()?.change_me(context.user()?, change).await?;
    Ok(context.tell("/settings", Told::NameSaved)?)
}

/// Chooses the language of the site's own words by its tag; an empty one leaves the choice to the browser's settings. The
/// choice is kept in the account, and in a cookie for the pages before signing in. Whoever is not signed in gets the
/// cookie alone.
#[server(prefix = "/fn", endpoint = "set-language")]
pub async fn set_language(language: Option<String>) -> Result<(), Refusal> {
    use crate::{
        error::AppError,
        server::{
            accounts::{Accounts, MeChange, language::chosen},
            http::{
                context::{Context, service},
                flash::Told,
            },
        },
    };
    let context = Context::current()?;
    let language = chosen(language.as_deref())?;
    let current = match context.user() {
        Ok(current) => current,
        Err(AppError::SignedOut) => {
            context.set_language(language);
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    let change = MeChange { language: Some(language), ..Default::default() };
    service::<Accounts>()?.change_me(current, change).await?;
    context.set_language(language);
    Ok(context.tell("/settings", Told::LanguageSaved)?)
}

/// Changes the password, and ends all other sessions of the account.
#[server(prefix = "/fn", endpoint = "set-password")]
pub async fn set_password(password: String, new_password: String) -> Result<(), Refusal> {
    use crate::server::{
        accounts::{Accounts, MeChange},
        http::{
            context::{Context, service},
            flash::Told,
        },
    };
    let context = Context::current()?;
    let change = MeChange { password: Some((&password, &new_password)), ..Default::default() };
    service::<Accounts>()?.change_me(context.user()?, change).await?;
    Ok(context.tell("/settings", Told::PasswordChanged)?)
}
