//! Sign browsers out from afar, and end API keys. A key is made by the page itself, which shows it once.

use leptos::prelude::*;

use crate::error::Refusal;

/// Signs one of the person's browsers out.
#[server(prefix = "/fn", endpoint = "end-device")]
pub async fn end_device(id: String) -> Result<(), Refusal> {
    use crate::server::{
        accounts::Accounts,
        http::{
            context::{Context, service},
            flash::Told,
        },
    };
    let context = Context::current()?;
    service::<Accounts>()?.end_device(context.user()?, &id).await?;
    Ok(context.tell("/settings/devices", Told::say("device-ended"))?)
}

/// Signs all of the person's browsers out but this one.
#[server(prefix = "/fn", endpoint = "end-other-devices")]
pub async fn end_other_devices() -> Result<(), Refusal> {
    use crate::server::{
        accounts::Accounts,
        http::{
            context::{Context, service},
            flash::Told,
        },
    };
    let context = Context::current()?;
    service::<Accounts>()?.end_other_devices(context.user()?).await?;
    Ok(context.tell("/settings/devices", Told::say("devices-ended"))?)
}

/// Ends one of the person's API keys.
#[server(prefix = "/fn", endpoint = "end-key")]
pub async fn end_key(id: String) -> Result<(), Refusal> {
    use crate::server::{
        accounts::Accounts,
        http::{
            context::{Context, service},
            flash::Told,
        },
    };
    let context = Context::current()?;
    service::<Accounts>()?.end_key(context.user()?, &id).await?;
    Ok(context.tell("/settings/devices", Told::say("key-ended"))?)
}
