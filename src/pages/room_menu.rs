//! The menu in the bar of a room or of a conversation of two: what is pinned, what was reported, and of which messages one is told.

use leptos::prelude::*;
use strum::VariantArray;

use crate::{
    domain::{Notify, Reason},
    ui::{
        parts::Icon,
        words::{t, t_with},
    },
};

/// The key of the name of a choice.
pub fn notify_name(notify: Notify) -> &'static str {
    match notify {
        Notify::Nothing => "room-notify-nothing",
        Notify::Mentions => "room-notify-mentions",
        Notify::All => "room-notify-all",
    }
}

/// `reports`: how many are open, for moderators. `title`: the key of what the menu is called.
#[component]
pub fn RoomMenu(
    id: String,
    notify: Notify,
    #[prop(optional)] reports: u32,
    #[prop(optional)] invites: bool,
    #[prop(default = "room-menu")] title: &'static str,
) -> impl IntoView {
    let choices = Notify::VARIANTS.iter().rev().map(|one| {
        let chosen = *one == notify;
        view! {
            <button class="button-small" name="notify" value=one.into_str() aria-pressed=if chosen { "true" } else { "false" }>
                {chosen.then(|| view! { <Icon name="check" /> })}
                {t(notify_name(*one))}
            </button>
        }
    });
    let choices = choices.collect_view();
    let reported = (reports > 0).then(|| {
        let sentence = t_with(Reason::new("reports-count").with("count", reports));
        let title = sentence.clone();
        view! {
            <a class="button-small reports-open" href=format!("/rooms/{id}/reports") title=title>
                <Icon name="warning" />
                <span aria-hidden="true">{reports}</span>
                <span class="visually-hidden">{sentence}</span>
            </a>
        }
    });
    view! {
        {reported}
        <details class="menu room-menu">
            <summary class="button-bare" aria-label=t(title) title=t(title)>
                <Icon name="more" />
            </summary>
            <div class="menu-content">
                {invites
                    .then(|| {
                        view! {
                            <a class="button-small" href=format!("/rooms/{id}/invite")>
                                <Icon name="people" />
                                {t("room-invite-people")}
                            </a>
                        }
                    })}
                <a class="button-small" href=format!("/rooms/{id}/pins")>
                    <Icon name="pin" />
                    {t("room-pins")}
                </a>
                <form method="post" action="/fn/room-notify">
                    <input type="hidden" name="id" value=id />
                    <input type="hidden" name="stay" value="true" />
                    <p>{t("room-notify")}</p>
                    {choices}
                </form>
            </div>
        </details>
    }
}
