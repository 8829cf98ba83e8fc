//! `/join/{code}`: what the link of an invitation or an activation code opens; and `/join`, where one types the code.

use std::sync::Arc;

use axum::{extract::State, http::Extensions, response::Response};
use leptos::prelude::*;

use crate::{
    domain::{Reason, UserRole},
    pages::{
        Id, Notice, PageError,
        fields::Alert,
        login::{LanguageSwitch, RegisterForm},
        typed_code::TypedCode,
        with::Ways,
    },
    server::{
        accounts::{
            Accounts, Caller, Registration,
            invitations::JOIN,
            picture,
            redeem::{Offered, lasting},
            tiers::name_of,
        },
        http::{document::Page, gate, redirect},
        rooms::{Invitation, Rooms},
        words,
    },
    ui::{
        parts::{Brand, PersonPicture},
        words::{around, t, t_with},
    },
};

/// Who opens the link, and what they may do with it.
enum Visit {
    /// The code does not count.
    Nothing,
    /// Somebody who may register.
    Guest { known: String, ways: Vec<(String, String)> },
    /// Somebody who has to sign in first, because the code lets nobody register, or with `closed` the site does not.
    Stranger { closed: bool },
    /// Somebody who is signed in and opens a code into a room.
    Room(Box<Invitation>),
    /// Somebody who is signed in: what redeeming the code would do, and whether it ends a tier that they have.
    Person { gain: Reason, replaces: bool },
}

/// `GET /join`.
pub async fn enter(notice: Notice) -> Response {
    let page = Page { class: "centered-page", ..Page::new(words::current().say("join")) };
    page.render(move || {
        let form = view! { <TypedCode notice=notice.clone() /> };
        view! {
            <main class="card">
                <Brand />
                <h1>{t("join")}</h1>
                <p class="muted">{t("join-type-about")}</p>
                <Alert sentence=notice.alert() />
                {form}
                <LanguageSwitch />
            </main>
        }
    })
}

/// `GET /join/{code}`.
pub async fn join(
    State(accounts): State<Arc<Accounts>>,
    State(rooms): State<Arc<Rooms>>,
    Id(code): Id,
    notice: Notice,
    extensions: Extensions,
) -> Result<Response, PageError> {
    let current = gate::found(&extensions)?;
    let caller = extensions.get::<Caller>().cloned().unwrap_or_default();
    let offered = accounts.offered_to(&caller, &code).await?;
    let rules = accounts.registration().await?;
    let registers = match &offered {
        Some(offered) => accounts.registers(&offered.code, rules).await?,
        None => false,
    };
    let invitation = match offered.as_ref().map(|offered| &offered.code) {
        Some(code) => match &code.room_id {
            Some(id) => Some(rooms.invitation(current.as_ref(), (id, code.created_by.as_deref())).await?),
            None => None,
        },
        None => None,
    };
    let room = invitation.as_ref().map(room_named);
    let visit = match (&offered, &current) {
        (None, _) => Visit::Nothing,
        (Some(_), Some(_)) if let Some(invitation) = invitation => Visit::Room(Box::new(invitation)),
        (Some(offered), Some(current)) => {
            let (gain, replaces) = accounts.gain_of(current, offered).await?;
            Visit::Person { gain, replaces }
        }
        (Some(_), None) if registers && rules.mode != Registration::Closed => {
            Visit::Guest { known: accounts.known_words("", ""), ways: accounts.ways() }
        }
        (Some(_), None) => Visit::Stranger { closed: registers },
    };
    let title = match (&visit, &room) {
        (Visit::Nothing, _) => words::current().say("join"),
        (_, Some(room)) => words::current().text(room),
        (Visit::Guest { .. }, None) => words::current().say("join-invited"),
        (_, None) => words::current().say("code-redeem"),
    };
    let page = Page { class: "centered-page", ..Page::new(title.clone()) };
    Ok(page.render(move || {
        let alert = notice.clone();
        let body = match visit {
            Visit::Nothing => view! {
                <p>{t_with(refused())}</p>
                <TypedCode notice=notice.clone() focus=false />
            }
            .into_any(),
            Visit::Guest { known, ways } => {
                let gives = offered.map(|offered| view! { <Gives offered closed=false /> });
                let form = notice.of("/fn/register");
                view! {
                    {gives}
                    <RegisterForm code=Some(code.clone()) invited=true notice=form rule=rules.email known />
                    <Ways ways next=None code=code.clone() />
                    <SignIn code />
                }
                .into_any()
            }
            Visit::Stranger { closed } => {
                let gives = offered.map(|offered| view! { <Gives offered closed /> });
                view! {
                    {gives}
                    <SignIn code />
                }
                .into_any()
            }
            Visit::Room(invitation) => view! { <JoinRoom invitation=*invitation code /> }.into_any(),
            Visit::Person { gain, replaces } => view! { <Redeem code gain replaces /> }.into_any(),
        };
        view! {
            <main class="card">
                <Brand />
                <h1>{title}</h1>
                <Alert sentence=alert.alert() />
                {body}
                <LanguageSwitch />
            </main>
        }
    }))
}

/// The heading of the page of a code into a room.
fn room_named(invitation: &Invitation) -> Reason {
    match &invitation.room {
        Some(room) => Reason::new("room-join-named").with("name", room.name.as_str()),
        None => Reason::new("room-join-unnamed"),
    }
}

/// The one button with which somebody who is signed in joins.
#[component]
fn JoinRoom(invitation: Invitation, code: String) -> impl IntoView {
    let Invitation { room, is_member, room_id } = invitation;
    let shown = room.map(|room| {
        let (picture, count) = (picture::of_room(&room), room.member_count);
        let topic = room.settings.topic;
        view! {
            <p class="room-head">
                <PersonPicture picture />
                <span>
                    <strong dir="auto">{room.name}</strong>
                    <small class="muted">{t_with(Reason::new("room-member-count").with("count", count))}</small>
                </span>
            </p>
            {(!topic.is_empty()).then(|| view! { <p dir="auto">{topic}</p> })}
        }
    });
    view! {
        {shown}
        {is_member
            .then(|| {
                view! {
                    <p>{t("room-is-member")}</p>
                    <a class="button-primary" href=format!("/c/{room_id}")>{t("room-open")}</a>
                }
            })}
        {(!is_member)
            .then(|| {
                view! {
                    <form method="post" action="/fn/join-with-code">
                        <input type="hidden" name="code" value=code />
                        <button class="button-primary">{t("room-join")}</button>
                    </form>
                }
            })}
        <p class="muted">
            <a href="/">{t("conversations-back")}</a>
        </p>
    }
}

/// The same sentence as in the refusal of a form.
fn refused() -> Reason {
    Reason::new("code-refused")
}

/// What the code gives. `closed`: nobody registers with it, because nobody does at all.
#[component]
fn Gives(offered: Offered, closed: bool) -> impl IntoView {
    let Offered { code, tier } = offered;
    let tier = tier.map(|tier| {
        // How long it lasts is counted from its redemption.
        let days = code.tier_days.map_or_else(
            || lasting(None),
            |days| {
                Reason::new("tier-for-days").with("days", Reason::new("duration-days").with("count", days))
            },
        );
        t_with(Reason::new("code-gives-tier").with("tier", name_of(&tier)).with("until", days))
    });
    let what = match (code.registers || closed, closed) {
        _ if code.room_id.is_some() && !closed => Some("room-invited"),
        (false, _) => None,
        (true, false) => Some("join-what"),
        (true, true) => Some("register-closed"),
    };
    let admin = code.registers && !closed && code.role == UserRole::Admin;
    view! {
        {what.map(|what| view! { <p>{t(what)}</p> })}
        {admin.then(|| view! { <p>{t("join-as-admin")}</p> })}
        {tier.map(|tier| view! { <p>{tier}</p> })}
    }
}

/// For those who have an account already.
#[component]
fn SignIn(code: String) -> impl IntoView {
    let (before, after) = around("join-have-account", "link");
    let address = format!("/login?{}", redirect::next_parameter(&format!("{JOIN}{code}")));
    view! {
        <p class="muted">{before} <a href=address>{t("sign-in")}</a> {after}</p>
    }
}

#[component]
fn Redeem(code: String, gain: Reason, replaces: bool) -> impl IntoView {
    let gives = matches!(gain.key(), "code-gives-tier" | "tier-would-end");
    view! {
        <p>{t_with(gain)}</p>
        {gives
            .then(|| {
                view! {
                    <form method="post" action="/fn/redeem">
                        <input type="hidden" name="code" value=code />
                        <input type="hidden" name="replace" value=replaces.to_string() />
                        <button class="button-primary">{t("code-redeem")}</button>
                    </form>
                }
            })}
        <p class="muted">
            <a href="/">{t("conversations-back")}</a>
        </p>
    }
}
