//! `/rooms/{id}/invite`: the codes that lead into a room. A new one is shown here as a link and a QR code, and never again.

use std::sync::Arc;

use axum::{Extension, extract::State, response::Response};
use leptos::prelude::*;

use super::{RoomPage, Tab, title};
use crate::{
    domain::{Code, Reason},
    pages::{
        Fresh, Id, Notice, PageError, Visitor,
        copy_button::CopyButton,
        days::Days,
        fields::{FieldError, NumberField},
        layout::Sidebar,
        qr::QrCode,
        sections::Section,
    },
    server::{
        accounts::{
            invitations::{JOIN, MadeCode},
            room_codes::{MAX_ROOM_DAYS, MAX_ROOM_LABEL_CHARS, MAX_ROOM_USES},
        },
        conversations::Conversations,
        http::{client::Client, document::Page, origin, site::Site},
        rooms::Rooms,
    },
    ui::words::{t, t_with},
};

/// How many people use a code, and for how many days it counts, unless somebody says otherwise.
const USUAL_USES: u64 = 25;
const USUAL_DAYS: u64 = 7;

/// `GET /rooms/{id}/invite`. The seed of a new code is sealed into the address, for this person and some minutes.
pub async fn invite(
    State(site): State<Arc<Site>>,
    State(conversations): State<Arc<Conversations>>,
    State(rooms): State<Arc<Rooms>>,
    Extension(client): Extension<Client>,
    (Fresh { now, .. }, Visitor(current, days)): (Fresh, Visitor),
    Id(id): Id,
    notice: Notice,
) -> Result<Response, PageError> {
    let open = rooms.open_to_manage(&current, &id).await?;
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let made = match notice.codes() {
        Some(made) => Some(rooms.made_code(&current, &id, &made.seed).await?),
        None => None,
    };
    let codes = rooms.codes(&current, &id).await?;
    let site = origin::address(&site.config, &client);
    Ok(Page::new(title("room-invite", &open.room)).render(move || {
        let form = notice.of("/fn/make-room-code");
        let none = codes.is_empty();
        let room = open.room.clone();
        let rows =
            codes.into_iter().map(|code| view! { <Row room_id=id.clone() code days /> }).collect_view();
        view! {
            <RoomPage room manages=true here=Some(Tab::Invite) sidebar notice>
                {made.map(|made| view! { <New made site days /> })}
                <Section id="make" title=t("room-invite-make")>
                    <Make id=open.room.id.clone() form />
                </Section>
                <Section id="codes" title=t("room-codes")>
                    {none.then(|| view! { <p class="muted">{t("room-codes-none")}</p> })}
                    <ul class="code-list">{rows}</ul>
                </Section>
            </RoomPage>
        }
    }))
}

/// The code that was just made.
#[component]
fn New(made: MadeCode, site: String, days: Days) -> impl IntoView {
    let link = format!("{site}{JOIN}{}", made.secret.replace('-', ""));
    let name = t_with(Reason::new("code-qr").with("code", made.secret.as_str()));
    let until = made
        .code
        .expires_at
        .map(|at| t_with(Reason::new("code-expires-on").with("date", days.date_in_words(at))));
    view! {
        <Section id="made" title=t("room-code-new")>
            <p role="status">{t("room-code-once")}</p>
            <div class="room-code">
                <QrCode text=link.clone() label=name />
                <div>
                    <code class="code-text">{made.secret}</code>
                    <a class="code-link" href=link.clone()>{link.clone()}</a>
                    <CopyButton text=link.clone() />
                    {until.map(|until| view! { <small class="muted">{until}</small> })}
                </div>
            </div>
        </Section>
    }
}

#[component]
fn Make(id: String, form: Notice) -> impl IntoView {
    let typed = form.typed();
    view! {
        <p class="muted">{t("room-invite-about")}</p>
        <form method="post" action="/fn/make-room-code">
            <input type="hidden" name="id" value=id />
            <div class="param-fields">
                <NumberField
                    label=t("room-code-uses")
                    name="uses"
                    value=typed.number("uses", Some(USUAL_USES))
                    least=1
                    most=u64::from(MAX_ROOM_USES)
                    required=true
                    refused=form.at("uses")
                />
                <NumberField
                    label=t("room-code-days")
                    name="days"
                    value=typed.number("days", Some(USUAL_DAYS))
                    least=1
                    most=u64::from(MAX_ROOM_DAYS)
                    hint=t("room-code-days-hint")
                    refused=form.at("days")
                />
            </div>
            <label>
                {t("code-label")}
                <input
                    type="text"
                    name="label"
                    value=typed.label.clone()
                    maxlength=MAX_ROOM_LABEL_CHARS
                    autocomplete="off"
                />
            </label>
            <FieldError of="label" sentence=form.at("label") />
            <button class="button-small">{t("room-invite-now")}</button>
        </form>
    }
}

#[component]
fn Row(room_id: String, code: Code, days: Days) -> impl IntoView {
    let used = t_with(Reason::new("code-used-of").with("used", code.used).with("uses", code.uses));
    let made = t_with(Reason::new("code-made-on").with("date", days.date_in_words(code.created_at)));
    let until =
        code.expires_at.map(|at| t_with(Reason::new("code-expires-on").with("date", days.date_in_words(at))));
    view! {
        <li>
            <div class="code-row">
                <span dir="auto">{code.called()}</span>
                <form method="post" action="/fn/end-room-code">
                    <input type="hidden" name="id" value=room_id />
                    <input type="hidden" name="code_id" value=code.id.clone() />
                    <button class="button-small">{t("code-end")}</button>
                </form>
            </div>
            <small class="muted">{used} " · " {made} {until.map(|until| format!(" · {until}"))}</small>
        </li>
    }
}
