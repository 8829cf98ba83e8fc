//! [`Dock`]: the one island. It is what stays at the lower end of the page, whatever conversation is above it. Where there
//! is no JavaScript, it is an ordinary form.

use leptos::prelude::*;
use serde::Serialize;

use super::{
    acts, announce::LiveRegion, browser, composer::Composer, drafts, editing, follow, json::Json, overlay,
    phrases, place, queue::QueueList, scroll, scroll::ToLatest, sidebar, state::PageState, state::Shown,
    toast::Toast, visit, waiting,
};
use crate::ui::{
    parts::Icon,
    words::{Phrases, localizer_or, t},
};

/// The id of the element in which the browser finds [`Opened`].
pub const OPENED: &str = "opened";

/// What a page opens the island with. The server provides it as context, and writes it into an element of the page, because
/// the properties of an island would bring a parser along.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Opened {
    pub shown: Shown,
    /// The models to choose from.
    pub models: Vec<String>,
    /// The sentence to show above the composer: why a form that was posted without JavaScript was refused.
    pub alert: Option<String>,
    /// The id of the person who reads the page.
    pub reader_id: String,
    /// The idempotency key of the page's forms, for browsers without a script.
    pub key: String,
    /// What the composer holds when the page opens.
    pub text: Option<String>,
    /// The sentences of [`PHRASES`](super::PHRASES), worded.
    pub phrases: Phrases,
}

impl Opened {
    /// What this page was opened with.
    fn here() -> Self {
        use_context().or_else(Self::of_document).unwrap_or_default()
    }

    fn of_document() -> Option<Self> {
        let json = Json::parse(&document().get_element_by_id(OPENED)?.text_content()?)?;
        Some(Self {
            shown: Shown::read(&json.get("shown")?),
            models: json.get("models")?.items().iter().filter_map(Json::as_text).collect(),
            alert: json.text("alert"),
            reader_id: json.text("reader_id")?,
            key: json.text("key")?,
            text: json.text("text"),
            phrases: phrases::read(&json.get("phrases")?)?,
        })
    }
}

#[island]
pub fn Dock() -> impl IntoView {
    let Opened { shown, models, alert, reader_id, key, text, phrases } = Opened::here();
    let localizer = localizer_or(phrases, browser::plural_category);
    let state = PageState::new(shown, alert, reader_id, localizer);
    Effect::new(move || {
        browser::set_time_zone_cookie();
        drafts::begin(state);
        editing::restore(state);
        scroll::begin(state);
        place::begin(state);
        acts::listen(state);
        overlay::begin();
        visit::begin(state);
        follow::begin(state);
        waiting::begin(state);
        sidebar::begin(state);
    });
    view! {
        <div class="composer-area">
            <ToLatest state />
            <Toast state />
            <Show when=move || state.alert.with(Option::is_some)>
                <p class="alert" role="alert">
                    {move || state.alert.get()}
                </p>
            </Show>
            <Show when=move || state.disconnected.get()>
                <p class="connection-lost" role="status">
                    {t("connection-lost")}
                </p>
            </Show>
            <QueueList state />
            <Composer state models key text />
            <LiveRegion state />
            <button type="button" class="reply" id="reply" hidden>
                <Icon name="quote" />
                {t("reply")}
            </button>
        </div>
    }
}
