//! Register, sign in and sign out.

use leptos::prelude::*;

use crate::error::Refusal;

/// Creates an account and signs in. The first account of a site is the administrator's; `code` is that of a link.
#[server(prefix = "/fn", endpoint = "register")]
pub async fn register(
    email: String,
    password: String,
    name: Option<String>,
    code: Option<String>,
) -> Result<(), Refusal> {
    use crate::server::{
        accounts::{Accounts, Registering},
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let (name, code) = (name.as_deref().unwrap_or_default(), code.as_deref().unwrap_or_default());
    let form = Registering { email: &email, password: &password, name, code };
    let (_, token) = service::<Accounts>()?.register(form, &context.caller).await?;
    context.set_token(Some(&token));
    context.redirect("/");
    Ok(())
}

/// Signs in, and leads to the page `next` of this site.
#[server(prefix = "/fn", endpoint = "login")]
pub async fn log_in(email: String, password: String, next: Option<String>) -> Result<(), Refusal> {
    use crate::{
        domain::Look,
        server::{
            accounts::Accounts,
            http::context::{Context, service},
        },
    };
    let context = Context::current()?;
    let (user, token) = service::<Accounts>()?.sign_in(&email, &password, &context.caller).await?;
    context.set_token(Some(&token));
    // For the sign-in page of the next time. Whoever never chose a look leaves that of the browser alone.
    let look = user.preferences.look();
    if look != Look::default() {
        context.set_look(look);
    }
    context.redirect(next.as_deref().unwrap_or("/"));
    Ok(())
}

/// Ends the session and leads to the sign-in page.
#[server(prefix = "/fn", endpoint = "logout")]
pub async fn log_out() -> Result<(), Refusal> {
    use crate::server::{
        accounts::Accounts,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    // Whoever is signed out already is answered the same.
    if let Ok(current) = context.user() {
        service::<Accounts>()?.sign_out(current).await?;
    }
    context.set_token(None);
    context.redirect("/login");
    Ok(())
}
