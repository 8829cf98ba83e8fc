//! `/rooms/{id}/settings`: what the moderators of a room decide, and what its owner does with it.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;
use strum::VariantArray;

use super::{
    RoomPage, Tab,
    fields::{About, Answers},
    title,
};
use crate::{
    domain::{Conversation, ConversationKind, Room, RoomPayer, room::MAX_SLOW_SECONDS},
    pages::{
        Fresh, Id, Notice, PageError, Visitor,
        chat_fields::Instructions,
        fields::{Choice, Choices, FieldError, NumberField},
        layout::Sidebar,
        sections::Section,
    },
    server::{
        accounts::picture,
        conversations::{Conversations, ModelList},
        http::document::Page,
        rooms::{AccessLevel, Rooms},
    },
    ui::words::t,
};

const SAVE: &str = "/fn/save-room";

/// `GET /rooms/{id}/settings`.
pub async fn settings(
    State(conversations): State<Arc<Conversations>>,
    State(models): State<Arc<ModelList>>,
    State(rooms): State<Arc<Rooms>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    Id(id): Id,
    notice: Notice,
) -> Result<Response, PageError> {
    let open = rooms.open_to_manage(&current, &id).await?;
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let offer = models.of(&current.user).await?.offer().await;
    let models: Vec<String> = offer.models().map(|model| model.id.clone()).collect();
    Ok(Page::new(title("room-settings", &open.room)).render(move || {
        let form = notice.of(SAVE);
        let pays = open.grant.level() == AccessLevel::Owner;
        let owns = pays && open.room.kind != ConversationKind::Board;
        let (room, conversation) = (open.room, open.grant.into_conversation());
        let (id, made) = (room.id.clone(), picture::made_of(&room.name, &room.id));
        let (name, settings) = (room.name.clone(), room.settings.clone());
        let about = {
            let (id, form) = (id.clone(), form.clone());
            view! {
                <form method="post" action=SAVE>
                    <input type="hidden" name="id" value=id />
                    <About name settings made form />
                    <button class="button-small">{t("room-save")}</button>
                </form>
            }
        };
        let model = {
            let (room, chosen, form) = (room.clone(), conversation.model.clone(), form.clone());
            view! { <Model room chosen models pays form /> }
        };
        let told = view! { <Told conversation form /> };
        let owner = owns.then(|| view! { <Owner id /> });
        view! {
            <RoomPage room manages=true here=Some(Tab::Settings) sidebar notice>
                <Section id="about" title=t("room")>
                    {about}
                </Section>
                <Section id="model" title=t("room-model")>
                    {model}
                </Section>
                <Section id="instructions" title=t("instructions")>
                    {told}
                </Section>
                {owner}
            </RoomPage>
        }
    }))
}

/// Which model answers, when, for whom (`pays`: the reader decides that), and how often people write.
#[component]
fn Model(room: Room, chosen: Option<String>, models: Vec<String>, pays: bool, form: Notice) -> impl IntoView {
    let typed = form.typed();
    let (refused, slow_refused) = (form.at("model"), form.at("slow_seconds"));
    let settings = room.settings;
    let stored = chosen.clone();
    let is_known = |id: &String| id.is_empty() || models.contains(id) || stored.as_ref() == Some(id);
    let chosen = typed.model.clone().filter(is_known).or(chosen).filter(|id| !id.is_empty());
    let gone = chosen.clone().filter(|id| !models.contains(id)).map(|id| {
        let value = id.clone();
        view! { <option value=value selected>{id}</option> }
    });
    let options = models.into_iter().map(|id| {
        let selected = chosen.as_ref() == Some(&id);
        view! { <option selected=selected>{id}</option> }
    });
    let options = options.collect_view();
    let payers = RoomPayer::VARIANTS.iter().map(|one| {
        let value = one.into_str();
        let checked = typed.chose("payer", value, *one == settings.payer);
        let key = match one {
            RoomPayer::Asker => "room-payer-asker",
            RoomPayer::Owner => "room-payer-owner",
        };
        view! { <Choice name="payer" value checked label=t(key) /> }
    });
    let payers = payers.collect_view();
    let payers = pays.then(|| {
        view! {
            <Choices legend=t("room-payer") name="payer">
                {payers}
            </Choices>
        }
    });
    view! {
        <form method="post" action=SAVE>
            <input type="hidden" name="id" value=room.id />
            <Answers answers=settings.answers form=form.clone() />
            <label>
                {t("model")} <select name="model">
                    <option value="">{t("room-model-default")}</option>
                    {gone}
                    {options}
                </select>
            </label>
            <FieldError of="model" sentence=refused />
            {payers}
            <NumberField
                label=t("room-pause")
                name="slow_seconds"
                value=typed.number("slow_seconds", Some(u64::from(settings.slow_seconds)))
                least=0
                most=u64::from(MAX_SLOW_SECONDS)
                hint=t("room-pause-hint")
                refused=slow_refused
            />
            <button class="button-small">{t("room-save")}</button>
        </form>
    }
}

/// The instructions for the model.
#[component]
fn Told(conversation: Conversation, form: Notice) -> impl IntoView {
    let text = form.typed().system_prompt.or(conversation.system_prompt).unwrap_or_default();
    view! {
        <form method="post" action=SAVE>
            <input type="hidden" name="id" value=conversation.id />
            <Instructions
                label=t("instructions-here")
                hint=t("room-instructions-hint")
                text
                refused=form.at("system_prompt")
            />
            <button class="button-small">{t("instructions-save")}</button>
        </form>
    }
}

/// What only the owner does.
#[component]
fn Owner(id: String) -> impl IntoView {
    let members = format!("/rooms/{id}/members");
    view! {
        <Section id="owner" title=t("room-owner")>
            <p>
                {t("room-hand-over-hint")} " "
                <a href=members>{t("room-members")}</a>
            </p>
            <details class="confirm">
                <summary class="button-small danger">{t("room-delete")}</summary>
                <form method="post" action="/fn/delete-room">
                    <input type="hidden" name="id" value=id />
                    <p>{t("room-delete-hint")}</p>
                    <button class="button-small danger">{t("room-delete-now")}</button>
                </form>
            </details>
        </Section>
    }
}
