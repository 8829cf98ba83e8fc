//! The section of the providers that a person signs in through.

use leptos::prelude::*;

use crate::{
    domain::{ConnectedIdentity, Reason},
    pages::{sections::Section, with::Ways},
    ui::words::{t, t_with},
};

/// What is connected, and what can be. Without any of both there is no section.
#[component]
pub fn Identities(connected: Vec<ConnectedIdentity>, ways: Vec<(String, String)>) -> impl IntoView {
    (!connected.is_empty() || !ways.is_empty()).then(|| {
        let none = connected.is_empty().then(|| view! { <p class="muted">{t("identities-none")}</p> });
        let list = connected
            .into_iter()
            .map(|ConnectedIdentity { id, label, .. }| {
                let name = t_with(Reason::new("identity-disconnect").with("name", label.clone()));
                view! {
                    <form class="row" method="post" action="/fn/disconnect">
                        <span>{label}</span>
                        <input type="hidden" name="id" value=id />
                        <button class="button-small" aria-label=name>
                            {t("identity-disconnect-short")}
                        </button>
                    </form>
                }
            })
            .collect_view();
        view! {
            <Section id="identities" title=t("identities")>
                <p class="muted">{t("identities-about")}</p>
                {none}
                {list}
                <Ways ways next=None code=String::new() purpose="connect" />
            </Section>
        }
    })
}
