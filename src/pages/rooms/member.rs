//! A member in the list of a room's people, with what the reader may do with them.

use leptos::prelude::*;
use strum::VariantArray;

use crate::{
    domain::{Member, MemberRole, MemberState, Reason},
    pages::days::Days,
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

/// `level` is that of the reader, who is this member where `own` is set.
#[component]
pub fn Row(
    id: String,
    person: Person,
    owner: bool,
    own: bool,
    level: AccessLevel,
    days: Days,
    /// Whether the member is here.
    presence: AnyView,
) -> impl IntoView {
    let Person { member, picture } = person;
    let manages = level >= AccessLevel::Moderator && !own && !owner && level > AccessLevel::from(member.role);
    let banned = member.state == MemberState::Banned;
    let since = t_with(Reason::new("member-since").with("date", days.date_in_words(member.joined_at)));
    let named = t_with(Reason::new("member-change").with("name", member.name.as_str()));
    let name = member.name.clone();
    let acts = (manages && !banned).then(|| {
        view! {
            <details class="member-acts">
                <summary class="button-bare" aria-label=named.clone() title=named>
                    <Icon name="more" />
                </summary>
                <Acts id=id.clone() member=member.clone() owns=level == AccessLevel::Owner />
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

/// The forms: another role, remove, ban, hand over.
#[component]
fn Acts(id: String, member: Member, owns: bool) -> impl IntoView {
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
        <div class="member-forms">
            <form method="post" action="/fn/change-member">
                {whom()}
                <label>
                    {t("member-role")} <select name="act">{roles}</select>
                </label>
                <button class="button-small">{t("member-role-save")}</button>
            </form>
            <form method="post" action="/fn/change-member">
                {whom()}
                <p class="muted">{t("member-remove-hint")}</p>
                <button class="button-small danger" name="act" value="remove">{t("member-remove")}</button>
            </form>
            <form method="post" action="/fn/change-member">
                {whom()}
                <p class="muted">{t("member-ban-hint")}</p>
                <label class="member-hide">
                    <input type="checkbox" name="hide" value="true" />
                    {t("member-ban-hide")}
                </label>
                <button class="button-small danger" name="act" value="ban">{t("member-ban")}</button>
            </form>
            {owns
                .then(|| {
                    view! {
                        <form method="post" action="/fn/change-member">
                            {whom()}
                            <p class="muted">{t("room-hand-over-about")}</p>
                            <button class="button-small" name="act" value="hand-over">{t("room-hand-over")}</button>
                        </form>
                    }
                })}
        </div>
    }
}
