//! Rooms as their pages' forms ask: make, change, delete, join, leave; their people, and the codes that lead into them.
#![allow(
    clippy::too_many_arguments,
    reason = "each is a field of a form, in the functions that the macro makes, too"
)]

use leptos::prelude::*;

use crate::{
    domain::{Notify, RoomAnswers, RoomPayer},
    error::Refusal,
};

/// Makes a room, and leads there. `key` is the idempotency key of the page.
#[server(prefix = "/fn", endpoint = "make-room")]
pub async fn make_room(
    name: String,
    topic: Option<String>,
    picture_initial: Option<String>,
    picture_colour: Option<String>,
    listed: Option<bool>,
    answers: Option<RoomAnswers>,
    key: Option<String>,
) -> Result<(), Refusal> {
    use crate::{
        domain::RoomPatch,
        server::{
            chat::keys,
            http::context::{Context, service},
            rooms::Rooms,
        },
    };
    let context = Context::current()?;
    let wanted = RoomPatch {
        name: Some(name.clone()),
        topic: Some(topic.clone().unwrap_or_default()),
        initial: Some(picture_initial),
        colour: picture_colour.map(|colour| colour.parse().ok()),
        listed: Some(listed.unwrap_or_default()),
        answers,
        ..RoomPatch::default()
    };
    let key = keys::of_page(key.as_deref(), "room", &[&name, topic.as_deref().unwrap_or_default()])?;
    let made = service::<Rooms>()?.create(context.user()?, wanted, key.as_deref()).await?;
    context.redirect(&format!("/c/{}", made.room.id));
    Ok(())
}

/// Changes what moderators decide about a room. A form that has only some of the fields changes only those.
#[server(prefix = "/fn", endpoint = "save-room")]
pub async fn save_room(
    id: String,
    name: Option<String>,
    topic: Option<String>,
    picture_initial: Option<String>,
    picture_colour: Option<String>,
    listed: Option<bool>,
    answers: Option<RoomAnswers>,
    payer: Option<RoomPayer>,
    slow_seconds: Option<String>,
    model: Option<String>,
    system_prompt: Option<String>,
) -> Result<(), Refusal> {
    use crate::{
        domain::RoomPatch,
        server::{
            accounts::typed,
            http::{
                context::{Context, service},
                flash::Told,
            },
            rooms::Rooms,
        },
    };
    let context = Context::current()?;
    let slow_seconds = match slow_seconds {
        Some(text) => Some(typed::number("slow_seconds", Some(&text))?.unwrap_or_default()),
        None => None,
    };
    let patch = RoomPatch {
        name,
        topic,
        initial: picture_initial.map(Some),
        colour: picture_colour.map(|colour| colour.parse().ok()),
        listed,
        answers,
        payer,
        slow_seconds,
        model: model.map(Some),
        system_prompt: system_prompt.map(|text| Some(text).filter(|text| !text.trim().is_empty())),
    };
    service::<Rooms>()?.update(context.user()?, &id, patch).await?;
    Ok(context.tell(&format!("/rooms/{id}/settings"), Told::say("room-saved"))?)
}

/// Deletes a room for everybody.
#[server(prefix = "/fn", endpoint = "delete-room")]
pub async fn delete_room(id: String) -> Result<(), Refusal> {
    use crate::server::{
        http::{
            context::{Context, service},
            flash::Told,
        },
        rooms::Rooms,
    };
    let context = Context::current()?;
    service::<Rooms>()?.delete(context.user()?, &id).await?;
    Ok(context.tell("/rooms", Told::say("room-deleted"))?)
}

/// Joins a listed room, and leads there.
#[server(prefix = "/fn", endpoint = "join-room")]
pub async fn join_room(id: String) -> Result<(), Refusal> {
    use crate::server::{
        http::context::{Context, service},
        rooms::Rooms,
    };
    let context = Context::current()?;
    let id = service::<Rooms>()?.join(context.user()?, &id).await?;
    context.redirect(&format!("/c/{id}"));
    Ok(())
}

/// Joins the room that a code leads into, and leads there.
#[server(prefix = "/fn", endpoint = "join-with-code")]
pub async fn join_with_code(code: String) -> Result<(), Refusal> {
    use crate::server::{
        http::context::{Context, service},
        rooms::Rooms,
    };
    let context = Context::current()?;
    let id = service::<Rooms>()?.join_with(context.user()?, &context.caller, &code).await?;
    context.redirect(&format!("/c/{id}"));
    Ok(())
}

/// Leaves a room.
#[server(prefix = "/fn", endpoint = "leave-room")]
pub async fn leave_room(id: String) -> Result<(), Refusal> {
    use crate::server::{
        http::{
            context::{Context, service},
            flash::Told,
        },
        rooms::Rooms,
    };
    let context = Context::current()?;
    service::<Rooms>()?.leave(context.user()?, &id).await?;
    Ok(context.tell("/rooms", Told::say("room-left"))?)
}

/// Chooses of which messages of a room one is told. `stay`: it leads back into the room.
#[server(prefix = "/fn", endpoint = "room-notify")]
pub async fn room_notify(id: String, notify: Notify, stay: Option<bool>) -> Result<(), Refusal> {
    use crate::server::{
        http::{
            context::{Context, service},
            flash::Told,
        },
        rooms::Rooms,
    };
    let context = Context::current()?;
    service::<Rooms>()?.set_notify(context.user()?, &id, notify).await?;
    if stay.unwrap_or_default() {
        context.redirect(&format!("/c/{id}"));
        return Ok(());
    }
    Ok(context.tell(&format!("/rooms/{id}/members"), Told::say("room-notify-saved"))?)
}

/// Changes a member: `act` is a role, or `remove`, `ban`, `unban` or `hand-over`. `hide`: a ban shows nothing of what they wrote.
#[server(prefix = "/fn", endpoint = "change-member")]
pub async fn change_member(
    id: String,
    user_id: String,
    act: String,
    hide: Option<bool>,
) -> Result<(), Refusal> {
    use crate::{
        domain::Reason,
        error::AppError,
        server::{
            http::{
                context::{Context, service},
                flash::Told,
            },
            rooms::{MemberChange, Rooms},
        },
    };
    let context = Context::current()?;
    let user = context.user()?;
    let (change, told) = match act.as_str() {
        "remove" => (MemberChange::Remove, "member-removed"),
        "ban" => (MemberChange::Ban { hide: hide.unwrap_or_default() }, "member-banned"),
        "unban" => (MemberChange::Unban, "member-unbanned"),
        "hand-over" => (MemberChange::HandOver { most: None }, "room-handed-over"),
        role => match role.parse() {
            Ok(role) => (MemberChange::Role(role), "member-changed"),
            Err(_) => {
                return Err(AppError::invalid("act", Reason::new("member-act-unknown")).into());
            }
        },
    };
    let member = service::<Rooms>()?.change_member(user, (&id, &user_id), change).await?;
    let told = Told::Done(Reason::new(told).with("name", member.name));
    Ok(context.tell(&format!("/rooms/{id}/members"), told)?)
}

/// Makes a code into a room. The page that follows shows it, and nothing else ever does.
#[server(prefix = "/fn", endpoint = "make-room-code")]
pub async fn make_room_code(
    id: String,
    uses: String,
    days: Option<String>,
    label: Option<String>,
) -> Result<(), Refusal> {
    use crate::server::{
        accounts::typed,
        http::{
            context::{Context, service},
            flash::{Made, Told},
        },
        rooms::{NewInvitation, Rooms},
    };
    let context = Context::current()?;
    let user = context.user()?;
    let new = NewInvitation {
        uses: typed::needed("uses", &uses)?,
        days: typed::number("days", days.as_deref())?,
        label: label.as_deref().unwrap_or_default(),
    };
    let made = service::<Rooms>()?.invite(user, &id, new).await?;
    let told = Told::Codes(Made { seed: made.seed, count: 1 });
    Ok(context.tell(&format!("/rooms/{id}/invite"), told)?)
}

/// Ends a code into a room.
#[server(prefix = "/fn", endpoint = "end-room-code")]
pub async fn end_room_code(id: String, code_id: String) -> Result<(), Refusal> {
    use crate::server::{
        http::{
            context::{Context, service},
            flash::Told,
        },
        rooms::Rooms,
    };
    let context = Context::current()?;
    service::<Rooms>()?.end_code(context.user()?, &id, &code_id).await?;
    Ok(context.tell(&format!("/rooms/{id}/invite"), Told::say("code-ended"))?)
}
