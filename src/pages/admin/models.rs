//! `/admin/models`: the providers of models and what each offers; and a page for each that was added here.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;
use strum::VariantArray;

use super::{AdminPage, Administrator, page, provider_form::Form};
use crate::{
    domain::{ModelAccess, ModelChoices, ProviderState, ProviderView, Reason, Tier},
    pages::{Fresh, Id, Notice, PageError, layout::Sidebar, sections::Section},
    server::{
        accounts::{Accounts, tiers::name_of},
        conversations::{Conversations, ModelList},
        providers::{ModelProviders, access_word},
    },
    ui::words::{t, t_with},
};

const HERE: &str = "/admin/models";

/// `GET /admin/models`.
pub async fn models(
    State(conversations): State<Arc<Conversations>>,
    State(accounts): State<Arc<Accounts>>,
    State(models): State<Arc<ModelList>>,
    State(providers): State<Arc<ModelProviders>>,
    Fresh { now, .. }: Fresh,
    Administrator(admin, days): Administrator,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, admin.current(), (now, days)).await?;
    let tiers = accounts.tiers(&admin).await?;
    // So that what stands here is not old.
    models.offer().await;
    let all = providers.list(&admin).await?;
    // The list of providers has read them again.
    let chosen = models.choices();
    let configured = models.configured_default().map(str::to_owned);
    Ok(page(HERE).render(move || {
        let form = notice.of("/fn/save-provider");
        let is_empty = all.is_empty();
        let added = all.iter().filter(|it| it.id.is_some()).count();
        let first = all.len() - added;
        let fixed = configured.is_some();
        let default_model = configured.or_else(|| chosen.default_model.clone());
        let rows = all.into_iter().enumerate().map(|(at, provider)| {
            let (up, down) = (at > first, at + 1 < first + added);
            view! { <Row provider up down tiers=tiers.clone() chosen=chosen.clone() default_model=default_model.clone() default_is_fixed=fixed /> }
        });
        let rows = rows.collect_view();
        view! {
            <AdminPage here=HERE sidebar notice>
                <Section id="providers" title=t("providers")>
                    <p class="muted">{t("providers-hint")}</p>
                    {is_empty.then(|| view! { <p>{t("providers-none")}</p> })}
                    <ol class="code-list">{rows}</ol>
                    <p class="page-link">
                        <a href="/admin/tiers">{t("providers-tiers")}</a>
                    </p>
                </Section>
                <Section id="default" title=t("default-model")>
                    <DefaultModel default_model fixed />
                </Section>
                <Section id="new" title=t("providers-new")>
                    <Form provider=None form />
                </Section>
            </AdminPage>
        }
    }))
}

/// `GET /admin/models/{id}`.
pub async fn provider(
    State(conversations): State<Arc<Conversations>>,
    State(providers): State<Arc<ModelProviders>>,
    Fresh { now, .. }: Fresh,
    Administrator(admin, days): Administrator,
    Id(id): Id,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, admin.current(), (now, days)).await?;
    let provider = providers.open(&admin, &id).await?;
    Ok(page(HERE).render(move || {
        let form = notice.of("/fn/save-provider");
        let title = called(&provider);
        view! {
            <AdminPage here=HERE sidebar notice>
                <Section id="provider" title>
                    <p class="page-link">
                        <a href=HERE>{t("providers-all")}</a>
                    </p>
                    <Standing provider=provider.clone() />
                    <Form provider=Some(provider) form />
                </Section>
                <Section id="delete" title=t("providers-remove")>
                    <details>
                        <summary>{t("providers-remove-summary")}</summary>
                        <form method="post" action="/fn/remove-provider">
                            <input type="hidden" name="id" value=id />
                            <p class="muted">{t("providers-remove-hint")}</p>
                            <button class="button-small danger">{t("providers-remove")}</button>
                        </form>
                    </details>
                </Section>
            </AdminPage>
        }
    }))
}

/// What people call it.
fn called(provider: &ProviderView) -> String {
    let label = Some(&provider.label).filter(|label| !label.is_empty());
    label.unwrap_or(&provider.name).clone()
}

/// A provider in the list, with buttons for its place.
#[component]
fn Row(
    provider: ProviderView,
    up: bool,
    down: bool,
    tiers: Vec<Tier>,
    chosen: Arc<ModelChoices>,
    default_model: Option<String>,
    default_is_fixed: bool,
) -> impl IntoView {
    let name = called(&provider);
    let link = match &provider.id {
        Some(id) => view! { <a href=format!("{HERE}/{id}") dir="auto">{name.clone()}</a> }.into_any(),
        None => view! { <span dir="auto">{name.clone()}</span> }.into_any(),
    };
    let fixed =
        provider.id.is_none().then(|| view! { <span class="badge">{t("providers-configured")}</span> });
    let inside = provider.inside.then(|| view! { <span class="badge">{t("providers-inside")}</span> });
    let keyed = provider.has_key.then(|| view! { <span class="badge">{t("providers-has-key")}</span> });
    let moves = provider.id.clone().map(|id| {
        let places = [(up, "true", "providers-up"), (down, "false", "providers-down")];
        places.map(|(possible, value, key)| {
            let label = t_with(Reason::new(key).with("provider", name.clone()));
            let sign = if value == "true" { "↑" } else { "↓" };
            view! {
                <form method="post" action="/fn/move-provider">
                    <input type="hidden" name="id" value=id.clone() />
                    <button
                        class="button-small"
                        name="up"
                        value=value
                        disabled=!possible
                        aria-label=label.clone()
                        title=label
                    >
                        {sign}
                    </button>
                </form>
            }
        })
    });
    view! {
        <li>
            <div class="code-row">
                {link} <span class="badges">{fixed} {inside} {keyed}</span> {moves}
            </div>
            <code>{provider.base_url.clone()}</code>
            <Standing provider=provider.clone() />
            <Offered models=provider.offered tiers chosen default_model fixed=default_is_fixed />
        </li>
    }
}

/// What is known of a provider now, in a sentence.
#[component]
fn Standing(provider: ProviderView) -> impl IntoView {
    let (trouble, sentence) = match provider.state {
        ProviderState::Waiting => (false, t("providers-waiting")),
        ProviderState::Listed => {
            (false, t_with(Reason::new("providers-models").with("count", provider.offered.len())))
        }
        ProviderState::Failed => (true, provider.failure.map(t_with).unwrap_or_default()),
        ProviderState::Hidden => (true, t("providers-hidden")),
        ProviderState::KeyLost => (true, t("providers-key-lost")),
    };
    view! { <small class=if trouble { "field-error" } else { "muted" }>{sentence}</small> }
}

/// The model with which new conversations begin.
#[component]
fn DefaultModel(default_model: Option<String>, fixed: bool) -> impl IntoView {
    let removable = default_model.is_some() && !fixed;
    let sentence = match default_model {
        Some(id) => view! { <code>{id}</code> }.into_any(),
        None => t("default-model-none").into_any(),
    };
    view! {
        <p>{sentence}</p>
        <p class="muted">{if fixed { t("default-model-fixed") } else { t("default-model-hint") }}</p>
        {removable
            .then(|| {
                view! {
                    <form method="post" action="/fn/choose-model">
                        <input type="hidden" name="model" value="" />
                        <button class="button-small" name="default" value="true">
                            {t("default-model-remove")}
                        </button>
                    </form>
                }
            })}
    }
}

/// The models of a provider, and who may ask each.
#[component]
fn Offered(
    models: Vec<String>,
    tiers: Vec<Tier>,
    chosen: Arc<ModelChoices>,
    default_model: Option<String>,
    fixed: bool,
) -> impl IntoView {
    let rows = models.into_iter().map(|model| {
        let may: Vec<&Tier> = tiers.iter().filter(|tier| tier.allows(&model)).collect();
        let names = match (may.len(), may.len() == tiers.len()) {
            (0, _) => t("model-of-no-tier"),
            (_, true) => t("model-of-every-tier"),
            _ => may.into_iter().map(|tier| t_with(name_of(tier))).collect::<Vec<_>>().join(" · "),
        };
        let (is_default, access) = (default_model.as_ref() == Some(&model), chosen.access_of(&model));
        view! { <ModelRow model names access is_default fixed /> }
    });
    let rows: Vec<_> = rows.collect();
    (!rows.is_empty()).then(|| {
        view! {
            <details>
                <summary>{t("providers-models-shown")}</summary>
                <ul class="model-rows">{rows}</ul>
            </details>
        }
    })
}

#[component]
fn ModelRow(
    model: String,
    names: String,
    access: ModelAccess,
    is_default: bool,
    fixed: bool,
) -> impl IntoView {
    let label = t_with(Reason::new("model-who").with("model", model.clone()));
    let choices = ModelAccess::VARIANTS.iter().map(|each| {
        let word: &str = each.into();
        view! {
            <option value=word selected=*each == access>
                {t(access_word(*each))}
            </option>
        }
    });
    let choices = choices.collect_view();
    let badge = is_default.then(|| view! { <span class="badge">{t("default-model")}</span> });
    let make_default = !is_default && !fixed && access != ModelAccess::Nobody;
    view! {
        <li>
            <p>
                <code>{model.clone()}</code>
                " "
                <small class="muted">{names}</small>
                " "
                {badge}
            </p>
            <form class="model-row" method="post" action="/fn/choose-model">
                <input type="hidden" name="model" value=model />
                <select name="access" aria-label=label>
                    {choices}
                </select>
                <button class="button-small">{t("save")}</button>
                {make_default
                    .then(|| {
                        view! {
                            <button class="button-small" name="default" value="true">
                                {t("default-model-make")}
                            </button>
                        }
                    })}
            </form>
        </li>
    }
}
