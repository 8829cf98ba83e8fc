//! Register, sign in and sign out.

use leptos::prelude::*;

use crate::error::Refusal;

#[server(prefix = "/fn", endpoint = "register")]
pub async fn register(email: String, password: String, name: Option<String>) -> Result<(), Refusal> {
    use crate::server::{accounts::login, http::context::Context};
    let context = Context::current()?;
    let form =
        login::Registering { email: &email, password: &password, name: name.as_deref().unwrap_or_default() };
    let (_, token) = login::register(&context.state, form, &context.caller).await?;
    context.set_token(Some(&token));
    context.redirect("/");
    Ok(())
}

#[server(prefix = "/fn", endpoint = "login")]
pub async fn log_in(email: String, password: String, next: Option<String>) -> Result<(), Refusal> {
    use crate::server::{accounts::login, http::context::Context};
    let context = Context::current()?;
    let (_, token) = login::log_in(&context.state, &email, &password, &context.caller).await?;
    context.set_token(Some(&token));
    context.redirect(next.as_deref().unwrap_or("/"));
    Ok(())
}

#[server(prefix = "/fn", endpoint = "logout")]
pub async fn log_out() -> Result<(), Refusal> {
    use crate::server::{accounts::login, http::context::Context};
    let context = Context::current()?;
    // Signing out twice is no mistake.
    if let Ok(current) = context.user() {
        login::log_out(&context.state, current).await?;
    }
    context.set_token(None);
    context.redirect("/login");
    Ok(())
}
