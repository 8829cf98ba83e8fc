//! The bar above a direct conversation: who the other person is.

use leptos::prelude::*;

use crate::{
    domain::{DirectState, Notify, Partner, Picture, Reason},
    pages::{layout::Bar, room_menu::RoomMenu},
    ui::{
        parts::{Icon, PersonPicture},
        words::{t, t_with},
    },
};

/// The key of what its menu is called.
const MENU: &str = "direct-menu";

#[component]
pub fn DirectBar(id: String, partner: Partner, picture: Picture, notify: Notify) -> impl IntoView {
    let Partner { id: person_id, name, state } = partner;
    let profile = t_with(Reason::new("profile-of").with("name", name.as_str()));
    let there = state != DirectState::Closed;
    view! {
        <Bar title=name>
            {there
                .then(|| {
                    view! {
                        <a
                            class="button-bare"
                            href=format!("/people/{person_id}")
                            aria-label=profile.clone()
                            title=profile
                        >
                            <PersonPicture picture />
                        </a>
                    }
                })}
            <form class="direct-away" method="post" action="/fn/put-direct-away">
                <input type="hidden" name="id" value=id.clone() />
                <button class="button-bare" aria-label=t("direct-put-away") title=t("direct-put-away")>
                    <Icon name="archive" />
                </button>
            </form>
            <RoomMenu id notify title=MENU />
        </Bar>
    }
}
