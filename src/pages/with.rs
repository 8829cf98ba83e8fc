//! `/login/with/{name}`: on to a provider, and back from it.

use std::sync::Arc;

use axum::{
    Extension, Form,
    extract::{FromRequest, Request, State},
    http::{Extensions, HeaderValue, Method, header},
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;
use serde::Deserialize;

use crate::{
    domain::{CurrentUser, Look, Reason},
    error::AppError,
    pages::{Id, PageError, Query},
    server::{
        accounts::{
            AWAY_SECONDS, Accounts, Arrived, Back, Caller, Leaving, Purpose, Returned, TICKET_SECONDS,
        },
        http::{
            body,
            cookie::{Passing, SessionCookie},
            document::Page,
            flash::{self, Flash, Told, Typed},
            gate, redirect,
            site::Site,
        },
        words,
    },
    ui::{
        parts::Brand,
        words::{t, t_with},
    },
};

const SETTINGS: &str = "/settings/sign-in";

/// A button for each provider. `purpose`: empty to sign in, else `connect` or `prove`.
#[component]
pub fn Ways(
    ways: Vec<(String, String)>,
    next: Option<String>,
    code: String,
    #[prop(default = "")] purpose: &'static str,
) -> impl IntoView {
    let says = match purpose {
        "connect" => "identity-connect",
        _ => "sign-in-with",
    };
    ways.into_iter()
        .map(|(name, label)| {
            let label = t_with(Reason::new(says).with("name", label));
            view! {
                <form class="way" method="post" action=format!("/login/with/{name}")>
                    {next.clone().map(|next| view! { <input type="hidden" name="next" value=next /> })}
                    {(!code.is_empty())
                        .then(|| view! { <input type="hidden" name="code" value=code.clone() /> })}
                    {(!purpose.is_empty())
                        .then(|| view! { <input type="hidden" name="purpose" value=purpose /> })}
                    <button class="button-small">{label}</button>
                </form>
            }
        })
        .collect_view()
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wanted {
    next: Option<String>,
    code: String,
    purpose: String,
}

/// `POST /login/with/{name}`. The answer is a page that leads on, and no redirect: browsers refuse a form whose redirects
/// leave the site, because the site's policy says so.
pub async fn leave(
    State(accounts): State<Arc<Accounts>>,
    State(site): State<Arc<Site>>,
    Extension(cookie): Extension<SessionCookie>,
    Id(name): Id,
    extensions: Extensions,
    request: Request,
) -> Result<Response, PageError> {
    let current = gate::found(&extensions)?;
    let caller = extensions.get::<Caller>().cloned().unwrap_or_default();
    let wanted = wanted(body::read(&site.config.limits, request).await?).await;
    let session = || current.as_ref().map(|current| current.session_id.clone()).ok_or(AppError::SignedOut);
    let purpose = match wanted.purpose.as_str() {
        "connect" => Purpose::Connect(session()?),
        "prove" => Purpose::Prove(session()?),
        _ => Purpose::Enter,
    };
    let next = wanted.next.as_deref().and_then(redirect::local);
    let leaving = accounts
        .leave_for(&name, (purpose.clone(), current.as_ref()), (next, wanted.code.trim()), &caller)
        .await;
    let Leaving { address, label, sealed } = match leaving {
        Ok(leaving) => leaving,
        Err(error @ (AppError::Forbidden { .. } | AppError::Overloaded)) => {
            return Ok(refused(&site, (&purpose, current.as_ref()), error));
        }
        Err(error) => return Err(PageError::at(error, SETTINGS)),
    };
    let refresh = HeaderValue::from_str(&format!("0; url={address}")).map_err(|_| AppError::Internal)?;
    let title = words::current().text(&Reason::new("sign-in-way-going").with("name", label.clone()));
    let page = Page { class: "centered-page", ..Page::new(title.clone()) };
    let mut response = page.render(move || {
        view! {
            <main class="card">
                <Brand />
                <h1>{title}</h1>
                <p>
                    <a class="button-primary" href=address>
                        {t_with(Reason::new("sign-in-with").with("name", label))}
                    </a>
                </p>
                <p class="muted">
                    <a href="/login">{t("sign-in-way-back")}</a>
                </p>
            </main>
        }
    });
    let kept = cookie.set_passing(Passing::Away, Some(&sealed), AWAY_SECONDS);
    response.headers_mut().insert("refresh", refresh);
    add(&mut response, &kept);
    Ok(response)
}

async fn wanted(bytes: axum::body::Bytes) -> Wanted {
    let mut whole = Request::new(bytes.into());
    *whole.method_mut() = Method::POST;
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    whole.headers_mut().insert(header::CONTENT_TYPE, kind);
    Form::from_request(whole, &()).await.map(|form| form.0).unwrap_or_default()
}

/// What a provider adds to the address.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Answer {
    code: String,
    state: String,
    error: String,
}

/// `GET /login/with/{name}/back`, where the provider sends people.
pub async fn back(
    State(accounts): State<Arc<Accounts>>,
    State(site): State<Arc<Site>>,
    Extension(cookie): Extension<SessionCookie>,
    Id(name): Id,
    Query(answer): Query<Answer>,
    extensions: Extensions,
) -> Result<Response, PageError> {
    let current = gate::found(&extensions)?;
    let caller = extensions.get::<Caller>().cloned().unwrap_or_default();
    let back = Back {
        way: &name,
        sealed: cookie.passing(Passing::Away).unwrap_or_default(),
        state: &answer.state,
        code: &answer.code,
        error: &answer.error,
    };
    let Returned { purpose, next, outcome } = accounts.come_back(back, current.as_ref(), &caller).await;
    let next = next.as_deref().and_then(redirect::local);
    let mut response = match outcome {
        Ok(Arrived::In(signed_in)) => {
            let mut response = Redirect::to(next.unwrap_or("/")).into_response();
            add(&mut response, &cookie.set(Some(&signed_in.token), site.clock.now()));
            let look = signed_in.user.preferences.look();
            if look != Look::default() {
                add(&mut response, &cookie.look(look));
            }
            response
        }
        Ok(Arrived::CodeWanted(ticket)) => {
            let mut response = Redirect::to(&redirect::leading_on("/login/code", next)).into_response();
            add(&mut response, &cookie.set_passing(Passing::Code, Some(&ticket), TICKET_SECONDS));
            response
        }
        Ok(Arrived::Connected) => {
            let told = Told::say("identity-connected");
            Redirect::to(&with_told(&site, SETTINGS, told, current.as_ref())).into_response()
        }
        Ok(Arrived::Proved) => Redirect::to(next.unwrap_or(SETTINGS)).into_response(),
        Err(error) => refused(&site, (&purpose, current.as_ref()), error),
    };
    // It counts once.
    add(&mut response, &cookie.set_passing(Passing::Away, None, 0));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Leads to the page from which the person came, which says why.
fn refused(site: &Site, (purpose, current): (&Purpose, Option<&CurrentUser>), error: AppError) -> Response {
    let page = match (purpose, current) {
        (_, None) => "/login",
        (Purpose::Prove(_), Some(_)) => "/settings/prove",
        (Purpose::Enter | Purpose::Connect(_), Some(_)) => SETTINGS,
    };
    let told = Told::Refused { form: "/login/with".to_owned(), error };
    Redirect::to(&with_told(site, page, told, current)).into_response()
}

fn with_told(site: &Site, page: &str, told: Told, current: Option<&CurrentUser>) -> String {
    let flash = Flash { told, typed: Typed::default() };
    let sealed = site.flashes.seal(flash, page, current.map(CurrentUser::id));
    sealed.map_or_else(|| page.to_owned(), |sealed| format!("{page}?{}={sealed}", flash::PARAMETER))
}

fn add(response: &mut Response, line: &str) {
    if let Ok(line) = HeaderValue::from_str(line) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
}
