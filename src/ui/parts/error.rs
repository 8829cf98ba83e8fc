//! The error page: what happened, in words, and a way out; and the name that leads home.

use leptos::prelude::*;

use super::{Icon, steer::as_html};
use crate::{
    error::AppError,
    ui::words::{around, t, t_with},
};

#[component]
pub fn Brand() -> impl IntoView {
    view! {
        <a class="brand" href="/">
            <Icon name="flame" />
            "Inglenook"
        </a>
    }
}

/// A form with a text that was refused: everything that it brought.
#[derive(Clone, Debug)]
pub struct Again {
    pub action: &'static str,
    pub hidden: Vec<(&'static str, String)>,
    pub text: String,
}

#[component]
pub fn ErrorPage(error: AppError, reference: Option<String>, again: Option<Again>) -> impl IntoView {
    let reference = reference.filter(|_| error.status() >= 500);
    // What was sent and refused is told at once to those who do not see it.
    let (class, role) = if again.is_some() { ("alert", Some("alert")) } else { ("quiet", None) };
    view! {
        <main class="card">
            <Brand />
            <h1>{t_with(error.title())}</h1>
            <p class=class role=role>
                {t_with(error.reason())}
            </p>
            {reference
                .map(|id| {
                    let (before, after) = around("error-reference", "number");
                    view! {
                        <p class="quiet">
                            {before} <code>{id}</code> {after}
                        </p>
                    }
                })}
            {again.map(|again| view! { <SendAgain again /> })}
            <a class="primary" href="/">
                {t("conversations-back")}
            </a>
        </main>
    }
}

#[component]
fn SendAgain(again: Again) -> impl IntoView {
    // A browser drops the first line break in a field.
    let text = format!("\n{}", as_html(&again.text));
    view! {
        <form class="editing" method="post" action=again.action>
            {again
                .hidden
                .into_iter()
                .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
                .collect_view()}
            <textarea name="text" rows="8" aria-label=t("message") required dir="auto" inner_html=text></textarea>
            <div class="row">
                <button class="small">{t("send")}</button>
            </div>
        </form>
    }
}
