//! Register, sign in and sign out.

use leptos::prelude::*;

use crate::error::Refusal;

/// Creates an account and signs in; a code into a room leads there. The first account of a site is the administrator's; `code` is that of a link.
#[server(prefix = "/fn", endpoint = "register")]
pub async fn register(
    email: String,
    password: String,
    name: Option<String>,
    code: Option<String>,
) -> Result<(), Refusal> {
    use crate::{
        error::AppError,
        server::{
            accounts::{Accounts, Registering},
            http::context::{Context, service},
        },
    };
    let context = Context::current()?;
    let (name, code) = (name.as_deref().unwrap_or_default(), code.as_deref().unwrap_or_default());
    let form = Registering { email: &email, password: &password, name, code };
    let accounts = service::<Accounts>()?;
    // Its code may be used up by this.
    let room = accounts.offered(code).await?.and_then(|offered| offered.code.room_id);
    let (_, token) = match accounts.register(form, &context.caller).await {
        // Somebody signs in with that already. On the page it stands at the field.
        Err(AppError::Conflict { reason }) => return Err(AppError::invalid("email", reason).into()),
        registered => registered?,
    };
    context.set_token(Some(&token));
    context.redirect(&room.map_or_else(|| "/".to_owned(), |id| format!("/c/{id}")));
    Ok(())
}

/// Signs in, and leads to the page `next` of this site; where a code is wanted, by way of the page that asks for it.
#[server(prefix = "/fn", endpoint = "login")]
pub async fn log_in(email: String, password: String, next: Option<String>) -> Result<(), Refusal> {
    use crate::server::{
        accounts::{Accounts, Entered, TICKET_SECONDS},
        http::{
            context::{Context, service},
            cookie::Passing,
            redirect,
        },
    };
    let context = Context::current()?;
    match service::<Accounts>()?.sign_in(&email, &password, &context.caller).await? {
        Entered::In(signed_in) => context.let_in(&signed_in, next.as_deref()),
        Entered::CodeWanted(ticket) => {
            context.set_passing(Passing::Code, Some(&ticket), TICKET_SECONDS);
            context.redirect(&redirect::leading_on("/login/code", next.as_deref()));
        }
    }
    Ok(())
}

/// The second half of signing in: a code of the app, or a recovery code.
#[server(prefix = "/fn", endpoint = "login-code")]
pub async fn log_in_with_code(code: String, next: Option<String>) -> Result<(), Refusal> {
    use crate::server::{
        accounts::Accounts,
        http::{
            context::{Context, service},
            cookie::Passing,
        },
    };
    let context = Context::current()?;
    let ticket = context.passing(Passing::Code);
    let signed_in = service::<Accounts>()?.enter_code(ticket, &code, &context.caller).await?;
    context.let_in(&signed_in, next.as_deref());
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
