//! The fields with which a person decides how a model answers: for all conversations, or for one.

use leptos::prelude::*;

use crate::{
    domain::{
        Reason,
        conversation::MAX_SYSTEM_PROMPT_BYTES,
        params::{MOST_TOKENS, MOST_TURNS, TypedParams},
    },
    pages::{
        Notice,
        fields::{FieldError, invalid},
    },
    ui::{
        parts::as_html,
        words::{t, t_with},
    },
};

/// The instructions for a model.
#[component]
pub fn Instructions(
    #[prop(into)] label: String,
    #[prop(into)] hint: String,
    text: String,
    #[prop(optional_no_strip)] refused: Option<String>,
) -> impl IntoView {
    const HINT: &str = "instructions-hint";
    let (invalid, described) = invalid("system_prompt", refused.as_ref());
    let described = [Some(HINT.to_owned()), described].into_iter().flatten().collect::<Vec<_>>().join(" ");
    // A browser drops the first line break of a field, so the text gets one more.
    let text = format!("\n{}", as_html(&text));
    view! {
        <label>
            {label}
            <textarea
                name="system_prompt"
                rows="6"
                maxlength=MAX_SYSTEM_PROMPT_BYTES.to_string()
                dir="auto"
                autofocus=invalid.is_some()
                aria-invalid=invalid
                aria-describedby=described
                inner_html=text
            ></textarea>
        </label>
        <FieldError of="system_prompt" sentence=refused />
        <p class="muted" id=HINT>
            {hint}
        </p>
    }
}

/// The parameters of a model. A field that is left empty shows what counts then: `inherited`, or the model's own; no model
/// decides how many turns it is sent.
#[component]
pub fn ParamFields(
    values: TypedParams,
    inherited: TypedParams,
    #[prop(optional)] notice: Notice,
) -> impl IntoView {
    let effort = values.reasoning_effort.unwrap_or_default();
    let effort_refused = notice.at("reasoning_effort");
    let (effort_invalid, effort_described) = invalid("reasoning_effort", effort_refused.as_ref());
    let default_effort = match inherited.reasoning_effort.as_deref().and_then(effort_key) {
        Some(key) => t_with(Reason::new("param-as-for-all").with("value", Reason::new(key))),
        None => t("param-default"),
    };
    view! {
        <div class="param-fields">
            <Number
                label=t("temperature")
                name="temperature"
                hint=t("temperature-hint")
                value=values.temperature
                inherited=inherited.temperature
                refused=notice.at("temperature")
            />
            <Number
                label=t("top-p")
                name="top_p"
                hint=t("top-p-hint")
                value=values.top_p
                inherited=inherited.top_p
                refused=notice.at("top_p")
            />
            <Number
                label=t("max-tokens")
                name="max_tokens"
                hint=t_with(Reason::new("max-tokens-hint").with("most", MOST_TOKENS))
                value=values.max_tokens
                inherited=inherited.max_tokens
                refused=notice.at("max_tokens")
            />
            <Number
                label=t("turns")
                name="turns"
                hint=t_with(Reason::new("turns-hint").with("most", MOST_TURNS))
                value=values.turns
                inherited=inherited.turns
                refused=notice.at("turns")
            />
            <div>
                <label>
                    {t("reasoning-effort")}
                    <select
                        name="reasoning_effort"
                        autofocus=effort_invalid.is_some()
                        aria-invalid=effort_invalid
                        aria-describedby=effort_described
                    >
                        <option value="" selected=effort.is_empty()>
                            {default_effort}
                        </option>
                        {EFFORTS
                            .iter()
                            .map(|(word, key)| {
                                view! {
                                    <option value=*word selected=effort == *word>
                                        {t(key)}
                                    </option>
                                }
                            })
                            .collect_view()}
                    </select>
                    <small>{t("reasoning-effort-hint")}</small>
                </label>
                <FieldError of="reasoning_effort" sentence=effort_refused />
            </div>
        </div>
    }
}

/// The words of [`crate::domain::params::ReasoningEffort`], and what they are called.
const EFFORTS: [(&str, &str); 5] = [
    ("none", "effort-none"),
    ("minimal", "effort-minimal"),
    ("low", "effort-low"),
    ("medium", "effort-medium"),
    ("high", "effort-high"),
];

fn effort_key(word: &str) -> Option<&'static str> {
    EFFORTS.iter().find(|(known, _)| *known == word).map(|(_, key)| *key)
}

/// A number that may be left empty. It is a field of text, because a browser gives away nothing of a number that it
/// cannot read, and what was typed should come back.
#[component]
fn Number(
    label: String,
    name: &'static str,
    hint: String,
    value: Option<String>,
    inherited: Option<String>,
    refused: Option<String>,
) -> impl IntoView {
    let (invalid, described) = invalid(name, refused.as_ref());
    let default = if name == "turns" { "turns-default" } else { "param-default" };
    let stand_in = inherited.filter(|value| !value.is_empty()).unwrap_or_else(|| t(default));
    let mode = if matches!(name, "temperature" | "top_p") { "decimal" } else { "numeric" };
    view! {
        <div>
            <label>
                {label}
                <input
                    name=name
                    inputmode=mode
                    autocomplete="off"
                    maxlength="12"
                    placeholder=stand_in
                    value=value
                    autofocus=invalid.is_some()
                    aria-invalid=invalid
                    aria-describedby=described
                />
                <small>{hint}</small>
            </label>
            <FieldError of=name sentence=refused />
        </div>
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;
    use crate::domain::params::ReasoningEffort;

    #[test]
    fn every_effort_can_be_chosen() {
        let known: Vec<&str> = ReasoningEffort::VARIANTS.iter().map(|effort| effort.into_str()).collect();
        assert_eq!(EFFORTS.map(|(word, _)| word).to_vec(), known);
    }
}
