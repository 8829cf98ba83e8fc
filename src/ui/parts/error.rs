//! The error page: what happened, in words, and a way out; and the name that leads home.

use leptos::prelude::*;

use super::Icon;
use crate::error::AppError;

#[component]
pub fn Brand() -> impl IntoView {
    view! {
        <a class="brand" href="/">
            <Icon name="flame" />
            "Inglenook"
        </a>
    }
}

#[component]
pub fn ErrorPage(error: AppError, reference: Option<String>) -> impl IntoView {
    let reference = reference.filter(|_| error.status() >= 500);
    view! {
        <main class="card">
            <Brand />
            <h1>{error.title()}</h1>
            <p class="quiet">{error.to_string()}</p>
            {reference
                .map(|id| {
                    view! {
                        <p class="quiet">
                            "If it happens again, tell your administrator this number: " <code>{id}</code>
                        </p>
                    }
                })}
            <a class="primary" href="/">
                "Back to your conversations"
            </a>
        </main>
    }
}
