//! `/settings/devices`: the browsers in which one is signed in, and the API keys of one's programs.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use leptos::prelude::*;
use serde::Deserialize;

use super::{SettingsPage, page};
use crate::{
    domain::{ApiKey, CurrentUser, Device, Reason, Scope},
    error::AppError,
    pages::{
        Fresh, Notice, PageError, Visitor,
        copy_button::CopyButton,
        days::Days,
        fields::{Choice, Choices, Field, FieldError, invalid},
        layout::Sidebar,
        sections::Section,
    },
    server::{
        accounts::{
            Accounts,
            keys::{MAX_KEY_DAYS, MAX_KEY_NAME_CHARS, NewKey},
        },
        conversations::Conversations,
        http::{body, site::Site},
    },
    ui::words::{around, t, t_with},
};

const HERE: &str = "/settings/devices";

/// The form of a new key. A field that cannot be read counts as empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct NewKeyForm {
    name: String,
    scope: String,
    days: String,
}

impl NewKeyForm {
    fn read(&self) -> Result<NewKey<'_>, AppError> {
        let scope =
            self.scope.parse().map_err(|_| AppError::invalid("scope", Reason::new("key-scope-missing")))?;
        let days = Some(self.days.trim()).filter(|days| !days.is_empty()).map(str::parse).transpose();
        let days = days.map_err(|_| {
            AppError::invalid("days", Reason::new("key-days-not-valid").with("most", MAX_KEY_DAYS))
        })?;
        Ok(NewKey { name: &self.name, scope, days })
    }
}

/// What the page shows of the form of a new key: nothing yet, what was refused, or the key that was made.
enum Made {
    Nothing,
    Refused(NewKeyForm),
    /// The name of the key and its text, which is shown this once.
    Key(String, String),
}

/// `GET /settings/devices`.
pub async fn devices(
    State(accounts): State<Arc<Accounts>>,
    State(conversations): State<Arc<Conversations>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    notice: Notice,
) -> Result<Response, PageError> {
    shown((&*accounts, &*conversations), (&current, now, days), notice, Made::Nothing).await
}

/// `POST /settings/devices`: makes a key. The answer is the page itself, because no redirect can carry the key: an address
/// is kept in logs and in the history of a browser.
pub async fn make_key(
    State(site): State<Arc<Site>>,
    State(accounts): State<Arc<Accounts>>,
    State(conversations): State<Arc<Conversations>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    request: Request,
) -> Result<Response, PageError> {
    let form = form(body::read(&site.config.limits, request).await?).await;
    let services = (&*accounts, &*conversations);
    let made = match form.read() {
        Ok(new) => accounts.make_key(&current, new).await,
        Err(error) => Err(error),
    };
    match made {
        Ok((key, text)) => {
            let made = Made::Key(key.name, text);
            shown(services, (&current, now, days), Notice::default(), made).await
        }
        Err(error @ AppError::Invalid { .. }) => {
            let notice = Notice::of_refused(HERE, error);
            let page = shown(services, (&current, now, days), notice, Made::Refused(form)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(error) => Err(PageError::at(error, HERE)),
    }
}

async fn form(bytes: Bytes) -> NewKeyForm {
    let mut whole = Request::new(bytes.into());
    *whole.method_mut() = axum::http::Method::POST;
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    whole.headers_mut().insert(header::CONTENT_TYPE, kind);
    axum::Form::from_request(whole, &()).await.map(|form| form.0).unwrap_or_default()
}

async fn shown(
    (accounts, conversations): (&Accounts, &Conversations),
    (current, now, days): (&CurrentUser, i64, Days),
    notice: Notice,
    made: Made,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(conversations, current, (now, days)).await?;
    let (devices, keys) = (accounts.devices(current).await?, accounts.keys(current).await?);
    let clock = Shown { now, days };
    Ok(page(HERE).render(move || {
        view! {
            <SettingsPage here=HERE sidebar notice=notice.clone()>
                <Section id="devices" title=t("devices")>
                    <Devices devices clock />
                </Section>
                <Section id="keys" title=t("api-keys")>
                    <p class="muted">{t("api-keys-hint")}</p>
                    <Keys keys clock />
                    <KeyForm made notice=notice.of(HERE) />
                </Section>
            </SettingsPage>
        }
    }))
}

/// How times are shown on the page.
#[derive(Clone, Copy)]
struct Shown {
    now: i64,
    days: Days,
}

/// A time, with a sentence around it that has the parameter `time`.
#[component]
fn At(words: (String, String), time: i64, clock: Shown) -> impl IntoView {
    let when = clock.days.when(clock.now, time, None);
    view! {
        <span>{words.0} <time datetime=when.machine>{when.whole}</time> {words.1}</span>
    }
}

#[component]
fn Devices(devices: Vec<Device>, clock: Shown) -> impl IntoView {
    let others = devices.len() > 1;
    let rows = devices.into_iter().map(|device| {
        let Device { id, name, address, last_seen_at, is_current, .. } = device;
        let name = if name.is_empty() { t("device-unknown") } else { name };
        let end = t_with(Reason::new("device-end-named").with("name", name.clone()));
        let own = is_current.then(|| view! { <span class="badge">{t("device-this")}</span> });
        let seen = (!is_current).then(|| {
            view! {
                <span class="muted">
                    <At words=around("device-seen", "time") time=last_seen_at clock />
                </span>
            }
        });
        let form = (!is_current).then(|| {
            view! {
                <form method="post" action="/fn/end-device">
                    <input type="hidden" name="id" value=id />
                    <button class="button-small" aria-label=end>
                        {t("device-end")}
                    </button>
                </form>
            }
        });
        view! {
            <li>
                <p>
                    <strong dir="auto">{name}</strong>
                    {own}
                    <span class="muted">{address}</span>
                    {seen}
                </p>
                {form}
            </li>
        }
    });
    view! {
        <ul class="devices">{rows.collect_view()}</ul>
        {others
            .then(|| {
                view! {
                    <form method="post" action="/fn/end-other-devices">
                        <button class="button-small">{t("devices-end-others")}</button>
                    </form>
                }
            })}
    }
}

/// The key of the name of a scope.
fn scope_name(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => "scope-read",
        Scope::Chat => "scope-chat",
        Scope::All => "scope-all",
    }
}

#[component]
fn Keys(keys: Vec<ApiKey>, clock: Shown) -> impl IntoView {
    let rows = keys.into_iter().map(|key| {
        let ApiKey { id, name, scope, used_at, used_from, expires_at, .. } = key;
        let end = t_with(Reason::new("key-end-named").with("name", name.clone()));
        let used = match used_at {
            Some(time) => view! { <At words=around("key-used", "time") time clock /> }.into_any(),
            None => view! { <span>{t("key-unused")}</span> }.into_any(),
        };
        let expires = expires_at.map(|time| {
            view! {
                <span class="muted">
                    <At words=around("key-expires", "time") time clock />
                </span>
            }
        });
        view! {
            <li>
                <p>
                    <strong dir="auto">{name}</strong>
                    <span class="muted">{t(scope_name(scope))}</span>
                    <span class="muted">{used}</span>
                    {used_from.map(|address| view! { <span class="muted">{address}</span> })}
                    {expires}
                </p>
                <form method="post" action="/fn/end-key">
                    <input type="hidden" name="id" value=id />
                    <button class="button-small" aria-label=end>
                        {t("api-key-end")}
                    </button>
                </form>
            </li>
        }
    });
    view! { <ul class="devices">{rows.collect_view()}</ul> }
}

/// The key that was made, and the form for another one.
#[component]
fn KeyForm(made: Made, notice: Notice) -> impl IntoView {
    let (form, key) = match made {
        Made::Nothing => (NewKeyForm::default(), None),
        Made::Refused(form) => (form, None),
        Made::Key(name, text) => (NewKeyForm::default(), Some((name, text))),
    };
    let chosen: Scope = form.scope.parse().unwrap_or(Scope::Read);
    let scopes = [Scope::Read, Scope::Chat, Scope::All].map(|scope| {
        let label = t(scope_name(scope));
        view! { <Choice name="scope" value=scope.into_str() checked=scope == chosen label /> }
    });
    let (days_refused, described) = (notice.at("days"), "days");
    let (is_invalid, error_id) = invalid(described, days_refused.as_ref());
    view! {
        {key.map(|(name, text)| view! { <ShownOnce name text /> })}
        <h3>{t("key-new")}</h3>
        <form method="post" action=HERE>
            <Field
                label=t("key-name")
                kind="text"
                name="name"
                autocomplete="off"
                hint=t_with(Reason::new("key-name-hint").with("most", MAX_KEY_NAME_CHARS))
                value=form.name
                refused=notice.at("name")
            />
            <Choices legend=t("key-scope") name="scope" refused=notice.at("scope")>
                {scopes.collect_view()}
            </Choices>
            <label>
                {t("key-days")}
                <input
                    type="number"
                    name="days"
                    min="1"
                    max=MAX_KEY_DAYS
                    value=form.days
                    aria-invalid=is_invalid
                    aria-describedby=error_id
                /> <small>{t("key-days-hint")}</small>
            </label>
            <FieldError of="days" sentence=days_refused />
            <button class="button-small">{t("key-make")}</button>
        </form>
    }
}

/// A new key, to be copied.
#[component]
fn ShownOnce(name: String, text: String) -> impl IntoView {
    view! {
        <div class="success shown-once" role="status">
            <p>{t_with(Reason::new("key-made").with("name", name))}</p>
            <input readonly=true value=text.clone() aria-label=t("key-text") spellcheck="false" />
            <CopyButton text />
        </div>
    }
}
