//! People as their pages' forms ask: write to somebody, block them, leave a note on a wall, and what others see of oneself.

use leptos::prelude::*;

use crate::error::Refusal;

/// Opens the conversation with a person, and leads there.
#[server(prefix = "/fn", endpoint = "open-direct")]
pub async fn open_direct(id: String) -> Result<(), Refusal> {
    use crate::server::{
        http::context::{Context, service},
        rooms::Rooms,
    };
    let context = Context::current()?;
    let id = service::<Rooms>()?.open_direct(context.user()?, &id).await?;
    context.redirect(&format!("/c/{id}"));
    Ok(())
}

/// Puts a direct conversation away until the next message.
#[server(prefix = "/fn", endpoint = "put-direct-away")]
pub async fn put_direct_away(id: String) -> Result<(), Refusal> {
    use crate::server::{
        http::{
            context::{Context, service},
            flash::Told,
        },
        rooms::Rooms,
    };
    let context = Context::current()?;
    service::<Rooms>()?.put_away(context.user()?, &id).await?;
    Ok(context.tell("/rooms", Told::say("direct-is-away"))?)
}

/// Blocks a person.
#[server(prefix = "/fn", endpoint = "block")]
pub async fn block(id: String) -> Result<(), Refusal> {
    use crate::{
        domain::Reason,
        server::{
            http::{
                context::{Context, service},
                flash::Told,
            },
            rooms::profiles::Profiles,
        },
    };
    let context = Context::current()?;
    let person = service::<Profiles>()?.block(context.user()?, &id).await?;
    let told = Told::Done(Reason::new("block-done").with("name", person.name));
    Ok(context.tell(&format!("/people/{}", person.id), told)?)
}

/// Ends a block. `back`: the page of settings has the form, and not the profile.
#[server(prefix = "/fn", endpoint = "unblock")]
pub async fn unblock(id: String, back: Option<String>) -> Result<(), Refusal> {
    use crate::server::{
        http::{
            context::{Context, service},
            flash::Told,
        },
        rooms::profiles::Profiles,
    };
    let context = Context::current()?;
    service::<Profiles>()?.unblock(context.user()?, &id).await?;
    // The id is one of ours now.
    let page = if back.is_some() { "/settings".to_owned() } else { format!("/people/{id}") };
    Ok(context.tell(&page, Told::say("unblock-done"))?)
}

/// Leaves a note on a person's wall.
#[server(prefix = "/fn", endpoint = "leave-note")]
pub async fn leave_note(id: String, text: String) -> Result<(), Refusal> {
    use crate::server::{
        http::{
            context::{Context, service},
            flash::Told,
        },
        rooms::profiles::Profiles,
    };
    let context = Context::current()?;
    let left = service::<Profiles>()?.leave_note(context.user()?, &id, &text).await?;
    Ok(context.tell(&format!("/people/{}", left.note.wall_id), Told::say("note-left"))?)
}

/// Deletes a note from a person's wall.
#[server(prefix = "/fn", endpoint = "remove-note")]
pub async fn remove_note(id: String, note_id: String) -> Result<(), Refusal> {
    use crate::server::{
        http::{
            context::{Context, service},
            flash::Told,
        },
        rooms::profiles::Profiles,
    };
    let context = Context::current()?;
    service::<Profiles>()?.remove_note(context.user()?, &id, &note_id).await?;
    Ok(context.tell(&format!("/people/{id}"), Told::say("note-gone"))?)
}

/// Sets what the person says of themselves.
#[server(prefix = "/fn", endpoint = "set-about")]
pub async fn set_about(text: String) -> Result<(), Refusal> {
    use crate::{
        domain::PreferencesPatch,
        server::{
            accounts::{Accounts, MeChange},
            http::{
                context::{Context, service},
                flash::Told,
            },
        },
    };
    let context = Context::current()?;
    let preferences = Some(PreferencesPatch { about: Some(Some(text)), ..Default::default() });
    let change = MeChange { preferences, ..Default::default() };
    service::<Accounts>()?.change_me(context.user()?, change).await?;
    Ok(context.tell("/settings", Told::say("about-saved"))?)
}

/// Chooses whether the list of people shows one, and whether others may leave notes.
#[server(prefix = "/fn", endpoint = "set-visible")]
pub async fn set_visible(listed: Option<bool>, wall: Option<bool>) -> Result<(), Refusal> {
    use crate::{
        domain::PreferencesPatch,
        server::{
            accounts::{Accounts, MeChange},
            http::{
                context::{Context, service},
                flash::Told,
            },
        },
    };
    let context = Context::current()?;
    let patch = PreferencesPatch { listed: listed.map(Some), wall: wall.map(Some), ..Default::default() };
    let change = MeChange { preferences: Some(patch), ..Default::default() };
    service::<Accounts>()?.change_me(context.user()?, change).await?;
    Ok(context.tell("/settings", Told::say("visible-saved"))?)
}
