//! The error page: what happened, in words, and a way out; and the site's name, which links to the start page.

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

/// A form that was refused, with all that was sent in it, so that it can be changed and sent again.
#[derive(Clone, Debug)]
pub struct RefusedForm {
    pub action: &'static str,
    pub hidden: Vec<(&'static str, String)>,
    /// The name of the field that holds the text.
    pub field: &'static str,
    pub text: String,
}

#[component]
pub fn ErrorPage(error: AppError, reference: Option<String>, refused: Option<RefusedForm>) -> impl IntoView {
    let reference = reference.filter(|_| error.status() >= 500);
    // A screen reader announces why a form was refused, as it does on the page of the form.
    let (class, role) = if refused.is_some() { ("alert", Some("alert")) } else { ("muted", None) };
    let picture = match error.status() {
        404 | 410 => "search",
        401 | 403 => "leave",
        500.. => "offline",
        _ => "warning",
    };
    view! {
        <main class="card">
            <Brand />
            <span class="mark">
                <Icon name=picture />
            </span>
            <h1>{t_with(error.title())}</h1>
            <p class=class role=role>
                {t_with(error.reason())}
            </p>
            {reference
                .map(|id| {
                    let (before, after) = around("error-reference", "number");
                    view! {
                        <p class="muted">
                            {before} <code>{id}</code> {after}
                        </p>
                    }
                })}
            {refused.map(|form| view! { <SendAgain form /> })}
            <a class="button-primary" href="/">
                {t("conversations-back")}
            </a>
        </main>
    }
}

#[component]
fn SendAgain(form: RefusedForm) -> impl IntoView {
    // A browser drops the first line break of a field, so the text gets one more.
    let text = format!("\n{}", as_html(&form.text));
    let is_message = form.field == "text";
    let (label, button) = if is_message { (t("message"), t("send")) } else { (t("instructions"), t("save")) };
    view! {
        <form class="edit-form" method="post" action=form.action>
            {form
                .hidden
                .into_iter()
                .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
                .collect_view()}
            <textarea name=form.field rows="8" aria-label=label required=is_message dir="auto" inner_html=text></textarea>
            <div class="row">
                <button class="button-small">{button}</button>
            </div>
        </form>
    }
}
