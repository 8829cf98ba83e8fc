//! `/rooms/{id}/members`: who takes part in a room, and what its moderators and its owner do with them.

use std::sync::Arc;

use axum::{Json as Answer, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    extract::{Id, Ids, Json, MaybeJson, Parameters, Query, Values, whole_number},
    problems::{Conflict, Forbidden, InvalidBody, InvalidParameter, NotFound, SignedOut},
};
use crate::{
    domain::{CurrentUser, Member, MemberRole, Page, Presence, Reason},
    error::AppError,
    server::{
        live::presence::Presences,
        rooms::{MemberChange, MemberListing, Rooms},
    },
};

type Changed = Result<Answer<Member>, AppError>;

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichMembers {
    /// The beginning of their names.
    #[param(nullable = false)]
    q: Option<String>,
    /// Those who are banned, in place of those who take part. For moderators.
    #[param(required = false, default = false)]
    banned: bool,
    /// `next_cursor` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// How many at the most.
    #[param(nullable = false, minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

impl Parameters for WhichMembers {
    fn read(values: &Values) -> Result<Self, AppError> {
        let banned = values.parsed("banned", |name| Reason::new("query-not-a-truth").with("name", name))?;
        Ok(Self {
            q: values.text("q"),
            banned: banned.unwrap_or_default(),
            cursor: values.text("cursor"),
            limit: values.parsed("limit", whole_number)?,
        })
    }
}

/// A member, and whether they are here.
#[derive(Serialize, ToSchema)]
pub struct ListedMember {
    #[serde(flatten)]
    #[schema(inline)]
    member: Member,
    #[serde(flatten)]
    #[schema(inline)]
    presence: Presence,
}

#[derive(Serialize, ToSchema)]
pub struct MemberPage {
    items: Vec<ListedMember>,
    /// `cursor` of the next page, an opaque text; `null` at the end.
    #[schema(required)]
    next_cursor: Option<String>,
}

#[derive(Deserialize, ToSchema)]
pub struct MemberPatch {
    role: MemberRole,
}

#[derive(Default, Deserialize, ToSchema)]
pub struct Ban {
    /// Whether the room shows nothing of what the person wrote.
    #[serde(default)]
    hide: bool,
}

/// The members of a room, by their names
#[utoipa::path(
    get,
    path = "/rooms/{id}/members",
    operation_id = "listMembers",
    tag = "Rooms",
    params(("id" = String, Path, description = "The room's id."), WhichMembers),
    responses(
        (status = 200, description = "A page.", body = MemberPage),
        SignedOut,
        Forbidden,
        NotFound,
        InvalidParameter,
    )
)]
pub async fn list(
    State(rooms): State<Arc<Rooms>>,
    State(presences): State<Arc<Presences>>,
    current: CurrentUser,
    Id(id): Id,
    Query(WhichMembers { q, banned, cursor, limit }): Query<WhichMembers>,
) -> Result<Answer<MemberPage>, AppError> {
    let listing = MemberListing { search: q.as_deref(), banned, cursor: cursor.as_deref(), limit };
    let Page { items, next_cursor } = rooms.members(&current, &id, listing).await?;
    let ids: Vec<String> = items.iter().map(|member| member.user_id.clone()).collect();
    let here = presences.of(&ids).await?;
    let listed = |member: Member| {
        let presence = here.get(&member.user_id).copied().unwrap_or_default();
        ListedMember { member, presence }
    };
    Ok(Answer(MemberPage { items: items.into_iter().map(listed).collect(), next_cursor }))
}

/// Give a member another role
///
/// For moderators; only the owner makes moderators and ends their role.
#[utoipa::path(
    patch,
    path = "/rooms/{id}/members/{user_id}",
    operation_id = "changeMember",
    tag = "Rooms",
    params(
        ("id" = String, Path, description = "The room's id."),
        ("user_id" = String, Path, description = "The member's id."),
    ),
    request_body = MemberPatch,
    responses(
        (status = 200, description = "The member as they are now.", body = Member),
        SignedOut,
        Forbidden,
        NotFound,
        InvalidBody,
    )
)]
pub async fn change(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Ids(id, user_id): Ids,
    Json(MemberPatch { role }): Json<MemberPatch>,
) -> Changed {
    rooms.change_member(&current, (&id, &user_id), MemberChange::Role(role)).await.map(Answer)
}

/// Remove a member, who may come again
#[utoipa::path(
    delete,
    path = "/rooms/{id}/members/{user_id}",
    operation_id = "removeMember",
    tag = "Rooms",
    params(
        ("id" = String, Path, description = "The room's id."),
        ("user_id" = String, Path, description = "The member's id."),
    ),
    responses(
        (status = 200, description = "The member as they are now.", body = Member),
        SignedOut,
        Forbidden,
        NotFound,
    )
)]
pub async fn remove(State(rooms): State<Arc<Rooms>>, current: CurrentUser, Ids(id, user_id): Ids) -> Changed {
    rooms.change_member(&current, (&id, &user_id), MemberChange::Remove).await.map(Answer)
}

/// Ban a member, who may not come again
#[utoipa::path(
    post,
    path = "/rooms/{id}/members/{user_id}/ban",
    operation_id = "banMember",
    tag = "Rooms",
    params(
        ("id" = String, Path, description = "The room's id."),
        ("user_id" = String, Path, description = "The member's id."),
    ),
    request_body = Ban,
    responses(
        (status = 200, description = "The member as they are now.", body = Member),
        SignedOut,
        Forbidden,
        NotFound,
        InvalidBody,
    )
)]
pub async fn ban(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Ids(id, user_id): Ids,
    MaybeJson(Ban { hide }): MaybeJson<Ban>,
) -> Changed {
    rooms.change_member(&current, (&id, &user_id), MemberChange::Ban { hide }).await.map(Answer)
}

/// End a ban
///
/// The person takes no part by that, and may come again.
#[utoipa::path(
    post,
    path = "/rooms/{id}/members/{user_id}/unban",
    operation_id = "unbanMember",
    tag = "Rooms",
    params(
        ("id" = String, Path, description = "The room's id."),
        ("user_id" = String, Path, description = "The person's id."),
    ),
    responses(
        (status = 200, description = "The member as they are now.", body = Member),
        SignedOut,
        Forbidden,
        NotFound,
    )
)]
pub async fn unban(State(rooms): State<Arc<Rooms>>, current: CurrentUser, Ids(id, user_id): Ids) -> Changed {
    rooms.change_member(&current, (&id, &user_id), MemberChange::Unban).await.map(Answer)
}

/// Hand a room over to a member
///
/// For its owner, who stays a moderator. Answers count against who asks from then on.
#[utoipa::path(
    post,
    path = "/rooms/{id}/members/{user_id}/hand-over",
    operation_id = "handOverRoom",
    tag = "Rooms",
    params(
        ("id" = String, Path, description = "The room's id."),
        ("user_id" = String, Path, description = "The member's id."),
    ),
    responses(
        (status = 200, description = "The member as they are now.", body = Member),
        SignedOut,
        Forbidden,
        NotFound,
        Conflict,
    )
)]
pub async fn hand_over(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Ids(id, user_id): Ids,
) -> Changed {
    rooms.change_member(&current, (&id, &user_id), MemberChange::HandOver { most: None }).await.map(Answer)
}
