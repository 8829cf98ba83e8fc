//! Invitations, activation codes and tiers: what administrators make, and how people redeem a code.
#![allow(
    clippy::too_many_arguments,
    reason = "each is a field of a form, in the functions that the macro makes, too"
)]

use leptos::prelude::*;

use crate::{domain::UserRole, error::Refusal};

/// Makes codes. The page that follows shows them, and nothing else ever does.
#[server(prefix = "/fn", endpoint = "make-codes")]
pub async fn make_codes(
    registers: bool,
    count: String,
    uses: String,
    days: Option<String>,
    tier: Option<String>,
    tier_days: Option<String>,
    role: Option<UserRole>,
    label: Option<String>,
) -> Result<(), Refusal> {
    use crate::server::{
        accounts::{Accounts, invitations::NewCodes, typed},
        http::{
            context::{Context, service},
            flash::{Made, Told},
        },
    };
    let context = Context::current()?;
    let admin = context.admin()?;
    let count = typed::needed("count", &count)?;
    let new = NewCodes {
        count,
        registers,
        role: role.unwrap_or(UserRole::Member),
        tier: tier.as_deref(),
        tier_days: typed::number("tier_days", tier_days.as_deref())?,
        uses: typed::needed("uses", &uses)?,
        days: typed::number("days", days.as_deref())?,
        label: label.as_deref().unwrap_or_default(),
    };
    let made = service::<Accounts>()?.make_codes(&admin, new).await?;
    Ok(context.tell("/admin/codes/made", Told::Codes(Made { seed: made.seed, count }))?)
}

/// Ends a code, or with `batch` all that were made together with it.
#[server(prefix = "/fn", endpoint = "end-codes")]
pub async fn end_codes(id: String, batch: Option<bool>) -> Result<(), Refusal> {
    use crate::server::{
        accounts::{Accounts, invitations::WhichCodes},
        http::{
            context::{Context, service},
            flash::Told,
        },
    };
    let context = Context::current()?;
    let which = if batch == Some(true) { WhichCodes::Batch(&id) } else { WhichCodes::One(&id) };
    service::<Accounts>()?.end_codes(&context.admin()?, which).await?;
    Ok(context.tell("/admin/codes", Told::say("code-ended"))?)
}

/// Leads to the page of an invitation or an activation code that was typed. It uses nothing.
#[server(prefix = "/fn", endpoint = "open-code")]
pub async fn open_code(code: String) -> Result<(), Refusal> {
    use crate::server::{
        accounts::{Accounts, invitations::JOIN},
        http::context::{Context, service},
    };
    let context = Context::current()?;
    let plain = service::<Accounts>()?.page_of_code(&context.caller, &code).await?;
    context.redirect(&format!("{JOIN}{plain}"));
    Ok(())
}

/// Gives whoever is signed in the tier of a code. `replace`: also where that ends another tier that they have.
#[server(prefix = "/fn", endpoint = "redeem")]
pub async fn redeem(code: String, replace: Option<bool>) -> Result<(), Refusal> {
    use crate::server::{
        accounts::Accounts,
        http::{
            context::{Context, service},
            flash::Told,
        },
    };
    let context = Context::current()?;
    let redeemed = service::<Accounts>()?.redeem(context.user()?, &code, replace.unwrap_or_default()).await?;
    Ok(context.tell("/settings", Told::Done(redeemed.told))?)
}

/// Makes a tier, or changes the one with this id. An empty limit is none; `models` has an id in each line.
#[server(prefix = "/fn", endpoint = "save-tier")]
pub async fn save_tier(
    id: Option<String>,
    name: String,
    any_model: Option<bool>,
    models: Option<String>,
    messages_per_day: Option<String>,
    tokens_per_day: Option<String>,
    rooms: Option<String>,
    upload_megabytes: Option<String>,
) -> Result<(), Refusal> {
    use crate::{
        domain::{Reason, Tier},
        error::AppError,
        server::{
            accounts::{Accounts, typed},
            conversations::ModelList,
            http::{
                context::{Context, service},
                flash::Told,
            },
        },
    };
    /// The notice names no more of them.
    const MOST_MISSING: usize = 5;
    let context = Context::current()?;
    let admin = context.admin()?;
    let models = match (any_model, typed::lines(models.as_deref())) {
        (Some(true), Some(_)) => {
            return Err(AppError::invalid("models", Reason::new("tier-models-of-all")).into());
        }
        // None of them, where none is named.
        (Some(false), models) => Some(models.unwrap_or_default()),
        (_, models) => models,
    };
    let megabytes: Option<u64> = typed::number("upload_megabytes", upload_megabytes.as_deref())?;
    let tier = Tier {
        id: id.unwrap_or_default(),
        name,
        models,
        messages_per_day: typed::number("messages_per_day", messages_per_day.as_deref())?,
        tokens_per_day: typed::number("tokens_per_day", tokens_per_day.as_deref())?,
        rooms: typed::number("rooms", rooms.as_deref())?,
        upload_bytes: megabytes.map(|megabytes| megabytes.saturating_mul(1 << 20)),
    };
    let named = tier.models.clone().unwrap_or_default();
    let accounts = service::<Accounts>()?;
    match tier.id.as_str() {
        "" => accounts.create_tier(&admin, tier).await?,
        _ => accounts.change_tier(&admin, tier).await?,
    };
    let missing = service::<ModelList>()?.missing(&named).await;
    let told = match missing.as_slice() {
        [] => Reason::new("tier-saved"),
        missing => {
            let named = missing.iter().take(MOST_MISSING).map(String::as_str).collect::<Vec<_>>();
            Reason::new("tier-saved-without").with("models", named.join(", "))
        }
    };
    Ok(context.tell("/admin/tiers", Told::Done(told))?)
}

/// Deletes a tier that nobody has.
#[server(prefix = "/fn", endpoint = "delete-tier")]
pub async fn delete_tier(id: String) -> Result<(), Refusal> {
    use crate::server::{
        accounts::Accounts,
        http::{
            context::{Context, service},
            flash::Told,
        },
    };
    let context = Context::current()?;
    service::<Accounts>()?.delete_tier(&context.admin()?, &id).await?;
    Ok(context.tell("/admin/tiers", Told::say("tier-deleted"))?)
}
