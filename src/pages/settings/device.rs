//! `/settings/sign-in/device`: the side of signing in on another device that is signed in.

use std::sync::Arc;

use axum::{Extension, extract::State, http::HeaderValue, response::Response};
use leptos::prelude::*;

use super::{SettingsPage, page};
use crate::{
    domain::Reason,
    pages::{
        Fresh, Notice, PageError, Visitor,
        device::{LOOK_AGAIN, grouped},
        layout::Sidebar,
        qr::QrCode,
        sections::Section,
    },
    server::{
        accounts::{Accounts, DeviceStep},
        conversations::Conversations,
        http::{client::Client, origin, site::Site},
    },
    ui::words::{t, t_with},
};

const PARENT: &str = "/settings/sign-in";
const HERE: &str = "/settings/sign-in/device";

/// The way to it, on the page of signing in.
#[component]
pub fn AnotherDevice() -> impl IntoView {
    view! {
        <Section id="device" title=t("device-title")>
            <p class="muted">{t("device-about")}</p>
            <p>
                <a class="button-small" href=HERE>
                    {t("device-title")}
                </a>
            </p>
        </Section>
    }
}

/// `GET /settings/sign-in/device`. While something is waited for, the browser loads it again after some seconds.
pub async fn device(
    State(conversations): State<Arc<Conversations>>,
    State(accounts): State<Arc<Accounts>>,
    State(site): State<Arc<Site>>,
    Extension(client): Extension<Client>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    notice: Notice,
) -> Result<Response, PageError> {
    let step = accounts.device_link(&current).await.map_err(|error| PageError::at(error, HERE))?;
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let site = origin::address(&site.config, &client);
    let waits = matches!(step, Some(DeviceStep::Shown { .. } | DeviceStep::Confirmed));
    let mut response = page(PARENT).render(move || {
        view! {
            <SettingsPage here=PARENT sidebar notice>
                <Section id="device" title=t("device-title")>
                    {match step {
                        None => begin("device-about").into_any(),
                        Some(DeviceStep::Shown { code }) => shown(&site, code).into_any(),
                        Some(DeviceStep::Asked { name, address, number }) => {
                            asked(name, address, number).into_any()
                        }
                        Some(DeviceStep::Confirmed) => {
                            view! { <p role="status">{t("device-confirmed")}</p> }.into_any()
                        }
                        Some(DeviceStep::Done) => begin("device-done").into_any(),
                    }}
                </Section>
            </SettingsPage>
        }
    });
    if waits {
        response.headers_mut().insert("refresh", HeaderValue::from_static(LOOK_AGAIN));
    }
    Ok(response)
}

fn begin(sentence: &'static str) -> impl IntoView {
    view! {
        <p role="status">{t(sentence)}</p>
        <form method="post" action="/fn/device-link">
            <button class="button-primary">{t("device-show")}</button>
        </form>
    }
}

fn shown(site: &str, code: String) -> impl IntoView {
    let scan = t_with(Reason::new("device-scan").with("address", format!("{site}/device")));
    view! {
        <p>{scan}</p>
        <QrCode text=format!("{site}/device/{code}") label=t("device-qr") />
        <p>
            <code class="key">{grouped(&code)}</code>
        </p>
        <div class="row">
            <a class="button-small" href=HERE>
                {t("device-look")}
            </a>
            <form method="post" action="/fn/device-refuse">
                <button class="button-small">{t("device-cancel")}</button>
            </form>
        </div>
    }
}

fn asked(name: String, address: String, number: u32) -> impl IntoView {
    let name = if name.is_empty() { t("device-silent") } else { name };
    let address = if address.is_empty() { t("device-address-unknown") } else { address };
    let asks = Reason::new("device-asks").with("name", name).with("address", address);
    view! {
        <p role="status">{t_with(asks)}</p>
        <p class="device-number">{number.to_string()}</p>
        <p>{t("device-is-it")}</p>
        <div class="row">
            <form method="post" action="/fn/device-confirm">
                <input type="hidden" name="number" value=number.to_string() />
                <button class="button-primary">{t("device-confirm")}</button>
            </form>
            <form method="post" action="/fn/device-refuse">
                <button class="button-small">{t("device-refuse")}</button>
            </form>
        </div>
    }
}
