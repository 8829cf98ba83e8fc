//! Pages that belong together: a list of them beside their content, or above it on a narrow screen.

use leptos::prelude::*;

use crate::{
    pages::{
        Notice,
        fields::Alert,
        layout::{Bar, Frame, Sidebar},
    },
    ui::words::t,
};

/// A page of several: its address, and the key of its name.
pub type Item = (&'static str, &'static str);

/// The frame of such a page: `title` is what all of them are called together, `here` the address of this one. What its forms
/// do not say at a field of theirs stands above them.
#[component]
pub fn SectionedPage(
    #[prop(into)] title: String,
    items: &'static [Item],
    here: &'static str,
    sidebar: Sidebar,
    notice: Notice,
    children: Children,
) -> impl IntoView {
    // The forms are made first, because the alert is about what none of them has told.
    let sections = children();
    let (alert, done) = (notice.alert(), notice.done());
    view! {
        <Frame sidebar current=None>
            <Bar title=title.clone()>""</Bar>
            <div class="thread">
                <div class="sectioned">
                    <Sections label=title items here />
                    <div class="card flat settings">
                        <Alert sentence=alert />
                        {done.map(|done| view! { <p class="success" role="status">{done}</p> })}
                        {sections}
                    </div>
                </div>
            </div>
        </Frame>
    }
}

/// The list of the pages.
#[component]
fn Sections(label: String, items: &'static [Item], here: &'static str) -> impl IntoView {
    let items = items.iter().map(|(path, key)| {
        let current = (*path == here).then_some("page");
        view! {
            <li>
                <a href=*path aria-current=current>
                    {t(key)}
                </a>
            </li>
        }
    });
    view! {
        <nav class="sections" aria-label=label>
            <ul>{items.collect_view()}</ul>
        </nav>
    }
}

/// A part of such a page, with its heading. `id` is where an address may point to.
#[component]
pub fn Section(id: &'static str, #[prop(into)] title: String, children: Children) -> impl IntoView {
    view! {
        <section class="settings-section" id=id>
            <h2>{title}</h2>
            {children()}
        </section>
    }
}
