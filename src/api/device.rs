//! Sign in on another device: the side that is signed in, and the side that wants to be.

use leptos::prelude::*;

use crate::error::Refusal;

/// Makes a link for another device, and leads to the page that shows it.
#[server(prefix = "/fn", endpoint = "device-link")]
pub async fn make_device_link() -> Result<(), Refusal> {
    use crate::server::{
        accounts::Accounts,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    service::<Accounts>()?.make_device_link(context.user()?).await?;
    context.redirect("/settings/sign-in/device");
    Ok(())
}

/// Confirms the device that shows this number.
#[server(prefix = "/fn", endpoint = "device-confirm")]
pub async fn confirm_device(number: u32) -> Result<(), Refusal> {
    use crate::server::{
        accounts::Accounts,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    service::<Accounts>()?.confirm_device(context.user()?, number).await?;
    context.redirect("/settings/sign-in/device");
    Ok(())
}

/// Lets no device in with the link.
#[server(prefix = "/fn", endpoint = "device-refuse")]
pub async fn refuse_device() -> Result<(), Refusal> {
    use crate::server::{
        accounts::Accounts,
        http::{
            context::{Context, service},
            flash::Told,
        },
    };
    let context = Context::current()?;
    service::<Accounts>()?.refuse_device(context.user()?).await?;
    Ok(context.tell("/settings/sign-in/device", Told::say("device-refused"))?)
}

/// Asks with a link's code to be signed in here.
#[server(prefix = "/fn", endpoint = "device-ask")]
pub async fn ask_by_device_link(code: String) -> Result<(), Refusal> {
    use crate::server::{
        accounts::{Accounts, LINK_SECONDS},
        http::{
            context::{Context, service},
            cookie::Passing,
        },
    };
    let context = Context::current()?;
    let secret = service::<Accounts>()?.ask_by_device_link(&code, &context.caller).await?;
    context.set_passing(Passing::Device, Some(&secret), LINK_SECONDS);
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    context.redirect(&format!("/device/{plain}"));
    Ok(())
}

/// Begins the session of a device that was confirmed.
#[server(prefix = "/fn", endpoint = "device-claim")]
pub async fn claim_device_link(code: String) -> Result<(), Refusal> {
    use crate::server::{
        accounts::Accounts,
        http::{
            context::{Context, service},
            cookie::Passing,
        },
    };
    let context = Context::current()?;
    let secret = context.passing(Passing::Device);
    let signed_in = service::<Accounts>()?.claim_device_link(&code, secret, &context.caller).await?;
    context.let_in(&signed_in, None);
    Ok(())
}
