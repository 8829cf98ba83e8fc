//! The page of a temporary conversation: the thread is empty whenever it is opened, and only the page holds what is said.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;

use crate::{
    domain::TEMPORARY,
    pages::{
        Fresh, Notice, PageError, Visitor,
        chat::Content,
        choice::Choice,
        dock::{Composing, Opened},
        layout::{Bar, Frame, Sidebar},
    },
    server::{
        accounts::picture,
        conversations::{Conversations, ModelList},
        http::document::Page,
        words,
    },
    ui::{
        islands::Shown,
        parts::{Icon, TemporaryTemplates},
        words::t,
    },
};

/// `GET /temporary`.
pub async fn temporary(
    State(conversations): State<Arc<Conversations>>,
    State(models): State<Arc<ModelList>>,
    Fresh { now, key }: Fresh,
    Visitor(current, days): Visitor,
    notice: Notice,
) -> Result<Response, PageError> {
    let sidebar = Sidebar::load(&conversations, &current, (now, days)).await?;
    let choice = Choice::load(&models.of(&current.user).await?, Err(&current.user.preferences)).await;
    let shown = Shown {
        conversation_id: Some(TEMPORARY.to_owned()),
        model: choice.chosen,
        model_label: choice.label,
        ..Shown::default()
    };
    let composing = Composing { models: choice.models, alert: notice.alert(), key, ..Composing::default() };
    let own_picture = picture::of(&current.user);
    let opened = Opened::new(&current, shown);
    let title = words::current().say("conversation-temporary");
    let page = Page { islands: true, ..Page::new(title) };
    Ok(page.render(move || {
        let of_templates = own_picture.clone();
        let templates = move || view! { <TemporaryTemplates picture=of_templates /> }.into_any();
        view! {
            <Frame sidebar current=None>
                <Bar title=t("conversation-temporary")>
                    <button type="button" class="button-small temporary-keep" hidden>
                        {t("temporary-keep")}
                    </button>
                    <a class="button-bare" href="/" aria-label=t("temporary-end") title=t("temporary-end")>
                        <Icon name="close" />
                    </a>
                </Bar>
                <Content opened composing picture=own_picture empty=false note=note().into_any() templates=templates()>
                    <section class="welcome">
                        <Icon name="ghost" />
                        <h2>{t("temporary-what")}</h2>
                    </section>
                </Content>
            </Frame>
        }
    }))
}

/// What is to be known of the page, in its first line.
fn note() -> impl IntoView {
    view! {
        <p class="temporary-note" role="note">
            <Icon name="ghost" />
            {t("temporary-note")}
        </p>
        <p class="alert without-script">{t("temporary-needs-script")}</p>
    }
}
