//! What a person changes of their own account.

use leptos::prelude::*;

use crate::error::AppError;

#[server(prefix = "/fn", endpoint = "set-name")]
pub async fn set_name(name: String) -> Result<(), AppError> {
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
    context.tell("/settings", Told::NameSaved)
}

/// A new password ends all other sessions.
#[server(prefix = "/fn", endpoint = "set-password")]
pub async fn set_password(password: String, new_password: String) -> Result<(), AppError> {
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
    context.tell("/settings", Told::PasswordChanged)
}
