//! [`Form`]: how a form that is posted without JavaScript is answered. It leads to a page of this site, which tells an
//! error and shows again what was typed, except passwords.

use std::collections::BTreeMap;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{
    client::{Client, Origin},
    errors,
    flash::{Flash, PARAMETER, Told, Typed, short_params, shown_again},
    gate, origin, redirect,
    site::Site,
};
use crate::{
    domain::{TEMPORARY, params::TypedParams},
    error::AppError,
    server::config::Config,
    ui::parts::RefusedForm,
};

/// In bytes: longer than any e-mail address or name that is accepted.
const MAX_TYPED_BYTES: usize = 400;
/// In bytes: longer than any parameter of a model that is accepted.
const MAX_NUMBER_BYTES: usize = 40;
/// In bytes: a list of models that has room in an address.
const MAX_LIST_BYTES: usize = 2000;
/// In bytes: a topic of a room that has room in an address.
const MAX_TOPIC_BYTES: usize = 800;
/// The page for proving who one is.
const PROVE: &str = "/settings/prove";

/// A form as it was posted.
pub struct Form {
    /// The path that it was posted to.
    action: String,
    fields: Fields,
    /// Path and query of the page that it stands on, if that is one of this site.
    page: Option<String>,
    /// The id of the person who is signed in.
    viewer: Option<String>,
}

/// The fields of all forms of this site that are shown again; each form has some of them.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields {
    id: Option<String>,
    email: Option<String>,
    name: Option<String>,
    next: Option<String>,
    code: Option<String>,
    text: Option<String>,
    conversation_id: Option<String>,
    message_id: Option<String>,
    model: Option<String>,
    key: Option<String>,
    picture_initial: Option<String>,
    topic: Option<String>,
    reason: Option<String>,
    system_prompt: Option<String>,
    label: Option<String>,
    base_url: Option<String>,
    models: Option<String>,
    #[serde(flatten)]
    params: TypedParams,
    #[serde(flatten)]
    others: BTreeMap<String, String>,
}

impl Form {
    /// `body` is the whole body. Fields that cannot be read count as missing.
    pub async fn read(site: &Site, head: &Parts, body: Bytes) -> Self {
        let mut copy = Request::new(Body::from(body));
        *copy.method_mut() = head.method.clone();
        if let Some(kind) = head.headers.get(header::CONTENT_TYPE) {
            copy.headers_mut().insert(header::CONTENT_TYPE, kind.clone());
        }
        let fields = axum::Form::<Fields>::from_request(copy, &()).await;
        let found = gate::found(&head.extensions).ok().flatten();
        Self {
            action: head.uri.path().to_owned(),
            fields: fields.map(|fields| fields.0).unwrap_or_default(),
            page: head.extensions.get().and_then(|client| page_of(&site.config, client, &head.headers)),
            viewer: found.map(|current| current.user.id),
        }
    }

    /// The answer to a form that was carried out: a redirect to where the function says, or back to the form's page.
    pub fn done(&self, answer: Response) -> Response {
        if !answer.status().is_success() {
            return AppError::NotFound.into_response();
        }
        let (mut parts, _) = answer.into_parts();
        for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH] {
            parts.headers.remove(name);
        }
        if !parts.headers.contains_key(header::LOCATION) {
            let back = self.page.as_deref().unwrap_or("/");
            parts.headers.insert(header::LOCATION, location(back));
        }
        parts.status = StatusCode::FOUND;
        Response::from_parts(parts, Body::empty())
    }

    /// The answer to a form that was refused. A long text is shown again on the error's page, because it has no room in an
    /// address. Any other form leads back to its page, or to the error's page if that one tells no errors.
    /// Where a proof of identity is wanted first, it leads to the page that asks for it.
    pub fn refused(self, site: &Site, error: AppError) -> Response {
        if error == AppError::ProofRequired {
            let page = self.page_that_asks_for_proof(site);
            return (StatusCode::FOUND, [(header::LOCATION, location(&page))]).into_response();
        }
        if let Some(again) = self.question().or_else(|| self.instructions()) {
            return errors::page(&error, Some(again));
        }
        match self.page_that_tells(site, &error) {
            Some(page) => (StatusCode::FOUND, [(header::LOCATION, location(&page))]).into_response(),
            None => error.into_response(),
        }
    }

    /// The form of a question or another text, to be shown again.
    fn question(&self) -> Option<RefusedForm> {
        let actions = ["/fn/ask", "/fn/edit", "/fn/post", "/fn/edit-post", "/fn/set-about", "/fn/leave-note"];
        let action = actions.into_iter().find(|action| *action == self.action)?;
        let fields = &self.fields;
        // From here a temporary question can only be asked in a conversation that is stored.
        let conversation_id = fields.conversation_id.clone().filter(|id| id != TEMPORARY);
        let hidden = [
            ("id", fields.id.as_ref()),
            ("conversation_id", conversation_id.as_ref()),
            ("message_id", fields.message_id.as_ref()),
            ("model", fields.model.as_ref()),
            ("key", fields.key.as_ref()),
            ("reply_to", fields.others.get("reply_to")),
            ("asks", fields.others.get("asks")),
        ];
        let hidden = hidden.into_iter().filter_map(|(name, value)| Some((name, value.cloned()?))).collect();
        Some(RefusedForm { action, hidden, field: "text", text: fields.text.clone()? })
    }

    /// The form of instructions for a model, to be shown again; `None` for those that are short enough for an address.
    fn instructions(&self) -> Option<RefusedForm> {
        let actions = ["/fn/set-chat-defaults", "/fn/set-conversation", "/fn/save-room"];
        let action = actions.into_iter().find(|action| *action == self.action)?;
        let text = self.fields.system_prompt.clone().filter(|text| text.len() > MAX_TYPED_BYTES)?;
        let TypedParams { temperature, top_p, max_tokens, reasoning_effort, turns } =
            self.fields.params.clone();
        let hidden = [
            ("id", self.fields.id.clone()),
            ("conversation_id", self.fields.conversation_id.clone()),
            ("temperature", temperature),
            ("top_p", top_p),
            ("max_tokens", max_tokens),
            ("reasoning_effort", reasoning_effort),
            ("turns", turns),
        ];
        let hidden = hidden.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        Some(RefusedForm { action, hidden, field: "system_prompt", text })
    }

    fn page_that_tells(&self, site: &Site, error: &AppError) -> Option<String> {
        let back = self.page.clone().filter(|page| tells(path_of(page)));
        // Only the page on which a form of settings stands shows it again with what was typed and what is wrong with it.
        let page = match (self.action.as_str(), error) {
            // The password has to be given again.
            ("/fn/login-code", AppError::Conflict { .. }) => {
                redirect::leading_on("/login", self.fields.next.as_deref())
            }
            _ => self.settings_page().or(back).or_else(|| self.own_page())?,
        };
        self.telling(site, &page, Told::Refused { form: self.action.clone(), error: error.clone() })
    }

    /// The page for proving who one is, which leads back to the form with what was typed into it.
    fn page_that_asks_for_proof(&self, site: &Site) -> String {
        let page = self.settings_page().or_else(|| self.page.clone());
        let told = Told::SendAgain { form: self.action.clone() };
        let back = page.map(|page| self.telling(site, &page, told).unwrap_or(page));
        redirect::leading_on(PROVE, back.as_deref())
    }

    /// The address of a page that tells this.
    fn telling(&self, site: &Site, page: &str, told: Told) -> Option<String> {
        let short = |text: &Option<String>| text.clone().filter(|text| text.len() <= MAX_TYPED_BYTES);
        let fields = &self.fields;
        let typed = Typed {
            email: short(&fields.email),
            name: short(&fields.name),
            picture_initial: short(&fields.picture_initial),
            topic: fields.topic.clone().filter(|topic| topic.len() <= MAX_TOPIC_BYTES),
            reason: fields.reason.clone().filter(|reason| reason.len() <= 3 * MAX_TOPIC_BYTES),
            system_prompt: short(&fields.system_prompt),
            label: short(&fields.label),
            base_url: short(&fields.base_url),
            model: short(&fields.model).filter(|_| self.action == "/fn/save-room"),
            code: short(&fields.code).filter(|_| self.action == "/fn/open-code"),
            models: fields.models.clone().filter(|models| models.len() <= MAX_LIST_BYTES),
            params: short_params(&fields.params, MAX_NUMBER_BYTES),
            others: shown_again(&fields.others, MAX_NUMBER_BYTES),
        };
        let sealed = site.flashes.seal(Flash { told, typed }, path_of(page), self.viewer.as_deref())?;
        let sign = if page.contains('?') { '&' } else { '?' };
        Some(format!("{page}{sign}{PARAMETER}={sealed}"))
    }

    /// The page of settings on which such a form stands.
    fn settings_page(&self) -> Option<String> {
        let page = match self.action.as_str() {
            "/fn/set-name" | "/fn/set-email" | "/fn/set-picture" | "/fn/show-presence" => "/settings",
            "/fn/make-codes" | "/fn/end-codes" => "/admin/codes",
            "/fn/delete-tier" => "/admin/tiers",
            "/fn/move-provider" | "/fn/remove-provider" | "/fn/choose-model" => "/admin/models",
            "/fn/set-registration" => "/admin/people",
            "/fn/set-chat-defaults" => "/settings/chat",
            "/fn/set-password"
            | "/fn/disconnect"
            | "/fn/second-factor-begin"
            | "/fn/recovery-codes"
            | "/fn/second-factor-off" => "/settings/sign-in",
            "/fn/end-device" | "/fn/end-other-devices" | "/fn/end-key" => "/settings/devices",
            "/fn/delete-account" | "/fn/keep-account" | "/fn/make-export" | "/fn/remove-export" => {
                "/settings/data"
            }
            "/fn/device-link" | "/fn/device-confirm" | "/fn/device-refuse" => "/settings/sign-in/device",
            "/fn/device-ask" | "/fn/device-claim" => "/device",
            "/fn/second-factor-confirm" => "/settings/sign-in/app",
            "/fn/prove" => return Some(redirect::leading_on(PROVE, self.fields.next.as_deref())),
            // These two stand on the pages for signing in as well.
            "/fn/set-appearance" | "/fn/set-language" if self.viewer.is_some() => "/settings/appearance",
            "/fn/set-conversation" => {
                let id = self.fields.conversation_id.as_deref()?;
                return redirect::local(&format!("/c/{id}/settings")).map(str::to_owned);
            }
            _ => return None,
        };
        Some(page.to_owned())
    }

    /// The page that any other such form stands on, for a browser that sends no `Referer`.
    fn own_page(&self) -> Option<String> {
        let page = match self.action.as_str() {
            "/fn/login" => return Some(redirect::leading_on("/login", self.fields.next.as_deref())),
            "/fn/login-code" => {
                return Some(redirect::leading_on("/login/code", self.fields.next.as_deref()));
            }
            "/fn/open-code" => "/join",
            "/fn/register" if self.fields.others.contains_key("invited") => {
                return below("/join", self.fields.code.as_deref()?);
            }
            "/fn/register" => match self.fields.code.as_deref() {
                Some(code) if (1..MAX_TYPED_BYTES).contains(&code.len()) => {
                    return Some(format!("/register?first={}", redirect::quoted(code)));
                }
                _ => "/register",
            },
            "/fn/redeem" => "/settings",
            "/fn/make-room" => "/rooms/new",
            "/fn/join-room" => "/rooms",
            "/fn/join-with-code" => return below("/join", self.fields.code.as_deref()?),
            "/fn/save-room" | "/fn/delete-room" => return self.page_of_room("settings"),
            "/fn/leave-room" | "/fn/room-notify" | "/fn/change-member" => {
                return self.page_of_room("members");
            }
            "/fn/dismiss-report" => return self.page_of_room("reports"),
            "/fn/make-room-code" | "/fn/end-room-code" => return self.page_of_room("invite"),
            "/fn/save-tier" => match self.fields.id.as_deref().filter(|id| !id.is_empty()) {
                Some(id) => return below("/admin/tiers", id),
                None => "/admin/tiers",
            },
            "/fn/save-provider" => match self.fields.id.as_deref().filter(|id| !id.is_empty()) {
                Some(id) => return below("/admin/models", id),
                None => "/admin/models",
            },
            "/fn/set-appearance" | "/fn/set-language" => "/login",
            "/fn/reset-password" => return below("/reset", self.fields.code.as_deref()?),
            "/fn/change-person"
            | "/fn/make-reset-link"
            | "/fn/give-tier"
            | "/fn/end-second-factor"
            | "/fn/delete-person" => {
                return below("/admin/people", self.fields.id.as_deref()?);
            }
            _ => return None,
        };
        Some(page.to_owned())
    }

    /// A page of the room that the form names.
    fn page_of_room(&self, page: &str) -> Option<String> {
        below("/rooms", self.fields.id.as_deref()?).map(|room| format!("{room}/{page}"))
    }
}

/// The page of what a form names by an id or a code.
fn below(pages: &str, id: &str) -> Option<String> {
    let is_one =
        (1..MAX_TYPED_BYTES).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_one.then(|| format!("{pages}/{id}"))
}

/// Whether the page shows the flash that is sealed into its address.
fn tells(path: &str) -> bool {
    matches!(
        path,
        "/" | "/temporary" | "/login" | "/login/code" | "/register" | "/join" | "/rooms" | "/people"
    ) || ["/c/", "/rooms/", "/people/", "/admin/", "/join/", "/reset/"]
        .iter()
        .any(|start| path.starts_with(start))
}

fn path_of(page: &str) -> &str {
    page.split('?').next().unwrap_or(page)
}

/// Path and query of the `Referer`, if it names a page of this site; without the flash that the page showed.
fn page_of(config: &Config, client: &Client, headers: &HeaderMap) -> Option<String> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let referer: Uri = text(header::REFERER)?.parse().ok()?;
    let opened = Origin::parse(&format!("{}://{}", referer.scheme_str()?, referer.authority()?))?;
    let is_public = |public: Origin| public.https == opened.https && public.is_at(&opened.host);
    if !client.hosts().any(|host| opened.is_at(host)) && !origin::public(config).is_some_and(is_public) {
        return None;
    }
    let query = referer.query().unwrap_or_default();
    let told = |pair: &&str| pair.split('=').next() == Some(PARAMETER);
    let query: Vec<_> = query.split('&').filter(|pair| !pair.is_empty() && !told(pair)).collect();
    let page = match query.is_empty() {
        true => referer.path().to_owned(),
        false => format!("{}?{}", referer.path(), query.join("&")),
    };
    redirect::local(&page).map(str::to_owned)
}

/// The header's value for a path that [`redirect::local`] let through.
fn location(page: &str) -> HeaderValue {
    HeaderValue::from_str(page).unwrap_or(HeaderValue::from_static("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(referer: &str, set: &[(&str, &str)]) -> Option<String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        let setting =
            |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let config = Config::load(Some(file.path()), setting).unwrap();
        let headers = [(header::HOST, "here.test:3000"), (header::REFERER, referer)];
        let headers = headers.map(|(name, value)| (name, HeaderValue::from_bytes(value.as_bytes()).unwrap()));
        let headers = HeaderMap::from_iter(headers);
        page_of(&config, &Client::of(&config, None, &Uri::from_static("/"), &headers), &headers)
    }

    #[test]
    fn a_form_leads_back_to_a_page_of_this_site_only() {
        for (referer, back) in [
            ("http://here.test:3000/login", "/login"),
            ("https://HERE.test:3000/c/x?before=y", "/c/x?before=y"),
            ("http://here.test:3000", "/"),
            ("http://here.test:3000/settings?flash=abc", "/settings"),
            ("http://here.test:3000/c/x?flash=a&before=y&flash=b", "/c/x?before=y"),
            ("http://here.test:3000/c/x?flashy=a&before=y", "/c/x?flashy=a&before=y"),
        ] {
            assert_eq!(page(referer, &[]).as_deref(), Some(back), "{referer}");
        }
        for elsewhere in [
            "",
            "/login",
            "login",
            "http://evil.example/login",
            "http://here.test/login",
            "http://here.test:3000.evil.example/login",
            "http://here.test:3000@evil.example/login",
            "http://evil.example@here.test:3000/login",
            "//here.test:3000/login",
            "http://here.test:3000//evil.example",
            "http://here.test:3000/\\evil.example",
            "http://here.test:3000/%09/evil.example",
            "javascript:alert(1)",
            "javascript://here.test:3000/%0aalert(1)",
            "data:text/html,<script>alert(1)</script>",
            "ftp://here.test:3000/login",
            "about:blank",
            "é",
        ] {
            assert_eq!(page(elsewhere, &[]), None, "{elsewhere}");
        }
        let public = [("INGLENOOK_PUBLIC_URL", "https://chat.example.org")];
        assert_eq!(page("https://chat.example.org/login", &public).as_deref(), Some("/login"));
        assert_eq!(page("http://chat.example.org/login", &public), None);
    }
}
