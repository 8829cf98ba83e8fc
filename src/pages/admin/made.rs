//! `/admin/codes/made`: the codes that were just made, as links and QR codes: to copy, to show to a room, and to print as
//! cards. They are shown here and never again.

use std::sync::Arc;

use axum::{Extension, extract::State, response::Response};
use leptos::prelude::*;

use super::{AdminPage, Administrator, codes::gives, page};
use crate::{
    domain::Reason,
    error::AppError,
    pages::{Fresh, Notice, PageError, layout::Sidebar, qr::QrCode, sections::Section},
    server::{
        accounts::{
            Accounts,
            invitations::{JOIN, MadeCode},
            tiers::name_of,
        },
        conversations::Conversations,
        http::{client::Client, origin, site::Site},
    },
    ui::words::{t, t_with},
};

const HERE: &str = "/admin/codes";

/// `GET /admin/codes/made`. The seed of the codes is sealed into the address, for this administrator and some minutes.
pub async fn made(
    State(site): State<Arc<Site>>,
    State(conversations): State<Arc<Conversations>>,
    State(accounts): State<Arc<Accounts>>,
    Extension(client): Extension<Client>,
    Fresh { now, .. }: Fresh,
    Administrator(admin, days): Administrator,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, admin.current(), (now, days)).await?;
    let codes = match notice.codes() {
        Some(made) => accounts.made_codes(&admin, &made.seed, made.count).await?,
        None => Vec::new(),
    };
    let tier = match codes.first().and_then(|made| made.code.tier.clone()) {
        Some(id) => accounts.tier(&admin, &id).await.map(|tier| Some(name_of(&tier))),
        None => Ok(None),
    };
    let tier = tier.or_else(|error| if error == AppError::NotFound { Ok(None) } else { Err(error) })?;
    let site = origin::address(&site.config, &client);
    let render = move || {
        page(HERE).render(move || {
            let given = codes.first().map(|made| gives(&made.code, tier)).unwrap_or_default();
            let label = codes.first().map(|made| made.code.label.clone()).unwrap_or_default();
            let until = codes.first().and_then(|made| made.code.expires_at);
            let until =
                until.map(|at| t_with(Reason::new("code-expires-on").with("date", days.date_in_words(at))));
            let none = codes.is_empty();
            let count = t_with(Reason::new("codes-made").with("count", codes.len()));
            view! {
                <AdminPage here=HERE sidebar notice>
                    <Section id="made" title=t("codes-new")>
                        {none.then(|| view! { <p>{t("codes-gone")}</p> })}
                        {(!none)
                            .then(|| {
                                view! {
                                    <p role="status">{count}</p>
                                    <p class="muted">{t("codes-once")}</p>
                                }
                            })}
                        <div class="code-cards">
                            {codes
                                .into_iter()
                                .enumerate()
                                .map(|(at, made)| {
                                    let about = About {
                                        gives: given.clone(),
                                        label: label.clone(),
                                        until: until.clone(),
                                        site: site.clone(),
                                    };
                                    view! { <Card at made about /> }
                                })
                                .collect_view()}
                        </div>
                        <p class="page-link">
                            <a href=HERE>{t("codes-all")}</a>
                        </p>
                    </Section>
                </AdminPage>
            }
        })
    };
    // Drawing five hundred codes is work for some tenths of a second.
    Ok(tokio::task::block_in_place(render))
}

/// What all cards say.
struct About {
    gives: String,
    label: String,
    until: Option<String>,
    site: String,
}

/// A code to cut out. The link in it shows it over the whole screen, by the fragment of the address.
#[component]
fn Card(at: usize, made: MadeCode, about: About) -> impl IntoView {
    let About { gives, label, until, site } = about;
    let link = format!("{site}{JOIN}{}", made.secret.replace('-', ""));
    let room = format!("code-{at}");
    let name = t_with(Reason::new("code-qr").with("code", made.secret.as_str()));
    view! {
        <article class="code-card" id=room.clone()>
            <QrCode text=link.clone() label=name />
            <div>
                {(!label.is_empty()).then(|| view! { <strong dir="auto">{label}</strong> })}
                <p>{gives}</p>
                <code class="code-text">{made.secret}</code>
                <a class="code-link" href=link.clone()>
                    {link.clone()}
                </a>
                {until.map(|until| view! { <small class="muted">{until}</small> })}
                <a class="button-small code-show" href=format!("#{room}")>
                    {t("code-show")}
                </a>
                <a class="button-small code-back" href="#made">
                    {t("close")}
                </a>
            </div>
        </article>
    }
}
