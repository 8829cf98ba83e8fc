//! [`Dock`]: the one island. The server makes what is in it (`pages/dock.rs`), and the browser does not make it again: once
//! the island is there, the code of this folder begins.

use leptos::prelude::*;

use super::{
    acts, browser, drafts, editing, follow, outbox, overlay, place, posting, scroll, show, sidebar,
    state::PageState, temporary, tools, visit, waiting,
};

/// Begins all that the browser does, in whatever conversation the page shows.
#[island]
pub fn Dock(children: Children) -> impl IntoView {
    Effect::new(|| {
        let Some(state) = PageState::of_document() else { return };
        browser::set_time_zone_cookie();
        show::begin(state);
        drafts::begin(state);
        outbox::begin(state);
        posting::restore(state);
        editing::restore(state);
        scroll::begin(state);
        place::begin(state);
        acts::listen(state);
        overlay::begin();
        visit::begin(state);
        follow::begin(state);
        waiting::begin(state);
        sidebar::begin(state);
        temporary::begin(state);
        tools::show();
    });
    children()
}
