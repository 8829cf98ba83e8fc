//! What administrators do with the accounts of others.

use leptos::prelude::*;

use crate::{
    domain::{UserRole, UserState},
    error::Refusal,
};

/// Changes somebody's role, or whether they may sign in.
#[server(prefix = "/fn", endpoint = "change-person")]
pub async fn change_person(
    id: String,
    role: Option<UserRole>,
    state: Option<UserState>,
) -> Result<(), Refusal> {
    use crate::server::{
        accounts::{Accounts, people::PersonChange},
        http::{
            context::{Context, service},
            flash::Told,
        },
    };
    let context = Context::current()?;
    let user =
        service::<Accounts>()?.change_person(&context.admin()?, &id, PersonChange { role, state }).await?;
    Ok(context.tell(&format!("/admin/people/{}", user.id), Told::say("person-saved"))?)
}

/// Makes a link with which somebody sets a new password once. The page that follows shows it.
#[server(prefix = "/fn", endpoint = "make-reset-link")]
pub async fn make_reset_link(id: String) -> Result<(), Refusal> {
    use crate::server::{
        accounts::Accounts,
        http::{
            context::{Context, service},
            flash::Told,
        },
    };
    let context = Context::current()?;
    let link = service::<Accounts>()?.reset_link(&context.admin()?, &id).await?;
    Ok(context.tell(&format!("/admin/people/{id}"), Told::ResetLink(format!("/reset/{}", link.secret)))?)
}

/// Gives somebody a tier, for some days or for good. An empty `tier` takes away what they have.
#[server(prefix = "/fn", endpoint = "give-tier")]
pub async fn give_tier(id: String, tier: String, days: Option<String>) -> Result<(), Refusal> {
    use crate::server::{
        accounts::{Accounts, tiers::GivenTier, typed},
        http::{
            context::{Context, service},
            flash::Told,
        },
    };
    let context = Context::current()?;
    let admin = context.admin()?;
    let given = GivenTier { tier: &tier, days: typed::number("days", days.as_deref())? };
    let user = service::<Accounts>()?.give_tier(&admin, &id, given).await?;
    Ok(context.tell(&format!("/admin/people/{}", user.id), Told::say("person-saved"))?)
}

/// Switches off the second factor of somebody who lost it.
#[server(prefix = "/fn", endpoint = "end-second-factor")]
pub async fn end_second_factor(id: String) -> Result<(), Refusal> {
    use crate::server::{
        accounts::Accounts,
        http::{
            context::{Context, service},
            flash::Told,
        },
    };
    let context = Context::current()?;
    let user = service::<Accounts>()?.end_second_factor_of(&context.admin()?, &id).await?;
    Ok(context.tell(&format!("/admin/people/{}", user.id), Told::say("person-second-factor-ended"))?)
}

/// Changes who may register, and with what: the words of `Registration` and `EmailRule`.
#[server(prefix = "/fn", endpoint = "set-registration")]
pub async fn set_registration(registration: Option<String>, email: Option<String>) -> Result<(), Refusal> {
    use crate::server::{
        accounts::{Accounts, appearance::chosen, registration::RulesChange},
        http::{
            context::{Context, service},
            flash::Told,
        },
    };
    let context = Context::current()?;
    let admin = context.admin()?;
    let change = RulesChange {
        mode: chosen("registration", registration.as_deref())?.flatten(),
        email: chosen("email", email.as_deref())?.flatten(),
    };
    service::<Accounts>()?.change_registration(&admin, change).await?;
    Ok(context.tell("/admin/people", Told::say("registration-saved"))?)
}

/// Deletes an account, with what the person wrote or without it. `confirm` is what the person signs in with.
#[server(prefix = "/fn", endpoint = "delete-person")]
pub async fn delete_person(id: String, erase: bool, confirm: String) -> Result<(), Refusal> {
    use crate::server::{
        accounts::Accounts,
        http::{
            context::{Context, service},
            flash::Told,
        },
    };
    let context = Context::current()?;
    service::<Accounts>()?.delete_person_confirmed(&context.admin()?, &id, erase, &confirm).await?;
    Ok(context.tell("/admin/people", Told::say("person-deleted"))?)
}

/// Sets the password of whom a link was made for, and leads to the sign-in page.
#[server(prefix = "/fn", endpoint = "reset-password")]
pub async fn reset_password(code: String, password: String) -> Result<(), Refusal> {
    use crate::server::{
        accounts::Accounts,
        http::context::{Context, service},
    };
    let context = Context::current()?;
    service::<Accounts>()?.reset_password(&code, &password, &context.caller).await?;
    context.redirect("/login");
    Ok(())
}
