//! The form for an invitation or an activation code that stands on a card or was told: it leads to the page of the code's link.

use leptos::prelude::*;

use crate::{
    pages::{
        Notice,
        fields::{FieldError, invalid},
    },
    ui::words::{around, t},
};

/// `notice` is that of the page.
#[component]
pub fn TypedCode(notice: Notice, #[prop(default = true)] focus: bool) -> impl IntoView {
    let form = notice.of("/fn/open-code");
    view! {
        <form method="post" action="/fn/open-code">
            <CodeField form label="field-invitation" hint="invitation-hint" focus />
            <button class="button-primary">{t("invitation-continue")}</button>
        </form>
    }
}

/// The field of such a code; `form` is the notice of its form. One that was refused says why and has the focus.
#[component]
pub fn CodeField(
    form: Notice,
    label: &'static str,
    #[prop(optional)] hint: Option<&'static str>,
    #[prop(optional)] focus: bool,
) -> impl IntoView {
    let refused = form.at("code");
    let (wrong, described) = invalid("code", refused.as_ref());
    view! {
        <label>
            {t(label)}
            <input
                type="text"
                name="code"
                required
                maxlength="200"
                autocomplete="off"
                autocapitalize="characters"
                spellcheck="false"
                autofocus=focus || wrong.is_some()
                value=form.typed().code
                aria-invalid=wrong
                aria-describedby=described
            /> {hint.map(|hint| view! { <small>{t(hint)}</small> })}
        </label>
        <FieldError of="code" sentence=refused />
    }
}

/// The way to that form, from a page without it.
#[component]
pub fn ToTypedCode() -> impl IntoView {
    let (before, after) = around("sign-in-invited", "link");
    view! {
        <p class="muted">{before} <a href="/join">{t("join-type")}</a> {after}</p>
    }
}
