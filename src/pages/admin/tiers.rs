//! `/admin/tiers`: what people may use; and a page for each tier.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;

use super::{AdminPage, Administrator, page};
use crate::{
    domain::{Reason, Tier},
    pages::{
        Fresh, Id, Notice, PageError,
        fields::{Choice, Choices, FieldError, NumberField, invalid},
        layout::Sidebar,
        sections::Section,
    },
    server::{
        accounts::{
            Accounts,
            tiers::{MAX_TIER_NAME_CHARS, name_of},
        },
        conversations::{Conversations, ModelList},
    },
    ui::words::{t, t_with},
};

const HERE: &str = "/admin/tiers";
const MEGABYTE: u64 = 1 << 20;
/// The largest limits that a form takes.
const MOST: u64 = 1_000_000_000;
const MOST_TOKENS: u64 = 1_000_000_000_000_000;

/// `GET /admin/tiers`.
pub async fn tiers(
    State(conversations): State<Arc<Conversations>>,
    State(accounts): State<Arc<Accounts>>,
    State(models): State<Arc<ModelList>>,
    Fresh { now, .. }: Fresh,
    Administrator(admin, days): Administrator,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, admin.current(), (now, days)).await?;
    let tiers = accounts.tiers(&admin).await?;
    let offered = offered(&models).await;
    Ok(page(HERE).render(move || {
        let form = notice.of("/fn/save-tier");
        view! {
            <AdminPage here=HERE sidebar notice>
                <Section id="tiers" title=t("tiers")>
                    <p class="muted">{t("tiers-hint")}</p>
                    <ul class="code-list">
                        {tiers
                            .into_iter()
                            .map(|tier| {
                                let address = format!("{HERE}/{}", tier.id);
                                let name = t_with(name_of(&tier));
                                view! {
                                    <li>
                                        <a href=address dir="auto">
                                            {name}
                                        </a>
                                        <small class="muted">{limits(&tier)}</small>
                                    </li>
                                }
                            })
                            .collect_view()}
                    </ul>
                </Section>
                <Section id="new" title=t("tier-new")>
                    <Form tier=Tier::default() form offered />
                </Section>
            </AdminPage>
        }
    }))
}

/// `GET /admin/tiers/{id}`.
pub async fn tier(
    State(conversations): State<Arc<Conversations>>,
    State(accounts): State<Arc<Accounts>>,
    State(models): State<Arc<ModelList>>,
    Fresh { now, .. }: Fresh,
    Administrator(admin, days): Administrator,
    Id(id): Id,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, admin.current(), (now, days)).await?;
    let tier = accounts.tier(&admin, &id).await?;
    let offered = offered(&models).await;
    Ok(page(HERE).render(move || {
        let form = notice.of("/fn/save-tier");
        let title = t_with(name_of(&tier));
        let deletable = (!tier.is_default()).then(|| tier.id.clone());
        view! {
            <AdminPage here=HERE sidebar notice>
                <Section id="tier" title>
                    <p class="page-link">
                        <a href=HERE>{t("tiers-all")}</a>
                    </p>
                    {tier.is_default().then(|| view! { <p class="muted">{t("tier-default-hint")}</p> })}
                    <Form tier form offered />
                </Section>
                {deletable
                    .map(|id| {
                        view! {
                            <Section id="delete" title=t("tier-delete")>
                                <form method="post" action="/fn/delete-tier">
                                    <input type="hidden" name="id" value=id />
                                    <p class="muted">{t("tier-delete-hint")}</p>
                                    <button class="button-small danger">{t("tier-delete")}</button>
                                </form>
                            </Section>
                        }
                    })}
            </AdminPage>
        }
    }))
}

/// The ids of the models that are offered.
async fn offered(models: &ModelList) -> Vec<String> {
    models.offer().await.models().map(|model| model.id.clone()).collect()
}

/// The limits of a tier, in words.
fn limits(tier: &Tier) -> String {
    let models = tier.models.as_ref().map(|models| ("tier-limit-models", models.len() as u64));
    let number = |key, value: Option<u64>| value.map(|value| (key, value));
    let all = [
        models,
        number("tier-limit-messages", tier.messages_per_day.map(u64::from)),
        number("tier-limit-tokens", tier.tokens_per_day),
        number("tier-limit-rooms", tier.rooms.map(u64::from)),
        number("tier-limit-megabytes", tier.upload_bytes.map(|bytes| bytes / MEGABYTE)),
    ];
    let words: Vec<String> = all.into_iter().flatten().map(|(key, count)| said(key, count)).collect();
    if words.is_empty() { t("tier-no-limits") } else { words.join(" · ") }
}

/// The keys are literals, so that a search for one finds where it is used.
fn said(key: &'static str, count: u64) -> String {
    t_with(Reason::new(key).with("count", count))
}

/// The fields of a tier; one without an id is new.
#[component]
fn Form(tier: Tier, form: Notice, offered: Vec<String>) -> impl IntoView {
    let refused = form.at("name");
    let (wrong, described) = invalid("name", refused.as_ref());
    let (is_new, named) = (tier.id.is_empty(), !tier.is_default());
    let typed = form.typed();
    let any = typed.chose("any_model", "true", tier.models.is_none());
    let models = tier.models.map(|models| models.join("\n")).unwrap_or_default();
    let (models, name) = (typed.models.clone().unwrap_or(models), typed.name.clone().unwrap_or(tier.name));
    let megabytes = tier.upload_bytes.map(|bytes| bytes.div_ceil(MEGABYTE));
    view! {
        <form method="post" action="/fn/save-tier">
            <input type="hidden" name="id" value=tier.id />
            <label>
                {t("field-name")}
                <input
                    type="text"
                    name="name"
                    value=name
                    maxlength=MAX_TIER_NAME_CHARS
                    required=named
                    autocomplete="off"
                    aria-invalid=wrong
                    aria-describedby=described
                />
            </label>
            <FieldError of="name" sentence=refused />
            <p class="muted">{t("tier-empty-hint")}</p>
            <div class="param-fields">
                <NumberField
                    label=t("tier-messages")
                    name="messages_per_day"
                    value=typed.number("messages_per_day", tier.messages_per_day.map(u64::from))
                    least=0
                    most=MOST
                    refused=form.at("messages_per_day")
                />
                <NumberField
                    label=t("tier-tokens")
                    name="tokens_per_day"
                    value=typed.number("tokens_per_day", tier.tokens_per_day)
                    least=0
                    most=MOST_TOKENS
                    refused=form.at("tokens_per_day")
                />
                <NumberField
                    label=t("tier-rooms")
                    name="rooms"
                    value=typed.number("rooms", tier.rooms.map(u64::from))
                    least=0
                    most=MOST
                    refused=form.at("rooms")
                />
                <NumberField
                    label=t("tier-megabytes")
                    name="upload_megabytes"
                    value=typed.number("upload_megabytes", megabytes)
                    least=0
                    most=MOST
                    refused=form.at("upload_megabytes").or_else(|| form.at("upload_bytes"))
                />
            </div>
            <Choices legend=t("tier-which-models") name="any_model">
                <Choice name="any_model" value="true" checked=any label=t("tier-all-models") />
                <Choice name="any_model" value="false" checked=!any label=t("tier-some-models") />
            </Choices>
            <label>
                {t("tier-models")} <textarea name="models" rows="4" spellcheck="false">
                    {models}
                </textarea>
            </label>
            <FieldError of="models" sentence=form.at("models") />
            <details>
                <summary>{t("tier-models-offered")}</summary>
                <ul class="code-list">
                    {offered.into_iter().map(|id| view! { <li><code>{id}</code></li> }).collect_view()}
                </ul>
            </details>
            <button class="button-small">{t(if is_new { "tier-make" } else { "tier-save" })}</button>
        </form>
    }
}
