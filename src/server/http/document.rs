//! The document around every page: `<html>`, its head, the nonce and the policy that goes with it.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use hydration_context::{SharedContext, SsrSharedContext};
use leptos::{
    config::LeptosOptions,
    hydration::{AutoReload, HydrationScripts},
    nonce::Nonce,
    prelude::*,
};

use super::{assets, look, request_id};
use crate::{
    domain::{
        Look, Reason,
        preferences::{Palette, Theme},
    },
    error::AppError,
    server::words::{self, Words},
    ui::{
        parts::{ErrorPage, RefusedForm},
        words::{Localize, Localizer},
    },
};

/// The page fills the whole screen, and a keyboard on it makes the page smaller instead of covering the composer.
const VIEWPORT: &str =
    "width=device-width,initial-scale=1,viewport-fit=cover,interactive-widget=resizes-content";
/// Registers the service worker (`offline.js`) once the page has loaded, and tells it the language of the page.
const REGISTER: &str = "addEventListener('load',()=>{let w=navigator.serviceWorker;\
    w?.register('/sw.js').then(()=>w.ready).then(r=>r.active.postMessage(document.documentElement.lang)).catch(()=>{})})";

/// The views of a page are in the language of whoever asked for it.
impl Localize for Words {
    fn text(&self, reason: &Reason) -> String {
        Words::text(*self, reason)
    }
}

/// A page before it becomes a document.
pub struct Page {
    pub title: String,
    pub status: StatusCode,
    /// Whether it has islands; a page without any gets no script.
    pub islands: bool,
    /// When a browser without JavaScript loads the page again, and from where: `seconds;url=…`.
    pub refresh: Option<String>,
    /// The address of a feed of what it shows.
    pub feed: Option<&'static str>,
    /// `class` of the body.
    pub class: &'static str,
    /// Its language, which is the caller's.
    pub words: Words,
    /// Its colours, which are the caller's.
    pub look: Look,
}

impl Page {
    pub fn new(title: impl Into<String>) -> Self {
        let (title, words, look) = (title.into(), words::current(), look::current());
        Self {
            title,
            status: StatusCode::OK,
            islands: false,
            refresh: None,
            feed: None,
            class: "",
            words,
            look,
        }
    }

    /// Renders the page. `body` runs inside a reactive owner that lives as long as the rendering.
    pub fn render<V: IntoView + 'static>(self, body: impl FnOnce() -> V + Send + 'static) -> Response {
        let nonce = Nonce::new();
        let context: Arc<dyn SharedContext + Send + Sync> = Arc::new(SsrSharedContext::new_islands());
        let owner = Owner::new_root(Some(context));
        let Page { title, status, islands, refresh, feed, class, words, look } = self;
        let Look { theme, palette } = look;
        let html = owner.with(|| {
            provide_context(nonce.clone());
            provide_context(Localizer::new(words));
            provide_context(TabCount::default());
            let body = body();
            let counted = use_context::<TabCount>().map_or(0, |count| count.0.load(Ordering::Relaxed));
            view! {
                <html
                    lang=words.language.tag()
                    data-theme=(theme != Theme::System).then(|| theme.into_str())
                    data-palette=(palette != Palette::Ember).then(|| palette.into_str())
                >
                    <head>
                        <meta charset="utf-8" />
                        <meta name="viewport" content=VIEWPORT />
                        <meta name="color-scheme" content=look::scheme(theme) />
                        {bars(look)}
                        <title>{counted_title(counted, &title)}</title>
                        <link rel="stylesheet" href=assets::url("inglenook.css") />
                        // The composer is the last of such a page and stands in its middle: what is painted before it is
                        // there would move.
                        {islands.then(|| view! { <link rel="expect" href="#spoken" blocking="render" /> })}
                        <link rel="icon" href=assets::url("favicon.svg") type="image/svg+xml" />
                        <link rel="apple-touch-icon" href=assets::url("icon-180.png") />
                        <link rel="manifest" href=assets::url("manifest.webmanifest") />
                        {feed.map(|feed| view! { <link rel="alternate" type="application/atom+xml" href=feed /> })}
                        {refresh.map(|refresh| {
                            view! { <noscript><meta http-equiv="refresh" content=refresh /></noscript> }
                        })}
                        <AutoReload options=options() />
                        {islands
                            .then(|| {
                                view! {
                                    <HydrationScripts options=options() islands=true />
                                    <script nonce=nonce.to_string() inner_html=REGISTER></script>
                                }
                            })}
                    </head>
                    <body class=class>{body}</body>
                </html>
            }
            .to_html()
        });
        owner.unset_with_forced_cleanup();
        let mut response = (status, Html(format!("<!doctype html>{html}"))).into_response();
        let headers = response.headers_mut();
        if let Ok(policy) = HeaderValue::from_str(&policy(&nonce)) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(words.language.tag()));
        // Otherwise the Back button shows the page after signing out.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// What the browser's tab shows of a page with this title.
pub fn tab_title(title: &str) -> String {
    format!("{title} · Inglenook")
}

/// The number before the title of the page that is being rendered.
#[derive(Clone, Default)]
struct TabCount(Arc<AtomicU32>);

/// Puts a number before the title of the page that is being rendered: how much somebody is told of that they have not seen.
pub fn count_in_tab(count: u32) {
    if let Some(TabCount(of_page)) = use_context() {
        of_page.store(count, Ordering::Relaxed);
    }
}

fn counted_title(count: u32, title: &str) -> String {
    if count == 0 { tab_title(title) } else { format!("({count}) {}", tab_title(title)) }
}

/// The HTML of a part of a page, in the caller's language, without anything that hydrates.
pub fn fragment<V: IntoView>(body: impl FnOnce() -> V) -> String {
    let owner = Owner::new_root(None);
    let html = owner.with(|| {
        provide_context(Localizer::new(words::current()));
        body().to_html()
    });
    owner.unset_with_forced_cleanup();
    html
}

/// The colours of the browser's own bars: one, or one for light and one for dark where the device decides.
fn bars(look: Look) -> impl IntoView {
    let [light, dark] = look::bars(look.palette);
    let bar = |media: Option<&'static str>, colour| {
        // The macro does not know the attribute `media` of this element.
        leptos::html::meta().name("theme-color").attr("media", media).content(colour)
    };
    match look.theme {
        Theme::Light => vec![bar(None, light)],
        Theme::Dark => vec![bar(None, dark)],
        Theme::System => vec![
            bar(Some("(prefers-color-scheme: light)"), light),
            bar(Some("(prefers-color-scheme: dark)"), dark),
        ],
    }
}

/// The content security policy: scripts run only with this answer's nonce (and WebAssembly), everything else comes from
/// this site. Debug builds also let the page connect to the server that announces reloads.
fn policy(nonce: &Nonce) -> String {
    let reload = if cfg!(debug_assertions) { " ws://127.0.0.1:* ws://localhost:*" } else { "" };
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data: blob:; font-src 'self'; worker-src 'self'; connect-src 'self'{reload}; manifest-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Made in code, because the assets are in the binary and the name of their folder has the build's hash.
fn options() -> LeptosOptions {
    LeptosOptions::builder().output_name("inglenook").site_pkg_dir(assets::folder()).build()
}

/// The one page for errors, with a way out; `refused` is a form that was refused, to be sent again.
pub fn error_page(status: StatusCode, error: &AppError, refused: Option<RefusedForm>) -> Response {
    let page = Page { status, class: "centered-page", ..Page::new(words::current().text(&error.title())) };
    let (shown, reference) = (error.clone(), request_id::current());
    page.render(move || view! { <ErrorPage error=shown reference refused /> })
}

/// The page for people who came to this server by another address than the site's, `address`.
pub fn address_page(status: StatusCode, error: &AppError, address: &str) -> Response {
    let words = words::current();
    let (title, sentence) = (words.text(&error.title()), words.text(&error.reason()));
    let address = address.to_owned();
    let page = Page { status, class: "centered-page", ..Page::new(title.clone()) };
    page.render(move || {
        view! {
            <main class="card">
                <h1>{title}</h1>
                <p class="muted">{sentence}</p>
                <a class="button-primary" href=address.clone()>
                    {address.clone()}
                </a>
            </main>
        }
    })
}
