//! What a message answers, as it stands above it.

use leptos::prelude::*;

/// The message that another one answers.
#[derive(Clone, Debug, Default)]
pub struct Original {
    pub id: String,
    /// Who wrote it; empty where nothing is known of them.
    pub name: String,
    /// Its first words, or why nothing of it is shown.
    pub begins: String,
    pub gone: bool,
}

/// The line above a message that answers another one, which leads there.
#[component]
pub fn ReplyLine(original: Original) -> impl IntoView {
    let Original { id, name, begins, gone } = original;
    let begins = if gone { view! { <em>{begins}</em> }.into_any() } else { begins.into_any() };
    view! {
        <a class="said-reply" href=format!("?at={id}#{id}") dir="auto">
            {(!name.is_empty()).then(|| view! { <strong>{name}</strong> " " })}
            {begins}
        </a>
    }
}
