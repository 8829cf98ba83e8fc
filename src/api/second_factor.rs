//! Switch one's own second factor on and off.

use leptos::prelude::*;

use crate::error::Refusal;

/// Makes a seed, and leads to the page that shows it.
#[server(prefix = "/fn", endpoint = "second-factor-begin")]
pub async fn begin_second_factor() -> Result<(), Refusal> {
    use crate::server::{
        accounts::Accounts,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    service::<Accounts>()?.begin_second_factor(context.user()?).await?;
    context.redirect("/settings/sign-in/app");
    Ok(())
}

/// Switches the second factor on with a code of the app, and leads to the page of the recovery codes.
#[server(prefix = "/fn", endpoint = "second-factor-confirm")]
pub async fn confirm_second_factor(code: String) -> Result<(), Refusal> {
    use crate::server::{
        accounts::Accounts,
        http::{
            context::{Context, service},
            flash::Told,
        },
    };
    let context = Context::current()?;
    let codes = service::<Accounts>()?.confirm_second_factor(context.user()?, &code).await?;
    Ok(context.tell("/settings/sign-in/recovery", Told::RecoveryCodes(codes))?)
}

/// Makes new recovery codes, and leads to their page.
#[server(prefix = "/fn", endpoint = "recovery-codes")]
pub async fn new_recovery_codes() -> Result<(), Refusal> {
    use crate::server::{
        accounts::Accounts,
        http::{
            context::{Context, service},
            flash::Told,
        },
    };
    let context = Context::current()?;
    let codes = service::<Accounts>()?.new_recovery_codes(context.user()?).await?;
    Ok(context.tell("/settings/sign-in/recovery", Told::RecoveryCodes(codes))?)
}

/// Switches the second factor off.
#[server(prefix = "/fn", endpoint = "second-factor-off")]
pub async fn end_second_factor() -> Result<(), Refusal> {
    use crate::server::{
        accounts::Accounts,
        http::{
            context::{Context, service},
            flash::Told,
        },
    };
    let context = Context::current()?;
    service::<Accounts>()?.end_second_factor(context.user()?).await?;
    Ok(context.tell("/settings/sign-in", Told::say("second-factor-is-off"))?)
}
