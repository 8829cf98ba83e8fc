//! Change one's own name, language, looks, defaults for conversations, favourite models and password.
#![allow(
    clippy::too_many_arguments,
    reason = "each is a field of a form, in the functions that the macro makes, too"
)]

use leptos::prelude::*;

use crate::{domain::params::Typed, error::Refusal};

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
    Ok(context.tell("/settings", Told::say("name-saved"))?)
}

/// Chooses the initial and the colour of the person's picture; an empty one is the default, a missing one stays.
#[server(prefix = "/fn", endpoint = "set-picture")]
pub async fn set_picture(
    #[server(default)] picture_initial: Typed,
    #[server(default)] picture_colour: Typed,
) -> Result<(), Refusal> {
    use crate::{
        domain::PreferencesPatch,
        server::{
            accounts::{Accounts, MeChange, appearance},
            http::{
                context::{Context, service},
                flash::Told,
            },
        },
    };
    let context = Context::current()?;
    let picture_colour = appearance::chosen("picture_colour", picture_colour.0.as_deref())?;
    let picture_initial = picture_initial.0.map(Some);
    let preferences = Some(PreferencesPatch { picture_initial, picture_colour, ..Default::default() });
    let change = MeChange { preferences, ..Default::default() };
    service::<Accounts>()?.change_me(context.user()?, change).await?;
    Ok(context.tell("/settings", Told::say("picture-saved"))?)
}

/// Decides whether others are told that the person is here, and when they were here last.
#[server(prefix = "/fn", endpoint = "show-presence")]
pub async fn show_presence(shown: Option<bool>) -> Result<(), Refusal> {
    use crate::server::{
        http::{
            context::{Context, service},
            flash::Told,
        },
        live::presence::Presences,
    };
    let context = Context::current()?;
    let shown = shown.unwrap_or_default();
    service::<Presences>()?.show(context.user()?, shown).await?;
    let told = if shown { "presence-shown" } else { "presence-hidden" };
    Ok(context.tell("/settings", Told::say(told))?)
}

/// Changes the e-mail address or the name with which the person signs in.
#[server(prefix = "/fn", endpoint = "set-email")]
pub async fn set_email(email: String) -> Result<(), Refusal> {
    use crate::{
        error::AppError,
        server::{
            accounts::{Accounts, MeChange},
            http::{
                context::{Context, service},
                flash::Told,
            },
        },
    };
    let context = Context::current()?;
    let change = MeChange { email: Some(&email), ..Default::default() };
    match service::<Accounts>()?.change_me(context.user()?, change).await {
        Ok(user) => {
            let saved = if user.login.contains('@') { "email-saved" } else { "login-saved" };
            Ok(context.tell("/settings", Told::say(saved))?)
        }
        // On the page it stands at the field.
        Err(AppError::Conflict { reason }) => Err(AppError::invalid("email", reason).into()),
        Err(error) => Err(error.into()),
    }
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
    Ok(context.tell("/settings/appearance", Told::say("language-saved"))?)
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
    Ok(context.tell("/settings/sign-in", Told::say("password-changed"))?)
}

/// Chooses theme and palette by their words; an empty one is the default, a missing one stays. The choice is kept in the
/// account, and in a cookie for the pages before signing in. Whoever is not signed in gets the cookie alone.
#[server(prefix = "/fn", endpoint = "set-appearance")]
pub async fn set_appearance(
    #[server(default)] theme: Typed,
    #[server(default)] palette: Typed,
) -> Result<(), Refusal> {
    use crate::{
        domain::PreferencesPatch,
        error::AppError,
        server::{
            accounts::{Accounts, MeChange, appearance},
            http::{
                context::{Context, service},
                flash::Told,
                look,
            },
        },
    };
    let context = Context::current()?;
    let theme = appearance::chosen("theme", theme.0.as_deref())?;
    let palette = appearance::chosen("palette", palette.0.as_deref())?;
    let current = match context.user() {
        Ok(current) => current,
        Err(AppError::SignedOut) => {
            let mut look = look::current();
            look.theme = theme.map_or(look.theme, Option::unwrap_or_default);
            look.palette = palette.map_or(look.palette, Option::unwrap_or_default);
            context.set_look(look);
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    let preferences = Some(PreferencesPatch { theme, palette, ..Default::default() });
    let change = MeChange { preferences, ..Default::default() };
    let user = service::<Accounts>()?.change_me(current, change).await?;
    context.set_look(user.preferences.look());
    Ok(context.tell("/settings/appearance", Told::say("appearance-saved"))?)
}

/// Changes what counts for all conversations: instructions, parameters, the model that the next one begins with, and
/// whether single keys are shortcuts. A missing field stays as it is; an empty one is the default.
#[server(prefix = "/fn", endpoint = "set-chat-defaults")]
pub async fn set_chat_defaults(
    #[server(default)] system_prompt: Typed,
    #[server(default)] temperature: Typed,
    #[server(default)] top_p: Typed,
    #[server(default)] max_tokens: Typed,
    #[server(default)] reasoning_effort: Typed,
    #[server(default)] turns: Typed,
    #[server(default)] last_model: Typed,
    single_keys: Option<bool>,
) -> Result<(), Refusal> {
    use crate::{
        domain::{PreferencesPatch, params::TypedParams},
        error::AppError,
        server::{
            accounts::{Accounts, MeChange},
            conversations::ModelList,
            http::{
                context::{Context, service},
                flash::Told,
            },
        },
    };
    let context = Context::current()?;
    let current = context.user()?;
    let typed = TypedParams {
        temperature: temperature.0,
        top_p: top_p.0,
        max_tokens: max_tokens.0,
        reasoning_effort: reasoning_effort.0,
        turns: turns.0,
    };
    let params = (!typed.is_empty()).then(|| typed.change(&current.user.preferences.params)).transpose();
    let params = params.map_err(|(field, reason)| AppError::invalid(field, reason))?;
    let mut patch = PreferencesPatch {
        system_prompt: system_prompt.0.map(Some),
        params: params.map(Some),
        last_model: last_model.0.map(|model| Some(model).filter(|model| !model.trim().is_empty())),
        single_keys: single_keys.map(Some),
        ..Default::default()
    };
    service::<ModelList>()?.of(&current.user).await?.look_up(&mut patch, &current.user.preferences).await?;
    let change = MeChange { preferences: Some(patch), ..Default::default() };
    service::<Accounts>()?.change_me(current, change).await?;
    Ok(context.tell("/settings/chat", Told::say("chat-defaults-saved"))?)
}

/// Makes a model a favourite, or no longer one.
#[server(prefix = "/fn", endpoint = "set-favourite")]
pub async fn set_favourite(model: String, on: bool) -> Result<(), Refusal> {
    use crate::{
        domain::PreferencesPatch,
        server::{
            accounts::{Accounts, MeChange},
            conversations::ModelList,
            http::context::{Context, service},
        },
    };
    let context = Context::current()?;
    let current = context.user()?;
    let mut patch = PreferencesPatch { favourite: Some((model, on)), ..Default::default() };
    service::<ModelList>()?.of(&current.user).await?.look_up(&mut patch, &current.user.preferences).await?;
    let change = MeChange { preferences: Some(patch), ..Default::default() };
    service::<Accounts>()?.change_me(current, change).await?;
    Ok(())
}

/// Asks for the account to be deleted in two weeks, with all that it has.
#[server(prefix = "/fn", endpoint = "delete-account")]
pub async fn delete_account(password: String) -> Result<(), Refusal> {
    use crate::server::{
        accounts::Accounts,
        http::{
            context::{Context, service},
            flash::Told,
        },
    };
    let context = Context::current()?;
    service::<Accounts>()?.leave(context.user()?, &password).await?;
    Ok(context.tell("/settings/data", Told::say("account-leaves"))?)
}

/// Keeps the account that was to be deleted.
#[server(prefix = "/fn", endpoint = "keep-account")]
pub async fn keep_account() -> Result<(), Refusal> {
    use crate::server::{
        accounts::Accounts,
        http::{
            context::{Context, service},
            flash::Told,
        },
    };
    let context = Context::current()?;
    service::<Accounts>()?.stay(context.user()?).await?;
    Ok(context.tell("/settings/data", Told::say("account-stays"))?)
}
