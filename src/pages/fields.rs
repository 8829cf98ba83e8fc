//! The fields of forms, and what is said of a form: at its field, or above it.

use leptos::prelude::*;

use crate::{server::accounts::valid::MIN_PASSWORD_CHARS, ui::words::t};

/// Why the form was refused, if it was and no field says it.
#[component]
pub fn Alert(sentence: Option<String>) -> impl IntoView {
    sentence.map(|sentence| {
        view! {
            <p class="alert" role="alert">
                {sentence}
            </p>
        }
    })
}

/// Why the field `of` was refused, below the field, which names it by its id: see [`invalid`].
#[component]
pub fn FieldError(of: &'static str, sentence: Option<String>) -> impl IntoView {
    sentence.map(|sentence| {
        view! {
            <p class="field-error" id=format!("{of}-error")>
                {sentence}
            </p>
        }
    })
}

/// The `aria-invalid` of a field that was refused, and the id of the sentence that says why, for its `aria-describedby`.
pub fn invalid(name: &str, refused: Option<&String>) -> (Option<&'static str>, Option<String>) {
    (refused.map(|_| "true"), refused.map(|_| format!("{name}-error")))
}

/// A labelled field. Only a person's name may be left empty. One that was refused says why and has the focus.
#[component]
pub fn Field(
    #[prop(into)] label: String,
    kind: &'static str,
    name: &'static str,
    autocomplete: &'static str,
    #[prop(optional)] focus: bool,
    #[prop(optional, into)] hint: String,
    #[prop(optional, into)] value: String,
    #[prop(optional_no_strip)] refused: Option<String>,
) -> impl IntoView {
    let least = (autocomplete == "new-password").then_some(MIN_PASSWORD_CHARS);
    let (invalid, described) = invalid(name, refused.as_ref());
    view! {
        <label>
            {label}
            <input
                type=kind
                name=name
                autocomplete=autocomplete
                required=name != "name"
                autofocus=focus || invalid.is_some()
                minlength=least
                value=value
                aria-invalid=invalid
                aria-describedby=described
            />
            {(!hint.is_empty()).then(|| view! { <small>{hint}</small> })}
        </label>
        <FieldError of=name sentence=refused />
    }
}

/// A labelled field for a whole number from `least` to `most`. Where it is not `required`, it may stay empty.
#[component]
pub fn NumberField(
    #[prop(into)] label: String,
    name: &'static str,
    value: Option<u64>,
    least: u32,
    most: u64,
    #[prop(optional)] required: bool,
    #[prop(optional, into)] hint: String,
    #[prop(optional_no_strip)] refused: Option<String>,
) -> impl IntoView {
    let (invalid, described) = invalid(name, refused.as_ref());
    view! {
        <label>
            {label}
            <input
                type="number"
                inputmode="numeric"
                name=name
                min=least
                max=most.to_string()
                step="1"
                required=required
                autofocus=invalid.is_some()
                value=value.map(|value| value.to_string())
                aria-invalid=invalid
                aria-describedby=described
            />
            {(!hint.is_empty()).then(|| view! { <small>{hint}</small> })}
        </label>
        <FieldError of=name sentence=refused />
    }
}

/// The field of a code of the second factor. With `digits` phones show only those, and no letters of a recovery code can be
/// typed on them.
#[component]
pub fn CodeField(
    digits: bool,
    #[prop(default = true)] focus: bool,
    #[prop(optional_no_strip)] refused: Option<String>,
) -> impl IntoView {
    let (label, hint) =
        if digits { ("field-code-app", "code-hint-app") } else { ("field-code", "code-hint") };
    let (invalid, described) = invalid("code", refused.as_ref());
    view! {
        <label>
            {t(label)}
            <input
                name="code"
                autocomplete="one-time-code"
                inputmode=digits.then_some("numeric")
                autocapitalize="none"
                spellcheck="false"
                maxlength="64"
                required
                autofocus=focus || invalid.is_some()
                aria-invalid=invalid
                aria-describedby=described
            />
            <small>{t(hint)}</small>
        </label>
        <FieldError of="code" sentence=refused />
    }
}

/// A few words of which one is chosen.
#[component]
pub fn Choices(
    #[prop(into)] legend: String,
    name: &'static str,
    #[prop(optional_no_strip)] refused: Option<String>,
    children: Children,
) -> impl IntoView {
    let (invalid, described) = invalid(name, refused.as_ref());
    view! {
        <fieldset class="choices" role="radiogroup" aria-invalid=invalid aria-describedby=described>
            <legend>{legend}</legend>
            {children()}
        </fieldset>
        <FieldError of=name sentence=refused />
    }
}

/// One of [`Choices`], with a picture of what it looks like.
#[component]
pub fn Choice(
    name: &'static str,
    value: &'static str,
    checked: bool,
    label: String,
    #[prop(optional)] swatch: &'static str,
    /// Whether the page opens with the focus here: in a choice that was refused.
    #[prop(optional)]
    focus: bool,
) -> impl IntoView {
    view! {
        <label class="choice">
            <input type="radio" name=name value=value checked=checked autofocus=focus />
            {(!swatch.is_empty()).then(|| view! { <span class=swatch aria-hidden="true"></span> })}
            <span>{label}</span>
        </label>
    }
}
