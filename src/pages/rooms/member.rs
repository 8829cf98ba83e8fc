//! A member in the list of a room's people, with what the reader may do with them.

use leptos::prelude::*;
use strum::VariantArray;

use crate::{
    domain::{Member, MemberRole, MemberState, Reason},
    pages::{days::Days, people::acts::PersonActs},
    server::rooms::{AccessLevel, Person},
    ui::{
        parts::{Icon, PersonPicture},
        words::{t, t_with},
    },
};

/// The key of the name of a role.
fn role_name(role: MemberRole, owner: bool) -> &'static str {
    match role {
        _ if owner => "member-owner",
        MemberRole::Reader => "member-reader",
        MemberRole::Member => "member-member",
        MemberRole::Moderator => "member-moderator",
    }
}

/// What the member and the reader are to the room, and to each other.
#[derive(Clone, Copy)]
pub struct Roles {
    /// Whether the member owns the room.
    pub owner: bool,
    /// Whether the member is the reader.
    pub own: bool,
    /// That of the reader.
    pub level: AccessLevel,
    /// Whether the reader has blocked the member.
    pub blocked: bool,
    /// Whether the room is listed, so that whoever was removed may join again.
    pub listed: bool,
}

#[component]
pub fn Row(
    id: String,
    person: Person,
    roles: Roles,
    days: Days,
    /// Whether the member is here.
    presence: AnyView,
) -> impl IntoView {
    let Roles { owner, own, level, blocked, listed } = roles;
    let Person { member, picture, has_account } = person;
    let manages = level >= AccessLevel::Moderator && !own && !owner && level > AccessLevel::from(member.role);
    let banned = member.state == MemberState::Banned;
    let since = t_with(Reason::new("member-since").with("date", days.date_in_words(member.joined_at)));
    let named = t_with(Reason::new("member-acts").with("name", member.name.as_str()));
    let name = member.name.clone();
    let acts = (!own && (has_account || manages && !banned)).then(|| {
        let person = has_account
            .then(|| view! { <div><PersonActs id=member.user_id.clone() blocked profile=true /></div> });
        let forms = (manages && !banned).then(|| {
            view! { <Acts id=id.clone() member=member.clone() owns=level == AccessLevel::Owner listed /> }
        });
        view! {
            <details class="member-acts">
                <summary class="button-bare" aria-label=named.clone() title=named>
                    <Icon name="more" />
                </summary>
                <div class="member-forms">
                    {person}
                    {forms}
                </div>
            </details>
        }
    });
    let unban = (manages && banned).then(|| {
        view! {
            <form method="post" action="/fn/change-member">
                <Whom id=id.clone() user_id=member.user_id.clone() />
                <button class="button-small" name="act" value="unban">{t("member-unban")}</button>
            </form>
        }
    });
    view! {
        <li>
            <PersonPicture picture />
            <span class="room-name">
                <a class="member-name" href=format!("/people/{}", member.user_id) dir="auto">
                    {name}
                </a>
                <small class="muted">{since}</small>
                {presence}
            </span>
            {own.then(|| view! { <span class="badge">{t("you")}</span> })}
            <span class="badge">{t(role_name(member.role, owner))}</span>
            {unban}
            {acts}
        </li>
    }
}

#[component]
fn Whom(id: String, user_id: String) -> impl IntoView {
    view! {
        <input type="hidden" name="id" value=id />
        <input type="hidden" name="user_id" value=user_id />
    }
}

/// The forms: another role, remove, ban, hand over. All but the first ask once more.
#[component]
fn Acts(id: String, member: Member, owns: bool, listed: bool) -> impl IntoView {
    let Member { user_id, role, .. } = member;
    let roles = MemberRole::VARIANTS.iter().filter(|one| owns || **one < MemberRole::Moderator).map(|one| {
        view! {
            <option value=one.into_str() selected=*one == role>
                {t(role_name(*one, false))}
            </option>
        }
    });
    let roles = roles.collect_view();
    let whom = move || view! { <Whom id=id.clone() user_id=user_id.clone() /> };
    view! {
        <form method="post" action="/fn/change-member">
            {whom()}
            <label>
                {t("member-role")} <select name="act">{roles}</select>
            </label>
            <button class="button-small">{t("member-role-save")}</button>
        </form>
        <details class="confirm">
            <summary class="button-small danger">{t("member-remove-ask")}</summary>
            <form method="post" action="/fn/change-member">
                {whom()}
                <p class="muted">{t(if listed { "member-remove-hint-listed" } else { "member-remove-hint" })}</p>
                <button class="button-small danger" name="act" value="remove">{t("member-remove")}</button>
            </form>
        </details>
        <details class="confirm">
            <summary class="button-small danger">{t("member-ban-ask")}</summary>
            <form method="post" action="/fn/change-member">
                {whom()}
                <p class="muted">{t("member-ban-hint")}</p>
                <label class="member-hide">
                    <input type="checkbox" name="hide" value="true" />
                    {t("member-ban-hide")}
                </label>
                <button class="button-small danger" name="act" value="ban">{t("member-ban")}</button>
            </form>
        </details>
        {owns
            .then(|| {
                view! {
                    <details class="confirm">
                        <summary class="button-small danger">{t("room-hand-over-ask")}</summary>
                        <form method="post" action="/fn/change-member">
                            {whom()}
                            <p class="muted">{t("room-hand-over-about")}</p>
                            <button class="button-small danger" name="act" value="hand-over">{t("room-hand-over")}</button>
                        </form>
                    </details>
                }
            })}
    }
}
