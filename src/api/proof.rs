//! Prove again who one is, before a sensitive change.

use leptos::prelude::*;

use crate::error::Refusal;

/// Proves with the password, and a code where there is a second factor; leads to the page `next` of this site.
#[server(prefix = "/fn", endpoint = "prove")]
pub async fn prove(password: String, code: Option<String>, next: Option<String>) -> Result<(), Refusal> {
    use crate::server::{
        accounts::{Accounts, Proof},
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let proof = Proof { password: &password, code: code.as_deref().unwrap_or_default() };
    service::<Accounts>()?.prove(context.user()?, proof).await?;
    context.redirect(next.as_deref().unwrap_or("/settings/sign-in"));
    Ok(())
}
