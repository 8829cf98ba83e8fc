//! `/reset/{code}`: a new password, with a link that an administrator made.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use leptos::prelude::*;

use crate::{
    domain::Reason,
    error::AppError,
    pages::{
        Id, Notice, PageError,
        fields::{Alert, Field},
        strength::Strength,
    },
    server::{
        accounts::{Accounts, valid::MIN_PASSWORD_CHARS},
        http::document::Page,
        words,
    },
    ui::{
        parts::Brand,
        words::{t, t_with},
    },
};

/// `GET /reset/{code}`. A link that does not count says so, whoever asks.
pub async fn reset(
    State(accounts): State<Arc<Accounts>>,
    Id(code): Id,
    notice: Notice,
) -> Result<Response, PageError> {
    let owner = match accounts.owner_of_reset(&code).await {
        Ok(owner) => Some(owner),
        Err(AppError::NotFound) => None,
        Err(error) => return Err(error.into()),
    };
    let page = Page { class: "centered-page", ..Page::new(words::current().say("reset-password")) };
    Ok(page.render(move || {
        let form = notice.of("/fn/reset-password");
        view! {
            <main class="card">
                <Brand />
                <h1>{t("reset-password")}</h1>
                {match owner {
                    None => {
                        view! {
                            <p>{t("reset-link-gone")}</p>
                            <p class="muted">
                                <a href="/login">{t("sign-in")}</a>
                            </p>
                        }
                            .into_any()
                    }
                    Some(owner) => {
                        let sentence = Reason::new("reset-password-of").with("login", owner.login.as_str());
                        let known = accounts.known_words(&owner.login, &owner.name);
                        let refused = form.at("password");
                        view! {
                            <p class="muted">{t_with(sentence)}</p>
                            <Alert sentence=form.alert() />
                            <form method="post" action="/fn/reset-password">
                                <input type="hidden" name="code" value=code />
                                <input type="hidden" name="username" autocomplete="username" value=owner.login />
                                <Field
                                    label=t("password-new")
                                    kind="password"
                                    name="password"
                                    autocomplete="new-password"
                                    focus=true
                                    hint=t_with(Reason::new("password-hint").with("least", MIN_PASSWORD_CHARS))
                                    refused
                                />
                                <Strength known />
                                <button class="button-primary">{t("reset-password-now")}</button>
                            </form>
                        }
                            .into_any()
                    }
                }}
            </main>
        }
    }))
}
