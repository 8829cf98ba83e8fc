//! The tools of a conversation: how its model answers, and how much of the model's context is used. They stand in the bar; a
//! script shows them in the composer instead, and opens them as sheets over the page.

use std::sync::Arc;

use axum::{Json, extract::State};
use leptos::prelude::*;
use serde::Deserialize;

use crate::{
    domain::{Conversation, CurrentUser, Preferences, Reason, params::TypedParams},
    error::AppError,
    pages::{
        Query,
        chat_fields::{Instructions, ParamFields},
        sheets::Sheet,
    },
    server::{
        chat::{Chat, context::ContextUse},
        conversations::Conversations,
        http::document::fragment,
    },
    ui::{
        parts::Icon,
        words::{t, t_with},
    },
};

/// From so many hundredths on the gauge says in words that the context is nearly full.
const NEARLY_FULL: u32 = 80;

/// What the buttons show.
pub struct Tools {
    /// Without one, the tools are those of a new conversation: what counts for all.
    conversation_id: Option<String>,
    /// Whether something was chosen that is not the default.
    differs: bool,
    context: Option<ContextUse>,
}

impl Tools {
    /// Of a conversation that is yet to begin: what the person has chosen for all of them.
    pub fn of_new(person: &Preferences) -> Self {
        let differs = person.system_prompt.is_some() || !person.params.is_empty();
        Self { conversation_id: None, differs, context: None }
    }

    /// Of a conversation that is there, with what it takes of its model's context.
    pub fn of(conversation: &Conversation, context: Option<ContextUse>) -> Self {
        let differs = conversation.system_prompt.is_some() || !conversation.params.is_empty();
        Self { conversation_id: Some(conversation.id.clone()), differs, context }
    }
}

/// The buttons of the composer's tools: the instructions with the parameters, and the gauge of the context.
#[component]
pub fn ToolButtons(tools: Tools) -> impl IntoView {
    let Tools { conversation_id, differs, context } = tools;
    let (page, sheet) = match &conversation_id {
        Some(id) => (format!("/c/{id}/settings"), format!("/fn/sheet/settings?conversation={id}")),
        None => ("/settings/chat".to_owned(), "/fn/sheet/settings".to_owned()),
    };
    let name = t(if differs { "tools-differ" } else { "tools" });
    let gauge = conversation_id.zip(context).map(|(id, context)| view! { <Gauge id context /> });
    view! {
        <span class="bar-tools">
            <a class="button-bare" href=page data-sheet=sheet aria-haspopup="dialog" aria-label=name.clone() title=name>
                <Icon name="settings" />
                {differs.then(|| view! { <span class="differs"></span> })}
            </a>
            {gauge}
        </span>
    }
}

/// A ring that fills, and the sentence that it stands for.
#[component]
fn Gauge(id: String, context: ContextUse) -> impl IntoView {
    let percent = context.percent();
    let full = percent >= NEARLY_FULL;
    let sentence = used(context);
    let ring = |class: &str, percent: u32| {
        format!(
            "<circle class=\"{class}\" cx=\"10\" cy=\"10\" r=\"8\" pathLength=\"100\" stroke-dasharray=\"{percent} 100\"/>"
        )
    };
    let rings = format!("<svg viewBox=\"0 0 20 20\">{}{}</svg>", ring("ring", 100), ring("level", percent));
    view! {
        <a
            class="button-bare gauge"
            class:full=full
            href=format!("/c/{id}/settings#context")
            data-sheet=format!("/fn/sheet/context?conversation={id}")
            aria-haspopup="dialog"
            aria-label=sentence.clone()
            title=sentence
        >
            <span aria-hidden="true" inner_html=rings></span>
            {full.then(|| t_with(Reason::new("context-full").with("percent", percent)))}
        </a>
    }
}

fn used(context: ContextUse) -> String {
    t_with(Reason::new("context-used").with("used", context.used).with("of", context.of))
}

/// What the gauge stands for, line by line.
#[component]
pub fn ContextLines(context: ContextUse) -> impl IntoView {
    let ContextUse { instructions, turns, left_out, .. } = context;
    let full = context.percent() >= NEARLY_FULL;
    let lines = [
        Some(used(context)),
        full.then(|| t("context-full-hint")),
        (instructions > 0).then(|| t_with(Reason::new("context-instructions").with("count", instructions))),
        turns.map(|turns| t_with(Reason::new("context-turns").with("count", turns))),
        (left_out > 0).then(|| t_with(Reason::new("context-left-out").with("count", left_out))),
    ];
    let lines = lines.into_iter().flatten().map(|line| view! { <p>{line}</p> });
    view! {
        {lines.collect_view()} <p class="muted">{t("context-what")}</p>
    }
}

/// The parameters of the sheets.
#[derive(Default, Deserialize)]
pub struct Which {
    conversation: Option<String>,
}

/// `GET /fn/sheet/context`: how much of the model's context a conversation takes.
pub async fn context(
    State(conversations): State<Arc<Conversations>>,
    State(chat): State<Arc<Chat>>,
    current: CurrentUser,
    Query(which): Query<Which>,
) -> Result<Json<String>, AppError> {
    let context = match which.conversation {
        Some(id) => chat.context_use(&current, &conversations.open(&current, &id).await?).await?,
        None => None,
    };
    Ok(Json(fragment(move || {
        view! {
            <Sheet title=t("context")>
                {match context {
                    Some(context) => view! { <ContextLines context /> }.into_any(),
                    None => view! { <p>{t("context-unknown")}</p> }.into_any(),
                }}
            </Sheet>
        }
    })))
}

/// `GET /fn/sheet/settings`: how a model answers, in a conversation or, without one, wherever nothing else is chosen.
pub async fn settings(
    State(conversations): State<Arc<Conversations>>,
    current: CurrentUser,
    Query(which): Query<Which>,
) -> Result<Json<String>, AppError> {
    let person = current.user.preferences.clone();
    let conversation = match which.conversation {
        Some(id) => Some(conversations.open_private(&current, &id).await?.into_conversation()),
        None => None,
    };
    Ok(Json(fragment(move || match conversation {
        Some(conversation) => {
            let (values, inherited) =
                (TypedParams::of(&conversation.params), TypedParams::of(&person.params));
            let text = conversation.system_prompt.unwrap_or_default();
            view! {
                <Sheet title=t("conversation-settings")>
                    <form class="settings-form" method="post" action="/fn/set-conversation" data-saved=t("conversation-saved")>
                        <input type="hidden" name="conversation_id" value=conversation.id />
                        <Instructions label=t("instructions-here") hint=t("instructions-here-hint") text />
                        <h3>{t("params")}</h3>
                        <p class="muted">{t("params-here-hint")}</p>
                        <ParamFields values inherited />
                        <Save />
                    </form>
                </Sheet>
            }
            .into_any()
        }
        None => {
            let (values, inherited) = (TypedParams::of(&person.params), TypedParams::default());
            let text = person.system_prompt.unwrap_or_default();
            view! {
                <Sheet title=t("tools-for-all")>
                    <form class="settings-form" method="post" action="/fn/set-chat-defaults" data-saved=t("chat-defaults-saved")>
                        <p class="muted">{t("tools-for-all-hint")}</p>
                        <Instructions label=t("instructions-for-all") hint=t("instructions-for-all-hint") text />
                        <h3>{t("params")}</h3>
                        <ParamFields values inherited />
                        <Save />
                    </form>
                </Sheet>
            }
            .into_any()
        }
    })))
}

/// The end of a form in a sheet. A script puts the sentence of a refusal below the field that it is about.
#[component]
fn Save() -> impl IntoView {
    view! {
        <p class="field-error" id="field-error" role="alert" hidden></p>
        <button class="button-primary">{t("save")}</button>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_leaves_a_mark() {
        let mut person = Preferences::default();
        assert!(!Tools::of_new(&person).differs);
        person.params.turns = Some(3);
        assert!(Tools::of_new(&person).differs);
    }
}
