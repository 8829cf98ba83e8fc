//! Disconnect a provider from one's own account.

use leptos::prelude::*;

use crate::error::Refusal;

/// Disconnects the identity with this id.
#[server(prefix = "/fn", endpoint = "disconnect")]
pub async fn disconnect(id: String) -> Result<(), Refusal> {
    use crate::server::{
        accounts::Accounts,
        http::{
            context::{Context, service},
            flash::Told,
        },
    };
    let context = Context::current()?;
    service::<Accounts>()?.disconnect(context.user()?, &id).await?;
    Ok(context.tell("/settings/sign-in", Told::say("identity-gone"))?)
}
