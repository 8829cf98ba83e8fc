//! The second factor: its section on the page of signing in, the page that shows the seed, and that of the recovery codes.

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;

use super::{SettingsPage, page};
use crate::{
    domain::Reason,
    pages::{
        Fresh, Notice, PageError, Visitor, fields::CodeField, layout::Sidebar, qr::QrCode, sections::Section,
    },
    server::{
        accounts::{Accounts, FactorState},
        conversations::Conversations,
    },
    ui::words::{t, t_with},
};

const HERE: &str = "/settings/sign-in";
const APP: &str = "/settings/sign-in/app";
/// How many characters of a key stand together.
const GROUP: usize = 4;

/// What there is of a second factor, and how it is switched on or off.
#[component]
pub fn SecondFactor(state: FactorState) -> impl IntoView {
    let FactorState { on, recovery_left } = state;
    view! {
        <Section id="second-factor" title=t("second-factor")>
            {if on {
                let left = t_with(Reason::new("recovery-left").with("count", recovery_left));
                view! {
                    <p>{t("second-factor-is-on")}</p>
                    <p class="muted">{left}</p>
                    <div class="row">
                        <form method="post" action="/fn/recovery-codes">
                            <button class="button-small">{t("recovery-new")}</button>
                        </form>
                        <form method="post" action="/fn/second-factor-off">
                            <button class="button-small">{t("second-factor-end")}</button>
                        </form>
                    </div>
                }
                    .into_any()
            } else {
                view! {
                    <p class="muted">{t("second-factor-about")}</p>
                    <form method="post" action="/fn/second-factor-begin">
                        <button class="button-small">{t("second-factor-begin")}</button>
                    </form>
                }
                    .into_any()
            }}
        </Section>
    }
}

/// `GET /settings/sign-in/app`: the seed that waits to be confirmed.
pub async fn app(
    State(conversations): State<Arc<Conversations>>,
    State(accounts): State<Arc<Accounts>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    notice: Notice,
) -> Result<Response, PageError> {
    let found = accounts.unconfirmed_factor(&current).await.map_err(|error| PageError::at(error, APP))?;
    let Some(enrolment) = found else { return Ok(Redirect::to(HERE).into_response()) };
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    Ok(page(HERE).render(move || {
        let refused = notice.of("/fn/second-factor-confirm").at("code");
        let key: Vec<&str> =
            enrolment.key.as_bytes().chunks(GROUP).filter_map(|part| str::from_utf8(part).ok()).collect();
        let key = key.join(" ");
        view! {
            <SettingsPage here=HERE sidebar notice>
                <Section id="app" title=t("second-factor")>
                    <ol class="steps">
                        <li>
                            <p>{t("second-factor-scan")}</p>
                            <QrCode text=enrolment.address label=t("second-factor-qr") />
                            <p class="muted">{t("second-factor-key")}</p>
                            <p>
                                <code class="key">{key}</code>
                            </p>
                        </li>
                        <li>
                            <p>{t("second-factor-type")}</p>
                            <form method="post" action="/fn/second-factor-confirm">
                                <CodeField digits=true refused=refused />
                                <button class="button-primary">{t("second-factor-confirm")}</button>
                            </form>
                        </li>
                    </ol>
                    <p class="muted">
                        <a href=HERE>{t("second-factor-not-now")}</a>
                    </p>
                </Section>
            </SettingsPage>
        }
    }))
}

/// `GET /settings/sign-in/recovery`: new recovery codes, which only the form that made them leads to.
pub async fn recovery(
    State(conversations): State<Arc<Conversations>>,
    Fresh { now, .. }: Fresh,
    Visitor(current, days): Visitor,
    notice: Notice,
) -> Result<Response, PageError> {
    let Some(codes) = notice.recovery_codes() else { return Ok(Redirect::to(HERE).into_response()) };
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    Ok(page(HERE).render(move || {
        view! {
            <SettingsPage here=HERE sidebar notice>
                <Section id="recovery" title=t("recovery-codes")>
                    <p role="status">{t("recovery-about")}</p>
                    <ol class="recovery-codes">
                        {codes.into_iter().map(|code| view! { <li><code>{code}</code></li> }).collect_view()}
                    </ol>
                    <p>
                        <a class="button-primary" href=HERE>
                            {t("recovery-kept")}
                        </a>
                    </p>
                </Section>
            </SettingsPage>
        }
    }))
}
