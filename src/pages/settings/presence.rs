//! Whether others are told that one is here.

use leptos::prelude::*;

use crate::{pages::sections::Section, ui::words::t};

#[component]
pub fn PresenceSection(shown: bool) -> impl IntoView {
    view! {
        <Section id="presence" title=t("presence")>
            <form method="post" action="/fn/show-presence">
                <label class="check">
                    <input type="checkbox" name="shown" value="true" checked=shown />
                    {t("presence-show")}
                </label>
                <p class="muted">{t("presence-hint")}</p>
                <button class="button-small">{t("presence-save")}</button>
            </form>
        </Section>
    }
}
