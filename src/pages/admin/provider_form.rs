//! The form of a provider of models.

use leptos::prelude::*;

use crate::{
    domain::{ProviderView, model::CONTEXT_TOKENS},
    pages::{
        Notice,
        fields::{FieldError, NumberField, invalid},
    },
    server::providers::{MAX_LABEL_CHARS, MAX_NAME_CHARS, MAX_URL_BYTES},
    ui::words::t,
};

/// A field of one line.
#[component]
fn Line(
    label: String,
    kind: &'static str,
    name: &'static str,
    value: String,
    most: usize,
    hint: String,
    required: bool,
    refused: Option<String>,
) -> impl IntoView {
    let (wrong, described) = invalid(name, refused.as_ref());
    let autocomplete = if kind == "password" { "new-password" } else { "off" };
    view! {
        <label>
            {label}
            <input
                type=kind
                name=name
                value=value
                maxlength=most
                required=required
                autocomplete=autocomplete
                autocapitalize="none"
                spellcheck="false"
                autofocus=wrong.is_some()
                aria-invalid=wrong
                aria-describedby=described
            />
            <small>{hint}</small>
        </label>
        <FieldError of=name sentence=refused />
    }
}

/// The fields of a provider; without one it is new.
#[component]
pub fn Form(provider: Option<ProviderView>, form: Notice) -> impl IntoView {
    let typed = form.typed();
    let is_new = provider.is_none();
    let has_key = provider.as_ref().is_some_and(|it| it.has_key);
    let context = typed.number("context", provider.as_ref().and_then(|it| it.context).map(u64::from));
    let without_key = typed.chose("without_key", "true", false);
    let (is_refused, is_short) = (typed.name.is_some(), typed.models.is_some());
    let stored = |field: fn(&ProviderView) -> String| provider.as_ref().map(field).unwrap_or_default();
    let name = typed.name.unwrap_or_else(|| stored(|it| it.name.clone()));
    let label = typed.label.unwrap_or_else(|| stored(|it| it.label.clone()));
    let base_url = typed.base_url.unwrap_or_else(|| stored(|it| it.base_url.clone()));
    let models = typed.models.unwrap_or_else(|| stored(|it| it.models.join("\n")));
    let id = stored(|it| it.id.clone().unwrap_or_default());
    let key_hint = match (has_key, is_refused) {
        (true, false) => "providers-key-kept",
        (true, true) => "providers-key-kept-again",
        (false, false) => "providers-key-hint",
        (false, true) => "providers-key-again",
    };
    // What is not shown again would be stored as nothing.
    let tried = is_short && form.field().is_some_and(|field| matches!(field, "base_url" | "api_key"));
    let too_long = (is_refused && !is_short).then(|| t("providers-models-again"));
    let (wrong, described) = (form.at("models").or(too_long), form.at("context"));
    view! {
        <form method="post" action="/fn/save-provider">
            <input type="hidden" name="id" value=id />
            <Line
                label=t("providers-url")
                kind="url"
                name="base_url"
                value=base_url
                most=MAX_URL_BYTES
                hint=t("providers-url-hint")
                required=true
                refused=form.at("base_url")
            />
            <Line
                label=t("field-name")
                kind="text"
                name="name"
                value=name
                most=MAX_NAME_CHARS
                hint=t("providers-name-hint")
                required=true
                refused=form.at("name")
            />
            <Line
                label=t("providers-label")
                kind="text"
                name="label"
                value=label
                most=MAX_LABEL_CHARS
                hint=t("providers-label-hint")
                required=false
                refused=form.at("label")
            />
            <Line
                label=t("providers-key")
                kind="password"
                name="api_key"
                value=String::new()
                most=1000
                hint=t(key_hint)
                required=false
                refused=form.at("api_key")
            />
            {has_key
                .then(|| {
                    view! {
                        <label class="check">
                            <input type="checkbox" name="without_key" value="true" checked=without_key />
                            {t("providers-key-remove")}
                        </label>
                    }
                })}
            <label>
                {t("providers-models-named")} <textarea name="models" rows="3" spellcheck="false">
                    {models}
                </textarea>
            </label>
            <FieldError of="models" sentence=wrong />
            <NumberField
                label=t("providers-context")
                name="context"
                value=context
                least=*CONTEXT_TOKENS.start()
                most=u64::from(*CONTEXT_TOKENS.end())
                hint=t("providers-context-hint")
                refused=described
            />
            <p class="muted">{t("providers-sees-words")}</p>
            <p class="provider-buttons">
                <button class="button-small">{t(if is_new { "providers-add" } else { "providers-save" })}</button>
                {tried
                    .then(|| {
                        view! {
                            <button class="button-small" name="anyway" value="true">
                                {t("providers-save-anyway")}
                            </button>
                        }
                    })}
            </p>
        </form>
    }
}
