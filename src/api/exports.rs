//! Ask for an export of everything, and remove it.

use leptos::prelude::*;

use crate::error::Refusal;

/// Asks for an export; the page says how far it is.
#[server(prefix = "/fn", endpoint = "make-export")]
pub async fn make_export() -> Result<(), Refusal> {
    use crate::server::{
        exports::Exporter,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    service::<Exporter>()?.ask(context.user()?).await?;
    context.redirect("/settings/data");
    Ok(())
}

/// Removes the export, or ends the making of it.
#[server(prefix = "/fn", endpoint = "remove-export")]
pub async fn remove_export() -> Result<(), Refusal> {
    use crate::{
        error::AppError,
        server::{
            exports::Exporter,
            http::{
                context::{Context, service},
                flash::Told,
            },
        },
    };
    let context = Context::current()?;
    match service::<Exporter>()?.remove(context.user()?).await {
        // It ended meanwhile, or another page removed it.
        Ok(()) | Err(AppError::NotFound) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(context.tell("/settings/data", Told::say("export-removed"))?)
}
