//! What one can do with a person: open their profile, write to them, block them.

use leptos::prelude::*;

use crate::ui::{parts::Icon, words::t};

/// `profile`: with the way to the person's profile, where one is elsewhere.
#[component]
pub fn PersonActs(id: String, blocked: bool, #[prop(optional)] profile: bool) -> impl IntoView {
    let (action, key) = if blocked { ("/fn/unblock", "unblock") } else { ("/fn/block", "block") };
    view! {
        <div class="profile-acts">
            {profile
                .then(|| {
                    view! {
                        <a class="button-small" href=format!("/people/{id}")>
                            <Icon name="people" />
                            {t("profile")}
                        </a>
                    }
                })}
            <form method="post" action="/fn/open-direct">
                <input type="hidden" name="id" value=id.clone() />
                <button class="button-small">
                    <Icon name="edit" />
                    {t("direct-write")}
                </button>
            </form>
            <form method="post" action=action>
                <input type="hidden" name="id" value=id />
                <button class="button-small">{t(key)}</button>
            </form>
        </div>
        <p class="muted">{t(if blocked { "blocked-hint" } else { "block-hint" })}</p>
    }
}
