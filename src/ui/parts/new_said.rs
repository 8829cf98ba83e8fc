//! What a script makes a message of a room of, before the server has it.

use leptos::prelude::*;

use super::{PersonPicture, Unfold};
use crate::{domain::Picture, ui::words::t};

/// `name` and `picture` are those of the person who writes.
#[component]
pub fn NewSaid(name: String, picture: Picture) -> impl IntoView {
    let label = name.clone();
    view! {
        <template id="new-said">
            <article class="message said own posting" aria-label=label>
                <PersonPicture picture />
                <p class="said-head" aria-hidden="true">
                    <strong dir="auto">{name}</strong>
                </p>
                <div class="question-text" dir="auto"></div>
                <Unfold long=false />
                <p class="said-sending">{t("message-sending")}</p>
                <div class="said-not-sent" role="alert" hidden>
                    <span class="said-why"></span>
                    <button type="button" class="button-small post-again">
                        {t("try-again")}
                    </button>
                    <button type="button" class="button-small post-back">
                        {t("message-take-back")}
                    </button>
                </div>
            </article>
        </template>
    }
}
